import { CountersignatureSchema } from '@penreg/evidence';
import { z } from 'zod';

/** The forms of requests and answers about the system itself: taps, agreement, the audit log. */

const Instant = z.number();
const Text = z.string();
const ObeysAnswer = z.strictObject({ digest: Text, count: z.number() });

export const TapsAnswer = z.strictObject({
  registry: z.strictObject({ epoch: z.number(), head: Text.nullable() }),
  taps: z.array(
    z.strictObject({
      tap: Text,
      epoch: z.number().nullable(),
      head: Text.nullable(),
      at: Instant,
      /** `current`: same epoch and head. `behind`: an older epoch. `diverged`: another head, or an epoch that the registry does not have. `silent`: nothing heard for half a minute. */
      agreement: z.enum(['current', 'behind', 'diverged', 'silent']),
      hold: Text.nullable(),
      /** How many orders it says it obeys; null where it does not say. */
      obeys: z.number().nullable(),
      /** Whether they are those that the orders say; null where it does not say or is silent. */
      same: z.boolean().nullable(),
    }),
  ),
});

export const ReconciliationAnswer = z.strictObject({
  /** The registry's clock. */
  at: Instant,
  registry: z.strictObject({ epoch: z.number(), head: Text.nullable() }),
  /** What the orders' documents say is obeyed, as a keyed digest that names nobody. */
  orders: ObeysAnswer,
  /** What the taps are given. */
  grants: ObeysAnswer,
  /** Orders whose document and grant do not say the same. */
  differing: z.array(Text),
  taps: z.array(z.strictObject({ tap: Text, at: Instant, obeys: ObeysAnswer.nullable(), expected: ObeysAnswer, same: z.boolean().nullable() })),
  /** Differences that are there now; `alarmed`: they have lasted longer than a change takes. */
  differences: z.array(z.strictObject({ between: Text, tap: Text.nullable(), since: Instant, alarmed: z.boolean() })),
  /** Null where there is no long-term copy. */
  copy: z.strictObject({ seq: z.number().nullable(), behind: z.number(), since: Instant.nullable(), diverged: z.boolean(), alarmed: z.boolean() }).nullable(),
});

export const AuditQuery = z.strictObject({
  from: z.coerce.number().int().min(1).default(1),
  count: z.coerce.number().int().min(1).max(1_000).default(100),
});
export const AuditAnswer = z.strictObject({
  /** Whether both chains, audit and changes, hold from their beginnings. */
  whole: z.boolean(),
  problem: z.strictObject({ log: z.enum(['audit', 'changes']), problem: Text, seq: z.number() }).nullable(),
  head: z.strictObject({ seq: z.number(), hash: Text }).nullable(),
  entries: z.array(z.strictObject({ seq: z.number(), hash: Text, prev: Text.nullable(), at: Instant, actor: Text, act: Text, orderId: Text.nullable(), detail: Text })),
});

export const AuditLogQuery = z
  .strictObject({
    /** `registry`: as it is in Redis. `copy`: as it is in ClickHouse, always from its beginning. */
    source: z.enum(['registry', 'copy']).default('registry'),
    from: z.coerce.number().int().min(1).default(1),
    /** The first epoch of the change log that belongs to entry `from` or a later one. */
    epoch: z.coerce.number().int().min(1).default(1),
  })
  .refine(({ source, from, epoch }) => source === 'registry' || (from === 1 && epoch === 1), { path: ['from'], message: 'the copy is read from its beginning' });
export const CountersignBody = z.strictObject({ countersignature: CountersignatureSchema });
export const CountersignAnswer = z.strictObject({ seq: z.number(), hash: Text });
