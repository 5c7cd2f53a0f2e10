import { parse } from 'csv-parse/sync';
import { extractText } from 'unpdf';
import { describe, expect, it } from 'vitest';
import { renderPaper, type Paper } from './paper.ts';

const PAPER: Paper = {
  kind: 'certificate',
  title: 'Certificate of an interception',
  draft: 'A draft until somebody signs it.',
  says: ['What it is.'],
  facts: [['identifiers', 'phone +12025550101; username @dana'], ['signer_of_authorisation', null], ['taps', 2]],
  columns: ['at_utc', 'what', 'detail'],
  rows: [['2026-11-24T09:00:00.000Z', 'enabled', null], ['2026-11-25T09:00:00.000Z', 'narrowed', '=1+1, "quoted"']],
  generatedAt: Date.UTC(2026, 10, 26),
  software: 'penreg 0.1.0',
};
const text = (paper: Paper, form: 'json' | 'csv'): string => Buffer.from(renderPaper(paper, form).bytes).toString();

describe('a paper', () => {
  it('is canonical JSON', () => {
    expect(text(PAPER, 'json')).toBe(
      '{"draft":"A draft until somebody signs it.","facts":{"identifiers":"phone +12025550101; username @dana","signer_of_authorisation":null,"taps":2},"generatedAt":1795651200000,"kind":"certificate","rows":[{"at_utc":"2026-11-24T09:00:00.000Z","detail":null,"what":"enabled"},{"at_utc":"2026-11-25T09:00:00.000Z","detail":"=1+1, \\"quoted\\"","what":"narrowed"}],"says":["What it is."],"schema":"penreg/paper/1","software":"penreg 0.1.0","title":"Certificate of an interception"}\n',
    );
  });

  it('is CSV whose rows each stand by themselves, without formulas', () => {
    expect(text(PAPER, 'csv')).toBe(
      [
        'standing,identifiers,signer_of_authorisation,taps,at_utc,what,detail',
        'DRAFT,phone +12025550101; username @dana,,2,2026-11-24T09:00:00.000Z,enabled,',
        `DRAFT,phone +12025550101; username @dana,,2,2026-11-25T09:00:00.000Z,narrowed,"'=1+1, ""quoted"""`,
        '',
      ].join('\r\n'),
    );
    const none = parse(text({ ...PAPER, draft: null, rows: [] }, 'csv'), { columns: true });
    expect(none).toEqual([{ identifiers: 'phone +12025550101; username @dana', signer_of_authorisation: '', taps: '2', at_utc: '', what: '', detail: '' }]);
  });

  it('is a PDF that says the same, over as many pages as it needs', async () => {
    const rows = Array.from({ length: 200 }, (_, i) => [`at ${i}`, `what ${i}`, `${'word '.repeat(80)}end-${i}`]);
    const { totalPages, text: pages } = await extractText(new Uint8Array(renderPaper({ ...PAPER, rows: [...PAPER.rows, ...rows] }, 'pdf').bytes));
    const all = pages.join('\n').replace(/\s+/g, ' ');
    expect(totalPages).toBeGreaterThan(5);
    for (const part of ['DRAFT: Certificate of an interception', 'A draft until somebody signs it.', 'phone +12025550101; username @dana', 'signer of authorisation –', 'narrowed', '=1+1, "quoted"', 'Sheet, page 1']) expect(all).toContain(part);
    for (let i = 0; i < 200; i += 1) expect(all).toContain(`end-${i}`);
  });
});
