import type { OrderBody } from './order.ts';

/** How a paper names an account. */
export type Identifier = Pick<OrderBody['identifiers'][number], 'kind' | 'value'>;

/**
 * One spelling for all spellings of an identifier, so that two of them can be compared: a phone number is its digits, a
 * mail address and a username have no upper case, an account is taken as it stands.
 */
export const plainIdentifier = ({ kind, value }: Identifier): Identifier => {
  const text = value.normalize('NFKC').trim();
  switch (kind) {
    case 'phone':
      return { kind, value: text.replace(/^\+/, '').replace(/[\s().\u2010-\u2015-]/g, '') };
    case 'email':
    case 'username':
      return { kind, value: text.toLowerCase() };
    case 'account':
      return { kind, value: text };
  }
};

export const sameIdentifier = (a: Identifier, b: Identifier): boolean => {
  const [one, other] = [plainIdentifier(a), plainIdentifier(b)];
  return one.kind === other.kind && one.value === other.value;
};
