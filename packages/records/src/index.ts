export type { ClickHouseAccess } from './access.ts';
export { RECORDS_ERROR_CODES, RecordsError, type RecordsErrorCode } from './error.ts';
export { migrate, type Migrated } from './migrate.ts';
export { roleGrants } from './migrations.ts';
export type { RecordSink, SealedFlush } from './sink.ts';
export { openRecordSink, type RecordSinkSettings } from './clickhouse-sink.ts';
export { openMemorySink, type MemorySink } from './memory-sink.ts';
export {
  FINDING_KINDS,
  type Destroyable,
  type Destruction,
  type Examination,
  type Finding,
  type FindingKind,
  type OrderReader,
  type OrderReaders,
  type ReadRecord,
  type ReadRequest,
  type RowRef,
  type Totals,
} from './reading.ts';
export { openOrderReader } from './order-reader.ts';
export { openRegistryCopy, type RegistryCopy } from './registry-copy.ts';
