import {
  GrantSchema,
  RESTRICTING_ACTS,
  deficienciesOf,
  type Envelope,
  type Grant,
  type OrderBody,
  type Role,
  type Statement,
  type StatementOf,
  type UtcMs,
} from '@penreg/domain';
import { canonicalJson, type JsonValue } from './canonical.ts';
import { verifyConfirmation, type Confirmation } from './confirmation.ts';
import { isCompromised, lifeEndOf, personOfKey, type Roster, serviceKeyOf } from './roster.ts';
import { serviceSuspensionDoubt } from './service-suspension.ts';
import { ACT_LIFE_MS, APPROVAL_LIFE_MS, bodyHashOf, statementHashOf, verifyEnvelope } from './statements.ts';

/** Why two people's words begin nothing, in the order in which it is looked at: those that activate a grant, or those that resume one. */
export const START_REFUSALS = [
  /** The two statements are not an approval and an activation of that. */
  'act',
  /** The roster, the body or a statement belongs to another deployment. */
  'deployment',
  /** A statement names another order. */
  'order',
  /** A statement names another version of the order. */
  'version',
  /** A statement was signed over another body. */
  'body',
  /** The activation does not follow this approval, or the approval what it must: nothing, or of a resumption a statement that the order had. */
  'link',
  /** Both statements carry one nonce, or one has that of an earlier statement. */
  'nonce',
  /** A statement was signed under a roster newer than the tap's. */
  'roster-version',
  /** A key is not in the roster, or is another person's than the statement says. */
  'signer',
  /** The statement claims another role than its act needs, or the person does not hold it. */
  'role',
  /** A key had expired, or its person had left, when it signed; or the approver's when the activator signed. */
  'key-expired',
  /** A key is compromised, and no tap confirmed the activation before it was. */
  'key-compromised',
  /** A signature is not valid. */
  'signature',
  /** One person signed both. */
  'same-person',
  /** The proposer approved. */
  'proposer-approved',
  /** The approval says it was signed after the activation. */
  'order-of-signing',
  /** The approval was older than 72 h, or past its own end, when the activation was signed. */
  'approval-expired',
  /** The activation was past its own end when it was published. */
  'activation-expired',
  /** The start lies before its signature. */
  'start-before-signing',
  /** Published before it was signed. */
  'published-before-signing',
  /** New to this tap, yet signed more than 15 minutes ago or in the future, and no tap confirmed it in time. */
  'stale',
] as const;
export type StartRefusal = (typeof START_REFUSALS)[number];

/** Why a grant is refused, in the order in which it is looked at. */
export const GRANT_REFUSALS = [
  /** Not of the form of a grant, or not in its one canonical form. */
  'schema',
  ...START_REFUSALS,
  /** The window is longer than what is compiled in for the jurisdiction, or the jurisdiction is not known. */
  'window-cap',
  /** The law of its jurisdiction does not allow it. */
  'deficient',
  /** More targets than this tap's ceiling. */
  'targets',
  /** A test order for an account that is not a test account. */
  'test-accounts',
] as const;
export type GrantRefusal = (typeof GRANT_REFUSALS)[number];
export type GrantOutcome = { readonly outcome: 'accepted' } | { readonly outcome: 'refused'; readonly reason: GrantRefusal };

const DAY = 86_400_000;
const HOUR = 3_600_000;
/**
 * Compiled in, whatever a configuration says: the longest window per jurisdiction, in milliseconds. 60 days of the
 * calendar with the hour by which the one change of clocks in them can lengthen them: an outer bound that no order the
 * law allows reaches. The days themselves are counted by `deficienciesOf`.
 */
export const COMPILED_WINDOW_CAPS: Readonly<Record<string, UtcMs>> = Object.freeze({ 'us-federal': 60 * DAY + HOUR, 'us-ca': 60 * DAY + HOUR });

