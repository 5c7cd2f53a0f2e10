import type { Jurisdiction } from '@penreg/domain';
import { hashOf, type JsonValue } from './canonical.ts';

/** What `jurisdiction.rowHash` of a body holds: SHA-256 of the canonical JSON of the row of law it was made under. */
export const jurisdictionRowHash = (row: Jurisdiction): string => hashOf(row as unknown as JsonValue);
