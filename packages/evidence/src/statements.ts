import { randomBytes } from 'node:crypto';
import { EnvelopeSchema, OrderBodySchema, StatementSchema, type Act, type Envelope, type OrderBody, type Role, type Statement, type StatementOf, type UtcMs } from '@penreg/domain';
import { canonicalJson, hashOf, type JsonValue } from './canonical.ts';
import { EvidenceError } from './error.ts';
import { signBytes, verifyBytes } from './keys.ts';
import { verifyAssertion, type RelyingParty } from './webauthn.ts';

/** SHA-256 of an order's canonical body: what people sign. Lists are brought into their one form first. @throws EvidenceError `schema` */
export const bodyHashOf = (body: OrderBody): string => hashOf(parsed(OrderBodySchema, body, 'an order body') as JsonValue);

/** SHA-256 of the canonical statement, without its signature: an act's identity. */
export const statementHashOf = (statement: Statement): string => hashOf(statement as JsonValue);

/** 128 random bits. */
export const newNonce = (): string => randomBytes(16).toString('base64url');

/** Who signs, with what. `rosterVersion` is the roster the signer has before them. */
export interface Signer {
  readonly personId: string;
  readonly keyId: string;
  readonly role: Role;
  readonly rosterVersion: number;
}

/** How long an approval lives. */
export const APPROVAL_LIFE_MS = 72 * 3_600_000;
/** How long an activation or a restriction may be published after it was signed. */
export const ACT_LIFE_MS = 15 * 60_000;

/** A statement over an order as the signer sees it, ready to be signed. `prev` is the statement it follows, null for an approval. */
export const composeStatement = <A extends Act>(
  body: OrderBody,
  act: A,
  params: StatementOf<A>['params'],
  signer: Signer,
  when: { readonly prev: Statement | null; readonly signedAt: UtcMs; readonly expiresAt?: UtcMs },
): StatementOf<A> =>
  parsed(
    StatementSchema,
    {
      type: 'penreg/statement/1',
      deployment: body.deployment,
      act,
      orderId: body.orderId,
      version: body.version,
      bodyHash: bodyHashOf(body),
      prev: when.prev === null ? null : statementHashOf(when.prev),
      personId: signer.personId,
      keyId: signer.keyId,
      role: signer.role,
      rosterVersion: signer.rosterVersion,
      signedAt: when.signedAt,
      expiresAt: when.expiresAt ?? when.signedAt + (act === 'approve' || act === 'approve-resume' ? APPROVAL_LIFE_MS : ACT_LIFE_MS),
      nonce: newNonce(),
      params,
    },
    'a statement',
  ) as StatementOf<A>;

/** @throws EvidenceError `schema` for what is no statement, `key` for what is no key */
export const signStatement = (statement: Statement, privateKey: string): Extract<Envelope, { alg: 'Ed25519' }> => {
  const canonical = parsed(StatementSchema, statement, 'a statement');
  return { statement: canonical, alg: 'Ed25519', signature: signBytes(canonicalJson(canonical as JsonValue), privateKey) };
};

/** What checks a person's signature. */
export interface StatementKey {
  readonly kind: 'ed25519' | 'webauthn';
  readonly publicKey: string;
}

/** Whether the envelope is whole and signed by this key, in the way that its kind signs. Nothing is said about who may sign. @throws EvidenceError `key` */
export const verifyEnvelope = (envelope: Envelope, { kind, publicKey }: StatementKey, party: RelyingParty | null = null): boolean => {
  if (!EnvelopeSchema.safeParse(envelope).success) return false;
  const text = canonicalJson(envelope.statement as JsonValue);
  switch (envelope.alg) {
    case 'Ed25519':
      return kind === 'ed25519' && verifyBytes(text, envelope.signature, publicKey);
    case 'WebAuthn':
      return kind === 'webauthn' && party !== null && verifyAssertion(text, envelope, publicKey, party);
  }
};

const parsed = <T>(schema: { safeParse(value: unknown): { success: true; data: T } | { success: false; error: Error } }, value: unknown, what: string): T => {
  const result = schema.safeParse(value);
  // The cause names fields and rules; zod's issues carry no input.
  if (!result.success) throw new EvidenceError('schema', `not ${what}`, { cause: result.error });
  return result.data;
};
