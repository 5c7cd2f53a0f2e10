import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayBegins, localDateOf } from './local-date.ts';
import { paperWindow, windowOf } from './window.ts';

const ZONE = 'America/Los_Angeles';
const at = (text: string): number => Date.parse(text);
const none = { start: null, until: null };

describe('the window of a paper', () => {
  it.each([
    ['in summer time', '2026-07-01', '2026-07-01', '2026-07-01T00:00:00-07:00', '2026-07-02T00:00:00-07:00'],
    ['over the spring change: a day of 23 hours', '2026-03-08', '2026-03-08', '2026-03-08T00:00:00-08:00', '2026-03-09T00:00:00-07:00'],
    ['over the autumn change: a day of 25 hours', '2026-11-01', '2026-11-01', '2026-11-01T00:00:00-07:00', '2026-11-02T00:00:00-08:00'],
  ])('has both dates whole, %s', (_what, first, last, start, until) => expect(windowOf({ kind: 'dates', first, last }, ZONE, none)).toEqual({ start: at(start), until: at(until) }));

  it('that ends on a Sunday or a holiday ends there', () => {
    expect(windowOf({ kind: 'dates', first: '2026-11-20', last: '2026-11-22' }, ZONE, none)).toMatchObject({ until: at('2026-11-23T00:00:00-08:00') });
    expect(windowOf({ kind: 'dates', first: '2026-11-20', last: '2026-12-25' }, ZONE, none)).toMatchObject({ until: at('2026-12-26T00:00:00-08:00') });
  });

  it('counts the day of installation whole, and never passes the latest date', () => {
    const start = at('2026-11-24T23:59:00-08:00');
    const rule = { kind: 'days-from-installation', days: 1, latest: '2026-12-31' } as const;
    expect(windowOf(rule, ZONE, { start, until: null })).toEqual({ start, until: at('2026-11-25T00:00:00-08:00') });
    expect(windowOf({ ...rule, days: 60 }, ZONE, { start, until: null })).toEqual({ start, until: at('2027-01-01T00:00:00-08:00') });
  });

  it('where clocks are set back over midnight begins late and ends early', () => {
    const { earliest, latest } = dayBegins('2010-11-07', 'America/St_Johns');
    expect(paperWindow({ kind: 'dates', first: '2010-11-07', last: '2010-11-07' }, 'America/St_Johns', { start: 0, until: 0 }).start).toBe(latest);
    expect(paperWindow({ kind: 'dates', first: '2010-11-06', last: '2010-11-06' }, 'America/St_Johns', { start: 0, until: 0 }).until).toBe(earliest);
  });

  it('holds only instants whose date is on the paper', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 70 }), fc.constantFrom(ZONE, 'Europe/Berlin', 'Asia/Kolkata', 'America/Sao_Paulo'), (n, length, zone) => {
        const first = addDays('2025-06-01', n);
        const last = addDays(first, length);
        const { start, until } = paperWindow({ kind: 'dates', first, last }, zone, { start: 0, until: 0 });
        expect([localDateOf(start, zone), localDateOf(until - 1, zone)]).toEqual([first, last]);
        expect(localDateOf(start - 1, zone) < first && localDateOf(until, zone) > last).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