export interface GrantTrust {
  readonly roster: Roster;
  readonly deployment: string;
  /** The longest window per jurisdiction, milliseconds; a jurisdiction that is not named has none. */
  readonly jurisdictionCaps: Readonly<Record<string, UtcMs>>;
  readonly testAccounts: readonly string[];
  readonly maxTargets: number;
  /** What taps have signed about this order. Those that do not verify count for nothing. */
  readonly confirmations: readonly Confirmation[];
  /** The tap's own clock. */
  readonly now: UtcMs;
  /** The largest difference between any two clocks. */
  readonly clockBound: number;
  readonly activationFreshMs?: number | undefined;
  readonly approvalLifeMs?: number | undefined;
}

const differs = (statement: Statement, body: OrderBody, bodyHash: string, deployment: string): 'deployment' | 'order' | 'version' | 'body' | null => {
  if (statement.deployment !== deployment) return 'deployment';
  if (statement.orderId !== body.orderId) return 'order';
  if (statement.version !== body.version) return 'version';
  return statement.bodyHash === bodyHash ? null : 'body';
};

const SIGNER_DOUBTS = ['roster-version', 'signer', 'role', 'key-expired', 'key-compromised', 'signature'] as const satisfies readonly GrantRefusal[];
type SignerDoubt = (typeof SIGNER_DOUBTS)[number];

/** Whether it is proven, other than by the statement, that a statement was there before an instant. */
type Proof = (before: UtcMs) => boolean;
const UNPROVEN: Proof = () => false;

/**
 * What is wrong with who signed it: the roster's person, in this role, with a key that counted then and at `until`. In the order of `GRANT_REFUSALS`.
 *
 * A holder who left is believed about the time of signing, within the bounds that every signer has. Whoever holds a
 * compromised key writes any time into what they sign, so its word counts only where it says that it is older than the
 * compromise and something else proves it.
 */
const signerDoubts = (envelope: Envelope, role: Role, roster: Roster, until: UtcMs, isProven = UNPROVEN): readonly SignerDoubt[] => {
  const { statement } = envelope;
  const doubts: SignerDoubt[] = [];
  if (statement.rosterVersion > roster.version) doubts.push('roster-version');
  const person = personOfKey(roster, statement.keyId);
  if (person === undefined || person.personId !== statement.personId) return [...doubts, 'signer'];
  if (statement.role !== role || !person.roles.includes(role)) doubts.push('role');
  const { key } = person;
  const lifeEnd = lifeEndOf(key);
  if (Math.max(statement.signedAt, until) >= (isCompromised(key) ? key.notAfter : lifeEnd)) doubts.push('key-expired');
  if (isCompromised(key) && (statement.signedAt >= lifeEnd || !isProven(lifeEnd))) doubts.push('key-compromised');
  if (!verifyEnvelope(envelope, key, roster.webauthn)) doubts.push('signature');
  return doubts;
};

/** What two people began: a grant, or in its place a resumption of it. */
export type Start = Pick<Grant, 'body' | 'approval' | 'activation' | 'epoch' | 'published'>;

const isConfirmed = (grant: Start, activationHash: string, bodyHash: string, trust: GrantTrust, from: UtcMs, to: UtcMs): boolean =>
  trust.confirmations.some(
    (c) =>
      c.deployment === trust.deployment &&
      c.orderId === grant.body.orderId &&
      c.version === grant.body.version &&
      c.bodyHash === bodyHash &&
      c.activationHash === activationHash &&
      c.epoch >= grant.epoch &&
      c.at >= from &&
      c.at <= to &&
      verifyConfirmation(c, trust.roster),
  );

