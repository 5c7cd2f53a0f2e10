import { Sha256Schema, UtcMsSchema } from '@penreg/domain';
import { z } from 'zod';
import { canonicalJson, hashOf, type JsonValue } from './canonical.ts';
import { signBytes, verifyBytes, type SigningKey } from './keys.ts';
import { isCompromised, lifeEndOf, personOfKey, type Roster } from './roster.ts';

const JsonObjectSchema = z.record(z.string(), z.json());
const PaperStatementSchema = z.strictObject({
  type: z.literal('penreg/paper-signature/1'),
  /** SHA-256 of the canonical paper. */
  paper: Sha256Schema,
  personId: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  signedAt: UtcMsSchema,
});

/** A paper with the word of a named person that stands behind it: what was a draft until then. */
export const SignedPaperSchema = z.strictObject({ paper: JsonObjectSchema, statement: PaperStatementSchema, signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/) });
export type SignedPaper = z.infer<typeof SignedPaperSchema>;

export const signPaper = (paper: SignedPaper['paper'], { personId, signedAt }: Pick<SignedPaper['statement'], 'personId' | 'signedAt'>, key: SigningKey): SignedPaper => {
  const statement = { type: 'penreg/paper-signature/1', paper: hashOf(paper as JsonValue), personId, keyId: key.keyId, signedAt } as const;
  return { paper, statement, signature: signBytes(canonicalJson(statement), key.privateKey) };
};

/** Whether the person it names signed this very paper, with a key of the roster that counted when they say that they did and is not compromised. */
export const verifyPaper = ({ paper, statement, signature }: SignedPaper, roster: Roster): boolean => {
  const person = personOfKey(roster, statement.keyId);
  return (
    person !== undefined &&
    person.personId === statement.personId &&
    person.key.kind === 'ed25519' &&
    !isCompromised(person.key) &&
    statement.signedAt < lifeEndOf(person.key) &&
    statement.paper === hashOf(paper as JsonValue) &&
    verifyBytes(canonicalJson(statement), signature, person.key.publicKey)
  );
};
