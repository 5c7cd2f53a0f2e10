import type { UtcMs } from '@penreg/domain';
import type { JsonValue, Roster } from '@penreg/evidence';
import { logged, type Logger } from '@penreg/platform';
import type { Examination, OrderReaders } from '@penreg/records';
import { coverageJson, csvBreak, dayRange, FORMS, LIMITS, ndjsonBreak, orderJson, sealsJson, WHOLE_ORDER, type Closing, type Piece, type Provider, type Report, type ReportRecord, type Scratch, type Selection } from '@penreg/returns';
import { destroyAll, type DestructionDeps } from './destruction.ts';
import { describeBreak, withParts } from './faults.ts';
import type { OrderGate } from './order-gate.ts';
import type { Subject } from './subject.ts';
import type { Trail } from './trail.ts';

export interface ReportDeps extends DestructionDeps {
  readonly readers: Pick<OrderReaders, 'for'>;
  readonly roster: () => Roster;
  readonly timing: Parameters<ReturnType<OrderReaders['for']>['examine']>[0]['timing'];
  readonly trail: Trail;
  readonly gate: OrderGate;
  readonly provider: Provider;
  readonly now: () => UtcMs;
  readonly logger: Logger;
  /** Name and version of this software. */
  readonly software: string;
}

const examine = async (subject: Subject, { readers, roster, timing }: ReportDeps, signal: AbortSignal): Promise<Examination> =>
  withParts(() => readers.for(subject.orderId).examine({ inForce: subject.inForce, timing, roster: roster(), signal }));

/** Findings by kind, for the audit log: no positions, no identifiers. */
const countFindings = (examination: Examination): Readonly<Record<string, number>> & JsonValue => {
  const counts: Record<string, number> = {};
  for (const { kind, count } of examination.findings) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
};

const sealsOf = ({ seals, findings, findingCount }: Examination): Closing['seals'] => ({ ...seals, findings, findingCount });

/** What follows the last record: alarms, and the destruction of what must not be there. Returns the number of rows destroyed. */
const conclude = async (subject: Subject, examination: Examination, deps: ReportDeps): Promise<number> => {
  const { orderId } = subject;
  if (examination.findingCount > 0) {
    deps.logger.error('a report found rows that are not as the taps left them', { order: logged.order(orderId), findings: examination.findingCount, failedSeals: examination.seals.failed });
    await deps.trail.found(orderId, countFindings(examination));
  }
  if (!subject.changesVerified) {
    if (subject.grant.restrictions.length + subject.grant.resumptions.length > 0) deps.logger.error('a restriction or a resumption does not verify, and nothing is destroyed for it', { order: logged.order(orderId) });
    return 0;
  }
  return destroyAll(orderId, examination.destroyable, 1, deps);
};

/** The records of a selection, counted. */
class Selected {
  records = 0;
  first: UtcMs | null = null;
  last: UtcMs | null = null;

  async *of(records: AsyncIterable<ReportRecord>, { day, target }: Selection, onRecord: () => void): AsyncGenerator<ReportRecord, void, undefined> {
    const range = day === null ? null : dayRange(day);
    for await (const read of records) {
      onRecord();
      const { at, legs } = read.record;
      if (range !== null && (at < range.from || at >= range.until)) continue;
      if (target !== null && !legs.some((leg) => leg.target === target)) continue;
      this.records += 1;
      this.first ??= at;
      this.last = at;
      yield read;
    }
  }
}

/** A report that was examined and not yet rendered. */
export interface OpenReport {
  readonly report: Report;
  /** About as many records will be read. */
  readonly proven: number;
  /** Ends it. Must be called, rendered or not. */
  leave(): void;
}

export interface ReportRequest {
  readonly selection: Selection;
  readonly generatedAt: UtcMs;
  /** Called for each record that is read, whether selected or not. */
  readonly onRecord?: () => void;
}

/**
 * Examines an order and opens its report. Precondition: the read stands on the audit log.
 * Throws `ApiError` when it cannot be examined; nothing has been sent then.
 */
export const openReport = async (subject: Subject, { selection, generatedAt, onRecord = () => undefined }: ReportRequest, deps: ReportDeps, signal: AbortSignal): Promise<OpenReport> => {
  const leave = await deps.gate.enter(subject.orderId);
  try {
    const examination = await examine(subject, deps, signal);
    const selected = new Selected();
    const { provider, software } = deps;
    const report: Report = {
      order: subject,
      selection,
      coverage: examination.coverage,
      provider,
      generatedAt,
      software,
      records: selected.of(examination.records(), selection, onRecord),
      close: async () => {
        const destroyed = await conclude(subject, examination, deps);
        const { records, first, last } = selected;
        return { totals: { ...examination.totals, records, first, last }, seals: sealsOf(examination), destroyed };
      },
    };
    return { report, proven: examination.proven, leave };
  } catch (error) {
    leave();
    throw error;
  }
};

/** Forms that are sent as they are made: they say themselves, in their last line, whether they are whole. */
export const STREAMED_FORMS = ['ndjson', 'csv'] as const;
export type StreamedForm = (typeof STREAMED_FORMS)[number];

const NO_SCRATCH: Scratch = {
  open: () => {
    throw new TypeError('this form is written in the order in which records come');
  },
};

/** The pieces of a report that is sent as it is made. Never throws: one that breaks off says so in its last line. */
export async function* stream(form: StreamedForm, { report, leave }: OpenReport, { logger }: ReportDeps): AsyncGenerator<Piece, void, undefined> {
  try {
    yield* FORMS[form].render(report, NO_SCRATCH);
  } catch (error) {
    const { code, retriable } = describeBreak(error);
    logger.error('a report broke off', { order: logged.order(report.order.orderId), code: logged.code(code) }, error);
    yield form === 'ndjson' ? ndjsonBreak(code, retriable) : csvBreak(code);
  } finally {
    leave();
  }
}

/** Everything a report says except its records; the records are read and checked all the same. */
export const summarise = async (subject: Subject, deps: ReportDeps, signal: AbortSignal) => {
  const { report, leave } = await openReport(subject, { selection: WHOLE_ORDER, generatedAt: deps.now() }, deps, signal);
  try {
    const events: Record<string, number> = {};
    await withParts(async () => {
      for await (const { record } of report.records) events[record.kind] = (events[record.kind] ?? 0) + 1;
    });
    const { totals, seals, destroyed } = await report.close();
    return {
      ...orderJson(subject),
      totals: { ...totals, events },
      ...coverageJson(report.coverage),
      seals: sealsJson(seals),
      destroyed,
      limits: LIMITS,
      generatedAt: report.generatedAt,
      software: deps.software,
    };
  } finally {
    leave();
  }
};
