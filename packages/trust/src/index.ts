export { readHeadFile } from './head-file.ts';
export { openIdentities, type CredentialStore } from './identities.ts';
export { readKeyFile } from './key-file.ts';
export { openRosterFile, type RosterFile, type RosterNews } from './roster-file.ts';
