import type { AccountId, OrderId } from '@penreg/domain';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PlatformError } from './error.ts';
import { describeError } from './log-error.ts';
import { logged } from './log-value.ts';
import { createLogger, type LogLevel } from './logger.ts';
import { Sensitive } from './sensitive.ts';

const ACCOUNT = '12025550101';
const OPAQUE = 'suspect@example.org';
const ORDER = '01939a3c-0000-7000-8000-00000000000a' as OrderId;

const capture = (level: LogLevel = 'debug') => {
  const lines: string[] = [];
  return { logger: createLogger({ service: 'test', level, stream: { write: (line) => void lines.push(line) } }), lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
};

describe('logger', () => {
  it('prints literals, numbers and the values made for it', () => {
    const { logger, last } = capture();
    logger.info('flushed', { rows: 3, offset: 2n ** 60n, ok: true, reason: 'idle', order: logged.order(ORDER), tap: logged.name('tap-1'), at: logged.instant(0), redis: logged.place('redis://u:p@h:6379/0') });
    expect(last()).toMatchObject({ level: 'info', service: 'test', msg: 'flushed', rows: 3, offset: '1152921504606846976', ok: true, reason: 'idle', order: ORDER, tap: 'tap-1', at: '1970-01-01T00:00:00.000Z', redis: 'redis://h:6379' });
  });

  it('takes no text that could be an identifier: type errors', () => {
    const { logger, lines } = capture();
    const account = ACCOUNT as AccountId;
    const text: string = OPAQUE;
    // @ts-expect-error an account is no literal
    logger.info('seen', { account });
    // @ts-expect-error any string may hold one
    logger.info('seen', { text });
    // @ts-expect-error nothing is spliced into a message
    logger.info(`seen ${text}`);
    // @ts-expect-error a list may hold one
    logger.info('seen', { list: [text] });
    // @ts-expect-error an object may hold one
    logger.info('seen', { event: { from: text } });
    // @ts-expect-error an id goes through its constructor
    logger.info('seen', { order: ORDER });
    // @ts-expect-error a pattern is no literal
    logger.info('seen', { t: `x${text}` as const });
    const either = (lines.length > 100 ? 'a' : 'b') as 'a' | 'b';
    logger.info('closed sets pass', { either, nothing: null });
    for (const line of lines) expect(line).not.toContain(`"account":"${ACCOUNT}"`);
  });

  it('masks at run time what slipped past the types', () => {
    const { logger, lines } = capture();
    const write = logger.info as (message: string, fields: Record<string, unknown>) => void;
    write('seen', { a: ACCOUNT, b: OPAQUE, c: { from: ACCOUNT }, d: new Sensitive(ACCOUNT), e: [ACCOUNT], f: `+${ACCOUNT}` });
    expect(lines.join('')).not.toMatch(/12025550101|suspect@/);
  });

  it.each([
    logged.name(ACCOUNT),
    logged.name(`tap-${ACCOUNT}`),
    logged.name(OPAQUE),
    logged.digest(ACCOUNT),
    logged.digest('1'.repeat(64)),
    logged.code(OPAQUE),
    logged.route(`/accounts/${ACCOUNT}`),
    logged.order(ACCOUNT as OrderId),
    logged.place(`http://${ACCOUNT}@`),
    logged.uuid(ACCOUNT),
    logged.instant(Number.NaN),
  ])('refuses what has not the form it claims (%#)', (value) => {
    expect(String(value)).toBe('«refused»');
  });

  it('prints of a foreign error class, code and frames, never its text', () => {
    const { logger, lines, last } = capture();
    const parse = (): unknown => {
      try {
        return JSON.parse(`{"from":"${ACCOUNT}`);
      } catch (error) {
        return error;
      }
    };
    logger.error('failed', {}, parse());
    expect(last()['error']).toMatchObject({ class: 'SyntaxError', stack: expect.arrayContaining([expect.stringContaining('logger.test.ts')]) as string[] });
    logger.error('failed', {}, new Error(`line one\n    at ${ACCOUNT} (file:1)\n    at Object.${OPAQUE} (x)`));
    logger.error('failed', {}, Object.assign(new Error(ACCOUNT), { code: 'ECONNREFUSED', name: 'SystemError' }));
    expect(last()['error']).toMatchObject({ class: 'SystemError', code: 'ECONNREFUSED' });
    logger.error('failed', {}, z.strictObject({ to: z.string() }).safeParse({ [ACCOUNT]: 1 }).error);
    logger.error('failed', {}, new AggregateError([new Error(ACCOUNT)], OPAQUE, { cause: new Error(OPAQUE) }));
    logger.error('failed', {}, ACCOUNT);
    logger.error('failed', {}, { from: ACCOUNT });
    expect(lines.join('')).not.toMatch(/12025550101|suspect@/);
  });

  it('prints the text of our own errors with long numbers masked', () => {
    expect(describeError(new PlatformError('config', `bad key near ${ACCOUNT}`))).toMatchObject({ class: 'PlatformError', code: 'config', message: 'bad key near ###########' });
  });

  it('writes nothing below its level', () => {
    const { logger, lines } = capture('warn');
    logger.info('quiet');
    logger.with({ tap: logged.name('tap-1') }).warn('loud');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('"tap":"tap-1"');
  });
});
