import { zstdCompressSync } from 'node:zlib';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { absenceOf, OPTIONAL_FIELDS, type OptionalField } from './absence.ts';
import { coverageJson, LIMITS, orderJson, sealsJson } from './json.ts';
import type { Report, ReportForm, ReportRecord } from './report.ts';

/** Rows of a row group: what is held at a time. */
const GROUP_ROWS = 10_000;

type Element = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

interface ParquetColumn {
  readonly name: string;
  readonly elements: readonly Element[];
  readonly value: (read: ReportRecord) => unknown;
}

const flat = (name: string, kind: Omit<Element, 'name'>, value: (read: ReportRecord) => unknown): ParquetColumn => ({ name, elements: [{ name, repetition_type: 'OPTIONAL', ...kind }], value });
const UTF8 = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;
const text = (name: string, value: (read: ReportRecord) => string | null): ParquetColumn => flat(name, UTF8, value);
const time = (name: string, value: (read: ReportRecord) => number): ParquetColumn =>
  flat(name, { type: 'INT64', converted_type: 'TIMESTAMP_MILLIS', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' }, repetition_type: 'REQUIRED' }, (read) => BigInt(value(read)));
const integer = (name: string, value: (read: ReportRecord) => number | null): ParquetColumn => flat(name, { type: 'INT32' }, value);
const long = (name: string, value: (read: ReportRecord) => bigint | null): ParquetColumn => flat(name, { type: 'INT64' }, value);
const flag = (name: string, value: (read: ReportRecord) => boolean): ParquetColumn => flat(name, { type: 'BOOLEAN', repetition_type: 'REQUIRED' }, value);
/** A list of texts in the three levels of the format. */
const texts = (name: string, value: (read: ReportRecord) => readonly string[] | null, repetition_type: 'REQUIRED' | 'OPTIONAL' = 'REQUIRED'): ParquetColumn => ({
  name,
  elements: [
    { name, repetition_type, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...UTF8 },
  ],
  value,
});
/** Why a field is null: `withheld`, `invalid`, `not-in-stream`, `not-applicable`; null where it has a value. */
const absence = (name: string, field: OptionalField): ParquetColumn => text(name, ({ record }) => absenceOf(record, field));

const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const COLUMNS: readonly ParquetColumn[] = [
  time('at', (r) => r.record.at),
  text('event', (r) => r.record.kind),
  text('type', (r) => r.record.type),
  texts('leg_targets', (r) => r.record.legs.map((leg) => leg.target)),
  texts('leg_directions', (r) => r.record.legs.map((leg) => leg.direction)),
  text('from', (r) => r.record.from),
  texts('to', (r) => r.record.to),
  text('ip', (r) => r.record.ip),
  integer('port', (r) => r.record.port),
  text('device', (r) => r.record.device),
  long('size', (r) => (r.record.size === null ? null : BigInt(r.record.size))),
  text('group', (r) => r.record.group),
  text('call_id', (r) => r.record.callId),
  text('media', (r) => r.record.media),
  texts('participants', (r) => r.record.participants, 'OPTIONAL'),
  text('event_id', (r) => r.record.eventId),
  ...OPTIONAL_FIELDS.map((field) => absence(`${snake(field)}_absent`, field)),
  flag('to_withheld', (r) => r.record.withheld.includes('groupRecipients')),
  flag('to_invalid', (r) => r.record.invalid.includes('to')),
  flag('participants_invalid', (r) => r.record.invalid.includes('participants')),
  time('appended', (r) => r.record.appended),
  flag('clock_flag', (r) => r.record.clockFlag),
  text('topic_id', (r) => r.record.topicId),
  integer('partition', (r) => r.record.partition),
  long('offset', (r) => r.record.offset),
  texts('also_at', (r) => r.duplicates.map(({ partition, offset }) => `${partition}:${offset}`)),
  flag('conflict', (r) => r.conflict),
  text('row_hash', (r) => r.rowHash),
  long('epoch', (r) => BigInt(r.epoch)),
  text('tap', (r) => r.tap),
];

const SCHEMA: Element[] = [{ name: 'records', num_children: COLUMNS.length }, ...COLUMNS.flatMap(({ elements }) => elements)];

/** The writer's buffer, handed on and emptied after every row group. */
class Outlet extends ByteWriter {
  take(): Uint8Array {
    const bytes = this.getBytes().slice();
    this.index = 0;
    return bytes;
  }
}

async function* render(report: Report): AsyncGenerator<Uint8Array, void, undefined> {
  const outlet = new Outlet();
  const metadata: { key: string; value: string }[] = [];
  const writer = new ParquetWriter({
    writer: outlet,
    schema: SCHEMA,
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
    kvMetadata: metadata,
    createdBy: report.software,
  });
  // Values are kept by column as they come: a record lives no longer than it takes to read it.
  let columns: unknown[][] = COLUMNS.map(() => []);
  let rows = 0;
  const flush = (): Uint8Array => {
    void writer.write({ columnData: COLUMNS.map(({ name }, i) => ({ name, data: columns[i] ?? [], statistics: name === 'at', offsetIndex: false })), rowGroupSize: GROUP_ROWS });
    columns = COLUMNS.map(() => []);
    rows = 0;
    return outlet.take();
  };
  for await (const record of report.records) {
    for (const [i, { value }] of COLUMNS.entries()) columns[i]?.push(value(record));
    rows += 1;
    if (rows === GROUP_ROWS) yield flush();
  }
  if (rows > 0) yield flush();
  const { totals, seals, destroyed } = await report.close();
  metadata.push(
    { key: 'penreg.report', value: JSON.stringify({ ...orderJson(report.order), selection: report.selection, limits: LIMITS, generatedAt: report.generatedAt, software: report.software }) },
    { key: 'penreg.closing', value: JSON.stringify({ ...totals, ...coverageJson(report.coverage), seals: sealsJson(seals), destroyed }) },
  );
  void writer.finish();
  yield outlet.take();
}

/** Typed columns; beside each that may be null one that says why. The order's facts, coverage and totals stand in the file's metadata. */
export const parquet: ReportForm = { name: 'parquet', contentType: 'application/vnd.apache.parquet', extension: 'parquet', render };
