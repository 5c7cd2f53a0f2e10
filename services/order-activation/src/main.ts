import { runService } from '@penreg/platform';
import { compose } from './compose.ts';
import { OrderActivationConfigSchema } from './config.ts';

/** Order activation as a process: it holds orders and so, like a tap, runs only where nothing can look into it. */
await runService(compose, { name: 'order-activation', schema: OrderActivationConfigSchema, strict: true });
