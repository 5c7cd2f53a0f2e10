import { createHash } from 'node:crypto';
import { Redis } from 'ioredis';
import { RegistryError } from './error.ts';
import type { RegistryConnection } from './options.ts';

/** A Lua script: one atomic act, or one atomic look. A look asks for no right to write. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
  readonly kind: 'act' | 'look';
}
export const defineScript = (kind: Script['kind'], lua: string): Script => ({ kind, lua, sha: createHash('sha1').update(lua).digest('hex') });

export interface LinkOptions {
  /** Milliseconds a command may take; then the connection is dropped, because a server that does not answer may be a half-open one. */
  readonly timeoutMs: number;
}

const firstWord = (message: string): string => /^[A-Z]{3,20}\b/.exec(message)?.[0] ?? 'ERR';

/**
 * One connection. It waits for the server no longer than a command may take, and never sends a command twice: a caller that does not know
 * whether an act happened asks again, which is why acts are idempotent.
 *
 * Errors are `RegistryError`s without a cause: ioredis attaches the command, and with it arguments, to what it throws.
 */
export class Link {
  readonly #client: Redis;
  readonly #timeoutMs: number;
  #lastError = 'not connected yet';

  constructor(connection: RegistryConnection, { timeoutMs }: LinkOptions) {
    this.#timeoutMs = timeoutMs;
    this.#client = new Redis(connection.url, {
      ...(connection.username === undefined ? {} : { username: connection.username }),
      ...(connection.password === undefined ? {} : { password: connection.password }),
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      // 0 = what is unanswered when the connection breaks fails at once; with more it would wait for a reconnection that does not send it again.
      maxRetriesPerRequest: 0,
      connectTimeout: 2_000,
      retryStrategy: (times) => Math.min(20 * 2 ** Math.min(times, 8), 500),
      // After a failover the old server answers READONLY for ever: 1 = reconnect, without sending the command again.
      reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 1 : false),
      disableClientInfo: true,
    });
    this.#client.on('error', (error: Error & { code?: string }) => {
      this.#lastError = error.code ?? firstWord(error.message);
    });
  }

  /** Resolves when commands can be sent. @throws RegistryError `unavailable` after `timeoutMs` */
  async ready(timeoutMs = this.#timeoutMs): Promise<void> {
    const client = this.#client;
    if (client.status === 'ready') return;
    if (client.status === 'end') throw new RegistryError('unavailable', 'the connection to the registry is closed');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (): void => reject(new RegistryError('unavailable', `the registry cannot be reached: ${this.#lastError}`));
    const timer = setTimeout(fail, timeoutMs);
    client.once('ready', resolve);
    client.once('end', fail);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      client.off('ready', resolve);
      client.off('end', fail);
    }
  }

  /** @throws RegistryError `unavailable` */
  async call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#within(() => this.#client.call(command, ...args.map(String)));
  }

  /** Many commands in one write, answered in order; not atomic. @throws RegistryError `unavailable` */
  async callAll(commands: readonly (readonly [string, ...(string | number)[]])[]): Promise<readonly unknown[]> {
    if (commands.length === 0) return [];
    return this.#within(async () => {
      const pipeline = this.#client.pipeline();
      for (const [command, ...args] of commands) pipeline.call(command, ...args.map(String));
      return resultsOf(await pipeline.exec());
    });
  }

  /** Several commands in one atomic step (MULTI). @throws RegistryError `unavailable` */
  async callAtomically(commands: readonly (readonly [string, ...(string | number)[]])[], timeoutMs = this.#timeoutMs): Promise<readonly unknown[]> {
    return this.#within(async () => {
      const multi = this.#client.multi();
      for (const [command, ...args] of commands) multi.call(command, ...args.map(String));
      return resultsOf(await multi.exec());
    }, timeoutMs);
  }

  /** Runs a script by its hash, and by its text where the server does not know it (a restart forgets). @throws RegistryError `unavailable` */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)];
    const suffix = script.kind === 'look' ? '_RO' : '';
    return this.#within(async () => {
      try {
        return await this.#client.call(`EVALSHA${suffix}`, script.sha, ...rest);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return this.#client.call(`EVAL${suffix}`, script.lua, ...rest);
      }
    });
  }

  close(): void {
    this.#client.disconnect();
  }

  async #sendWhenReady<T>(send: () => Promise<T>, timeoutMs: number): Promise<T> {
    if (this.#client.status !== 'ready') await this.ready(timeoutMs);
    return send();
  }

  async #within<T>(send: () => Promise<T>, timeoutMs = this.#timeoutMs): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      reject(new RegistryError('unavailable', 'the registry did not answer in time'));
      this.#client.disconnect(true);
    }, timeoutMs);
    try {
      return await Promise.race([this.#sendWhenReady(send, timeoutMs), late]);
    } catch (error) {
      if (error instanceof RegistryError) throw error;
      const { message, code } = error as Error & { code?: string };
      throw new RegistryError('unavailable', `the registry did not answer as it should: ${code ?? firstWord(message)}`);
    } finally {
      clearTimeout(timer);
    }
  }
}

const resultsOf = (results: readonly [Error | null, unknown][] | null): readonly unknown[] => {
  if (results === null) throw new RegistryError('unavailable', 'the registry dropped a transaction');
  return results.map(([error, value]) => {
    if (error !== null) throw error;
    return value;
  });
};

/** A flat `[field, value, …]` reply as pairs. */
export const pairsOf = (reply: unknown): readonly (readonly [string, string])[] => {
  const flat = reply as readonly string[];
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, flat[2 * i + 1] as string] as const);
};
