import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { GrantSchema, openSuspensions, TimingSchema, type Act, type Envelope, type Grant, type OrderBody, type OrderId, type Role, type StatementOf } from '@penreg/domain';
import { COMPILED_WINDOW_CAPS, obeyedGrant, statementsOf, verifyGrant, verifyRestriction, verifyResumption, type GrantTrust, type Roster } from '@penreg/evidence';
import type { RedisPart } from '@penreg/infra';
import { ApiError, type Identity } from '@penreg/platform';
import { openRegistry, RegistryError, type OrderDocument, type Registry } from '@penreg/registry';
import { Redis } from 'ioredis';
import { bodyOf } from '../../packages/domain/src/testing.ts';
import { anna, arno, nora, paula, rosterOf, signed, type Signatory } from '../../packages/evidence/src/testing.ts';
import { keysOf, type RegistryKeys } from '../../packages/registry/src/keys.ts';
import { createSealer, type Sealer } from '../../packages/registry/src/sealing.ts';
import { newOrderId } from '../../services/order-activation/src/order-id.ts';
import { createOrders } from '../../services/order-activation/src/orders.ts';
import { ROLES_OF, type ActName, type Life, type PersonId, type WalkedAct } from './life.ts';

/** What happens to the machines while somebody acts. */
export type Mishap = 'none' | 'server killed before' | 'server killed meanwhile' | 'service dies meanwhile';

const KEYS: Readonly<Record<PersonId, Signatory>> = { paula, anna, arno, nora };
const DAY = 86_400_000;
const TIMING = TimingSchema.parse({ lead: 2, holdLimit: 1, clockBound: 1 });
const WRONG = [{ kind: 'account', value: 'somebody.else' }] as const;
const SIGNED: Readonly<Partial<Record<ActName, Act>>> = { approve: 'approve', activate: 'activate', narrow: 'narrow', suspend: 'suspend', 'approve-resume': 'approve-resume', resume: 'resume', end: 'end', stop: 'stop' };
/** The role in which each act is signed. One who does not hold it claims it all the same. */
const roleFor = (act: Act, by: PersonId): Role => {
  if (act === 'approve' || act === 'approve-resume') return 'approver';
  if (act === 'activate' || act === 'resume') return 'activator';
  return (ROLES_OF[by][0] ?? 'analyst') as Role;
};

/** The real registry on a real server, with the service's own checks before it. */
export class Office {
  readonly #redis: RedisPart;
  readonly deployment = `model-${randomBytes(6).toString('hex')}`;
  readonly #secrets = { sealingKey: randomBytes(32).toString('base64url'), lookupKey: randomBytes(32).toString('base64url') };
  readonly #roster: Roster;
  readonly #keys: RegistryKeys;
  readonly #sealer: Sealer;
  readonly #looking: Redis;
  #registry: Registry;

  constructor(redis: RedisPart) {
    this.#redis = redis;
    this.#roster = rosterOf({ deployment: this.deployment });
    this.#keys = keysOf(this.deployment);
    this.#sealer = createSealer(this.deployment, this.#secrets.sealingKey);
    this.#looking = new Redis(redis.address);
    this.#looking.on('error', () => undefined); // the server is killed on purpose
    this.#registry = this.#open();
  }

  #open(): Registry {
    return openRegistry({ url: this.#redis.address, deployment: this.deployment, ...this.#secrets, lead: TIMING.lead, promiseMs: 40, readableMs: 0 });
  }

  async close(): Promise<void> {
    this.#looking.disconnect();
    await this.#registry.close();
  }

  async draft(by: PersonId): Promise<OrderId> {
    const orderId = newOrderId(Date.now());
    await this.#insist(() => this.#registry.orders.create(this.#body(orderId, by, 1)));
    return orderId;
  }

  #body(orderId: OrderId, proposer: PersonId, version: number): OrderBody {
    const start = Date.now() - 60_000;
    return bodyOf({ deployment: this.deployment, orderId, version, proposer, agencyReference: `REF-${orderId}`, window: { asWritten: `version ${version}`, zone: 'America/Los_Angeles', start, until: start + 30 * DAY } });
  }

  async read(orderId: OrderId): Promise<OrderDocument> {
    const order = await this.#insist(() => this.#registry.orders.get(orderId));
    if (order === null) throw new Error('the order is gone');
    return order;
  }

