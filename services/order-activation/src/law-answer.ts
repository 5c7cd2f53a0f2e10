import { CALENDARS, EMERGENCY_CATEGORIES, INSTRUMENT_ANSWERS, INSTRUMENT_KINDS, JURISDICTIONS, ORDER_DIRECTIONS, RULES } from '@penreg/domain';
import { jurisdictionRowHash } from '@penreg/evidence';
import { z } from 'zod';

/** What the law says, for people and programs: rows, rules with their citations, instruments. */

const Text = z.string();
const count = z.number();
const CalendarPeriod = z.strictObject({ count, unit: z.enum(['days', 'weeks', 'months', 'years']) });
const Period = z.union([CalendarPeriod, z.strictObject({ count, unit: z.literal('hours') }), z.strictObject({ count, unit: z.enum(['working-days', 'court-days']), calendar: z.enum(CALENDARS) })]);
const clause = { says: Text, citation: Text };

const RowAnswer = z.strictObject({
  id: Text,
  name: Text,
  citation: Text,
  country: Text,
  enabled: z.boolean(),
  zones: z.array(Text),
  directions: z.array(z.enum(ORDER_DIRECTIONS)),
  maxPeriod: z.strictObject({ ...clause, length: CalendarPeriod, inAll: CalendarPeriod.nullable() }),
  renewal: z.strictObject({ ...clause, length: CalendarPeriod }),
  emergency: z
    .strictObject({ ...clause, window: Period, categories: z.array(z.enum(EMERGENCY_CATEGORIES)), lapseAction: z.strictObject({ ...clause, does: z.enum(['quarantine', 'destroy']), within: Period.nullable() }) })
    .nullable(),
  noticeRule: z.strictObject({ ...clause, dutyOf: z.enum(['agency', 'provider']), within: Period.nullable() }).nullable(),
  destroyRule: z.strictObject(clause).nullable(),
  reportInterval: Period.nullable(),
  needsCounsel: z.boolean(),
  source: Text,
  /** SHA-256 of the canonical row: what an order's body names, and what counsel signs. */
  rowHash: Text,
  /** The rules an order under this row keeps, in the order in which a refusal lists them. */
  rules: z.array(z.strictObject({ id: Text, ...clause, cure: Text, checkedBy: z.enum(['form', 'every tap', 'this service']) })),
});

export const LawAnswer = z.strictObject({
  notice: Text,
  jurisdictions: z.array(RowAnswer),
  instruments: z.array(z.strictObject({ kind: z.enum(INSTRUMENT_KINDS), name: Text, answer: z.enum(['accepted', 'through-treaty', 'refused']), citation: Text, rule: Text, cure: Text })),
});

const CHECKED_BY = { form: 'form', body: 'every tap', facts: 'this service' } as const;

export const explainLaw = (): z.output<typeof LawAnswer> => ({
  notice: 'Read for engineering from public texts. Nothing here is legal advice.',
  jurisdictions: JURISDICTIONS.map((row) => ({
    ...structuredClone(row as Omit<z.output<typeof RowAnswer>, 'rowHash' | 'rules'>),
    rowHash: jurisdictionRowHash(row),
    rules: RULES.flatMap(({ id, says, cure, cited, check }) => {
      const citation = cited(row);
      return citation === null ? [] : [{ id, says, citation, cure, checkedBy: CHECKED_BY[check.of] }];
    }),
  })),
  instruments: INSTRUMENT_ANSWERS.map((answer) => ({ ...answer })),
});
