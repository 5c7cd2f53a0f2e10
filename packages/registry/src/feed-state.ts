import { GrantSchema, RESTRICTING_ACTS, type Grant, type OrderId } from '@penreg/domain';
import { canonicalJson, hashOf, obeyedGrant, sha256Hex, type Confirmation, type GrantOutcome, type JsonValue, type ObeyedGrant, type RestrictionDoubt, type Start } from '@penreg/evidence';
import { hash } from 'node:crypto';
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
  /** The grant with everything ever seen of it; null when refused. */
  readonly grant: Grant | null;
  readonly refusal: { readonly epoch: number; readonly reason: FeedRefusal } | null;
  /** What is obeyed of the grant: it without the resumptions that are refused. */
  readonly obeyed: ObeyedGrant | null;
}

/** What was published to begin something and is not obeyed: the grant, or resumptions of it. */
export const refusedOf = ({ refusal, obeyed }: Known): readonly { readonly epoch: number; readonly reason: FeedRefusal }[] => (refusal === null ? (obeyed?.refused ?? []) : [refusal]);

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

const identityOf = (change: Grant['restrictions'][number] | Grant['resumptions'][number]): string => hashOf(change as JsonValue);

const isRestricting = (act: string): boolean => (RESTRICTING_ACTS as readonly string[]).includes(act);

/** Where a grant must stand in the change log: its activation, each restriction and each resumption as an epoch of its own, published when it says. */
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
  const resumed = changes.filter(({ change }) => change.act === 'resume');
  if (resumed.length !== grant.resumptions.length || !grant.resumptions.every((r) => stands(r.epoch, 'resume', r.published))) throw new Doubt('grant-altered', orderId);
};

export interface Evaluation {
  readonly known: Known;
  /** What is obeyed from now on and was not before: the grant, resumptions of it. */
  readonly begun: readonly Start[];
  readonly doubtful: readonly { readonly reason: RestrictionDoubt; readonly epoch: number }[];
}

/**
 * What to make of one sealed grant, given what was made of it before.
 *
 * A grant that was obeyed may only gain restrictions and resumptions; anything else about it that changes is a reason to hold, because
 * it could be an attempt to end, widen or move a collection without two people. A resumption that was obeyed is obeyed on:
 * what made it fresh need not be there any more. When what the tap believes has changed
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
  trust: Pick<FeedTrust, 'verify' | 'verifyRestriction' | 'verifyResumption'>,
  trustVersion: number,
  confirmations: readonly Confirmation[],
  /** This very text was verified whole by this tap, under the same trust, before it was started again. */
  isVerified = false,
): Promise<Evaluation> => {
  const grantHash = sha256Hex(text);
  if (grantHash !== log.grantHash) throw new Doubt('grant-altered', orderId);
  const epoch = log.changes.at(-1)?.epoch ?? 0;
  const base = { grantHash, probe: hash('sha1', text), epoch, trust: trustVersion };
  const refused = (reason: FeedRefusal): Evaluation => {
    const began = log.changes.find(({ change }) => change.act === 'activate')?.epoch ?? epoch;
    return { known: { ...base, grant: null, refusal: { epoch: began, reason }, obeyed: null }, begun: [], doubtful: [] };
  };
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
  const parsed = isVerified ? { success: true as const, data: value as Grant } : GrantSchema.safeParse(value);
  if (!parsed.success) return refuse('schema');
  const grant = parsed.data;
  if (grant.body.orderId !== orderId) return refuse('order');
  requireLogged(grant, log);

  if (before?.grant != null) {
    if (coreOf(before.grant) !== coreOf(grant)) throw new Doubt('grant-altered', orderId);
    const now = new Set(grant.restrictions.map(identityOf));
    if (!before.grant.restrictions.every((r) => now.has(identityOf(r)))) throw new Doubt('restriction-lost', orderId);
    const resumed = new Set(grant.resumptions.map(identityOf));
    if (!before.grant.resumptions.every((r) => resumed.has(identityOf(r)))) throw new Doubt('grant-altered', orderId);
  }
  if (!isVerified && (before?.grant == null || before.trust !== trustVersion)) {
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
  // What was obeyed under another roster is verified anew, as the grant is.
  const obeyedBefore = new Set(before?.trust === trustVersion ? before.obeyed?.grant.resumptions.map(({ epoch: at }) => at) : []);
  const obeyed = obeyedGrant(grant, (resumption) => (obeyedBefore.has(resumption.epoch) ? 'verified' : trust.verifyResumption(resumption, grant, confirmations)));
  const started: Start[] = before?.grant == null ? [grant] : [];
  const resumed = obeyed.grant.resumptions.filter((r) => !obeyedBefore.has(r.epoch)).map((r): Start => ({ body: grant.body, ...r }));
  return { known: { ...base, grant, refusal: null, obeyed }, begun: [...started, ...resumed], doubtful };
};

/** Made anew with each change, over all grants: loops, because a list for each of a hundred thousand is a pause. */
export const viewOf = ({ head, known }: FeedState): RegistryView => {
  const grants: Grant[] = [];
  const refused: RegistryView['refused'][number][] = [];
  for (const orderId of [...known.keys()].sort()) {
    const one = known.get(orderId);
    if (one === undefined) continue;
    if (one.obeyed !== null) grants.push(one.obeyed.grant);
    for (const each of refusedOf(one)) refused.push({ orderId: orderId as OrderId, ...each });
  }
  return Object.freeze({ epoch: head?.epoch ?? 0, head: head?.hash ?? null, grants: Object.freeze(grants), refused: Object.freeze(refused) });
};
