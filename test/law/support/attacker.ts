import type { Act, Envelope, Grant, OrderBody, Role, Statement, StatementOf, UtcMs } from '@penreg/domain';
import { composeStatement, sha256Hex, signStatement, type KeyPair, type SigningKey } from '@penreg/evidence';
import { fromFields, nextChange, toFields, type PublishedAct } from '../../../packages/registry/src/changelog.ts';
import { keysOf, type RegistryKeys } from '../../../packages/registry/src/keys.ts';
import { createSealer, type Sealer } from '../../../packages/registry/src/sealing.ts';
import { Redis } from 'ioredis';
import type { World } from './world.ts';

type Command = readonly [string, ...(string | number)[]];

/** A connection to Redis of somebody's own. */
export interface RawRedis {
  call(...command: Command): Promise<unknown>;
  /** In one atomic step. */
  callAtomically(commands: readonly Command[]): Promise<readonly unknown[]>;
}

const connectTo = (url: string): RawRedis & { close(): void } => {
  const redis = new Redis(url);
  redis.on('error', () => undefined); // it is killed on purpose
  return {
    call: (command, ...args) => redis.call(command, ...args.map(String)),
    async callAtomically(commands) {
      const results = await commands.reduce((multi, [command, ...args]) => multi.call(command, ...args.map(String)), redis.multi()).exec();
      return (results ?? []).map(([error, value]) => {
        if (error !== null) throw error;
        return value;
      });
    },
    close: () => redis.disconnect(),
  };
};

/**
 * Somebody with full control of Redis and of everything the order-activation service holds: its address, its sealing
 * key, its lookup key, and the very code that writes the registry. No person's key.
 */
export interface Attacker {
  readonly link: RawRedis;
  readonly keys: RegistryKeys;
  readonly sealer: Sealer;
  /** Writes a sealed grant and extends the change log as the service itself would. Returns its epoch. */
  publish(orderId: string, make: (at: { epoch: number; published: UtcMs }) => unknown, how?: { readonly act?: PublishedAct; readonly published?: UtcMs; readonly text?: string }): Promise<number>;
  /** The grant as it lies in Redis, opened. */
  read(orderId: string): Promise<Grant>;
  /** Puts a grant in the place of another and leaves the log as it is. */
  overwrite(orderId: string, grant: unknown): Promise<void>;
  /** Keeps the log and the grants as they are now; the returned function puts them back. */
  remember(): Promise<() => Promise<void>>;
  close(): void;
}

export const openAttacker = async (world: World): Promise<Attacker> => {
  const { deployment, registry } = (await world.config('order-activation')) as { deployment: string; registry: { url: string; sealingKey: string } };
  const link = connectTo(registry.url);
  const keys = keysOf(deployment);
  const sealer = createSealer(deployment, registry.sealingKey);
  let memories = 0;
  return {
    link,
    keys,
    sealer,
    async publish(orderId, make, { act = 'activate', published, text } = {}) {
      const [last] = (await link.call('XREVRANGE', keys.log, '+', '-', 'COUNT', 1)) as readonly (readonly [string, unknown])[];
      const head = last === undefined ? null : fromFields(...last);
      const [seconds] = (await link.call('TIME')) as readonly [string];
      const at = { epoch: (head?.seq ?? 0) + 1, published: published ?? (Number(seconds) + 1) * 1_000 };
      const sealed = text ?? (await sealer.seal(`grant/${orderId}`, make(at)));
      const entry = nextChange(head, { published: at.published, act, orderId, grantHash: sha256Hex(sealed), audit: 'a'.repeat(64) });
      await link.callAtomically([
        ['HSET', keys.grants, orderId, sealed],
        ['XADD', keys.log, ...toFields(entry)],
      ]);
      return at.epoch;
    },
    async read(orderId) {
      return (await sealer.unseal(`grant/${orderId}`, String(await link.call('HGET', keys.grants, orderId)))) as Grant;
    },
    async overwrite(orderId, grant) {
      await link.call('HSET', keys.grants, orderId, await sealer.seal(`grant/${orderId}`, grant));
    },
    async remember() {
      memories += 1;
      const number = memories;
      const copy = (key: string): string => `${key}:remembered-${number}`;
      await link.callAtomically([keys.log, keys.grants].map((key) => ['COPY', key, copy(key), 'REPLACE'] as const));
      return async () => {
        await link.callAtomically([keys.log, keys.grants].map((key) => ['COPY', copy(key), key, 'REPLACE'] as const));
      };
    },
    close: () => link.close(),
  };
};

/** Every entry of a stream, oldest first, as `[id, field, value, …]`. */
export const readStream = async (link: RawRedis, key: string): Promise<readonly (readonly string[])[]> =>
  ((await link.call('XRANGE', key, '-', '+')) as readonly (readonly [string, readonly string[]])[]).map(([id, fields]) => [id, ...fields]);

/** Puts these entries in the place of a stream, in one step. */
export const writeStream = async (link: RawRedis, key: string, entries: readonly (readonly string[])[]): Promise<void> => {
  await link.callAtomically([['DEL', key], ...entries.map((entry) => ['XADD', key, ...entry] as const)]);
};

/** Who a statement says it is from, and the key that signs it. */
export interface Hand {
  readonly personId: string;
  readonly role: Role;
  readonly key: SigningKey;
}

/** A statement made as the command line makes it, then changed by `over`, then really signed by the hand's key. */
export const signAs = <A extends Act>(
  hand: Hand,
  body: OrderBody,
  act: A,
  params: StatementOf<A>['params'],
  when: { readonly prev?: Envelope | null; readonly signedAt?: UtcMs; readonly expiresAt?: UtcMs } = {},
  over: Partial<Statement> = {},
): Envelope => {
  const signer = { personId: hand.personId, keyId: hand.key.keyId, role: hand.role, rosterVersion: 1 };
  const statement = composeStatement(body, act, params, signer, { prev: when.prev?.statement ?? null, signedAt: when.signedAt ?? Date.now(), ...(when.expiresAt === undefined ? {} : { expiresAt: when.expiresAt }) });
  return signStatement({ ...statement, ...over } as Statement, hand.key.privateKey);
};

export const hand = (personId: string, role: Role, key: KeyPair): Hand => ({ personId, role, key });
