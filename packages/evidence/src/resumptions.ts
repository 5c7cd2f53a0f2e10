import type { Grant } from '@penreg/domain';
import { START_REFUSALS, startRefusals, statementsOf, type GrantTrust, type StartRefusal } from './grants.ts';
import { bodyHashOf } from './statements.ts';

/** Why a resumption is not obeyed, in the order in which it is looked at. What it would have lifted stays suspended. */
export const RESUMPTION_REFUSALS = [
  ...START_REFUSALS,
  /** The two statements do not name the same suspensions, or one that the order did not have when they were published. */
  'suspensions',
] as const;
export type ResumptionRefusal = StartRefusal | 'suspensions';
export type Resumption = Grant['resumptions'][number];

/**
 * Every reason to refuse a resumption of a grant, the first one first: those of a start, since that is what it is, with
 * its own two people. It counts only against suspensions that its signers name. Exported for tests.
 */
export function* resumptionRefusalsOf(resumption: Resumption, grant: Grant, trust: GrantTrust): Generator<ResumptionRefusal> {
  const approval = resumption.approval.statement;
  const activation = resumption.activation.statement;
  if (approval.act !== 'approve-resume' || activation.act !== 'resume') return yield 'act';
  // What was published later, or again, says nothing about this one.
  const earlier = statementsOf(grant, resumption.epoch);
  yield* startRefusals({ grant: { body: grant.body, ...resumption }, bodyHash: bodyHashOf(grant.body), approval, activation, earlier, trust });
  const suspended = new Set(earlier.filter((statement) => statement.act === 'suspend').map(({ nonce }) => nonce));
  const { suspensions } = approval.params;
  if (activation.params.suspensions.join(' ') !== suspensions.join(' ') || !suspensions.every((nonce) => suspended.has(nonce))) yield 'suspensions';
  return;
}

/** Whether two people of the roster resumed this grant. The grant itself must verify. */
export const verifyResumption = (resumption: Resumption, grant: Grant, trust: GrantTrust): 'verified' | ResumptionRefusal => {
  for (const reason of resumptionRefusalsOf(resumption, grant, trust)) return reason;
  return 'verified';
};

/** A grant without the resumptions that are refused: what may be obeyed of it, and what not. */
export interface ObeyedGrant {
  readonly grant: Grant;
  readonly refused: readonly { readonly epoch: number; readonly reason: ResumptionRefusal }[];
}

/** What may be obeyed of a grant that verified. Whoever works out its window in force does so from this. */
export const obeyedGrant = (grant: Grant, verify: (resumption: Resumption) => 'verified' | ResumptionRefusal): ObeyedGrant => {
  const verdicts = grant.resumptions.map((resumption) => ({ resumption, verdict: verify(resumption) }));
  return {
    grant: { ...grant, resumptions: verdicts.filter(({ verdict }) => verdict === 'verified').map(({ resumption }) => resumption) },
    refused: verdicts.flatMap(({ resumption: { epoch }, verdict }) => (verdict === 'verified' ? [] : [{ epoch, reason: verdict }])),
  };
};
