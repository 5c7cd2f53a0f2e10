import { ApiError } from '@penreg/platform';
import { RecordsError } from '@penreg/records';
import { RegistryError } from '@penreg/registry';
import { ReturnsError } from '@penreg/returns';

/** A fault of the registry or of ClickHouse as the API answers it; anything else as it is. */
const toApiError = (error: unknown): unknown => {
  if (error instanceof RegistryError) {
    return error.retriable || error.code === 'durability'
      ? new ApiError('unavailable', { field: 'registry', rule: 'the registry cannot be reached or does not keep what it acknowledges; try again' }, error)
      : new ApiError('internal', [], error);
  }
  if (error instanceof RecordsError) {
    return error.retriable ? new ApiError('unavailable', { field: 'records', rule: 'the records cannot be read now; try again' }, error) : new ApiError('internal', [], error);
  }
  return error;
};

export const withParts = async <T>(act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    throw toApiError(error);
  }
};

/** Why a report broke off: a code out of a closed list, the rule where one can be named, and whether asking again helps. */
export interface Break {
  readonly code: string;
  readonly rule: string | null;
  readonly retriable: boolean;
}

export const describeBreak = (error: unknown): Break => {
  if (error instanceof RecordsError || error instanceof RegistryError) return { code: error.code, rule: null, retriable: error.retriable };
  if (error instanceof ReturnsError) return { code: error.code, rule: error.message, retriable: false };
  if (error instanceof ApiError) return { code: error.code, rule: error.rule ?? null, retriable: error.status === 503 };
  return { code: 'internal', rule: null, retriable: false };
};
