import type { MetadataRecord } from '@penreg/domain';

/** Fields of a record that may be without a value. What that means is said for each, in every form. */
export const OPTIONAL_FIELDS = ['type', 'eventId', 'from', 'ip', 'port', 'device', 'size', 'group', 'callId', 'media', 'participants'] as const satisfies readonly (keyof MetadataRecord)[];
export type OptionalField = (typeof OPTIONAL_FIELDS)[number];

/** What the event codec calls a field where it differs from the record's word. */
const INVALID_NAME: Partial<Record<OptionalField, string>> = { eventId: 'id' };
const OF_CALLS: ReadonlySet<OptionalField> = new Set(['callId', 'media', 'participants']);

/** Why a field has no value. `not-applicable`: only calls have it. */
export type Absence = 'withheld' | 'invalid' | 'not-in-stream' | 'not-applicable';

/** Null when the field has a value. */
export const absenceOf = (record: MetadataRecord, field: OptionalField): Absence | null => {
  if (record[field] !== null) return null;
  if ((record.withheld as readonly string[]).includes(field)) return 'withheld';
  if ((record.invalid as readonly string[]).includes(INVALID_NAME[field] ?? field)) return 'invalid';
  return record.kind !== 'call' && OF_CALLS.has(field) ? 'not-applicable' : 'not-in-stream';
};
