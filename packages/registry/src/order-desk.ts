import { inForce, retentionEnd, type Retention, type UtcMs } from '@penreg/domain';
import type { Moment } from './acts.ts';
import { begin, type PlainAct } from './order-draft.ts';
import { advance, refuse, sameStage, type StoredOrder } from './order-life.ts';
import type { OrderFacts } from './ports.ts';

/** What is done to an order beside its life and without a signature. Texts are people's own words: they stand in the order and never on a log. */
export type DeskStep =
  | { readonly act: 'note'; readonly text: string }
  /** From now on counsel sees this one order. */
  | { readonly act: 'escalate'; readonly reason: string }
  /** Complied with all the same, unless a court stays it. */
  | { readonly act: 'challenge'; readonly what: 'order' | 'non-disclosure'; readonly court: string; readonly reference: string }
  /** `stayed` follows a suspension that somebody signed because of it. */
  | { readonly act: 'resolve-challenge'; readonly challenge: number; readonly outcome: 'complied' | 'stayed' | 'lifted' }
  /** Keeps everything about the order from being destroyed, by the reference of what demands it (a preservation letter). */
  | { readonly act: 'hold'; readonly reference: string; readonly reason: string }
  | { readonly act: 'approve-lift-hold'; readonly hold: number; readonly reason: string }
  | { readonly act: 'lift-hold'; readonly hold: number }
  /** Nothing is outstanding; what remains is kept until its retention ends. */
  | { readonly act: 'close' };

/** Said of an order, as far as it may stand on a log: acts, numbers and closed sets, no words of a person. */
export const auditedOf = (step: DeskStep): { readonly challenge?: number; readonly hold?: number; readonly outcome?: string; readonly what?: string } => {
  switch (step.act) {
    case 'challenge':
      return { what: step.what };
    case 'resolve-challenge':
      return { challenge: step.challenge, outcome: step.outcome };
    case 'approve-lift-hold':
    case 'lift-hold':
      return { hold: step.hold };
    case 'note':
    case 'escalate':
    case 'hold':
    case 'close':
      return {};
  }
};

const MAX_ENTRIES = 200;

/** How long after its end something may still be read for an order: the longest a topic may keep (law 1), and lateness. */
export const READABLE_MS: UtcMs = 24 * 3_600_000 + 5 * 60_000;

/** When collection ended under an order, or could have begun no more. */
const endedAt = (order: StoredOrder, { now, lead }: Pick<Moment, 'now' | 'lead'>): UtcMs => {
  const changed = order.history.at(-1)?.at ?? now;
  if (order.grant === null) return changed;
  const { segments, stop } = inForce(order.grant, lead);
  return Math.max(order.grant.published, segments.at(-1)?.until ?? 0, ...(stop === null ? [] : [stop.at]));
};

/** Until when what is kept of an order is kept, and by what. A court's word and a statute's are not known here yet. */
export const retentionOf = (order: StoredOrder, moment: Pick<Moment, 'now' | 'lead'>): Retention =>
  retentionEnd({
    retentionDays: order.body.retentionDays,
    ended: endedAt(order, moment),
    lastReceipt: null,
    courtOrder: null,
    statutoryDestruction: null,
    legalHold: order.holds.some((hold) => hold.lifted === null),
  });

/** The element of a list with this number, counted from 1. @throws RegistryError `not-found` */
const numbered = <T>(list: readonly T[], number: number, what: string): T => list[number - 1] ?? refuse('not-found', `no such ${what}`);
const replaced = <T>(list: readonly T[], number: number, by: T): readonly T[] => list.map((element, i) => (i === number - 1 ? by : element));

const suspensionAfter = ({ grant }: StoredOrder, at: UtcMs): string | null =>
  grant?.restrictions.findLast(({ envelope: { statement }, published }) => published >= at && statement.act === 'suspend' && statement.params.reason === 'stayed')?.envelope.statement.nonce ?? null;

const factsAfter = (order: StoredOrder, step: DeskStep, personId: string, moment: Moment): Partial<OrderFacts> => {
  const done = { by: personId, at: moment.now };
  const { challenges, holds } = order;
  switch (step.act) {
    case 'note':
      return { notes: [...order.notes, { ...done, text: step.text }] };
    case 'escalate':
      return order.escalation === null ? { escalation: { ...done, reason: step.reason } } : refuse('conflict', 'it is with counsel already');
    case 'challenge':
      return { challenges: [...challenges, { ...done, what: step.what, court: step.court, reference: step.reference, outcome: null }] };
    case 'resolve-challenge': {
      const challenge = numbered(challenges, step.challenge, 'challenge');
      if (challenge.outcome !== null) return refuse('conflict', 'the challenge has its outcome already');
      const suspension = step.outcome === 'stayed' ? suspensionAfter(order, challenge.at) : null;
      if (step.outcome === 'stayed' && order.grant !== null && suspension === null) return refuse('state', 'resolve-challenge: a stay takes effect by a suspension that somebody signs first');
      return { challenges: replaced(challenges, step.challenge, { ...challenge, outcome: { ...done, outcome: step.outcome, suspension } }) };
    }
    case 'hold':
      return { holds: [...holds, { ...done, reference: step.reference, reason: step.reason, lifting: null, lifted: null }] };
    case 'approve-lift-hold': {
      const hold = numbered(holds, step.hold, 'hold');
      return hold.lifting === null ? { holds: replaced(holds, step.hold, { ...hold, lifting: { ...done, reason: step.reason } }) } : refuse('conflict', 'somebody approved it already');
    }
    case 'lift-hold': {
      const hold = numbered(holds, step.hold, 'hold');
      if (hold.lifted !== null) return refuse('conflict', 'it was lifted already');
      if (hold.lifting === null) return refuse('state', 'lift-hold: somebody else has to approve it first');
      return hold.lifting.by === personId ? refuse('same-person', 'two people lift a hold') : { holds: replaced(holds, step.hold, { ...hold, lifted: done }) };
    }
    case 'close':
      return challenges.some(({ outcome }) => outcome === null) ? refuse('state', 'close: a challenge has no outcome') : {};
  }
};

/** @param readable milliseconds after its end during which something may still be read for an order */
export const deskOrder = (order: StoredOrder, step: DeskStep, act: PlainAct, moment: Moment, readable: UtcMs): StoredOrder => {
  const entry = begin(order, act, moment);
  const facts = factsAfter(order, step, act.by.personId, moment);
  if ([facts.notes, facts.challenges, facts.holds].some((list) => list !== undefined && list.length > MAX_ENTRIES)) return refuse('limit', `an order has at most ${MAX_ENTRIES} of them`);
  if (step.act !== 'close') return advance(order, entry, sameStage(order), facts);
  // A stop must still find it while a tap that lags could read for it.
  if (order.stage === 'granted' && moment.now < endedAt(order, moment) + readable) return refuse('state', 'close: something may still be read for it');
  const { approval, grant, stopped } = order;
  return advance(order, entry, { stage: 'closed', approval, grant, stopped }, facts);
};
