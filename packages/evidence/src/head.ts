import { Sha256Schema, UtcMsSchema } from '@penreg/domain';
import { z } from 'zod';
import { canonicalJson, type JsonValue } from './canonical.ts';
import { EvidenceError } from './error.ts';
import { signBytes, verifyBytes, type SigningKey } from './keys.ts';
import { isCompromised, lifeEndOf, personOfKey, type Roster } from './roster.ts';

const NameSchema = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const HeadSchema = z.strictObject({ epoch: z.int().min(0), head: Sha256Schema.nullable() });

/** A person's signed word that a registry which does not contain the head a tap remembers is nevertheless the true one. */
const HeadStatementSchema = z.strictObject({
  type: z.literal('penreg/head/1'),
  deployment: NameSchema,
  /** The head that taps remember and that the registry no longer contains. */
  replaces: HeadSchema,
  /** The head from which they may follow. */
  by: HeadSchema,
  personId: NameSchema,
  keyId: z.string().regex(/^[0-9a-f]{16}$/),
  signedAt: UtcMsSchema,
  expiresAt: UtcMsSchema,
});
export type HeadStatement = z.infer<typeof HeadStatementSchema>;

/** What ends a hold after a lost, restored or forked registry: two people name the new head. */
export const HeadAcceptanceSchema = z.strictObject({
  statements: z.array(z.strictObject({ statement: HeadStatementSchema, signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/) })).length(2),
});
export type HeadAcceptance = z.infer<typeof HeadAcceptanceSchema>;
export interface AcceptedHead {
  readonly replaces: { readonly epoch: number; readonly head: string | null };
  readonly by: { readonly epoch: number; readonly head: string | null };
}

export const signHead = (fields: Omit<HeadStatement, 'type' | 'keyId'>, key: SigningKey): HeadAcceptance['statements'][number] => {
  const statement = HeadStatementSchema.parse({ type: 'penreg/head/1', keyId: key.keyId, ...fields });
  return { statement, signature: signBytes(canonicalJson(statement as JsonValue), key.privateKey) };
};

/**
 * The head two different people with a role that starts collections (approver, activator) have named.
 *
 * @throws EvidenceError `head`
 */
export const verifyHeadAcceptance = (acceptance: unknown, roster: Roster, now: number): AcceptedHead => {
  const refuse = (why: string): never => {
    throw new EvidenceError('head', why);
  };
  const result = HeadAcceptanceSchema.safeParse(acceptance);
  if (!result.success) return refuse('not two signed statements about a head');
  const [first, second] = result.data.statements as [HeadAcceptance['statements'][number], HeadAcceptance['statements'][number]];
  if (canonicalJson([first.statement.replaces, first.statement.by]) !== canonicalJson([second.statement.replaces, second.statement.by]))
    return refuse('the two statements name different heads');
  for (const { statement, signature } of [first, second]) {
    const person = personOfKey(roster, statement.keyId);
    if (statement.deployment !== roster.deployment) return refuse('made for another deployment');
    if (person === undefined || person.personId !== statement.personId) return refuse('a signer is not in the roster');
    if (!person.roles.includes('approver') && !person.roles.includes('activator')) return refuse('a signer holds no role that starts collections');
    if (isCompromised(person.key)) return refuse('a key is compromised');
    if (Math.max(statement.signedAt, now) >= lifeEndOf(person.key) || now >= statement.expiresAt) return refuse('a key or a statement has expired');
    if (person.key.kind !== 'ed25519' || !verifyBytes(canonicalJson(statement as JsonValue), signature, person.key.publicKey)) return refuse('a signature is not valid');
  }
  if (first.statement.personId === second.statement.personId) return refuse('two different people are needed');
  return { replaces: first.statement.replaces, by: first.statement.by };
};
