import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fromBase64url, verifyBytes, verifyEs256 } from './keys.ts';

/** For whom a browser signs. It stands in the signed roster; what an envelope says about it is compared with this. */
export interface RelyingParty {
  /** The domain the credentials belong to. */
  readonly rpId: string;
  /** Pages that may ask for a signature, each `https://host[:port]`. */
  readonly origins: readonly string[];
}

/** The parts of an assertion as an envelope carries them, base64url. */
export interface Assertion {
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

/** What a browser was asked to have signed for this text. */
export const challengeOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Other members are the browser's own affair (WebAuthn Level 3, 5.8.1: verifiers must not trip over new ones). */
const ClientDataSchema = z.looseObject({
  type: z.literal('webauthn.get'),
  challenge: z.string(),
  origin: z.string(),
  crossOrigin: z.literal(false).optional(),
  topOrigin: z.never().optional(),
});

const readClientData = (bytes: Uint8Array): z.infer<typeof ClientDataSchema> | null => {
  try {
    return ClientDataSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)));
  } catch {
    return null;
  }
};

/** Hash of the domain, flags, counter; no credential and no extension is ever asked for. */
const AUTHENTICATOR_DATA_BYTES = 37;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP = 0x18;
const EDDSA_KEY_TEXT = 43;

/**
 * Whether an authenticator signed this text with this credential, its user present and verified, for a page of ours
 * (WebAuthn Level 3, 7.2, steps 10–23). The counter is not evidence: authenticators that keep copies leave it at zero.
 *
 * Total: whatever the parts hold, the answer is true or false.
 */
export const verifyAssertion = (text: string, assertion: Assertion, publicKey: string, party: RelyingParty): boolean => {
  const authenticatorData = fromBase64url(assertion.authenticatorData);
  const clientDataJSON = fromBase64url(assertion.clientDataJSON);
  if (authenticatorData?.length !== AUTHENTICATOR_DATA_BYTES || clientDataJSON === null) return false;

  const clientData = readClientData(clientDataJSON);
  if (clientData?.challenge !== challengeOf(text) || !party.origins.includes(clientData.origin)) return false;

  const rpIdHash = createHash('sha256').update(party.rpId).digest();
  const flags = authenticatorData[32] ?? 0;
  if (!rpIdHash.equals(authenticatorData.subarray(0, 32))) return false;
  if ((flags & ~BACKUP) !== (USER_PRESENT | USER_VERIFIED)) return false;

  const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()]);
  return publicKey.length === EDDSA_KEY_TEXT ? verifyBytes(signed, assertion.signature, publicKey) : verifyEs256(signed, assertion.signature, publicKey);
};
