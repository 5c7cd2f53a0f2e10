export { type Console } from './console.ts';
export { CliError, EXIT, type CliErrorCode, type ExitCode } from './error.ts';
export { runCli } from './program.ts';
export { ReportCheck, type ReportHeader, type ReportTrailer } from './report-check.ts';