/** Everything a single approval must satisfy by itself. Used before it is stored; a tap looks at the whole grant. */
export const verifyApproval = (
  body: OrderBody,
  approval: Envelope,
  { roster, deployment, now, clockBound }: Pick<GrantTrust, 'roster' | 'deployment' | 'now' | 'clockBound'>,
): GrantOutcome => {
  const refused = (reason: GrantRefusal): GrantOutcome => ({ outcome: 'refused', reason });
  const { statement } = approval;
  if (roster.deployment !== deployment || body.deployment !== deployment) return refused('deployment');
  if (statement.act !== 'approve') return refused('act');
  const difference = differs(statement, body, bodyHashOf(body), deployment);
  if (difference !== null) return refused(difference);
  if (statement.prev !== null) return refused('link');
  const [doubt] = signerDoubts(approval, 'approver', roster, now);
  if (doubt !== undefined) return refused(doubt);
  if (statement.personId === body.proposer) return refused('proposer-approved');
  if (statement.signedAt > now + clockBound) return refused('order-of-signing');
  if (now >= statement.expiresAt || now - statement.signedAt > APPROVAL_LIFE_MS) return refused('approval-expired');
  return deficienciesOf(body).length > 0 ? refused('deficient') : { outcome: 'accepted' };
};

/**
 * Whether a tap may obey a grant: two different people of the roster, an approver and an activator, signed exactly this
 * body for this deployment, in time. Everything is checked against the tap's own configuration and clock; what the
 * registry says about itself is believed only where it narrows. Restrictions are looked at by `verifyRestriction`.
 *
 * Total: any value is accepted or refused, none throws.
 */
export const verifyGrant = (grant: unknown, trust: GrantTrust): GrantOutcome => {
  for (const reason of refusalsOf(grant, trust)) return { outcome: 'refused', reason };
  return { outcome: 'accepted' };
};

/** A well-formed start with the two statements that its kind needs. */
export interface StartCase {
  readonly grant: Start;
  readonly bodyHash: string;
  readonly approval: StatementOf<'approve' | 'approve-resume'>;
  readonly activation: StatementOf<'activate' | 'resume'>;
  /** The order's statements before it; a grant has none. */
  readonly earlier: readonly Statement[];
  readonly trust: GrantTrust;
}

type Check<R> = readonly [reason: R, isRefused: (c: StartCase) => boolean];

/** One check per reason; true = refused. In the order of `START_REFUSALS`. */
const START_CHECKS: readonly Check<Exclude<StartRefusal, 'act' | SignerDoubt>>[] = [
  ['deployment', ({ approval, activation, grant, trust }) => [trust.roster, grant.body, approval, activation].some((x) => x.deployment !== trust.deployment)],
  ['order', ({ approval, activation, grant: { body } }) => approval.orderId !== body.orderId || activation.orderId !== body.orderId],
  ['version', ({ approval, activation, grant: { body } }) => approval.version !== body.version || activation.version !== body.version],
  ['body', ({ approval, activation, bodyHash }) => approval.bodyHash !== bodyHash || activation.bodyHash !== bodyHash],
  ['link', ({ approval, activation, earlier }) => {
    const follows = earlier.length === 0 ? approval.prev === null : earlier.some((statement) => statementHashOf(statement) === approval.prev);
    return !follows || activation.prev !== statementHashOf(approval);
  }],
  ['nonce', ({ approval, activation, earlier }) => approval.nonce === activation.nonce || earlier.some(({ nonce }) => nonce === approval.nonce || nonce === activation.nonce)],
  ['same-person', ({ approval, activation }) => approval.personId === activation.personId],
  ['proposer-approved', ({ approval, grant }) => approval.personId === grant.body.proposer],
  ['order-of-signing', ({ approval, activation, trust }) => approval.signedAt > activation.signedAt + trust.clockBound],
  ['approval-expired', ({ approval, activation, trust }) => activation.signedAt - approval.signedAt > (trust.approvalLifeMs ?? APPROVAL_LIFE_MS) || activation.signedAt >= approval.expiresAt],
  ['activation-expired', ({ activation, grant }) => grant.published >= activation.expiresAt],
  ['start-before-signing', ({ activation }) => activation.params.start < activation.signedAt],
  ['published-before-signing', ({ activation, grant, trust }) => grant.published < activation.signedAt - trust.clockBound],
  ['stale', (c) => !isFresh(c)],
];

