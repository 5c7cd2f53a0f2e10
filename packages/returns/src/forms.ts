import { csv } from './csv.ts';
import { ndjson } from './ndjson.ts';
import { parquet } from './parquet.ts';
import { pdf } from './pdf.ts';
import { prttHtml, prttText } from './prtt.ts';
import type { ReportForm } from './report.ts';
import { xlsx } from './xlsx.ts';

/** Every form a report can have, by its name. */
export const FORMS = { ndjson, csv, xlsx, parquet, pdf, 'prtt-html': prttHtml, 'prtt-text': prttText } as const satisfies Record<string, ReportForm>;
export type FormName = keyof typeof FORMS;
export const FORM_NAMES = Object.keys(FORMS) as FormName[];
