export { readHeadFile } from './head-file.ts';
export { readKeyFile } from './key-file.ts';
export { openRosterFile, type RosterFile, type RosterNews } from './roster-file.ts';
