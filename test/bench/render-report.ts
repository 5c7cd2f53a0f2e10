/** One form over many records, in a process of its own. Reads a task from its arguments, prints what it cost as JSON. */
import { tmpdir } from 'node:os';
import type { Roster } from '@penreg/evidence';
import { openOrderReader, type ClickHouseAccess } from '@penreg/records';
import { FORMS, type FormName, type Report, type ReportRecord } from '@penreg/returns';
import { ORDER_A, timing } from '../../packages/records/src/testing.ts';
import { largeOrder, largeRecord } from '../../packages/records/src/testing-scale.ts';
import { bodyOf, readOf, reportOf } from '../../packages/returns/src/testing.ts';
import { PrivateStore, scratchIn } from '../../services/reporting/src/private-store.ts';

export interface RenderTask {
  readonly form: FormName;
  readonly rows: number;
  /** Where the order is, and whose signatures prove it. Null: records are made as they are asked for, so that the form alone is measured. */
  readonly stored: { readonly access: ClickHouseAccess; readonly roster: Roster } | null;
}

export interface RenderCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly maxRssMb: number;
}

const target = '12025550101';
const body = bodyOf({ targets: [target], identifiers: [{ kind: 'phone', value: `+${target}`, account: target }], fields: [] });

/** Of ten, one is a signal of a call, one a login: every section of every form has something to hold. */
async function* made(rows: number): AsyncGenerator<ReportRecord> {
  for (let n = 0; n < rows; n += 1) {
    const record = largeRecord(n);
    yield readOf(n % 10 === 0 ? { ...record, kind: 'call', type: n % 20 === 0 ? 'offer' : 'accept', callId: `call-${Math.floor(n / 40)}-0001`, media: 'audio' } : n % 10 === 1 ? { ...record, kind: 'login', type: 'connect', to: [] } : record);
  }
}

const { form, rows, stored } = JSON.parse(process.argv[2] ?? '') as RenderTask;
const readers = stored === null ? null : openOrderReader(stored.access);
const open = async (): Promise<Report> => {
  if (stored === null || readers === null) return reportOf(made(rows), { body });
  const examination = await readers.for(ORDER_A).examine({ inForce: largeOrder(rows), timing, roster: stored.roster });
  return reportOf(examination.records(), { body, coverage: examination.coverage });
};

const store = await PrivateStore.open(tmpdir());
const started = performance.now();
const cpu = process.cpuUsage();
const report = await open();
let bytes = 0;
let records = 0;
const close = async () => {
  const closing = await report.close();
  records = closing.totals.records;
  return closing;
};
for await (const piece of FORMS[form].render({ ...report, close }, scratchIn(store))) bytes += Buffer.byteLength(piece);
const { user, system } = process.cpuUsage(cpu);
if (records !== rows) throw new Error(`${records} records, not ${rows}`);
const cost: RenderCost = { seconds: (performance.now() - started) / 1_000, cpuSeconds: (user + system) / 1e6, bytes, maxRssMb: process.resourceUsage().maxRSS / 1_024 };
process.stdout.write(JSON.stringify(cost));
await store.close();
await readers?.close();
