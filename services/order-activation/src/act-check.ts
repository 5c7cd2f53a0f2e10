import { openSuspensions, type Act, type Envelope, type EnvelopeOf, type Grant, type OrderBody, type Role, type Timing, type UtcMs } from '@penreg/domain';
import {
  ACT_LIFE_MS,
  APPROVAL_LIFE_MS,
  COMPILED_WINDOW_CAPS,
  isCompromised,
  lifeEndOf,
  personOfKey,
  RESTRICTING_ROLES,
  statementHashOf,
  statementsOf,
  verifyApproval,
  verifyEnvelope,
  verifyGrant,
  verifyResumption,
  type Roster,
} from '@penreg/evidence';
import { ApiError, type ApiProblem, type Identity } from '@penreg/platform';

const ROLES_FOR: { readonly [A in Act]: readonly Role[] } = {
  approve: ['approver'],
  activate: ['activator'],
  narrow: RESTRICTING_ROLES,
  suspend: RESTRICTING_ROLES,
  'approve-resume': ['approver'],
  resume: ['activator'],
  end: RESTRICTING_ROLES,
  stop: RESTRICTING_ROLES,
};

/** What a statement is checked against. */
export interface ActFacts {
  readonly act: Act;
  readonly body: OrderBody;
  readonly bodyHash: string;
  readonly approval: Envelope | null;
  readonly grant: Grant | null;
  /** That an approver would resume it. */
  readonly resumeApproval: Envelope | null;
  readonly identity: Identity;
  readonly roster: Roster;
  readonly timing: Timing;
  readonly now: UtcMs;
}

/**
 * What is wrong with a signed act, each with the field of the statement and the rule; `[]` when nothing is.
 *
 * Taps check all of this again for themselves. It is checked here so that a person hears at once why a statement counts
 * for nothing, and so that a token alone, or a signature alone, does nothing.
 */
export const actProblems = (envelope: Envelope, facts: ActFacts): readonly ApiProblem[] => {
  const { statement } = envelope;
  const { act, body, bodyHash, approval, grant, resumeApproval, identity, roster, timing, now } = facts;
  const found: ApiProblem[] = [];
  const require = (holds: boolean, field: string, rule: string): boolean => {
    if (!holds) found.push({ field: `envelope.statement.${field}`, rule });
    return holds;
  };

  require(statement.act === act, 'act', `must be ${act}`);
  require(statement.deployment === body.deployment, 'deployment', 'must be this deployment');
  require(statement.orderId === body.orderId, 'orderId', 'must be the order of the URL');
  require(statement.version === body.version, 'version', 'must be the version of the order');
  require(statement.bodyHash === bodyHash, 'bodyHash', "must be the hash of the order's canonical body");
  require(statement.personId === identity.personId, 'personId', 'must be the person who signed in');

  const signer = personOfKey(roster, statement.keyId);
  if (require(signer !== undefined, 'keyId', 'must be a key in the roster') && signer !== undefined) {
    require(signer.personId === statement.personId, 'personId', 'must be the person whose key it is');
    require(!isCompromised(signer.key), 'keyId', 'the key is compromised');
    require(Math.max(now, statement.signedAt) < lifeEndOf(signer.key), 'keyId', 'the key has expired, or its holder has left');
    require(ROLES_FOR[act].includes(statement.role), 'role', `must be one of: ${ROLES_FOR[act].join(', ')}`);
    require(signer.roles.includes(statement.role), 'role', 'must be a role that the roster gives this person');
    if (!verifyEnvelope(envelope, signer.key, roster.webauthn)) found.push({ field: 'envelope.signature', rule: 'must be the signature of the statement by this key' });
  }
  require(statement.rosterVersion <= roster.version, 'rosterVersion', 'must not be newer than the roster in force');
  require(statement.signedAt <= now + timing.clockBound, 'signedAt', 'must not lie in the future');
  require(statement.expiresAt > now, 'expiresAt', 'the statement has expired');

  const earlier = grant !== null ? statementsOf(grant) : approval === null ? [] : [approval.statement];
  const open = grant === null ? [] : openSuspensions(grant).map(({ nonce }) => nonce);
  const requireOpen = (named: readonly string[]): boolean =>
    require(open.length > 0 && open.length === named.length && open.every((nonce) => named.includes(nonce)), 'params.suspensions', 'must name every suspension of the order that is open, and no other');
  require(!earlier.some((s) => s.nonce === statement.nonce), 'nonce', 'must be new: this order has a statement with the same one');

  switch (statement.act) {
    case 'approve':
      require(now - statement.signedAt <= APPROVAL_LIFE_MS, 'signedAt', 'an approval is at most 72 hours old');
      require(statement.personId !== body.proposer, 'personId', 'the proposer of an order does not approve it: two people to start');
      require(statement.prev === null, 'prev', 'must be null: an approval follows nothing');
      require(body.window.until > now, 'orderId', 'the window of this order has ended');
      break;
    case 'activate':
      require(now - statement.signedAt <= ACT_LIFE_MS, 'signedAt', 'an activation is at most 15 minutes old');
      require(statement.params.start >= statement.signedAt, 'params.start', 'must not lie before the signature: a pen register is prospective');
      require(statement.params.start < body.window.until, 'params.start', "must lie before the end of the order's window");
      if (approval !== null) {
        require(statement.prev === statementHashOf(approval.statement), 'prev', "must be the hash of this order's approval");
        require(statement.personId !== approval.statement.personId, 'personId', 'the approver of an order does not activate it: two people to start');
        const approvedUntil = Math.min(approval.statement.expiresAt, approval.statement.signedAt + APPROVAL_LIFE_MS);
        require(now < approvedUntil && statement.signedAt < approvedUntil, 'prev', 'the approval has expired; it must be approved again');
      }
      break;
    case 'stop':
      // Neither a restriction that somebody else signed meanwhile nor an hour in a drawer keeps a stop from being heard.
      break;
    case 'approve-resume':
      require(now - statement.signedAt <= APPROVAL_LIFE_MS, 'signedAt', 'an approval is at most 72 hours old');
      require(statement.personId !== body.proposer, 'personId', 'the proposer of an order does not approve that it is resumed: two people to start');
      require(statement.prev !== null && earlier.some((s) => statementHashOf(s) === statement.prev), 'prev', 'must be the hash of a statement that this order has');
      requireOpen(statement.params.suspensions);
      break;
    case 'resume':
      require(now - statement.signedAt <= ACT_LIFE_MS, 'signedAt', 'a resumption is at most 15 minutes old');
      require(statement.params.start >= statement.signedAt, 'params.start', 'must not lie before the signature: a pen register is prospective');
      requireOpen(statement.params.suspensions);
      if (resumeApproval !== null) {
        require(statement.prev === statementHashOf(resumeApproval.statement), 'prev', 'must be the hash of the approval of this resumption');
        require(statement.personId !== resumeApproval.statement.personId, 'personId', 'who approved a resumption does not do it: two people to start');
      }
      break;
    case 'narrow':
    case 'suspend':
    case 'end':
      require(now - statement.signedAt <= ACT_LIFE_MS, 'signedAt', 'a restriction is at most 15 minutes old');
      require(statement.prev !== null && earlier.some((s) => statementHashOf(s) === statement.prev), 'prev', 'must be the hash of a statement that this order has');
      break;
  }
  if (statement.act === 'narrow') {
    const { at: _at, until, ...parts } = statement.params;
    require(until !== undefined || Object.values(parts).some((part) => part !== undefined), 'params', 'must name what remains: targets, direction, kinds, fields or until');
  }
  return found;
};

