export { compose, type Reporting, type ReportingAdapters } from './compose.ts';
export { ReportingConfigSchema, type ReportingConfig } from './config.ts';
