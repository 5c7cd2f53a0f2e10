import { scopeOf, type CoverageAnswer, type Gap, type MetadataRecord, type Segment } from '@penreg/domain';
import { sentenceOf, type JsonValue } from '@penreg/evidence';
import type { Examination, Finding, ReadRecord } from '@penreg/records';
import type { Subject } from './subject.ts';

/** The words of a report, the same in every form. Times are epoch milliseconds, UTC; offsets are decimal texts. */

/** Fields of a record that may be without a value. Which of three things that means is said for each. */
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

const positionJson = ({ topicId, partition, offset }: { readonly topicId: string; readonly partition: number; readonly offset: bigint }) => ({ topicId, partition, offset: offset.toString() });

/** A record as a line of NDJSON. A null field is explained by `withheld`, `invalid`, `notInStream` or `notApplicable`, exactly one of them. */
export const recordJson = ({ record: r, rowHash, epoch, tap, readAt, duplicates, conflict }: ReadRecord) => {
  const absences = OPTIONAL_FIELDS.map((field) => [field, absenceOf(r, field)] as const);
  const because = (why: Absence): readonly OptionalField[] => absences.filter(([, absence]) => absence === why).map(([field]) => field);
  return {
    kind: 'record',
    ...positionJson(r),
    event: r.kind,
    type: r.type,
    at: r.at,
    appended: r.appended,
    eventId: r.eventId,
    from: r.from,
    to: r.to,
    legs: r.legs,
    ip: r.ip,
    port: r.port,
    device: r.device,
    size: r.size,
    group: r.group,
    callId: r.callId,
    media: r.media,
    participants: r.participants,
    withheld: r.withheld,
    invalid: r.invalid,
    notInStream: because('not-in-stream'),
    notApplicable: because('not-applicable'),
    clockFlag: r.clockFlag,
    rowHash,
    epoch,
    tap,
    readAt,
    duplicates: duplicates.map(positionJson),
    conflict,
  };
};

const gapJson = ({ topicId, partition, from, to, reason, appendMin, appendMax }: Gap) => ({ reason, topicId, partition, from: from.toString(), to: to.toString(), appendedFrom: appendMin, appendedTo: appendMax });

const findingJson = ({ kind, at, flush, count }: Finding) => ({
  kind,
  position: at === null ? null : { topicId: at.topicId, partition: at.partition, from: at.from.toString(), to: at.to.toString() },
  flush: flush === null ? null : { tap: flush.tap, boot: flush.boot, flush: flush.flush },
  count,
});

const segmentJson = ({ from, until, scope }: Segment) => ({ from, until, targets: scope.targets, direction: scope.direction, kinds: scope.kinds, fields: scope.fields });

/** What an order's report says of the order: its sentence, its window as written and in force, its scope. */
export const orderJson = ({ orderId, body, bodyHash, inForce }: Subject) => {
  const first = inForce.segments[0];
  const last = inForce.segments.at(-1);
  return {
    order: orderId,
    docket: body.docket,
    court: body.court,
    agency: body.agency,
    agencyReference: body.agencyReference,
    legalBasis: body.legalBasis,
    jurisdiction: body.jurisdiction.id,
    bodyHash,
    test: body.test,
    sentence: sentenceOf(body, inForce),
    window: {
      asWritten: body.window.asWritten,
      zone: body.window.zone,
      ordered: { from: body.window.start, until: body.window.until },
      inForce: first === undefined || last === undefined ? null : { from: first.from, until: last.until },
      stoppedAt: inForce.stop?.at ?? null,
    },
    scope: { ...scopeOf(body) },
    segments: inForce.segments.map(segmentJson),
  };
};

/** What the report does not prove. */
export const LIMITS = [
  'Complete with respect to one topic and its partitions, through the instant named, except in the gaps named.',
  'An account is not a person.',
  'An address is not a place.',
  'No record is not no communication.',
] as const;

export const coverageJson = ({ completeThrough, gaps }: CoverageAnswer) => ({ completeThrough, gaps: gaps.map(gapJson) });

export const sealsJson = (examination: Examination) => ({
  ...examination.seals,
  findingCount: examination.findingCount,
  findings: examination.findings.map(findingJson),
});

export const line = (value: object): string => `${JSON.stringify(value)}\n`;

/** Findings by kind, for the audit log: no positions, no identifiers. */
export const countFindings = (examination: Examination): Readonly<Record<string, number>> & JsonValue => {
  const counts: Record<string, number> = {};
  for (const { kind, count } of examination.findings) counts[kind] = (counts[kind] ?? 0) + count;
  return counts;
};