  /** Acts as somebody would, through whatever happens meanwhile. Whether it was done in the end. */
  async act(orderId: OrderId, act: WalkedAct, mishap: Mishap): Promise<boolean> {
    const perform = await this.#prepare(await this.read(orderId), act);
    if (mishap === 'server killed before') await this.#crash();
    let first: Promise<unknown> | null = null;
    if (mishap === 'server killed meanwhile') {
      first = perform();
      first.catch(() => undefined);
      await this.#crash();
    }
    if (mishap === 'service dies meanwhile') {
      first = perform();
      first.catch(() => undefined);
      await this.#registry.close();
      this.#registry = this.#open();
    }
    // Nobody knows what became of it: the very same is asked for again.
    await first?.catch(() => undefined);
    try {
      await this.#insist(perform);
      return true;
    } catch (error) {
      if (error instanceof ApiError || error instanceof RegistryError) return false;
      throw error;
    }
  }

  async #crash(): Promise<void> {
    await this.#redis.kill();
    await this.#redis.restart();
  }

  /** Repeats what could not be done, never what was refused. */
  async #insist<T>(perform: () => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + 20_000;
    for (;;) {
      try {
        return await perform();
      } catch (error) {
        const isPassing = (error instanceof RegistryError && error.retriable) || (error instanceof ApiError && error.status >= 500);
        if (!isPassing || Date.now() > giveUpAt) throw error;
      }
    }
  }

  /** One act, made once: whatever it signs or says is the same each time that it is tried. */
  async #prepare(order: OrderDocument, { name, by, isStale }: WalkedAct): Promise<() => Promise<unknown>> {
    const { orderId } = order;
    const signedAct = SIGNED[name];
    if (signedAct !== undefined) {
      const envelope = this.#sign(order, signedAct, by, isStale);
      const who: Identity = { personId: by, roles: ROLES_OF[by] } as Identity;
      return () => createOrders({ store: this.#registry.orders, roster: { current: () => this.#roster, onNews: () => undefined }, timing: TIMING, now: Date.now }).act(who, orderId, signedAct, envelope);
    }
    const at = { personId: by, version: isStale ? order.version + 1 : order.version };
    const store = (): Registry['orders'] => this.#registry.orders;
    const findings = [{ field: 'window', text: 'not as the paper says', citation: null }];
    const amended = this.#body(orderId, by, order.body.version + 1);
    switch (name) {
      case 'amend':
        return () => store().amend(amended, at);
      case 'submit':
        return () => store().submit(orderId, at);
      case 'push-back':
        return () => store().reject(orderId, { outcome: 'pushed-back', findings }, at);
      case 'reject':
        return () => store().reject(orderId, { outcome: 'rejected', findings }, at);
      case 'reenter':
        return () => store().reenter(orderId, order.body.identifiers, at);
      case 'reenter-wrong':
        return () => store().reenter(orderId, WRONG, at);
      case 'hold':
        return () => store().desk(orderId, { act: 'hold', reference: 'PL-1', reason: 'preservation' }, at);
      case 'approve-lift-hold':
        return () => store().desk(orderId, { act: 'approve-lift-hold', hold: order.holds.length, reason: 'over' }, at);
      case 'lift-hold':
        return () => store().desk(orderId, { act: 'lift-hold', hold: order.holds.length }, at);
      case 'challenge':
        return () => store().desk(orderId, { act: 'challenge', what: 'order', court: 'C', reference: 'R' }, at);
      case 'resolve-challenge':
        return () => store().desk(orderId, { act: 'resolve-challenge', challenge: order.challenges.findIndex((c) => c.outcome === null) + 1, outcome: 'complied' }, at);
      default:
        return () => store().desk(orderId, { act: 'close' }, at);
    }
  }

  #sign({ body, approval, grant, resumeApproval }: OrderDocument, act: Act, by: PersonId, isStale: boolean): Envelope {
    const now = Date.now();
    const who = { ...KEYS[by], role: roleFor(act, by) };
    const statements = grant === null ? [] : statementsOf(grant);
    const after = (statement: Envelope['statement'] | undefined): Envelope | null => (statement === undefined ? null : ({ statement } as Envelope));
    const last = after(isStale ? statements.at(-2) : statements.at(-1));
    const open = grant === null ? [] : openSuspensions(grant).map(({ nonce }) => nonce);
    const suspensions = isStale || open.length === 0 ? ['not-a-suspension-'] : open;
    const sign = <A extends Act>(a: A, params: StatementOf<A>['params'], prev: Envelope | null): Envelope => signed(who, isStale ? { ...body, docket: 'another' } : body, a, params, prev, now);
    switch (act) {
      case 'approve':
        return sign('approve', {}, null);
      case 'activate':
        return sign('activate', { start: now }, approval);
      case 'narrow':
        return sign('narrow', { at: now, fields: [] }, last);
      case 'suspend':
        return sign('suspend', { at: now, reason: 'review' }, last);
      case 'approve-resume':
        return sign('approve-resume', { suspensions }, last);
      case 'resume':
        return sign('resume', { start: now, suspensions }, resumeApproval);
      case 'end':
        return sign('end', { at: now }, last);
      case 'stop':
        // Whoever stops need not know what the others did; what order it is they must know.
        return signed(who, body, 'stop', { reason: 'quashed' }, null, now);
    }
  }

  /** Everything that can be seen of an order, held against its life: what is wrong, or `[]`. */
  async faultsOf(orderId: OrderId, life: Life): Promise<readonly string[]> {
    const order = await this.#readWhen(orderId, life.state);
    const { grant, history, version } = order;
    const faults = [
      ...differ('state', order.state, life.state),
      ...differ('history', history.map(({ act }) => act), life.history),
      ...differ('version', version, life.history.length),
      ...differ('granted', grant !== null, life.activator !== null),
    ];
    const sealed = await this.#looking.hget(this.#keys.grants, orderId);
    faults.push(...differ('what taps are given', sealed === null ? null : await this.#sealer.unseal(`grant/${orderId}`, sealed), grant));
    return grant === null ? faults : [...faults, ...this.#faultsOfGrant(GrantSchema.parse(grant), life)];
  }

  /** Whatever anybody did, what the taps are given is two people's word for this very body. */
  #faultsOfGrant(grant: Grant, life: Life): readonly string[] {
    const trust: GrantTrust = { roster: this.#roster, deployment: this.deployment, jurisdictionCaps: COMPILED_WINDOW_CAPS, testAccounts: [], maxTargets: 10, confirmations: [], now: Date.now(), clockBound: 1_000 };
    return [
      ...differ('signers', [grant.approval.statement.personId, grant.activation.statement.personId], [life.approver, life.activator]),
      ...differ('grant', verifyGrant(grant, trust), { outcome: 'accepted' }),
      ...differ('resumptions', obeyedGrant(grant, (r) => verifyResumption(r, grant, trust)).refused, []),
      ...grant.restrictions.flatMap(({ envelope }) => differ('restriction', verifyRestriction(envelope, grant, this.#roster, Date.now()), 'verified')),
    ];
  }

  /** An end takes effect a lead after it is published; nothing else waits for time. */
  async #readWhen(orderId: OrderId, state: string): Promise<OrderDocument> {
    const giveUpAt = Date.now() + 5_000;
    for (;;) {
      const order = await this.read(orderId);
      if (order.state === state || Date.now() > giveUpAt) return order;
      await sleep(10);
    }
  }

  /** Both logs, held against the histories of all orders. */
  async faultsOfLogs(): Promise<readonly string[]> {
    const orders = await this.#insist(() => this.#registry.orders.list());
    const verdict = await this.#insist(() => this.#registry.audit.verify());
    const epochs = orders.flatMap(({ history }) => history.flatMap(({ published }) => (published === null ? [] : [published.epoch])));
    const entries = (await this.#insist(() => this.#registry.audit.read(1, 100_000))).filter(({ act }) => act.startsWith('order.'));
    return [
      ...(verdict.ok ? differ('epochs', verdict.epochs, epochs.length) : [`audit: ${verdict.problem} at ${verdict.seq} of ${verdict.log}`]),
      ...differ('each epoch once', epochs.sort((a, b) => a - b), epochs.map((_, i) => i + 1)),
      ...orders.flatMap(({ orderId, history }) => differ('audited', entries.filter((e) => e.orderId === orderId).map((e) => [e.act, e.actor]), history.map((h) => [`order.${h.act}`, h.personId]))),
    ];
  }
}

const differ = (what: string, is: unknown, shouldBe: unknown): readonly string[] => (isDeepStrictEqual(is, shouldBe) ? [] : [`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(shouldBe)}`]);
