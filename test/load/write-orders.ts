import { createCipheriv, randomBytes } from 'node:crypto';
import type { AccountId, OrderBody, OrderId, Statement } from '@penreg/domain';
import { canonicalJson, hashOf, newNonce, nextLink, sha256Hex, signBytes, signConfirmation, statementHashOf, type JsonValue } from '@penreg/evidence';
import { Redis } from 'ioredis';
import { toFields, type ChangeEntry } from '../../packages/registry/src/changelog.ts';
import { keysOf } from '../../packages/registry/src/keys.ts';
import type { Hand } from '../law/support/attacker.ts';

/** Where the orders go and who signs them. */
export interface Writing {
  readonly redis: string;
  readonly sealingKey: string;
  /** A body that the order-activation service made: everything but its id, its targets and its reference is kept. */
  readonly template: OrderBody;
  readonly approver: Hand;
  readonly activator: Hand;
  /** Confirms each activation, as it would have done at the time. */
  readonly tap: { readonly tap: string; readonly keyId: string; readonly privateKey: string };
}

const AT_ONCE = 500;

export const accountNumber = (i: number): AccountId => String(15_550_000_000 + i) as AccountId;

/** A UUIDv7 of an instant. */
const orderIdAt = (at: number, i: number): OrderId => {
  const hex = at.toString(16).padStart(12, '0') + i.toString(16).padStart(20, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}` as OrderId;
};

/**
 * What a registry holds after `count` orders of `targetsEach` were activated by honest people over the last days, written
 * without the acts: bodies, two real signatures each, sealed grants, the change log as one true chain, and the tap's
 * signed confirmation of each. Order documents and audit entries are not made: a tap reads neither. Returns the hashes of
 * the sealed grants.
 */
export const writeOrders = async ({ redis: url, sealingKey, template, approver, activator, tap }: Writing, count: number, targetsEach: number): Promise<readonly string[]> => {
  const redis = new Redis(url);
  const { deployment } = template;
  const keys = keysOf(deployment);
  const key = Buffer.from(sealingKey, 'base64url');
  /** As `createSealer` seals; by hand, because it is done a hundred thousand times. */
  const seal = (orderId: string, value: unknown): string => {
    const header = Buffer.from(JSON.stringify({ alg: 'dir', enc: 'A256GCM', ctx: `penreg/${deployment}/grant/${orderId}` })).toString('base64url');
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(header));
    const ciphertext = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
    return `${header}..${iv.toString('base64url')}.${ciphertext.toString('base64url')}.${cipher.getAuthTag().toString('base64url')}`;
  };
  const sign = (hand: Hand, statement: Omit<Statement, 'personId' | 'keyId' | 'role' | 'rosterVersion' | 'nonce' | 'type' | 'deployment'> & object) => {
    const whole = { type: 'penreg/statement/1', deployment, personId: hand.personId, keyId: hand.key.keyId, role: hand.role, rosterVersion: 1, nonce: newNonce(), ...statement } as Statement;
    return { statement: whole, alg: 'Ed25519' as const, signature: signBytes(canonicalJson(whole as JsonValue), hand.key.privateKey) };
  };
  const began = Date.now();
  const day = 86_400_000;
  let head: ChangeEntry | null = null;
  const hashes: string[] = [];
  try {
    for (let from = 0; from < count; from += AT_ONCE) {
      const pipeline = redis.pipeline();
      for (let i = from; i < Math.min(count, from + AT_ONCE); i += 1) {
        // One after the other over ten days that ended yesterday: no activation is fresh, as in a registry that has lived.
        const signedAt = began - 11 * day + Math.floor((i * 10 * day) / count);
        const orderId = orderIdAt(signedAt, i);
        const targets = Array.from({ length: targetsEach }, (_, t) => accountNumber(i * targetsEach + t));
        const body: OrderBody = { ...template, orderId, agencyReference: `load-${i}`, targets, identifiers: targets.map((account) => ({ kind: 'phone' as const, value: `+${account}`, account })), window: { ...template.window, start: began - 12 * day, until: began + 18 * day } };
        const bodyHash = hashOf(body as JsonValue);
        const about = { orderId, version: body.version, bodyHash };
        const approval = sign(approver, { ...about, act: 'approve', params: {}, prev: null, signedAt: signedAt - 60_000, expiresAt: signedAt + day });
        const activation = sign(activator, { ...about, act: 'activate', params: { start: signedAt }, prev: statementHashOf(approval.statement), signedAt, expiresAt: signedAt + 900_000 });
        const published = signedAt + 1_000;
        const text = seal(orderId, { body, approval, activation, epoch: i + 1, published, restrictions: [], resumptions: [] });
        head = nextLink(head, { published, act: 'activate' as const, orderId, grantHash: sha256Hex(text), audit: 'f'.repeat(64) });
        const confirmation = signConfirmation({ deployment, tap: tap.tap, ...about, activationHash: statementHashOf(activation.statement), epoch: i + 1, at: signedAt + 2_000 }, tap);
        hashes.push(head.entry.grantHash);
        const [id = '', ...fields] = toFields(head);
        pipeline.hset(keys.grants, orderId, text).xadd(keys.log, id, ...fields).hset(keys.confirmations(orderId), tap.tap, JSON.stringify(confirmation));
      }
      for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
    }
  } finally {
    redis.disconnect();
  }
  return hashes;
};
