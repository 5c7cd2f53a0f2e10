import { createHash } from 'node:crypto';
import type { UtcMs } from '@penreg/domain';
import type { Roster } from '@penreg/evidence';
import { logged, type Logger } from '@penreg/platform';
import type { Examination, OrderReaders } from '@penreg/records';
import { csvBreak, csvHeader, csvRow, localClock } from './csv.ts';
import { destroyAll, type DestructionDeps } from './destruction.ts';
import { describeBreak, withParts } from './faults.ts';
import type { OrderGate } from './order-gate.ts';
import { countFindings, coverageJson, LIMITS, line, orderJson, recordJson, sealsJson } from './report-form.ts';
import type { Subject } from './subject.ts';
import type { Trail } from './trail.ts';

export interface ReportDeps extends DestructionDeps {
  readonly readers: Pick<OrderReaders, 'for'>;
  readonly roster: () => Roster;
  readonly timing: Parameters<ReturnType<OrderReaders['for']>['examine']>[0]['timing'];
  readonly trail: Trail;
  readonly gate: OrderGate;
  readonly now: () => UtcMs;
  readonly logger: Logger;
  /** Name and version of this software. */
  readonly software: string;
}

export const REPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** A report under way: examined, not yet sent. */
export interface OpenReport {
  /** The report's text in pieces; waits for whoever takes it. Never throws: a report that breaks off says so in its last line. */
  readonly pieces: AsyncGenerator<string, void, undefined>;
  /** Ends it without having sent it. */
  abandon(): void;
}

/** Text is handed on in pieces of about this many characters. */
const PIECE = 64 * 1024;

/** Joins lines to pieces; what came before a fault is handed on before the fault is. */
async function* gather(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let parts: string[] = [];
  let size = 0;
  let fault: { readonly error: unknown } | null = null;
  try {
    for await (const text of lines) {
      parts.push(text);
      size += text.length;
      if (size < PIECE) continue;
      yield parts.join('');
      parts = [];
      size = 0;
    }
  } catch (error) {
    fault = { error };
  }
  if (size > 0) yield parts.join('');
  if (fault !== null) throw fault.error;
}

const examine = async (subject: Subject, { readers, roster, timing }: ReportDeps, signal: AbortSignal): Promise<Examination> =>
  withParts(() => readers.for(subject.orderId).examine({ inForce: subject.inForce, timing, roster: roster(), signal }));

/** What follows the last record: alarms, and the destruction of what must not be there. Returns the number of rows destroyed. */
const conclude = async (subject: Subject, examination: Examination, deps: ReportDeps): Promise<number> => {
  const { orderId } = subject;
  if (examination.findingCount > 0) {
    deps.logger.error('a report found rows that are not as the taps left them', { order: logged.order(orderId), findings: examination.findingCount, failedSeals: examination.seals.failed });
    await deps.trail.found(orderId, countFindings(examination));
  }
  if (!subject.restrictionsVerified) {
    if (subject.grant.restrictions.length > 0) deps.logger.error('a restriction that nobody signed is obeyed, and nothing is destroyed for it', { order: logged.order(orderId) });
    return 0;
  }
  return destroyAll(orderId, examination.destroyable, 1, deps);
};

async function* ndjson(subject: Subject, examination: Examination, deps: ReportDeps): AsyncGenerator<string, void, undefined> {
  const digest = createHash('sha256');
  const told = (text: string): string => {
    digest.update(text);
    return text;
  };
  const { now, software } = deps;
  yield told(line({ kind: 'header', format: 'penreg/report/1', ...orderJson(subject), limits: LIMITS, generatedAt: now(), software }));
  for await (const record of examination.records()) yield told(line(recordJson(record)));
  const destroyed = await conclude(subject, examination, deps);
  const { records, ...others } = examination.totals;
  // `digest` covers every byte before this line: a report without it, or with another one, is not whole.
  yield line({ kind: 'trailer', records, ...others, ...coverageJson(examination.coverage), seals: sealsJson(examination), destroyed, digest: digest.digest('hex') });
}

async function* csv(subject: Subject, examination: Examination, deps: ReportDeps): AsyncGenerator<string, void, undefined> {
  const { zone } = subject.body.window;
  const local = localClock(zone);
  yield csvHeader();
  for await (const record of examination.records()) yield csvRow(record, zone, local);
  await conclude(subject, examination, deps);
}

/**
 * Examines an order and opens its report. Precondition: the read stands on the audit log.
 * Throws `ApiError` when it cannot be examined; nothing has been sent then.
 */
export const openReport = async (subject: Subject, format: ReportFormat, deps: ReportDeps, signal: AbortSignal): Promise<OpenReport> => {
  const leave = await deps.gate.enter(subject.orderId);
  let examination: Examination;
  try {
    examination = await examine(subject, deps, signal);
  } catch (error) {
    leave();
    throw error;
  }
  const pieces = async function* (): AsyncGenerator<string, void, undefined> {
    try {
      yield* gather(format === 'ndjson' ? ndjson(subject, examination, deps) : csv(subject, examination, deps));
    } catch (error) {
      const { code, retriable } = describeBreak(error);
      deps.logger.error('a report broke off', { order: logged.order(subject.orderId), code: logged.code(code) }, error);
      yield format === 'ndjson' ? line({ kind: 'error', error: code, retriable, complete: false }) : csvBreak(code);
    } finally {
      leave();
    }
  };
  return { pieces: pieces(), abandon: leave };
};

/** Everything a report says except its records; the records are read and checked all the same. */
export const summarise = async (subject: Subject, deps: ReportDeps, signal: AbortSignal) => {
  const leave = await deps.gate.enter(subject.orderId);
  try {
    const examination = await examine(subject, deps, signal);
    const events: Record<string, number> = {};
    await withParts(async () => {
      for await (const { record } of examination.records()) events[record.kind] = (events[record.kind] ?? 0) + 1;
    });
    const destroyed = await conclude(subject, examination, deps);
    return {
      ...orderJson(subject),
      totals: { ...examination.totals, events },
      ...coverageJson(examination.coverage),
      seals: sealsJson(examination),
      destroyed,
      limits: LIMITS,
      generatedAt: deps.now(),
      software: deps.software,
    };
  } finally {
    leave();
  }
};
