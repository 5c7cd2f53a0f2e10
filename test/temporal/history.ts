import type { AccountId, Grant, OrderId, Role, StatementOf, UtcMs } from '@penreg/domain';
import { bodyHashOf, sha256Hex, signConfirmation, statementHashOf, statementsOf } from '@penreg/evidence';
import { endOf, type OracleOrder, type OracleRestriction } from '@penreg/testkit';
import { bodyOf } from '../../packages/domain/src/testing.ts';
import { nextChange, toFields, type PublishedAct } from '../../packages/registry/src/changelog.ts';
import type { LogHead } from '../../packages/registry/src/ports.ts';
import { newOrderId } from '../../services/order-activation/src/order-id.ts';
import { hand, signAs, type Attacker, type Hand } from '../law/support/attacker.ts';
import type { World } from '../law/support/world.ts';
import type { PlannedAct, Schedule } from './schedules.ts';

const DAY = 86_400_000;
/** How long before its publication each act was signed. */
const SIGNED_BEFORE = 1_500;

/** One order of a run: its plan, what has been published of it, and the account that it names. */
export interface LivingOrder {
  readonly schedule: Schedule;
  readonly orderId: OrderId;
  readonly account: AccountId;
  /** When the run began. */
  readonly base: UtcMs;
  /** As the taps have it; null before its activation. */
  readonly grant: () => Grant | null;
}

/** Something that is published at an instant of the run. */
export interface Step {
  readonly due: UtcMs;
  readonly perform: (epoch: number, published: UtcMs) => { readonly act: PublishedAct; readonly grant: Grant };
}

/** The orders of a run, and what honest people sign for them at the instants that their plans name. */
export interface Histories {
  readonly orders: readonly LivingOrder[];
  readonly steps: readonly Step[];
}

/** What stands in the registry after an act, ready to be written. */
export interface Write {
  readonly due: UtcMs;
  /** The change log's head after it. */
  readonly head: LogHead;
  readonly commands: readonly (readonly [string, ...string[]])[];
}

export const planHistories = (world: World, schedules: readonly Schedule[], base: UtcMs, run: string): Histories => {
  const person = (personId: string, role: Role): Hand => hand(personId, role, world.deployment.person(personId).key);
  const approver = person('approver-1', 'approver');
  const activator = person('activator-1', 'activator');
  const anyone = person('approver-2', 'approver');
  const orders: LivingOrder[] = [];
  const steps: Step[] = [];

  for (const [i, schedule] of schedules.entries()) {
    const parent = schedule.extends === undefined ? undefined : orders.find((o) => o.schedule.about === schedule.extends);
    const account = parent?.account ?? (`${run}.target.${i}` as AccountId);
    const orderId = newOrderId(Date.now());
    const hours = schedule.emergencyHours;
    const bodyAt = () => {
      // An extension is drafted to begin no earlier than its parent ends: the law's own word, and the oracle's.
      const parentEnd = parent === undefined ? null : endOf(oracleOf(parent, world.deployment.timing.lead), world.deployment.timing);
      const start = Math.max(base + schedule.start, parentEnd ?? 0);
      return bodyOf({
        deployment: world.deployment.name,
        orderId,
        agencyReference: `${run}-${i}`,
        proposer: 'proposer-1',
        targets: [account],
        kinds: ['message'],
        parent: parent?.orderId ?? null,
        relation: parent === undefined ? null : parent.schedule.emergencyHours === undefined ? 'extension' : 'confirmation',
        window: { asWritten: schedule.about, zone: 'America/Los_Angeles', start, until: Math.max(base + schedule.until, start + 1) },
        ...(hours === undefined
          ? {}
          : { instrument: 'emergency', emergency: { category: 'A', official: { name: 'O', title: 'T' }, attestation: 'e'.repeat(64), attestedAt: start - DAY, goodFaith: 'G', hours } }),
      });
    };

    let grant: Grant | null = null;
    const nonces = new Map<string, string>();
    const granted = (): Grant => {
      if (grant === null) throw new Error(`"${schedule.about}" acts before it is activated`);
      return grant;
    };

    const activate: Step['perform'] = (epoch, published) => {
      const body = bodyAt();
      const signedAt = published - SIGNED_BEFORE;
      const approval = signAs(approver, body, 'approve', {}, { signedAt: signedAt - SIGNED_BEFORE });
      const named = schedule.activation.start;
      const activation = signAs(activator, body, 'activate', { start: named === undefined ? signedAt : Math.max(signedAt, base + named) }, { prev: approval, signedAt });
      grant = { body, approval, activation, epoch, published, restrictions: [], resumptions: [] };
      return { act: 'activate', grant };
    };

    const perform = (planned: PlannedAct): Step['perform'] => (epoch, published) => {
      const before = granted();
      const signedAt = published - SIGNED_BEFORE;
      const prev = { statement: statementsOf(before).at(-1) } as Grant['approval'];
      const at = 'at' in planned && planned.at !== undefined ? base + planned.at : published;
      const restrict = <A extends 'end' | 'stop' | 'suspend' | 'narrow'>(act: A, params: StatementOf<A>['params']): Grant => {
        const envelope = signAs(anyone, before.body, act, params, { prev, signedAt });
        if (planned.act === 'suspend') nonces.set(planned.name, envelope.statement.nonce);
        return { ...before, restrictions: [...before.restrictions, { envelope, epoch, published }] };
      };
      switch (planned.act) {
        case 'end':
          grant = restrict('end', { at });
          break;
        case 'stop':
          grant = restrict('stop', { reason: 'quashed' });
          break;
        case 'suspend':
          grant = restrict('suspend', { at, reason: 'review' });
          break;
        case 'narrow': {
          const { until, direction } = planned;
          grant = restrict('narrow', { at, ...(until === undefined ? {} : { until: base + until }), ...(direction === undefined ? {} : { direction }) });
          break;
        }
        case 'resume': {
          const suspensions = planned.lifts.map((name) => nonces.get(name) ?? '');
          const start = planned.start === undefined ? signedAt : Math.max(signedAt, base + planned.start);
          const approval = signAs(approver, before.body, 'approve-resume', { suspensions }, { prev, signedAt });
          const activation = signAs(activator, before.body, 'resume', { start, suspensions }, { prev: approval, signedAt });
          grant = { ...before, resumptions: [...before.resumptions, { approval, activation, epoch, published }] };
          break;
        }
      }
      return { act: planned.act, grant: grant ?? before };
    };

    steps.push({ due: base + schedule.activation.published, perform: activate }, ...schedule.acts.map((act) => ({ due: base + act.published, perform: perform(act) })));
    orders.push({ schedule, orderId, account, base, grant: () => grant });
  }
  return { orders, steps };
};

