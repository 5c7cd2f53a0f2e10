export { WIRE_ERROR_CODES, WireError, type WireErrorCode } from './wire-error.ts';
export { walkBatches, type AbortedTransaction, type Codec, type RecordBatch } from './record-batch.ts';
export { MAX_OPENED_BYTES, openBatch } from './open-batch.ts';
export { buildTargetSet, type TargetSet } from './target-set.ts';
export { type Encoding } from './encoding.ts';
export { scanBatch, scannerKind, type Scanned, type ScannerKind } from './scan-batch.ts';
export { type VisitCandidate } from './record-scan.ts';
export { DECODE_CODES, decodeEvent, type DecodeCode, type DecodeOutcome } from './decode.ts';
export { accountsIn } from './accounts-in.ts';
