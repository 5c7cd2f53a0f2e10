import { scopeOf, type CoverageAnswer, type Gap, type Position, type Segment } from '@penreg/domain';
import { sentenceOf } from '@penreg/evidence';
import { absenceOf, OPTIONAL_FIELDS, type OptionalField } from './absence.ts';
import type { Closing, ReportedOrder, ReportRecord } from './report.ts';

/** The words of a report. Times are epoch milliseconds, UTC; offsets are decimal texts. */

const positionJson = ({ topicId, partition, offset }: Position) => ({ topicId, partition, offset: offset.toString() });

/** A record as a line of NDJSON. A null field is explained by `withheld`, `invalid`, `notInStream` or `notApplicable`, exactly one of them. */
export const recordJson = ({ record: r, rowHash, epoch, tap, readAt, duplicates, conflict }: ReportRecord) => {
  const notInStream: OptionalField[] = [];
  const notApplicable: OptionalField[] = [];
  for (const field of OPTIONAL_FIELDS) {
    const absence = absenceOf(r, field);
    if (absence === 'not-in-stream') notInStream.push(field);
    else if (absence === 'not-applicable') notApplicable.push(field);
  }
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
    notInStream,
    notApplicable,
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

const segmentJson = ({ from, until, scope }: Segment) => ({ from, until, targets: scope.targets, direction: scope.direction, kinds: scope.kinds, fields: scope.fields });

/** What a report says of its order: its sentence, its window as written and in force, its scope. */
export const orderJson = ({ orderId, body, bodyHash, inForce }: ReportedOrder) => {
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

export const sealsJson = ({ checked, failed, findingCount, findings }: Closing['seals']) => ({
  checked,
  failed,
  findingCount,
  findings: findings.map(({ kind, at, flush, count }) => ({
    kind,
    position: at === null ? null : { topicId: at.topicId, partition: at.partition, from: at.from.toString(), to: at.to.toString() },
    flush: flush === null ? null : { tap: flush.tap, boot: flush.boot, flush: flush.flush },
    count,
  })),
});