/** What the body of a grant must be, whoever signed it. In the order of `GRANT_REFUSALS`. */
const BODY_CHECKS: readonly Check<Exclude<GrantRefusal, 'schema' | StartRefusal>>[] = [
  ['window-cap', ({ grant: { body }, trust: { jurisdictionCaps } }) => {
    const cap = Object.hasOwn(jurisdictionCaps, body.jurisdiction.id) ? jurisdictionCaps[body.jurisdiction.id] : undefined;
    return cap === undefined || body.window.until - body.window.start > cap;
  }],
  ['deficient', ({ grant }) => deficienciesOf(grant.body).length > 0],
  ['targets', ({ grant, trust }) => grant.body.targets.length > trust.maxTargets],
  ['test-accounts', ({ grant: { body }, trust }) => body.test && !body.targets.every((target) => trust.testAccounts.includes(target))],
];

/**
 * `published` is the registry's word, which whoever holds the registry can write: only the tap's own clock or a tap's
 * signature makes an activation fresh. A confirmation of an activation says nothing about another one of the same body.
 */
const isFresh = ({ grant, activation, bodyHash, trust }: StartCase): boolean => {
  const { now } = trust;
  const { earliest, latest } = freshnessOf(activation, trust);
  if (grant.published <= latest && now >= earliest && now <= latest) return true;
  return isConfirmed(grant, statementHashOf(activation), bodyHash, trust, earliest, latest);
};

/** When a tap must have seen an activation, first and last. */
const freshnessOf = ({ signedAt, expiresAt }: StartCase['activation'], { clockBound, activationFreshMs = ACT_LIFE_MS }: GrantTrust): { readonly earliest: UtcMs; readonly latest: UtcMs } => ({
  earliest: signedAt - clockBound,
  latest: Math.min(signedAt + activationFreshMs, expiresAt + clockBound),
});

/** Every reason why two people's words begin nothing, the first one first. Lazy: who wants one pays for no more. */
export function* startRefusals(c: StartCase): Generator<Exclude<StartRefusal, 'act'>> {
  for (const [reason, isRefused] of START_CHECKS) {
    // Who signed comes after what was signed and before everything that believes it.
    if (reason === 'same-person') yield* signersOf(c);
    if (isRefused(c)) yield reason;
  }
}

/** Every reason to refuse a grant, the first one first. Exported for tests. */
export function* refusalsOf(value: unknown, trust: GrantTrust): Generator<GrantRefusal> {
  const parsed = GrantSchema.safeParse(value);
  // What was checked and what is obeyed must be the same: a form that parsing would change is refused.
  if (!parsed.success || !isCanonical(parsed.data, value)) return yield 'schema';
  const grant = parsed.data;
  const approval = grant.approval.statement;
  const activation = grant.activation.statement;
  if (approval.act !== 'approve' || activation.act !== 'activate') return yield 'act';
  const c: StartCase = { grant, approval, activation, bodyHash: bodyHashOf(grant.body), earlier: [], trust };
  yield* startRefusals(c);
  for (const [reason, isRefused] of BODY_CHECKS) if (isRefused(c)) yield reason;
  return;
}

/**
 * An approver's key that has expired by the activation could be a stolen one signing into the past: both count until then.
 *
 * What proves that a grant is older than a compromise is a tap's confirmation of its activation, made before: it names
 * the activation's hash and with it the approval that the activation follows. The tap's own clock proves nothing here: a
 * thief signs into the last fifteen minutes as easily as into last year.
 */
