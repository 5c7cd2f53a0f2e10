import { setTimeout as sleep } from 'node:timers/promises';
import type { StatementOf } from '@penreg/domain';
import { createOrdersClient, type OracleOrder, type OracleRestriction, type OrdersClient, type OrderView, type TestPerson } from '@penreg/testkit';
import type { PlannedOrder, PlannedRestriction, Scenario } from './scenario.ts';

/** What driving orders needs of a deployment. */
export interface DriveSettings {
  readonly orderActivationUrl: string;
  readonly person: (personId: string) => TestPerson;
  readonly lead: number;
  /** How long an act is repeated while the service or its registry is away. */
  readonly patienceMs: number;
  readonly say: (line: string) => void;
}

export interface DrivenOrder {
  readonly planned: PlannedOrder;
  readonly orderId: string;
}

/** Everything that can be known of a scenario's orders before the traffic starts. */
export interface PreparedOrders {
  readonly orders: readonly DrivenOrder[];
  /** The instant the scenario's times count from; every order that is to be in force by then is. */
  readonly startAt: number;
  /** Does what is due during the run, each act at its time. Resolves when the last one is published. */
  runActs(): Promise<void>;
  /** The orders as they were published, in the oracle's words. */
  asPublished(): Promise<readonly OracleOrder[]>;
}

const ANALYST = 'analyst-1';
/** Milliseconds to make one order: three acts, each on the registry's disk. */
const PER_ORDER_MS = 600;

/**
 * Makes the orders of a scenario through the HTTP API, as three different people, and activates those that are to be in
 * force when the run starts.
 */
export const prepareOrders = async (scenario: Scenario, settings: DriveSettings): Promise<PreparedOrders> => {
  const { person, lead, say } = settings;
  const client = createOrdersClient({ url: settings.orderActivationUrl, reviewers: [person('reviewer-1'), person('reviewer-2')], patienceMs: settings.patienceMs });
  const [proposer, approver, activator] = [person('proposer-1'), person('approver-1'), person('activator-1')];
  const ids = new Map<PlannedOrder, string>();

  const draft = async (planned: PlannedOrder, startAt: number): Promise<string> => {
    const { targets, direction, kinds, fields } = planned;
    const request = { agencyReference: `REF-${String(ids.size + 1).padStart(4, '0')}`, targets, direction, kinds, fields, start: startAt + planned.start, until: startAt + planned.until, analysts: [ANALYST] };
    const { orderId } = await client.create(proposer, request);
    await client.approve(approver, orderId);
    ids.set(planned, orderId);
    return orderId;
  };
  const idOf = (planned: PlannedOrder): string => {
    const id = ids.get(planned);
    if (id === undefined) throw new Error(`"${planned.about}" has not been made`);
    return id;
  };
  const activate = async (planned: PlannedOrder): Promise<void> => {
    await client.activate(activator, idOf(planned), Date.now() + planned.activationStartIn);
  };

  // Windows that began long ago do not depend on when the run starts; the others do, so their orders come last.
  const timed = scenario.orders.filter(({ start, until }) => start >= 0 || until < 3_600_000);
  const others = scenario.orders.filter((order) => !timed.includes(order));
  for (const planned of others) {
    await draft(planned, Date.now());
    if (planned.activateAt < 0) await activate(planned);
  }
  const startAt = Date.now() + lead + 1_000 + timed.length * PER_ORDER_MS;
  for (const planned of timed) {
    await draft(planned, startAt);
    if (planned.activateAt < 0) await activate(planned);
  }
  if (Date.now() + lead > startAt) throw new Error('the orders took too long to make: they would not be in force at the start of the run');
  say(`${ids.size} orders made`);

  const restrict = async (planned: PlannedOrder, act: PlannedRestriction): Promise<void> => {
    const orderId = idOf(planned);
    // Whoever can start something can also restrict it: one person is enough.
    await (act.kind === 'end' ? client.end(activator, orderId, Date.now() + act.in) : act.kind === 'stop' ? client.stop(approver, orderId) : client.narrow(proposer, orderId, narrowing(act)));
  };
  const acts = scenario.orders
    .flatMap((planned) => [
      ...(planned.activateAt < 0 ? [] : [{ at: planned.activateAt, what: 'activate', perform: () => activate(planned) }]),
      ...planned.restrictions.map(({ at, act }) => ({ at, what: act.kind, perform: () => restrict(planned, act) })),
    ])
    .sort((a, b) => a.at - b.at);

  return {
    orders: scenario.orders.map((planned) => ({ planned, orderId: idOf(planned) })),
    startAt,
    runActs: async () => {
      for (const { at, what, perform } of acts) {
        await sleep(Math.max(0, startAt + at - Date.now()));
        await perform();
        say(`${what} after ${((Date.now() - startAt) / 1_000).toFixed(1)} s`);
      }
    },
    asPublished: async () => readBack(client, person('approver-2'), [...ids.values()]),
  };
};

const narrowing = ({ in: wait, untilIn, targets, direction, kinds, fields }: Extract<PlannedRestriction, { kind: 'narrow' }>): StatementOf<'narrow'>['params'] => {
  const at = Date.now() + wait;
  return {
    at,
    ...(untilIn === undefined ? {} : { until: at + untilIn }),
    ...(targets === undefined ? {} : { targets: [...targets] as StatementOf<'narrow'>['params']['targets'] & {} }),
    ...(direction === undefined ? {} : { direction }),
    ...(kinds === undefined ? {} : { kinds: [...kinds] }),
    ...(fields === undefined ? {} : { fields: [...fields] }),
  };
};

const readBack = async (client: OrdersClient, reader: TestPerson, orderIds: readonly string[]): Promise<readonly OracleOrder[]> => {
  const orders: OracleOrder[] = [];
  for (const orderId of orderIds) orders.push(toOracle(await client.show(reader, orderId)));
  return orders;
};

const toOracle = ({ orderId, body, activation, publication, restrictions }: OrderView): OracleOrder => {
  if (body === null || activation?.statement.act !== 'activate' || publication === null) throw new Error(`order ${orderId} was never activated`);
  const restricted = (restrictions ?? []).flatMap(({ envelope: { statement }, published }): readonly OracleRestriction[] => {
    switch (statement.act) {
      case 'stop':
        return [{ act: 'stop', published }];
      case 'end':
      case 'narrow':
        return [{ act: statement.act, published, ...statement.params }];
      default:
        return [];
    }
  });
  const { targets, direction, kinds, fields, window } = body;
  return { orderId, targets, direction, kinds, fields, start: window.start, until: window.until, activationStart: activation.statement.params.start, published: publication.published, restrictions: restricted };
};
