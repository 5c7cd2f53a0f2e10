import { AccountIdSchema, EVENT_KINDS, GAP_REASONS, ORDER_DIRECTIONS, ORDER_FIELDS, ORDER_KINDS, OrderIdSchema } from '@penreg/domain';
import { FINDING_KINDS } from '@penreg/records';
import { dayRange, FORM_NAMES } from '@penreg/returns';
import { z } from 'zod';
import { DOWNLOAD_REASONS, JOB_STATES } from './jobs.ts';
import { STREAMED_FORMS } from './report.ts';

/** The forms of requests and answers. Answers hold no transforms: they are encoded as they stand. */

export const OrderParams = z.strictObject({ id: OrderIdSchema });
const Day = z.string().refine((text) => dayRange(text) !== null, 'a day is YYYY-MM-DD').describe('a day in UTC, YYYY-MM-DD');
export const ReportQuery = z.strictObject({ format: z.enum(STREAMED_FORMS).default('ndjson'), day: Day.optional() });

const Instant = z.number().describe('milliseconds since 1970-01-01T00:00:00Z');
const Text = z.string();
const Offset = z.string().describe('decimal digits');

const Scope = { targets: z.array(Text), direction: z.enum(ORDER_DIRECTIONS), kinds: z.array(z.enum(ORDER_KINDS)), fields: z.array(z.enum(ORDER_FIELDS)) };

const Gap = z.strictObject({
  reason: z.enum(GAP_REASONS),
  topicId: Text,
  partition: z.number(),
  from: Offset,
  to: Offset,
  /** Bounds of the append times that the range can hold; null = unknown on that side. */
  appendedFrom: Instant.nullable(),
  appendedTo: Instant.nullable(),
});

const Seals = z.strictObject({
  checked: z.number(),
  failed: z.number(),
  findingCount: z.number(),
  findings: z.array(
    z.strictObject({
      kind: z.enum(FINDING_KINDS),
      position: z.strictObject({ topicId: Text, partition: z.number(), from: Offset, to: Offset }).nullable(),
      flush: z.strictObject({ tap: Text, boot: Text, flush: z.number() }).nullable(),
      count: z.number(),
    }),
  ),
});

export const SummaryAnswer = z.strictObject({
  order: Text,
  docket: Text,
  court: Text,
  agency: Text,
  agencyReference: Text,
  legalBasis: Text,
  jurisdiction: Text,
  bodyHash: Text,
  test: z.boolean(),
  sentence: Text,
  window: z.strictObject({
    asWritten: Text,
    zone: Text,
    ordered: z.strictObject({ from: Instant, until: Instant }),
    inForce: z.strictObject({ from: Instant, until: Instant }).nullable(),
    stoppedAt: Instant.nullable(),
  }),
  scope: z.strictObject(Scope),
  segments: z.array(z.strictObject({ from: Instant, until: Instant, ...Scope })),
  totals: z.strictObject({
    records: z.number(),
    later: z.number().describe('rows at or after completeThrough'),
    pending: z.number().describe('rows written and not yet sealed'),
    unproven: z.number().describe('rows whose seal does not hold'),
    outside: z.number().describe('rows outside the window in force or the scope'),
    first: Instant.nullable(),
    last: Instant.nullable(),
    events: z.partialRecord(z.enum(EVENT_KINDS), z.number()),
  }),
  completeThrough: Instant.nullable(),
  gaps: z.array(Gap),
  seals: Seals,
  destroyed: z.number(),
  limits: z.array(Text),
  generatedAt: Instant,
  software: Text,
});

export const JobParams = z.strictObject({ job: z.uuid() });
export const JobBody = z.strictObject({
  form: z.enum(FORM_NAMES),
  day: Day.optional(),
  /** One target of the order; all of them without it. */
  target: AccountIdSchema.optional(),
  reason: z.enum(DOWNLOAD_REASONS),
});

export const JobAnswer = z.strictObject({
  job: Text,
  order: Text,
  form: z.enum(FORM_NAMES),
  extension: Text,
  day: Text.nullable(),
  oneTarget: z.boolean(),
  reason: z.enum(DOWNLOAD_REASONS),
  state: z.enum(JOB_STATES),
  percent: z.int(),
  createdAt: Instant,
  file: z.strictObject({ bytes: z.number(), sha256: Text, records: z.number() }).nullable(),
  fault: z.strictObject({ code: Text, rule: Text.nullable(), retriable: z.boolean() }).nullable(),
  removedAt: Instant.nullable().describe('when the file is removed'),
});
export type JobAnswer = z.output<typeof JobAnswer>;
export const JobListAnswer = z.strictObject({ jobs: z.array(JobAnswer) });

export const REPORT_DESCRIPTION = [
  'The order\'s report as a stream.',
  '`ndjson`: a header line, one line per record in the order of event time, topic, partition, offset, and a trailer line whose `digest` is the SHA-256 of every byte before it.',
  'A report without its trailer is not whole; one that breaks off ends with a line of kind `error`.',
  'A null field of a record is named in exactly one of `withheld`, `invalid`, `notInStream`, `notApplicable`.',
  '`csv`: RFC 4180 rows under one header row; a field without a value says in parentheses why; a cell that begins with = + - @, an apostrophe or a control character has one apostrophe in front of it.',
  'Whole rows end with a row `END`, number of records, SHA-256 of every byte before it; rows that break off with one that begins with ERROR. What csv cannot say stands in the summary.',
  '`day`: records of one day in UTC; counts other than that of records are of the whole order.',
].join(' ');