const signersOf = ({ grant, activation, bodyHash, trust }: StartCase): readonly SignerDoubt[] => {
  const { earliest, latest } = freshnessOf(activation, trust);
  const isProven: Proof = (before) => isConfirmed(grant, statementHashOf(activation), bodyHash, trust, earliest, Math.min(latest, before - 1));
  const found = [
    ...signerDoubts(grant.approval, 'approver', trust.roster, activation.signedAt, isProven),
    ...signerDoubts(grant.activation, 'activator', trust.roster, activation.signedAt, isProven),
  ];
  return SIGNER_DOUBTS.filter((doubt) => found.includes(doubt));
};

const isCanonical = (parsed: Grant, value: unknown): boolean => {
  try {
    return canonicalJson(parsed as JsonValue) === canonicalJson(value as JsonValue);
  } catch {
    return false;
  }
};

/** The statements of a grant in the order of their publication; `before` an epoch, where one is given. */
export const statementsOf = ({ approval, activation, restrictions, resumptions }: Pick<Grant, 'approval' | 'activation' | 'restrictions' | 'resumptions'>, before = Number.POSITIVE_INFINITY): readonly Statement[] => [
  approval.statement,
  activation.statement,
  ...[...restrictions.map((r) => ({ epoch: r.epoch, statements: [r.envelope.statement] })), ...resumptions.map((r) => ({ epoch: r.epoch, statements: [r.approval.statement, r.activation.statement] }))]
    .filter(({ epoch }) => epoch < before)
    .sort((a, b) => a.epoch - b.epoch)
    .flatMap(({ statements }) => statements),
];

/** Why a restriction does not verify. It is obeyed all the same, and alarmed. */
export const RESTRICTION_DOUBTS = ['act', 'deployment', 'order', 'version', 'body', 'link', 'nonce', 'roster-version', 'signer', 'role', 'key-expired', 'key-compromised', 'signature', 'time'] as const;
export type RestrictionDoubt = (typeof RESTRICTION_DOUBTS)[number];

/** Roles any one of which can narrow, suspend, end or stop. */
export const RESTRICTING_ROLES = ['proposer', 'approver', 'activator', 'counsel'] as const satisfies readonly Role[];

/** Why whoever signed a restriction may not: a person in a role that restricts, or the one service that suspends. */
const restrictorDoubt = (envelope: Envelope, roster: Roster): RestrictionDoubt | null => {
  const { statement } = envelope;
  const service = serviceKeyOf(roster, statement.keyId);
  if (service !== undefined) return serviceSuspensionDoubt(envelope, service, roster);
  const role = RESTRICTING_ROLES.find((r) => r === statement.role);
  if (role === undefined) return 'role';
  return signerDoubts(envelope, role, roster, statement.signedAt)[0] ?? null;
};

/**
 * Whether one person of the roster signed this restriction for this grant.
 *
 * A stop may follow any statement of the order or none, so that nothing another person does at the same time keeps it
 * out; a narrowing, a suspension or an end follows a statement that the order has.
 */
export const verifyRestriction = (envelope: Envelope, grant: Grant, roster: Roster, now: UtcMs, clockBound = 1_000): 'verified' | RestrictionDoubt => {
  const { statement } = envelope;
  if (!(RESTRICTING_ACTS as readonly string[]).includes(statement.act)) return 'act';
  const difference = differs(statement, grant.body, bodyHashOf(grant.body), roster.deployment);
  if (difference !== null) return difference;
  const own = statementHashOf(statement);
  const others = statementsOf(grant).filter((s) => statementHashOf(s) !== own);
  const hashes = others.map(statementHashOf);
  if (statement.act !== 'stop' && (statement.prev === null || !hashes.includes(statement.prev))) return 'link';
  if (others.some((s) => s.nonce === statement.nonce)) return 'nonce';
  const doubt = restrictorDoubt(envelope, roster);
  if (doubt !== null) return doubt;
  return statement.signedAt > now + clockBound || statement.signedAt >= statement.expiresAt ? 'time' : 'verified';
};
