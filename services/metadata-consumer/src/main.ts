import { runService } from '@penreg/platform';
import { compose } from './compose.ts';
import { TapConfigSchema } from './config.ts';

/**
 * The tap as a process. `--from end|beginning|INSTANT` says where the very first tap of a deployment begins;
 * it is recorded, and ignored once the group has positions.
 */
await runService(compose, { name: 'tap', schema: TapConfigSchema, strict: true, passArguments: { '--from': 'value' } });