const CEILINGS_OF_TAPS = { jurisdictionCaps: COMPILED_WINDOW_CAPS, confirmations: [] } as const;

/**
 * What a tap would say, asked before anything is published: the same function decides there.
 * A test order's accounts are known to the taps alone, so that one check is left to them.
 */
const refusalByTaps = (envelope: Envelope, { act, body, approval, grant, resumeApproval, roster, timing, now }: ActFacts): string | null => {
  const trust = { roster, deployment: body.deployment, now, clockBound: timing.clockBound };
  if (act === 'resume' && grant !== null && resumeApproval !== null) {
    const resumption = { approval: resumeApproval, activation: envelope, epoch: Number.MAX_SAFE_INTEGER, published: now };
    const verdict = verifyResumption(resumption, grant, { ...trust, ...CEILINGS_OF_TAPS, testAccounts: body.targets, maxTargets: body.targets.length });
    return verdict === 'verified' ? null : verdict;
  }
  const outcome =
    act === 'approve'
      ? verifyApproval(body, envelope, trust)
      : act === 'activate' && approval !== null
        ? verifyGrant(
            { body, approval, activation: envelope, epoch: 1, published: now, restrictions: [], resumptions: [] },
            { ...trust, ...CEILINGS_OF_TAPS, testAccounts: body.targets, maxTargets: body.targets.length },
          )
        : ({ outcome: 'accepted' } as const);
  return outcome.outcome === 'refused' ? outcome.reason : null;
};

/** @throws ApiError `refused` with everything that is wrong */
export const assertAct: <A extends Act>(envelope: Envelope, facts: ActFacts & { readonly act: A }) => asserts envelope is EnvelopeOf<A> & Envelope = (envelope, facts) => {
  const problems = actProblems(envelope, facts);
  if (problems.length > 0) throw new ApiError('refused', problems);
  const refusal = refusalByTaps(envelope, facts);
  if (refusal !== null) throw new ApiError('refused', { field: 'envelope', rule: `taps would refuse this: ${refusal}` });
};
