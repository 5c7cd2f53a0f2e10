import { ConfirmationSchema, LogWalk, type Confirmation, type CopiedEntry, type KnownPlace, type LogReport, type Roster } from '@penreg/evidence';
import { toAuditFields } from './audit-entry.ts';
import { toFields } from './changelog.ts';
import { copyPages, type CopyPage } from './copy-pages.ts';
import { assertDurable } from './durability.ts';
import { RegistryError } from './error.ts';
import { keysOf } from './keys.ts';
import { Link } from './link.ts';
import type { RegistryOptions } from './options.ts';
import { PUT_IN_PLACE, REPLAY, writtenKeys } from './scripts.ts';
import { createSealer } from './sealing.ts';
import { CONFIRM_ACT, writeConfirmation } from './tap-board.ts';

export interface RebuildOptions extends Pick<RegistryOptions, 'url' | 'username' | 'password' | 'deployment' | 'sealingKey'> {
  /** The long-term copy, from its first entry. */
  readonly source: AsyncIterable<readonly CopiedEntry[]>;
  /** Whose checkpoints and counter-signatures count. */
  readonly roster: Roster;
  /** Checkpoints and heads known from elsewhere: a copy that does not reach them is stale. */
  readonly known?: readonly KnownPlace[] | undefined;
  readonly onProgress?: ((entries: number) => void) | undefined;
}

/** Entries in one script: it must not keep the server from others for long. */
const AT_ONCE = 200;

/**
 * Makes a registry again out of its long-term copy, word for word: every hash, number and id is what it was, so that
 * taps find the head they remember and go on. Both logs are verified on the way.
 *
 * It is made under keys that nobody reads and put in its place in one step: an attempt that fails or is broken off
 * leaves nothing that a tap could mistake for the registry.
 *
 * @throws RegistryError `exists` where there is a registry, `tampered` for a copy that is not whole or older than what
 * is known, `unavailable`, `durability`
 */
export const rebuildRegistry = async ({ deployment, sealingKey, source, roster, known, onProgress, ...connection }: RebuildOptions): Promise<LogReport> => {
  const link = new Link(connection, { timeoutMs: 30_000 });
  const place = keysOf(deployment);
  const made = keysOf(deployment, 'rebuild:');
  const sealer = createSealer(deployment, sealingKey);
  const confirmed = new Set<string>();

  const keysUnder = async (pattern: string): Promise<readonly string[]> => {
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, keys] = (await link.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1_000)) as readonly [string, readonly string[]];
      found.push(...keys);
      cursor = next;
    } while (cursor !== '0');
    return found;
  };
  /** Braces have no meaning in a pattern; brackets do, and no deployment has them. */
  const refuseOccupied = async (): Promise<void> => {
    const prefix = place.log.slice(0, -'log'.length);
    const [old, others] = [await keysUnder(`${prefix}rebuild:*`), await keysUnder(`${prefix}*`)];
    // What taps say of themselves is no registry: a running tap goes on beating.
    if (others.some((key) => !old.includes(key) && key !== place.taps && key !== place.settled)) throw new RegistryError('exists', 'this server holds a registry of this deployment; one is only ever made where there is none');
    for (const key of old) await link.call('DEL', key);
  };

  const replay = async ({ copied, page }: CopyPage): Promise<void> => {
    for (let from = 0; from < copied.length; from += AT_ONCE) {
      const args = copied.slice(from, from + AT_ONCE).flatMap(({ entry, change }) => [JSON.stringify(toAuditFields(entry.link)), entry.writes ?? '', change === null ? '' : JSON.stringify(toFields(change))]);
      await link.run(REPLAY, writtenKeys(made), args);
    }
    for (const { said } of page.entries) {
      if (said?.act !== CONFIRM_ACT) continue;
      if (!ConfirmationSchema.safeParse(said.detail).success) continue;
      const confirmation = said.detail as unknown as Confirmation;
      await writeConfirmation(link, made, confirmation);
      confirmed.add(confirmation.orderId);
    }
  };

  try {
    await link.ready();
    const { waitAof } = await assertDurable(link);
    await refuseOccupied();
    const walk = new LogWalk({ roster, known });
    for await (const page of copyPages(source, sealer)) {
      if (walk.take(page.page) !== null) break;
      await replay(page);
      onProgress?.(walk.next.seq - 1);
    }
    const verdict = walk.end();
    if (!verdict.ok) {
      const proof = verdict.provenBy === null ? '' : `, as the checkpoint of entry ${verdict.provenBy} proves`;
      throw new RegistryError('tampered', `the copy is not whole: ${verdict.log} log, entry ${verdict.seq} ${verdict.problem}, after entry ${verdict.after}${proof}`);
    }
    const pairs = [...writtenKeys(place).map((key, i) => [writtenKeys(made)[i] ?? '', key]), ...[...confirmed].map((orderId) => [made.confirmations(orderId), place.confirmations(orderId)])];
    if ((await link.run(PUT_IN_PLACE, pairs.flat(), [])) !== 'ok') throw new RegistryError('exists', 'somebody made a registry of this deployment meanwhile');
    if (waitAof) await link.call('WAITAOF', 1, 0, 10_000);
    return verdict;
  } finally {
    link.close();
  }
};
