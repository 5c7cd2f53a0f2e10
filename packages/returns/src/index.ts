export { DEFUSED } from './cells.ts';
export { dayRange, type DayRange } from './clock.ts';
export { csvBreak, CSV_END } from './csv.ts';
export { ReturnsError } from './error.ts';
export { FORM_NAMES, FORMS, type FormName } from './forms.ts';
export { coverageJson, LIMITS, orderJson, sealsJson } from './json.ts';
export { ndjsonBreak } from './ndjson.ts';
export { PAPER_FORMS, renderPaper, type Cell, type Paper, type PaperForm } from './paper.ts';
export { WHOLE_ORDER, type Closing, type Piece, type Provider, type Report, type ReportedOrder, type ReportForm, type ReportRecord, type Scratch, type ScratchFile, type Selection } from './report.ts';
