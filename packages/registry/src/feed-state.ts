import { GrantSchema, RESTRICTING_ACTS, type Grant, type OrderId } from '@penreg/domain';
import { canonicalJson, hashOf, sha256Hex, type Confirmation, type GrantOutcome, type JsonValue, type RestrictionDoubt } from '@penreg/evidence';
import { createHash } from 'node:crypto';
import type { Change, ChangeEntry } from './changelog.ts';
import { RegistryError } from './error.ts';
import type { FeedHold, FeedRefusal, FeedTrust, RegistryView } from './ports.ts';
import type { Sealer } from './sealing.ts';

/** What the change log says about one order. */
export interface OrderChanges {
  readonly changes: readonly { readonly epoch: number; readonly change: Change }[];
  readonly grantHash: string;
}

/** What a feed has made of one grant. */
export interface Known {
  /** SHA-256 of the sealed text it was made from. */
  readonly grantHash: string;
  /** SHA-1 of the same text: what the server can compute when it is probed. */
  readonly probe: string;
  readonly epoch: number;
  /** `trustVersion` under which it was verified. */
  readonly trust: number;
  /** The grant with every restriction ever seen; null when refused. */
  readonly grant: Grant | null;
  readonly refusal: FeedRefusal | null;
}

export interface FeedState {
  readonly head: { readonly epoch: number; readonly hash: string } | null;
  readonly log: ReadonlyMap<string, OrderChanges>;
  readonly known: ReadonlyMap<string, Known>;
}
export const EMPTY_STATE: FeedState = { head: null, log: new Map(), known: new Map() };

/** Thrown by the evaluation where a tap must hold. */
export class Doubt extends Error {
  readonly reason: FeedHold;
  constructor(reason: FeedHold, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export const withChanges = (log: ReadonlyMap<string, OrderChanges>, entries: readonly ChangeEntry[]): ReadonlyMap<string, OrderChanges> => {
  const next = new Map(log);
  const own = new Map<string, { epoch: number; change: Change }[]>();
  for (const { seq, entry } of entries) {
    let changes = own.get(entry.orderId);
    if (changes === undefined) {
      changes = [...(log.get(entry.orderId)?.changes ?? [])];
      own.set(entry.orderId, changes);
    }
    changes.push({ epoch: seq, change: entry });
    next.set(entry.orderId, { changes, grantHash: entry.grantHash });
  }
  return next;
};

/** The part of a grant that nothing may change after its activation. */
const coreOf = ({ body, approval, activation, epoch, published }: Grant): string => canonicalJson({ body, approval, activation, epoch, published } as JsonValue);

const identityOf = (restriction: Grant['restrictions'][number]): string => hashOf(restriction as JsonValue);

const isRestricting = (act: string): boolean => (RESTRICTING_ACTS as readonly string[]).includes(act);

/** Where a grant must stand in the change log: its activation and each restriction as an epoch of its own, published when it says. */
const requireLogged = (grant: Grant, { changes }: OrderChanges): void => {
  const { orderId } = grant.body;
  const activations = changes.filter(({ change }) => change.act === 'activate');
  const [activation] = activations;
  if (activations.length !== 1 || activation?.epoch !== grant.epoch || activation.change.published !== grant.published) throw new Doubt('grant-altered', orderId);
  const stands = (epoch: number, act: string, published: number): boolean => changes.some((c) => c.epoch === epoch && c.change.act === act && c.change.published === published);
  for (const { epoch, change } of changes) {
    if (isRestricting(change.act) && !grant.restrictions.some((r) => r.epoch === epoch && r.published === change.published && r.envelope.statement.act === change.act))
      throw new Doubt('restriction-lost', orderId);
  }
  if (!grant.restrictions.every((r) => stands(r.epoch, r.envelope.statement.act, r.published))) throw new Doubt('grant-altered', orderId);
};

export interface Evaluation {
  readonly known: Known;
  readonly doubtful: readonly { readonly reason: RestrictionDoubt; readonly epoch: number }[];
}

/**
 * What to make of one sealed grant, given what was made of it before.
 *
 * A grant that was obeyed may only gain restrictions; anything else about it that changes is a reason to hold, because
 * it could be an attempt to end, widen or move a collection without two people. When what the tap believes has changed
 * it is verified anew, and is refused where its signatures no longer carry it.
 *
 * @throws Doubt
 */
export const evaluate = async (
  orderId: string,
  text: string,
  log: OrderChanges,
  before: Known | undefined,
  sealer: Sealer,
  trust: Pick<FeedTrust, 'verify' | 'verifyRestriction'>,
  trustVersion: number,
  confirmations: readonly Confirmation[],
): Promise<Evaluation> => {
  const grantHash = sha256Hex(text);
  if (grantHash !== log.grantHash) throw new Doubt('grant-altered', orderId);
  const epoch = log.changes.at(-1)?.epoch ?? 0;
  const base = { grantHash, probe: createHash('sha1').update(text).digest('hex'), epoch, trust: trustVersion };
  const refused = (refusal: FeedRefusal): Evaluation => ({ known: { ...base, grant: null, refusal }, doubtful: [] });
  /** For what it is by itself, which cannot have changed under a grant that was obeyed. */
  const refuse = (refusal: FeedRefusal): Evaluation => {
    if (before?.grant != null) throw new Doubt('grant-altered', orderId);
    return refused(refusal);
  };

  let value: unknown;
  try {
    value = await sealer.unseal(`grant/${orderId}`, text);
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'sealed') return refuse('unsealable');
    throw error;
  }
  const parsed = GrantSchema.safeParse(value);
  if (!parsed.success) return refuse('schema');
  const grant = parsed.data;
  if (grant.body.orderId !== orderId) return refuse('order');
  requireLogged(grant, log);

  if (before?.grant != null) {
    if (coreOf(before.grant) !== coreOf(grant)) throw new Doubt('grant-altered', orderId);
    const now = new Set(grant.restrictions.map(identityOf));
    if (!before.grant.restrictions.every((r) => now.has(identityOf(r)))) throw new Doubt('restriction-lost', orderId);
  }
  if (before?.grant == null || before.trust !== trustVersion) {
    // The value as it came: `verify` refuses a form that parsing would have changed.
    const outcome: GrantOutcome = trust.verify(value as Grant, confirmations);
    if (outcome.outcome === 'refused') return refused(outcome.reason);
  }

  const seen = new Set(before?.grant?.restrictions.map(identityOf));
  const doubtful = grant.restrictions.flatMap((restriction) => {
    if (seen.has(identityOf(restriction))) return [];
    const verdict = trust.verifyRestriction(restriction.envelope, grant);
    return verdict === 'verified' ? [] : [{ reason: verdict, epoch: restriction.epoch }];
  });
  return { known: { ...base, grant, refusal: null }, doubtful };
};

export const viewOf = ({ head, known }: FeedState): RegistryView => {
  const sorted = [...known].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.freeze({
    epoch: head?.epoch ?? 0,
    head: head?.hash ?? null,
    grants: Object.freeze(sorted.flatMap(([, { grant }]) => (grant === null ? [] : [grant]))),
    refused: Object.freeze(sorted.flatMap(([orderId, { refusal, epoch }]) => (refusal === null ? [] : [{ orderId: orderId as OrderId, reason: refusal, epoch }]))),
  });
};
