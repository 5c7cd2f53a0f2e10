import { plainIdentifier, type Identifier, type OrderBody, type UtcMs } from '@penreg/domain';
import { canonicalJson, hashOf, type JsonValue } from '@penreg/evidence';
import type { Moment } from './acts.ts';
import { advance, NO_LIFE, refuse, sameStage, stateOf, unsigned, type StoredOrder } from './order-life.ts';
import type { By, Finding, HistoryEntry, Reentry } from './ports.ts';
import { requireState, type TransitionAct } from './transitions.ts';

/** How often an approver may read the paper wrong before somebody else has to approve this version. */
export const MAX_REENTRIES = 5;
const MAX_FINDINGS = 200;

/** An act that nobody signs: what it says is known again by its digest. */
export interface PlainAct {
  readonly act: TransitionAct;
  readonly by: By;
  readonly said: JsonValue;
}

const digestOf = ({ act, said }: Pick<PlainAct, 'act' | 'said'>): string => hashOf({ act, said });

/**
 * Whether the very same was done to the version its author looked at; then it is not done again. A lost answer is asked
 * for again this way.
 */
export const isRepeated = ({ history }: StoredOrder, { act, by, said }: PlainAct): boolean => {
  const done = history[by.version];
  return done !== undefined && done.act === act && done.personId === by.personId && done.digest === digestOf({ act, said });
};

/** @throws RegistryError `conflict` where the order is not what they looked at, `state` */
export const begin = (order: StoredOrder, { act, by, said }: PlainAct, { now, lead }: Moment): HistoryEntry => {
  if (order.version !== by.version) return refuse('conflict', 'somebody else acted on the order since');
  requireState(act, stateOf(order, now, lead));
  return { act, personId: by.personId, at: now, statementHash: null, digest: digestOf({ act, said }), published: null };
};

export const createOrder = (body: OrderBody, bodyHash: string, now: UtcMs): StoredOrder => ({
  schema: 'penreg/order-document/1',
  orderId: body.orderId,
  version: 1,
  body,
  bodyHash,
  analysts: [],
  findings: [],
  reentries: [],
  notes: [],
  escalation: null,
  challenges: [],
  holds: [],
  ...NO_LIFE,
  history: [{ act: 'create', personId: body.proposer, at: now, statementHash: null, digest: bodyHash, published: null }],
  stage: 'draft',
  approval: null,
  grant: null,
  stopped: null,
});

export const amendOrder = (order: StoredOrder, body: OrderBody, bodyHash: string, act: PlainAct, moment: Moment): StoredOrder => {
  const entry = begin(order, act, moment);
  if (body.version !== order.body.version + 1 || body.orderId !== order.orderId || body.proposer !== act.by.personId) return refuse('mismatch', 'not the next version of this order by who amends it');
  return advance(order, entry, unsigned('draft'), { body, bodyHash, reentries: [] });
};

/** What was pushed back comes back as another version, so that no word given for the old one counts for it. */
export const submitOrder = (order: StoredOrder, act: PlainAct, moment: Moment): StoredOrder => {
  const entry = begin(order, act, moment);
  if (order.findings.some((f) => f.version === order.body.version)) return refuse('state', 'submit: this version was pushed back; amend it first');
  return advance(order, entry, unsigned('awaiting-approval'));
};

export const rejectOrder = (order: StoredOrder, outcome: 'pushed-back' | 'rejected', found: readonly Pick<Finding, 'field' | 'text' | 'citation'>[], act: PlainAct, moment: Moment): StoredOrder => {
  const entry = begin(order, act, moment);
  if (outcome === 'pushed-back' && order.stage === 'draft') return refuse('state', 'reject: a draft cannot be pushed back');
  const findings = [...order.findings, ...found.map((f) => ({ by: act.by.personId, at: moment.now, version: order.body.version, ...f }))];
  if (found.length === 0) return refuse('invalid', 'who rejects says why');
  if (findings.length > MAX_FINDINGS) return refuse('limit', `an order has at most ${MAX_FINDINGS} findings`);
  return advance(order, entry, unsigned(outcome === 'rejected' ? 'rejected' : 'draft'), { findings });
};

/** How many identifiers of the two lists have no counterpart in the other, whichever list is longer. */
export const differingIdentifiers = (first: readonly Identifier[], second: readonly Identifier[]): number => {
  const texts = (list: readonly Identifier[]): Set<string> => new Set(list.map((identifier) => canonicalJson({ ...plainIdentifier(identifier) })));
  const [a, b] = [texts(first), texts(second)];
  const missing = (from: ReadonlySet<string>, others: ReadonlySet<string>): number => [...from].filter((text) => !others.has(text)).length;
  return Math.max(missing(a, b), missing(b, a));
};

/** A try is one act more, whether it matches or not: nobody tries in silence. */
export const reenterOrder = (order: StoredOrder, differing: number, act: PlainAct, moment: Moment): StoredOrder => {
  const entry = begin(order, act, moment);
  const { personId } = act.by;
  const before: Reentry = order.reentries.find((r) => r.personId === personId) ?? { personId, bodyHash: order.bodyHash, failed: 0, matched: false };
  if (before.failed >= MAX_REENTRIES) return refuse('limit', `read wrong ${MAX_REENTRIES} times: another approver has to approve it`);
  const after: Reentry = differing === 0 ? { ...before, matched: true } : { ...before, failed: before.failed + 1 };
  return advance(order, entry, sameStage(order), { reentries: [...order.reentries.filter((r) => r.personId !== personId), after] });
};
