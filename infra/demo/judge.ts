import { compareReport, describeComparison, expectReports, fetchReport, isEqual, readTopic, type FetchedReport, type OracleOrder, type OracleRestriction, type OrderView } from '@penreg/testkit';
import { setTimeout as delay } from 'node:timers/promises';
import type { Deployment } from '../deployment.ts';
import type { DemoPeople, MadeOrder } from './people.ts';

export interface Verdict {
  readonly order: MadeOrder;
  readonly expected: number;
  readonly reported: number;
  readonly completeThrough: number | null;
  readonly gaps: number;
  readonly seals: { readonly checked: number; readonly failed: number };
  readonly agrees: boolean;
  /** What differs, for the terminal of a demonstration only: it names accounts. */
  readonly difference: string | null;
}

const toOracle = ({ orderId, body, activation, publication, restrictions }: OrderView): OracleOrder => {
  if (body === null || activation?.statement.act !== 'activate' || publication === null) throw new Error(`order ${orderId} was never activated`);
  const { targets, direction, kinds, fields, window } = body;
  return {
    orderId,
    targets,
    direction,
    kinds,
    fields,
    start: window.start,
    until: window.until,
    activationStart: activation.statement.params.start,
    published: publication.published,
    restrictions: (restrictions ?? []).flatMap(({ envelope: { statement }, published }): OracleRestriction[] => {
      if (statement.act === 'stop') return [{ act: 'stop', published }];
      return statement.act === 'end' || statement.act === 'narrow' ? [{ act: statement.act, published, ...statement.params }] : [];
    }),
  };
};

/** Waits until an order's report is complete through `instant`, or through the end of the order if that comes first. */
const reportThrough = async (deployment: Deployment, orderId: string, instant: number, patienceMs: number): Promise<FetchedReport> => {
  const analyst = deployment.person('analyst-1');
  const giveUpAt = Date.now() + patienceMs;
  for (;;) {
    const report = await fetchReport(deployment.urls.reporting, analyst.token, orderId);
    const through = report.trailer.completeThrough;
    const window = report.header['window'] as { inForce: { until: number } | null };
    const wanted = Math.min(instant, window.inForce?.until ?? instant);
    if ((through !== null && through >= wanted) || Date.now() > giveUpAt) return report;
    await delay(500);
  }
};

/** Holds every report against a second computation over the whole topic, made by other code from the same laws. */
export const judge = async (deployment: Deployment, people: DemoPeople, orders: readonly MadeOrder[], lastSent: number): Promise<readonly Verdict[]> => {
  const { records } = await readTopic([deployment.parts.kafka.address], deployment.topic);
  const views = await Promise.all(orders.map(({ orderId }) => people.show(orderId)));
  const expectations = expectReports({ records, orders: views.map(toOracle), timing: deployment.timing });
  const verdicts: Verdict[] = [];
  for (const order of orders) {
    const expectation = expectations.get(order.orderId);
    if (expectation === undefined) throw new Error(`nothing was computed for order ${order.orderId}`);
    const { rows, trailer } = await reportThrough(deployment, order.orderId, lastSent, deployment.timing.lateness + 30_000);
    const comparison = compareReport(expectation, rows, { gaps: trailer.gaps });
    const complete = trailer.completeThrough !== null;
    const agrees = isEqual(comparison) && complete && trailer.gaps.length === 0 && trailer.seals.findingCount === 0;
    verdicts.push({
      order,
      expected: comparison.expected,
      reported: comparison.reported,
      completeThrough: trailer.completeThrough,
      gaps: trailer.gaps.length,
      seals: trailer.seals,
      agrees,
      difference: agrees ? null : describeComparison(expectation, comparison),
    });
  }
  return verdicts;
};
