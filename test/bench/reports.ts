/**
 * npm run bench:reports: what each form of a report costs, alone and from ClickHouse with every row and seal proven,
 * beside what the engine needs to write the same rows unproven. See README.md.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startClickHouse } from '@penreg/infra';
import type { ClickHouseAccess } from '@penreg/records';
import { FORM_NAMES, type FormName } from '@penreg/returns';
import { openTestStore, ORDER_A, roster } from '../../packages/records/src/testing.ts';
import { fillLargeOrder } from '../../packages/records/src/testing-scale.ts';
import { clickHouseUsers } from '../setup/clickhouse-users.ts';
import type { RenderCost, RenderTask } from './render-report.ts';

/** Megabytes that rendering a report may take, whatever its length. */
const FLAT_MB = 300;
/** The young generation that services/reporting runs with (infra/deployment/service.ts). */
const NODE_ARGS = ['--max-semi-space-size=4'];
const ENGINE_FORMATS = { ndjson: 'JSONEachRow', csv: 'CSV', parquet: 'Parquet' } as const satisfies Partial<Record<FormName, string>>;

const { values: options } = parseArgs({ options: { full: { type: 'boolean' }, rows: { type: 'string' } } });
const ROWS = Number(options.rows ?? (options.full === true ? 10_000_000 : 1_000_000));

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const run = promisify(execFile);

const render = async (task: RenderTask): Promise<RenderCost> => {
  const { stdout } = await run(process.execPath, [...NODE_ARGS, join(import.meta.dirname, 'render-report.ts'), JSON.stringify(task)], { maxBuffer: 1 << 20 });
  return JSON.parse(stdout) as RenderCost;
};

/** Seconds the engine needs to write the order's rows over HTTP, unproven. */
const plain = async ({ url, username, password, database }: ClickHouseAccess, format: string): Promise<{ readonly seconds: number; readonly bytes: number }> => {
  const started = performance.now();
  const response = await fetch(`${url}/?database=${database}`, {
    method: 'POST',
    headers: { 'x-clickhouse-user': username, 'x-clickhouse-key': password },
    body: `SELECT * FROM records FINAL WHERE order_id = '${ORDER_A}' ORDER BY at, topic_id, partition, offset FORMAT ${format}`,
  });
  if (!response.ok || response.body === null) throw new Error(`the engine answered ${response.status}`);
  let bytes = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) bytes += chunk.length;
  return { seconds: (performance.now() - started) / 1_000, bytes };
};

const cell = (text: string | number, width: number): string => String(text).padStart(width);
const fixed = (value: number, digits = 1): string => value.toFixed(digits);

const main = async (): Promise<void> => {
  let worst = 0;
  process.stdout.write(`${ROWS} records made as they are asked for, each form alone\nform             seconds    CPU s   µs a record       MB   RSS MB\n`);
  for (const form of FORM_NAMES) {
    const { seconds, cpuSeconds, bytes, maxRssMb } = await render({ form, rows: ROWS, stored: null });
    worst = Math.max(worst, maxRssMb);
    process.stdout.write(`${form.padEnd(12)}${cell(fixed(seconds), 12)}${cell(fixed(cpuSeconds), 9)}${cell(fixed((cpuSeconds / ROWS) * 1e6, 2), 14)}${cell(fixed(bytes / 1e6, 0), 9)}${cell(fixed(maxRssMb, 0), 9)}\n`);
  }

  const folder = await mkdtemp(join(tmpdir(), 'penreg-bench-'));
  const { logins, users } = clickHouseUsers();
  const clickhouse = await startClickHouse({ dir: folder, users });
  try {
    const store = await openTestStore({ url: clickhouse.address, ...logins });
    say(`filling ClickHouse with ${ROWS} sealed rows`);
    await fillLargeOrder(store, ROWS);
    process.stdout.write(`\n${ROWS} rows of one order in ClickHouse\nform             proven s   engine s    ratio   RSS MB\n`);
    for (const form of FORM_NAMES.filter((name) => name in ENGINE_FORMATS) as (keyof typeof ENGINE_FORMATS)[]) {
      const engine = await plain(store.access.admin, ENGINE_FORMATS[form]);
      const { seconds, maxRssMb } = await render({ form, rows: ROWS, stored: { access: store.access.reader, roster } });
      worst = Math.max(worst, maxRssMb);
      process.stdout.write(`${form.padEnd(12)}${cell(fixed(seconds), 13)}${cell(fixed(engine.seconds), 11)}${cell(`${fixed(seconds / engine.seconds)}×`, 9)}${cell(fixed(maxRssMb, 0), 9)}\n`);
    }
    await store.drop();
  } finally {
    await clickhouse.kill();
    await rm(folder, { recursive: true, force: true });
  }
  say(`peak memory: ${fixed(worst, 0)} MB (limit ${FLAT_MB})`);
  if (worst >= FLAT_MB) process.exitCode = 1;
};

await main();
