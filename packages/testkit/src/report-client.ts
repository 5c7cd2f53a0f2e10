import type { ReportGap, ReportRow } from './compare.ts';
import type { ExpectedRecord } from './oracle.ts';
import { TestkitError } from './error.ts';

/** A report as it came over HTTP, its record lines brought into the oracle's words. */
export interface FetchedReport {
  readonly header: Readonly<Record<string, unknown>>;
  readonly rows: readonly ReportRow[];
  readonly trailer: ReportTrailer;
  /** As received. */
  readonly text: string;
}

/** Of the last line, as far as tests look at it. */
export interface ReportTrailer {
  readonly records: number;
  readonly completeThrough: number | null;
  readonly gaps: readonly ReportGap[];
  readonly seals: { readonly checked: number; readonly failed: number; readonly findingCount: number; readonly findings: readonly unknown[] };
  readonly destroyed: number;
  readonly pending: number;
  readonly outside: number;
  readonly unproven: number;
}

interface PositionLine {
  readonly partition: number;
  readonly offset: string;
}

/** A record line: the oracle's fields under the report's names, with more that the oracle has no word for. */
interface RecordLine extends Omit<ExpectedRecord, 'orderId' | 'offset' | 'kind' | 'legs'>, PositionLine {
  readonly offset: string;
  readonly event: string;
  readonly legs: readonly { readonly target: string; readonly direction: string }[];
  readonly duplicates: readonly PositionLine[];
}

interface GapLine {
  readonly partition: number;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

const sorted = (list: readonly string[]): readonly string[] => [...list].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

const rowOf = (orderId: string, line: RecordLine): ReportRow => ({
  record: {
    orderId,
    partition: line.partition,
    offset: BigInt(line.offset),
    kind: line.event,
    type: line.type,
    at: line.at,
    appended: line.appended,
    eventId: line.eventId,
    from: line.from,
    to: line.to,
    legs: sorted(line.legs.map(({ target, direction }) => `${target} ${direction}`)),
    ip: line.ip,
    port: line.port,
    device: line.device,
    size: line.size,
    group: line.group,
    callId: line.callId,
    media: line.media,
    participants: line.participants,
    withheld: sorted(line.withheld),
    invalid: sorted(line.invalid),
    clockFlag: line.clockFlag,
  },
  duplicates: line.duplicates.map(({ partition, offset }) => ({ partition, offset: BigInt(offset) })),
});

const gapOf = ({ partition, from, to, reason }: GapLine): ReportGap => ({ partition, from: BigInt(from), to: BigInt(to), reason });

/** @throws TestkitError `api` when it is refused, breaks off or is not whole */
export const fetchReport = async (reportingUrl: string, token: string, orderId: string): Promise<FetchedReport> => {
  const response = await fetch(`${reportingUrl}/orders/${orderId}/report?format=ndjson`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new TestkitError('api', `report of ${orderId}: ${response.status} ${text}`);
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as { readonly kind: string });
  const [header, ...rest] = lines;
  const trailer = rest.pop();
  if (header?.kind !== 'header' || trailer?.kind !== 'trailer') throw new TestkitError('api', `report of ${orderId} is not whole: it ends with ${JSON.stringify(trailer)}`);
  const { gaps, ...said } = trailer as unknown as Omit<ReportTrailer, 'gaps'> & { readonly gaps: readonly GapLine[] };
  return { header: header as unknown as FetchedReport['header'], rows: rest.map((line) => rowOf(orderId, line as unknown as RecordLine)), trailer: { ...said, gaps: gaps.map(gapOf) }, text };
};
