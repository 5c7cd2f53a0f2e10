import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReportCheck } from './report-check.ts';

const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const HEADER = { kind: 'header', order: 'o', sentence: 'Records nothing.' };
const record = (n: number) => ({ kind: 'record', at: n, from: '12025550101' });

const reportOf = (records: number, over: Record<string, unknown> = {}): string => {
  const head = line(HEADER) + Array.from({ length: records }, (_, i) => line(record(i))).join('');
  return head + line({ kind: 'trailer', records, completeThrough: 5, gaps: [], seals: { checked: 1, failed: 0, findingCount: 0, findings: [] }, destroyed: 0, digest: createHash('sha256').update(head).digest('hex'), ...over });
};

const check = (text: string | Buffer, size = 1 << 20): ReportCheck => {
  const checking = new ReportCheck();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) checking.take(bytes.subarray(at, at + size));
  return checking;
};
const unverified = expect.objectContaining({ code: 'unverified' }) as Error;

describe('the check of a report', () => {
  it('passes a whole one, cut into chunks anyhow', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.integer({ min: 1, max: 200 }), (records, size) => {
        expect(check(reportOf(records), size).finish().records).toBe(records);
      }),
    );
  });

  it('names every report that was cut off, wherever', () => {
    const whole = Buffer.from(reportOf(3));
    for (let length = 0; length < whole.length; length++) {
      expect(() => check(whole.subarray(0, length)).finish(), String(length)).toThrow(unverified);
    }
  });

  it('names any changed byte before the trailer', () => {
    const whole = Buffer.from(reportOf(3));
    const trailer = whole.indexOf('{"kind":"trailer"');
    for (let at = 0; at < trailer; at++) {
      const changed = Buffer.from(whole);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => check(changed).finish(), String(at)).toThrow(unverified);
    }
  });

  it('says why a report broke off on the other side, and whether to ask again', () => {
    const broken = line(HEADER) + line(record(0)) + line({ kind: 'error', error: 'unavailable', retriable: true, complete: false });
    expect(() => check(broken).finish()).toThrow(expect.objectContaining({ code: 'unverified', message: 'the report broke off after 1 records: unavailable', details: ['Ask for it again.'] }) as Error);
  });

  it.each([
    ['a record taken out', reportOf(3).replace(line(record(1)), '')],
    ['a record put in', reportOf(3).replace(line(record(1)), line(record(1)) + line(record(1)))],
    ['records reordered', reportOf(2).replace(line(record(0)) + line(record(1)), line(record(1)) + line(record(0)))],
    ['a false count', reportOf(3, { records: 4 })],
    ['something after the trailer', reportOf(1) + line(record(9))],
    ['a second trailer', reportOf(1) + line({ kind: 'trailer' })],
    ['no header', reportOf(1).replace(line(HEADER), '')],
    ['a trailer of another form', reportOf(1, { digest: 'x' })],
    ['an error instead of a report', '{"error":"internal"}\n'],
    ['no line end', 'x'.repeat(5 << 20)],
    ['nothing', ''],
  ])('names %s', (_what, text) => {
    expect(() => check(text, 1 << 16).finish()).toThrow(unverified);
  });
});
