import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defuse, restoreCell } from './cells.ts';
import { dayRange, localClock, utcText } from './clock.ts';
import { csv, csvBreak } from './csv.ts';
import { readOf, recordOf, render, reportOf, T0 } from './testing.ts';

describe('cells', () => {
  it('never begin like a formula, and come back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('=', '+', '-', '@', "'", '\t', '\r', 'a', '1', ' ') }), (text) => {
        expect(defuse(text)).not.toMatch(/^[=+\-@\u0000-\u001f]/);
        expect(restoreCell(defuse(text))).toBe(text);
      }),
    );
  });

  it('every row has as many cells as the header, the last one too', async () => {
    const rows = (await render(csv, reportOf([readOf(recordOf())]))).toString().trimEnd().split('\r\n');
    expect(new Set([...rows, csvBreak('changed')].map((row) => row.split(',').length)).size).toBe(1);
    expect(rows.at(-1)).toMatch(/^END,1,[0-9a-f]{64},/);
  });
});

describe('times', () => {
  it('local time is the court\'s, and empty where its zone is not known', () => {
    const instant = Date.UTC(2026, 10, 24, 9, 0, 1, 999);
    expect(localClock('America/Los_Angeles')(instant)).toBe('2026-11-24 01:00:01');
    expect(localClock('Mars/Olympus')(instant)).toBe('');
  });

  it('local time is what the calendar says, in whatever order instants come, across changes of the clock', () => {
    for (const zone of ['America/Los_Angeles', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Africa/Monrovia', 'UTC']) {
      const local = localClock(zone);
      const oracle = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' });
      fc.assert(fc.property(fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2030, 0) }), (instant) => local(instant) === oracle.format(instant)));
      for (let at = Date.UTC(2026, 2, 7); at < Date.UTC(2026, 3, 6); at += 900_000 - 1) expect(local(at)).toBe(oracle.format(at));
    }
  });

  it('UTC is what the calendar says', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: Date.UTC(2200, 0) }), (instant) => utcText(instant) === new Date(instant).toISOString().slice(0, 19).replace('T', ' ')));
  });

  it('a day is a day that exists', () => {
    expect(dayRange('2026-11-24')).toEqual({ from: Date.UTC(2026, 10, 24), until: Date.UTC(2026, 10, 25) });
    for (const text of ['2026-02-30', '2026-13-01', '26-11-24', '2026-11-24T00', '', '1970-01-00']) expect(dayRange(text)).toBeNull();
    expect(utcText(T0 + 999)).toBe('2026-11-24 09:00:00');
  });
});
