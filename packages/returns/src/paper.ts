import type { UtcMs } from '@penreg/domain';
import { canonicalJson, type JsonObject } from '@penreg/evidence';
import { utcText } from './clock.ts';
import { row } from './csv.ts';
import { Cover, Pages } from './pdf-pages.ts';

/** A value of a paper; null = not known to this system. */
export type Cell = string | number | null;

/** What a paper says: facts, then one table. Every form is a rendering of this and of nothing else. */
export interface Paper {
  readonly kind: 'certificate' | 'closing-file' | 'statistics' | 'transparency';
  readonly title: string;
  /** Why it counts for nothing yet; null where it needs nobody's signature. */
  readonly draft: string | null;
  /** What it is and what it does not say. */
  readonly says: readonly string[];
  /** Names as `snake_case`, once each. */
  readonly facts: readonly (readonly [name: string, value: Cell])[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly generatedAt: UtcMs;
  readonly software: string;
}

export const PAPER_FORMS = ['json', 'csv', 'pdf'] as const;
export type PaperForm = (typeof PAPER_FORMS)[number];

interface Rendered {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** RFC 8785, so that a signature over it is a signature over the paper. */
const toJson = ({ kind, title, draft, says, facts, columns, rows, generatedAt, software }: Paper): string =>
  canonicalJson({
    schema: 'penreg/paper/1',
    kind,
    title,
    draft,
    says: [...says],
    facts: Object.fromEntries(facts),
    rows: rows.map((cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i] ?? null]))),
    generatedAt,
    software,
  } satisfies JsonObject);

const cell = (value: Cell | undefined): string => (value === null || value === undefined ? '' : String(value));

/** Each row repeats the facts, so that it stands by itself; what is not known is empty. */
const toCsv = ({ draft, facts, columns, rows }: Paper): string => {
  const standing = draft === null ? [] : [['standing', 'DRAFT'] as const];
  const before = [...standing, ...facts];
  const body = rows.length === 0 ? [[]] : rows;
  return [row([...before.map(([name]) => name), ...columns]), ...body.map((cells) => row([...before.map(([, value]) => cell(value)), ...columns.map((_, i) => cell(cells[i]))]))].join('');
};

const words = (name: string): string => name.replaceAll('_', ' ').replace(/\butc\b/, 'UTC').replace('sha256', 'SHA-256');
const shown = (value: Cell | undefined): string => (value === null || value === undefined ? '–' : String(value));

/** More of them leave no room for words on a page: each row is then a list of its own. */
const MOST_COLUMNS = 10;

const toPdf = ({ title, draft, says, facts, columns, rows, generatedAt, software }: Paper): Uint8Array => {
  const pages = new Pages(`${title}   ${draft === null ? '' : 'DRAFT   '}${software}`);
  const sheet = new Cover(pages, 'Sheet');
  sheet.heading(draft === null ? title : `DRAFT: ${title}`, 16);
  if (draft !== null) sheet.paragraph(draft, 10);
  for (const text of says) sheet.paragraph(text, 9);
  sheet.heading('What it is about');
  sheet.facts([...facts.map(([name, value]) => ({ name: words(name), text: shown(value) })), { name: 'generated', text: `${utcText(generatedAt)} UTC by ${software}` }]);
  sheet.heading('In detail');
  if (rows.length === 0) sheet.paragraph('There is nothing to list.', 9);
  else if (columns.length <= MOST_COLUMNS) sheet.grid(columns.map(words), rows.map((cells) => columns.map((_, i) => shown(cells[i]))));
  else
    for (const [n, cells] of rows.entries()) {
      sheet.heading(`${n + 1} of ${rows.length}`, 9);
      sheet.facts(columns.map((name, i) => ({ name: words(name), text: shown(cells[i]) })));
    }
  sheet.flush();
  pages.document.finish(sheet.numbers, title, software, new Date(generatedAt));
  return pages.document.take();
};

export const renderPaper = (paper: Paper, form: PaperForm): Rendered => {
  switch (form) {
    case 'json':
      return { contentType: 'application/json; charset=utf-8', bytes: Buffer.from(`${toJson(paper)}\n`) };
    case 'csv':
      return { contentType: 'text/csv; charset=utf-8; header=present', bytes: Buffer.from(toCsv(paper)) };
    case 'pdf':
      return { contentType: 'application/pdf', bytes: toPdf(paper) };
  }
};
