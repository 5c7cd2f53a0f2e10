import { z } from 'zod';
import { MAX_EMERGENCY_HOURS, OrderBodySchema, scopeOf, type OrderId, type Scope } from './order.ts';
import { EnvelopeSchema, type StatementOf } from './statement.ts';
import { UtcMsSchema, type Timing, type UtcMs } from './time.ts';

/** Where and when the registry published a change: the epoch it made and the registry's clock. */
const Published = { epoch: z.int().min(1), published: UtcMsSchema };

/**
 * What a tap obeys: the order's canonical body, the signed statements of an approver and an activator,
 * and the restrictions and resumptions published since.
 */
export const GrantSchema = z.strictObject({
  body: OrderBodySchema,
  approval: EnvelopeSchema,
  activation: EnvelopeSchema,
  ...Published,
  restrictions: z.array(z.strictObject({ envelope: EnvelopeSchema, ...Published })),
  /** Each with two people's statements, as a start has. */
  resumptions: z.array(z.strictObject({ approval: EnvelopeSchema, activation: EnvelopeSchema, ...Published })),
});
export type Grant = z.infer<typeof GrantSchema>;

/** A part of an order's window in force during which one scope holds. `[from, until)`, UTC. */
export interface Segment {
  readonly from: UtcMs;
  readonly until: UtcMs;
  readonly scope: Scope;
}

/** A grant with its restrictions worked out: what is recorded, when. */
export interface InForce {
  readonly orderId: OrderId;
  /** Ascending, disjoint, none empty. `[]` means that nothing is ever recorded. */
  readonly segments: readonly Segment[];
  /** What two people began: the grant, then each resumption. The epoch that published it, and the first instant at which it takes effect. */
  readonly starts: readonly { readonly epoch: number; readonly from: UtcMs }[];
  /** The earliest of a stop's publication, with its epoch, and an emergency's lapse, whose epoch is Infinity; nothing at or after it is recorded, nor anything read after it. */
  readonly stop: { readonly at: UtcMs; readonly epoch: number } | null;
}

const both = <T>(a: readonly T[], b: readonly T[] | undefined): readonly T[] => (b === undefined ? a : a.filter((x) => b.includes(x)));

const narrower = (a: Scope['direction'], b: Scope['direction'] | undefined): Scope['direction'] | null =>
  b === undefined || b === 'both' || a === b ? a : a === 'both' ? b : null;

/** The intersection of a scope and what a narrowing leaves, or null when nothing is left. */
export const intersect = (scope: Scope, by: { readonly [K in keyof Scope]?: Scope[K] | undefined }): Scope | null => {
  const direction = narrower(scope.direction, by.direction);
  const targets = both(scope.targets, by.targets);
  const kinds = both(scope.kinds, by.kinds);
  if (direction === null || targets.length === 0 || kinds.length === 0) return null;
  return { targets, direction, kinds, fields: both(scope.fields, by.fields) };
};

/** The suspensions of a grant that no later resumption has named. */
export const openSuspensions = ({ restrictions, resumptions }: Pick<Grant, 'restrictions' | 'resumptions'>): readonly StatementOf<'suspend'>[] =>
  restrictions.flatMap(({ envelope: { statement }, epoch }) => {
    if (statement.act !== 'suspend') return [];
    const lifted = resumptions.some(({ activation, epoch: at }) => at > epoch && activation.statement.act === 'resume' && activation.statement.params.suspensions.includes(statement.nonce));
    return lifted ? [] : [statement];
  });

const HOUR: UtcMs = 3_600_000;

/** The first instant at which a tap could record under a grant. */
const beginningOf = ({ body, activation: { statement }, published }: Grant, lead: Timing['lead']): UtcMs =>
  Math.max(body.window.start, statement.act === 'activate' ? statement.params.start : Number.POSITIVE_INFINITY, published + lead);

