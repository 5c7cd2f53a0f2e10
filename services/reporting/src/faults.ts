import { ApiError } from '@penreg/platform';
import { RecordsError } from '@penreg/records';
import { RegistryError } from '@penreg/registry';

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

/** What a report that breaks off says of the reason: a code out of a closed list, and whether asking again helps. */
export const describeBreak = (error: unknown): { readonly code: string; readonly retriable: boolean } => {
  if (error instanceof RecordsError || error instanceof RegistryError) return { code: error.code, retriable: error.retriable };
  return { code: 'internal', retriable: false };
};
