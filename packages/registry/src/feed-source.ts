import { verifyChain, type AcceptedHead } from '@penreg/evidence';
import type { UtcMs } from '@penreg/domain';
import { fromFields, type ChangeEntry } from './changelog.ts';
import { Doubt } from './feed-state.ts';
import type { RegistryKeys } from './keys.ts';
import { pairsOf, type Link } from './link.ts';
import { CHANGES } from './scripts.ts';

/** What the registry answered in one atomic step. */
export interface LogTaken {
  readonly time: UtcMs;
  /** The whole change log, a chain from its beginning. */
  readonly entries: readonly ChangeEntry[];
  /** How many grants it held at that instant. */
  readonly grantCount: number;
}

export interface Changes {
  readonly time: UtcMs;
  /** The answer does not continue what was asked about: only a snapshot can tell why. */
  readonly doubtful: boolean;
  readonly entries: readonly ChangeEntry[];
  readonly grants: ReadonlyMap<string, string>;
}

const SNAPSHOT_TIMEOUT_MS = 20_000;
const CHUNK = 2_000;

const msOf = (seconds: string, micros: string): UtcMs => Number(seconds) * 1_000 + Number(micros) / 1_000;
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const entriesFrom = (raw: readonly (readonly [string, unknown])[]): ChangeEntry[] =>
  raw.map(([id, flat]) => {
    const entry = fromFields(id, flat);
    if (entry === null) throw new Doubt('log-broken', `${id} is no entry`);
    return entry;
  });

/** @throws Doubt `log-broken`, RegistryError `unavailable` */
export const takeLog = async (link: Link, keys: RegistryKeys): Promise<LogTaken> => {
  const [time, raw, grantCount] = (await link.callAtomically([['TIME'], ['XRANGE', keys.log, '-', '+'], ['HLEN', keys.grants]], SNAPSHOT_TIMEOUT_MS)) as readonly [
    readonly [string, string],
    readonly (readonly [string, unknown])[],
    number,
  ];
  const entries: ChangeEntry[] = [];
  for (let from = 0; from < raw.length; from += CHUNK) {
    const chunk = entriesFrom(raw.slice(from, from + CHUNK));
    const verdict = verifyChain(chunk, { after: entries.at(-1) ?? null });
    if (!verdict.ok) throw new Doubt('log-broken', `epoch ${verdict.seq} ${verdict.problem}`);
    for (const entry of chunk) entries.push(entry);
    await breathe();
  }
  return { time: msOf(...time), entries, grantCount };
};

/** The sealed grants of some orders. @throws Doubt `grant-vanished`, RegistryError `unavailable` */
export const takeGrants = async (link: Link, keys: RegistryKeys, orderIds: readonly string[]): Promise<ReadonlyMap<string, string>> => {
  const texts = (await link.call('HMGET', keys.grants, ...orderIds)) as readonly (string | null)[];
  return new Map(
    orderIds.map((orderId, i) => {
      const text = texts[i] ?? null;
      if (text === null) throw new Doubt('grant-vanished', orderId);
      return [orderId, text] as const;
    }),
  );
};

/** The first grant that no entry of the log names. @throws RegistryError `unavailable` */
export const unloggedIn = async (link: Link, keys: RegistryKeys, log: ReadonlyMap<string, unknown>): Promise<string | undefined> => ((await link.call('HKEYS', keys.grants)) as readonly string[]).find((orderId) => !log.has(orderId));

/** @throws RegistryError `unavailable` */
export const takeChanges = async (link: Link, keys: RegistryKeys, head: { readonly epoch: number; readonly hash: string } | null, grantCount: number, probes: readonly { readonly orderId: string; readonly probe: string }[]): Promise<Changes> => {
  const since = head?.epoch ?? 0;
  const reply = (await link.run(CHANGES, [keys.log, keys.grants], [since, ...probes.map((p) => p.orderId)])) as readonly [string, string, string, number, number, readonly (readonly [string, unknown])[], readonly string[], readonly string[]];
  const [seconds, micros, hash, length, grants, raw, docs, probed] = reply;
  const time = msOf(seconds, micros);
  const nothing = { time, entries: [], grants: new Map<string, string>() };
  const entries = raw.map(([id, flat]) => fromFields(id, flat)).filter((entry) => entry !== null);
  const fresh = new Set(entries.filter((e) => e.entry.act === 'activate').map((e) => e.entry.orderId)).size;
  // A restriction changes a text that was probed in the same step.
  const changed = new Set(entries.map((e) => e.entry.orderId));
  const continues =
    hash === (head?.hash ?? '') &&
    entries.length === raw.length &&
    length === since + entries.length &&
    grants === grantCount + fresh &&
    verifyChain(entries, { after: head === null ? null : { seq: head.epoch, hash: head.hash } }).ok &&
    probes.every(({ orderId, probe }, i) => probed[i] === probe || changed.has(orderId));
  return continues ? { time, doubtful: false, entries, grants: new Map(pairsOf(docs).filter(([, text]) => text !== '')) } : { ...nothing, doubtful: true };
};

/**
 * Whether a log contains the head a tap remembers, or the one two people have named in its place.
 *
 * @throws Doubt `head-unknown`
 */
export const requireAncestor = (entries: readonly ChangeEntry[], remembered: { readonly epoch: number; readonly head: string | null } | null, accepted: AcceptedHead | null): 'known' | 'accepted' => {
  const contains = (epoch: number, head: string | null): boolean => (epoch === 0 ? head === null : entries[epoch - 1]?.hash === head);
  if (remembered === null || contains(remembered.epoch, remembered.head)) return 'known';
  if (accepted !== null && accepted.replaces.epoch === remembered.epoch && accepted.replaces.head === remembered.head) {
    // Epoch 0 is an ancestor of every log: naming it accepts an empty registry and no other.
    const { epoch, head } = accepted.by;
    if (epoch === 0 ? entries.length === 0 && head === null : contains(epoch, head)) return 'accepted';
  }
  throw new Doubt('head-unknown', `epoch ${remembered.epoch}`);
};
