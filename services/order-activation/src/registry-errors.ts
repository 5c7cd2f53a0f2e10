import { ApiError, type ApiErrorCode } from '@penreg/platform';
import { RegistryError, type RegistryErrorCode } from '@penreg/registry';

interface Answer {
  readonly code: ApiErrorCode;
  readonly field: string;
  readonly rule: string;
}

/** What the registry's refusals mean to a caller. */
const ANSWERS: { readonly [C in RegistryErrorCode]: Answer | null } = {
  'not-found': { code: 'not-found', field: 'id', rule: 'no such order' },
  exists: { code: 'conflict', field: 'orderId', rule: 'an order with this id exists and is another one' },
  'duplicate-reference': { code: 'duplicate-reference', field: 'agencyReference', rule: "this agency's reference exists already in this jurisdiction" },
  conflict: { code: 'conflict', field: 'envelope', rule: 'somebody else acted on this order meanwhile: look at it again, then sign again' },
  state: { code: 'wrong-state', field: 'id', rule: 'the state of this order does not allow this act' },
  mismatch: { code: 'refused', field: 'envelope.statement', rule: 'the statement is about another order, version, body or predecessor' },
  'same-person': { code: 'refused', field: 'envelope.statement.personId', rule: 'this act needs another person: two people to start' },
  'not-reentered': { code: 'refused', field: 'identifiers', rule: 'the approver types the identifiers anew from the paper before approving this version' },
  'parent-in-force': { code: 'refused', field: 'envelope.statement.params.start', rule: 'an order that follows another begins when that one has ended: sign a later start' },
  expired: { code: 'refused', field: 'envelope.statement', rule: "the statement, the approval or the order's window is over" },
  nonce: { code: 'refused', field: 'envelope.statement.nonce', rule: 'must be new: another statement has the same one' },
  deficient: null,
  limit: { code: 'refused', field: 'id', rule: 'more restrictions, analysts, findings or wrong re-entries than one order may have' },
  invalid: { code: 'bad-input', field: 'body', rule: 'not of the form it must have' },
  unavailable: { code: 'unavailable', field: 'registry', rule: 'the registry cannot be reached; acting again is safe, an act is done once' },
  busy: { code: 'unavailable', field: 'registry', rule: 'too much happens at the same time; try again' },
  durability: { code: 'unavailable', field: 'registry', rule: 'the registry does not keep what it acknowledges' },
  sealed: null,
  tampered: null,
};

/** An error of the registry as the API answers it; anything else as it is. */
const toApiError = (error: unknown): unknown => {
  if (!(error instanceof RegistryError)) return error;
  if (error.code === 'deficient') return new ApiError('refused', error.deficiencies, error);
  const answer = ANSWERS[error.code];
  return answer === null ? new ApiError('internal', [], error) : new ApiError(answer.code, { field: answer.field, rule: answer.rule }, error);
};

/** Runs something against the registry; its refusals are thrown as the API answers them. */
export const withRegistry = async <T>(act: () => Promise<T>): Promise<T> => {
  try {
    return await act();
  } catch (error) {
    throw toApiError(error);
  }
};
