import { runService } from '@penreg/platform';
import { compose } from './compose.ts';
import { ReportingConfigSchema } from './config.ts';

/** Reporting as a process: it reads orders and records, and so, like a tap, runs only where nothing can look into it. */
await runService((config, stage) => compose(config, stage), { name: 'reporting', schema: ReportingConfigSchema, strict: true });
