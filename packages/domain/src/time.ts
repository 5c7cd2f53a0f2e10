import { z } from 'zod';

/** An instant: milliseconds since 1970-01-01T00:00:00Z. */
export type UtcMs = number;

/** The largest instant the system accepts: 2100-01-01T00:00:00Z, exclusive. */
export const MAX_UTC_MS: UtcMs = 4_102_444_800_000;

export const isUtcMs = (value: unknown): value is UtcMs =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MAX_UTC_MS;

export const UtcMsSchema = z.int().min(0).lt(MAX_UTC_MS);

/** `2026-11-24T09:00:00.000Z`: the one way an instant is printed. */
export const toIso = (instant: UtcMs): string => new Date(instant).toISOString();

/**
 * The times the taps, the registry and the reader of one deployment agree on, in milliseconds.
 *
 * `lead >= holdLimit + clockBound` is what makes starts and ends exact: a change takes effect no earlier than its
 * publication + lead, and a tap that has not confirmed its list for `holdLimit` has stopped reading by then. So no
 * tap can examine an event on the wrong side of a change that it has not heard of.
 */
export const TimingSchema = z
  .strictObject({
    /** How long after its publication a start, an end or a narrowing takes effect. */
    lead: z.int().min(1).default(3_000),
    /** The age of the last confirmation of the target list, counted from sending the request, at which a tap stops reading. */
    holdLimit: z.int().min(1).default(2_000),
    /** The largest difference between any two clocks of producers, brokers, registry and taps. */
    clockBound: z.int().min(0).default(1_000),
    /** How much later than its own time an event may be appended and still be counted by its own time without a flag. */
    lateness: z.int().min(1).default(300_000),
  })
  .refine((t) => t.lead >= t.holdLimit + t.clockBound, {
    path: ['lead'],
    message: 'lead must be at least holdLimit + clockBound, or a tap could read past a start it has not heard of',
  });
export type Timing = z.infer<typeof TimingSchema>;
