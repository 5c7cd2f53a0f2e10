import { z } from 'zod';
import { OrderBodySchema, scopeOf, type OrderId, type Scope } from './order.ts';
import { EnvelopeSchema } from './statement.ts';
import { UtcMsSchema, type Timing, type UtcMs } from './time.ts';

/** Where and when the registry published a change: the epoch it made and the registry's clock. */
const Published = { epoch: z.int().min(1), published: UtcMsSchema };

/**
 * What a tap obeys: the order's canonical body, the signed statements of an approver and an activator,
 * and the restrictions published since.
 */
export const GrantSchema = z.strictObject({
  body: OrderBodySchema,
  approval: EnvelopeSchema,
  activation: EnvelopeSchema,
  ...Published,
  restrictions: z.array(z.strictObject({ envelope: EnvelopeSchema, ...Published })),
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
  /** The epoch whose change published the grant. */
  readonly epoch: number;
  /** Publication of a stop and its epoch; nothing at or after it is recorded, nor anything read after it. */
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

/**
 * The window in force of a grant: `[max(order's start, activation's start, publication + lead), until)`, cut by its
 * restrictions. A narrowing or an end takes effect no earlier than its own publication + lead.
 *
 * The grant's signatures are not looked at here: the tap and the reader check them first.
 */
export const inForce = (grant: Grant, lead: Timing['lead']): InForce => {
  const activation = grant.activation.statement;
  const start = activation.act === 'activate' ? activation.params.start : Number.POSITIVE_INFINITY;
  const from = Math.max(grant.body.window.start, start, grant.published + lead);
  let segments: Segment[] = [{ from, until: grant.body.window.until, scope: scopeOf(grant.body) }];
  let stop: InForce['stop'] = null;

  /** Applies `rest` to everything from `at` on. Null means that nothing is left. */
  const cut = (at: UtcMs, rest: (segment: Segment) => Segment | null): void => {
    segments = segments.flatMap((segment) => {
      if (segment.until <= at) return [segment];
      const before = { ...segment, until: at };
      const after = rest({ ...segment, from: Math.max(at, segment.from) });
      return after === null ? [before] : [before, after];
    });
  };

  for (const { envelope, epoch, published } of grant.restrictions) {
    const { statement } = envelope;
    switch (statement.act) {
      case 'stop':
        if (stop === null || published < stop.at) stop = { at: published, epoch };
        cut(published, () => null);
        break;
      case 'end':
        cut(Math.max(statement.params.at, published + lead), () => null);
        break;
      case 'narrow': {
        const { at, until = Number.POSITIVE_INFINITY, ...by } = statement.params;
        const effective = Math.max(at, published + lead);
        cut(effective, (segment) => {
          const scope = intersect(segment.scope, by);
          return scope === null ? null : { ...segment, scope, until: Math.min(segment.until, Math.max(until, effective)) };
        });
        break;
      }
      case 'approve':
      case 'activate':
        break; // no restriction; never published as one
    }
  }
  return { orderId: grant.body.orderId, segments: segments.filter((s) => s.from < s.until), epoch: grant.epoch, stop };
};