/** When an emergency lapses by itself: its hours after its beginning, never more than the law's; null for what is none. */
export const lapseOf = (grant: Grant, lead: Timing['lead']): UtcMs | null =>
  grant.body.emergency === null ? null : beginningOf(grant, lead) + Math.min(grant.body.emergency.hours, MAX_EMERGENCY_HOURS) * HOUR;

/**
 * The window in force of a grant: `[max(order's start, activation's start, publication + lead), until)`, cut by its
 * restrictions and less its suspensions. A narrowing, an end or a suspension takes effect no earlier than its own
 * publication + lead, and so does the resumption that lifts one. An emergency lapses by itself, as a stop does, its
 * hours after the first instant at which a tap could record (18 U.S.C. § 3125).
 *
 * What is left does not depend on the order of the changes. The grant's signatures are not looked at here: the tap and
 * the reader check them first, and leave out a resumption that does not verify.
 */
export const inForce = (grant: Grant, lead: Timing['lead']): InForce => {
  const { body, restrictions, resumptions } = grant;
  const from = beginningOf(grant, lead);
  let segments: Segment[] = [{ from, until: body.window.until, scope: scopeOf(body) }];
  let stop: InForce['stop'] = null;

  /** Applies `rest` to everything in `[at, until)`. Null means that nothing is left. */
  const cut = (at: UtcMs, until: UtcMs, rest: (segment: Segment) => Segment | null): void => {
    if (until <= at) return;
    segments = segments.flatMap((segment) => {
      if (segment.until <= at || segment.from >= until) return [segment];
      const before = { ...segment, until: at };
      const within = rest({ ...segment, from: Math.max(at, segment.from), until: Math.min(until, segment.until) });
      const after = { ...segment, from: until };
      return [before, ...(within === null ? [] : [within]), after].filter((s) => s.from < s.until);
    });
  };
  const stopAt = (at: UtcMs, epoch: number): void => {
    if (stop === null || at < stop.at) stop = { at, epoch };
    cut(at, Number.POSITIVE_INFINITY, () => null);
  };
  const lifts = resumptions.flatMap(({ activation: { statement }, epoch, published }) =>
    statement.act === 'resume' ? [{ epoch, from: Math.max(statement.params.start, published + lead), suspensions: statement.params.suspensions }] : [],
  );
  /** When a suspension is lifted: by the first later resumption that names it. */
  const liftedAt = (nonce: string, suspended: number): UtcMs =>
    Math.min(Number.POSITIVE_INFINITY, ...lifts.filter(({ epoch, suspensions }) => epoch > suspended && suspensions.includes(nonce)).map((lift) => lift.from));

  // A lapse travels with the grant: no epoch makes it known.
  const lapse = lapseOf(grant, lead);
  if (lapse !== null) stopAt(lapse, Number.POSITIVE_INFINITY);
  for (const { envelope, epoch, published } of restrictions) {
    const { statement } = envelope;
    switch (statement.act) {
      case 'stop':
        stopAt(published, epoch);
        break;
      case 'end':
        cut(Math.max(statement.params.at, published + lead), Number.POSITIVE_INFINITY, () => null);
        break;
      case 'suspend':
        cut(Math.max(statement.params.at, published + lead), liftedAt(statement.nonce, epoch), () => null);
        break;
      case 'narrow': {
        const { at, until = Number.POSITIVE_INFINITY, ...by } = statement.params;
        const effective = Math.max(at, published + lead);
        cut(effective, Number.POSITIVE_INFINITY, (segment) => {
          const scope = intersect(segment.scope, by);
          return scope === null ? null : { ...segment, scope, until: Math.min(segment.until, Math.max(until, effective)) };
        });
        break;
      }
      case 'approve':
      case 'activate':
      case 'approve-resume':
      case 'resume':
        break; // no restriction; never published as one
    }
  }
  const starts = [{ epoch: grant.epoch, from }, ...lifts].map(({ epoch, from: at }) => ({ epoch, from: at }));
  return { orderId: body.orderId, segments: segments.filter((s) => s.from < s.until), starts, stop };
};
