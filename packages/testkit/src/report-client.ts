import type { ReportGap, ReportRow } from './compare.ts';
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

type Json = Readonly<Record<string, any>>;

const rowOf = (orderId: string, line: Json): ReportRow => ({
  record: {
    orderId,
    partition: line['partition'],
    offset: BigInt(line['offset']),
    kind: line['event'],
    type: line['type'],
    at: line['at'],
    appended: line['appended'],
    eventId: line['eventId'],
    from: line['from'],
    to: line['to'],
    legs: (line['legs'] as readonly Json[]).map(({ target, direction }) => `${target} ${direction}`).sort(),
    ip: line['ip'],
    port: line['port'],
    device: line['device'],
    size: line['size'],
    group: line['group'],
    callId: line['callId'],
    media: line['media'],
    participants: line['participants'],
    withheld: [...line['withheld']].sort(),
    invalid: [...line['invalid']].sort(),
    clockFlag: line['clockFlag'],
  },
  duplicates: (line['duplicates'] as readonly Json[]).map(({ partition, offset }) => ({ partition, offset: BigInt(offset) })),
});

const gapOf = ({ partition, from, to, reason }: Json): ReportGap => ({ partition, from: BigInt(from), to: BigInt(to), reason });

/** @throws TestkitError `api` when it is refused, breaks off or is not whole */
export const fetchReport = async (reportingUrl: string, token: string, orderId: string): Promise<FetchedReport> => {
  const response = await fetch(`${reportingUrl}/orders/${orderId}/report?format=ndjson`, { headers: { authorization: `Bearer ${token}` }, signal: AbortSignal.timeout(60_000) });
  const text = await response.text();
  if (!response.ok) throw new TestkitError('api', `report of ${orderId}: ${response.status} ${text}`);
  const lines = text.trimEnd().split('\n').map((line) => JSON.parse(line) as Json);
  const [header, ...rest] = lines;
  const trailer = rest.pop();
  if (header?.['kind'] !== 'header' || trailer?.['kind'] !== 'trailer') throw new TestkitError('api', `report of ${orderId} is not whole: it ends with ${JSON.stringify(trailer)}`);
  return { header, rows: rest.map((line) => rowOf(orderId, line)), trailer: { ...trailer, gaps: (trailer['gaps'] as readonly Json[]).map(gapOf) } as unknown as ReportTrailer, text };
};
