import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvBreak, csvHeader, defuse, localClock, restoreCell } from './csv.ts';

describe('cells', () => {
  it('never begin like a formula, and come back as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('=', '+', '-', '@', "'", '\t', '\r', 'a', '1', ' ') }), (text) => {
        expect(defuse(text)).not.toMatch(/^[=+\-@\u0000-\u001f]/);
        expect(restoreCell(defuse(text))).toBe(text);
      }),
    );
  });

  it('a row that breaks off has as many cells as the header', () => {
    expect(csvBreak('changed').split(',')).toHaveLength(csvHeader().split(',').length);
  });

  it('local time is the court\'s, and empty where its zone is not known', () => {
    const instant = Date.UTC(2026, 10, 24, 9, 0, 1, 999);
    expect(localClock('America/Los_Angeles')(instant)).toBe('2026-11-24 01:00:01');
    expect(localClock('Mars/Olympus')(instant)).toBe('');
  });
});
