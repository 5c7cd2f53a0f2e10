import { setTimeout as sleep } from 'node:timers/promises';
import { compareReport, describeComparison, endOf, expectReports, fetchReport, isEqual, readTopic, type Comparison, type Expectation, type FetchedReport, type OracleOrder, type OracleTiming } from '@penreg/testkit';

export interface VerifySettings {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly reportingUrl: string;
  /** Bearer token of an analyst to whom every order is assigned. */
  readonly analystToken: string;
  readonly orders: readonly OracleOrder[];
  readonly timing: OracleTiming;
  /** How long the reports may take to be complete. */
  readonly patienceMs: number;
  /** Reasons of gaps that any report may name, besides those the oracle owes it. */
  readonly gapsOfEveryone?: readonly string[];
  readonly say: (line: string) => void;
}

export interface Verdict {
  readonly order: OracleOrder;
  readonly expectation: Expectation;
  readonly report: FetchedReport;
  readonly comparison: Comparison;
  /** Everything that is wrong with the report, in words; `[]` when it is right. */
  readonly faults: readonly string[];
}

export interface Verdicts {
  readonly all: readonly Verdict[];
  /** Records in the topic. */
  readonly events: number;
  readonly records: number;
}

/**
 * Waits until every report is complete through the end of the traffic, then holds each against the oracle's word, which
 * is computed from the topic itself.
 */
export const verifyReports = async (settings: VerifySettings): Promise<Verdicts> => {
  const { reportingUrl, analystToken, orders, timing, say } = settings;
  const { records } = await readTopic(settings.brokers, settings.topic);
  const expectations = expectReports({ records, orders, timing });
  const lastAppended = records.reduce((last, { appended }) => Math.max(last, appended), 0);
  /** A report shows records up to the instant it is complete through, and a clock that runs ahead puts some behind the last arrival. */
  const lastInstant = [...expectations.values()].flatMap((e) => e.records).reduce((last, { at }) => Math.max(last, at), lastAppended);
  say(`${records.length} records in the topic; the oracle expects ${[...expectations.values()].reduce((sum, e) => sum + e.records.length, 0)} in ${orders.length} reports`);

  const giveUpAt = Date.now() + settings.patienceMs;
  /** The report as soon as it is complete through the end of the traffic or of its window, or as it stands when patience is at its end. */
  const fetchComplete = async (order: OracleOrder): Promise<{ readonly report: FetchedReport; readonly incomplete: string | null }> => {
    const end = endOf(order, timing);
    const needed = end === null ? null : Math.min(end, lastInstant + 1);
    for (;;) {
      const report = await fetchReport(reportingUrl, analystToken, order.orderId);
      const through = report.trailer.completeThrough;
      if (needed === null || (through !== null && through >= needed)) return { report, incomplete: null };
      if (Date.now() > giveUpAt) return { report, incomplete: `complete through ${through === null ? 'nothing' : new Date(through).toISOString()}, not ${new Date(needed).toISOString()}` };
      await sleep(1_000);
    }
  };

  const all: Verdict[] = [];
  for (const order of orders) {
    const expectation = expectations.get(order.orderId)!;
    const { report, incomplete } = await fetchComplete(order);
    const { trailer } = report;
    const isStopped = order.restrictions.some(({ act }) => act === 'stop');
    const comparison = compareReport(expectation, report.rows, { gaps: trailer.gaps, excuses: isStopped ? ['stopped'] : [] });
    const owedGaps = new Set<string>([...expectation.gaps.map(({ reason }) => reason), ...(settings.gapsOfEveryone ?? [])]);
    const foreign = trailer.gaps.filter(({ reason }) => !(owedGaps.has(reason) || (isStopped && reason === 'stopped')));
    const faults = [
      ...(incomplete === null ? [] : [incomplete]),
      ...(isEqual(comparison) ? [] : [describeComparison(expectation, comparison)]),
      ...(foreign.length === 0 ? [] : [`gaps: ${foreign.slice(0, 5).map(({ reason, partition, from, to }) => `${reason} ${partition}:[${from}, ${to})`).join(', ')} (${foreign.length})`]),
      ...(trailer.seals.failed === 0 && trailer.seals.findingCount === 0 ? [] : [`seals: ${trailer.seals.failed} failed; ${JSON.stringify(trailer.seals.findings.slice(0, 3))}`]),
      ...(trailer.records === report.rows.length ? [] : [`the trailer counts ${trailer.records} records; there are ${report.rows.length}`]),
      ...(trailer.pending + trailer.unproven === 0 ? [] : [`${trailer.pending} rows without a seal, ${trailer.unproven} under a seal that does not hold`]),
      ...(report.rows.length > 0 && trailer.seals.checked === 0 ? ['no seal was checked'] : []),
    ];
    all.push({ order, expectation, report, comparison, faults });
  }
  return { all, events: records.length, records: all.reduce((sum, { report }) => sum + report.rows.length, 0) };
};