/**
 * Has steps signed and sealed, as the service writes them, before they are due: so an order can have begun an hour ago,
 * and nothing comes late. Nobody else may write. @param notBefore what was due earlier is published then
 */
export const prepare = async ({ keys, sealer }: Attacker, world: World, steps: readonly Step[], after: readonly Write[] = [], notBefore: UtcMs = 0): Promise<readonly Write[]> => {
  const tap = world.deployment.identity.taps['tap-1'];
  const writes: Write[] = [];
  let head: LogHead | null = after.at(-1)?.head ?? null;
  for (const { due: planned, perform } of [...steps].sort((a, b) => a.due - b.due)) {
    const due = Math.max(planned, notBefore);
    const { act, grant } = perform((head?.seq ?? 0) + 1, due);
    const { orderId } = grant.body;
    const text = await sealer.seal(`grant/${orderId}`, grant);
    const entry = nextChange(head, { published: due, act, orderId, grantHash: sha256Hex(text), audit: 'a'.repeat(64) });
    head = { seq: entry.seq, hash: entry.hash };
    const commands: [string, ...string[]][] = [['HSET', keys.grants, orderId, text], ['XADD', keys.log, ...toFields(entry)]];
    const { statement } = grant.activation;
    // What began an hour ago was seen by a tap then.
    if (act === 'activate' && tap !== undefined && due < Date.now() - 60_000) {
      const facts = { deployment: world.deployment.name, tap: 'tap-1', orderId, version: 1, bodyHash: bodyHashOf(grant.body), activationHash: statementHashOf(statement), epoch: entry.seq, at: statement.signedAt + 2_000 };
      commands.push(['HSET', keys.confirmations(orderId), `tap-1 ${facts.activationHash}`, JSON.stringify(signConfirmation(facts, tap))]);
    }
    writes.push({ due, head, commands });
  }
  return writes;
};

/** What was published of an order, in the oracle's words. */
export const oracleOf = ({ grant, orderId, schedule }: LivingOrder, lead: UtcMs): OracleOrder => {
  const published = grant();
  if (published === null) throw new Error(`"${schedule.about}" was never activated`);
  const { body, activation, restrictions, resumptions } = published;
  const { targets, direction, kinds, fields, window, emergency } = body;
  /** Of the later resumptions that name a suspension, the one that takes effect first. */
  const resumed = (nonce: string, suspended: UtcMs): { readonly published: UtcMs; readonly start: UtcMs } | null => {
    const named = resumptions.flatMap(({ activation: { statement }, published: at }) => (statement.act === 'resume' && at > suspended && statement.params.suspensions.includes(nonce) ? [{ published: at, start: statement.params.start }] : []));
    return named.sort((a, b) => Math.max(a.start, a.published + lead) - Math.max(b.start, b.published + lead))[0] ?? null;
  };
  return {
    orderId, targets, direction, kinds, fields,
    start: window.start,
    until: window.until,
    activationStart: activation.statement.act === 'activate' ? activation.statement.params.start : Number.NaN,
    published: published.published,
    restrictions: restrictions.flatMap(({ envelope: { statement }, published: at }): readonly OracleRestriction[] => {
      switch (statement.act) {
        case 'stop':
          return [{ act: 'stop', published: at }];
        case 'suspend':
          return [{ act: 'suspend', published: at, at: statement.params.at, resumed: resumed(statement.nonce, at) }];
        case 'end':
        case 'narrow':
          return [{ act: statement.act, published: at, ...statement.params }];
        default:
          return [];
      }
    }),
    emergencyHours: emergency?.hours ?? null,
  };
};
