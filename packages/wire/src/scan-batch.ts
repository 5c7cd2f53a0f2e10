import type { RecordBatch } from './record-batch.ts';
import { RecordScan, type VisitCandidate } from './record-scan.ts';
import { hasSimd, scanWithSimd } from './simd-scan.ts';
import type { TargetSet } from './target-set.ts';
import { WireError } from './wire-error.ts';

export interface Scanned {
  /** Records at or after the first offset asked for, those with a null value too. */
  readonly events: number;
}

export type ScannerKind = 'simd' | 'javascript';

/** The scanner of this process: `simd` wherever WebAssembly has it. */
export const scannerKind: ScannerKind = hasSimd ? 'simd' : 'javascript';

/** Examines record after record in JavaScript: the fallback, and the oracle of the WebAssembly scanner. */
const walkRecords = (count: number, scan: RecordScan): number => {
  let p = 0;
  for (let i = 0; i < count; i += 1) p = scan.record(p);
  return p;
};

/** `scanBatch` with the scanner named, for tests and measurements. */
export const scanBatchWith = (kind: ScannerKind, batch: RecordBatch, opened: Buffer, firstOffset: bigint, targets: TargetSet, visit: VisitCandidate): Scanned => {
  const scan = new RecordScan(batch, opened, firstOffset, targets, visit);
  const end = kind === 'simd' ? scanWithSimd(opened, batch.count, targets, scan) : walkRecords(batch.count, scan);
  if (end !== opened.length) throw new WireError('framing');
  return { events: scan.events };
};

/**
 * Walks the records of an opened batch from `firstOffset` on and visits the candidates. Allocates nothing for a record
 * that concerns nobody. Values of other records are never looked into beyond the candidate test.
 *
 * Throws WireError `framing` when records do not fit their batch. How many of the candidates before the fault were
 * visited then is not defined: what a batch brought counts only when the scan returns.
 */
export const scanBatch = (batch: RecordBatch, opened: Buffer, firstOffset: bigint, targets: TargetSet, visit: VisitCandidate): Scanned =>
  scanBatchWith(scannerKind, batch, opened, firstOffset, targets, visit);
