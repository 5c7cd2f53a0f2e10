import { openSuspensions, type Envelope } from '@penreg/domain';
import { ACT_LIFE_MS, statementHashOf, statementsOf } from '@penreg/evidence';
import type { Moment } from './acts.ts';
import { advance, approvalIsLive, authorsOf, refuse, requireMatch, sameStage, signedEntry, stateOf, type GrantedOrder, type StoredOrder } from './order-life.ts';
import { requireState } from './transitions.ts';

const MAX_RESUMPTIONS = 100;

const requireSuspended = (act: 'approve-resume' | 'resume', order: StoredOrder, { now, lead }: Moment): GrantedOrder => {
  requireState(act, stateOf(order, now, lead));
  return order.stage === 'granted' ? order : refuse('state', `${act}: not of an order that is ${order.stage}`);
};

/** Whether a statement names every suspension that is open and no other: who lifts one knows of all. */
const requireOpen = ({ grant }: GrantedOrder, named: readonly string[]): void => {
  const open = openSuspensions(grant).map(({ nonce }) => nonce);
  if (new Set(named).size !== open.length || !open.every((nonce) => named.includes(nonce))) refuse('conflict', 'the order is suspended for other reasons than the statement names');
};

/** The first of two people who resume an order. It follows the order's last statement; another approval may take its place until it is used. */
export const approveResumption = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  if (statement.act !== 'approve-resume') return refuse('mismatch', 'not the approval of a resumption');
  const granted = requireSuspended('approve-resume', order, moment);
  const last = statementsOf(granted.grant).at(-1);
  if (last === undefined || statement.prev !== statementHashOf(last)) return refuse('conflict', 'somebody else acted on the order since');
  requireOpen(granted, statement.params.suspensions);
  if (authorsOf(order).includes(statement.personId)) return refuse('same-person', 'who wrote an order cannot approve that it is resumed');
  if (!approvalIsLive(statement, moment.now)) return refuse('expired', 'the approval has expired');
  return advance(order, signedEntry('approve-resume', statement, moment, null), sameStage(granted), { resumeApproval: envelope });
};

/** The second: what is suspended goes on. Whatever restricts the order in between makes the approval void, because its suspensions are then others. */
export const resumeOrder = (order: StoredOrder, envelope: Envelope, moment: Moment): StoredOrder => {
  const { statement } = envelope;
  requireMatch(order, statement, moment);
  if (statement.act !== 'resume') return refuse('mismatch', 'not a resumption');
  const granted = requireSuspended('resume', order, moment);
  const { grant } = granted;
  const approval = order.resumeApproval;
  if (approval?.statement.act !== 'approve-resume') return refuse('state', 'resume: nobody has approved it');
  if (statement.prev !== statementHashOf(approval.statement)) return refuse('conflict', 'the resumption follows another approval than the order has');
  if (statement.personId === approval.statement.personId) return refuse('same-person', 'who approved a resumption cannot do it');
  if (statement.params.suspensions.join(' ') !== approval.statement.params.suspensions.join(' ')) return refuse('mismatch', 'the approval names other suspensions');
  requireOpen(granted, statement.params.suspensions);
  if (!approvalIsLive(approval.statement, statement.signedAt)) return refuse('expired', 'the approval had expired when the resumption was signed');
  if (moment.published - statement.signedAt > ACT_LIFE_MS || moment.published >= statement.expiresAt) return refuse('expired', 'the resumption has expired');
  if (statement.params.start < statement.signedAt) return refuse('expired', 'the start lies before its signature');
  if (grant.resumptions.length >= MAX_RESUMPTIONS) return refuse('limit', `an order is resumed at most ${MAX_RESUMPTIONS} times`);
  const { epoch, published } = moment;
  const resumed = { ...grant, resumptions: [...grant.resumptions, { approval, activation: envelope, epoch, published }] };
  return advance(order, signedEntry('resume', statement, moment, { epoch, at: published }), { stage: 'granted', approval: granted.approval, grant: resumed, stopped: null }, { resumeApproval: null });
};
