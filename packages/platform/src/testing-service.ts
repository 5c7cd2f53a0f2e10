import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { LogConfigSchema } from './config-pieces.ts';
import { runService, type Service, type Stage } from './lifecycle.ts';

/** A service whose process the lifecycle tests start, signal and watch. What it does is its configuration. */
const schema = z.strictObject({
  does: z.enum(['run', 'throw-later', 'reject-later', 'fail-start', 'stop-slowly', 'stop-fails']),
  strict: z.boolean().default(false),
  log: LogConfigSchema,
});

const HELD = '12025550142';

const compose = (config: z.output<typeof schema>, { logger, argv }: Stage): Service => ({
  start: async () => {
    if (config.does === 'fail-start') throw new Error(`cannot start with ${HELD}`);
    if (config.does === 'throw-later') setTimeout(() => { throw new Error(`thrown with ${HELD}`); }, 20);
    if (config.does === 'reject-later') void delay(20).then(() => Promise.reject(new SyntaxError(`rejected with ${HELD}`)));
    setInterval(() => undefined, 1_000);
    logger.info('running', { passed: argv.length });
  },
  stop: async () => {
    if (config.does === 'stop-slowly') await delay(60_000);
    if (config.does === 'stop-fails') throw new TypeError('cannot stop');
  },
});

await runService(compose, { name: 'tap', schema, strict: process.argv.includes('--strict'), passArguments: { '--from': 'value', '--strict': 'flag' }, stopWithinMs: 500 });
