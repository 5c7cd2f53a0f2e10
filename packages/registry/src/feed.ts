import type { UtcMs } from '@penreg/domain';
import { ACT_LIFE_MS, type Start } from '@penreg/evidence';
import { createAuditLog } from './audit.ts';
import { assertDurable } from './durability.ts';
import { RegistryError } from './error.ts';
import { createFeedOffice, type FeedOffice } from './feed-office.ts';
import { breathe, requireAncestor, takeChanges, takeGrants, takeLog, unloggedIn } from './feed-source.ts';
import { Doubt, EMPTY_STATE, evaluate, refusedOf, viewOf, withChanges, type FeedState, type Known, type OrderChanges } from './feed-state.ts';
import { keysOf } from './keys.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import type { TapFeedOptions } from './options.ts';
import type { FeedHold, RegistryView, TapFeed } from './ports.ts';
import { deadlineIn } from './retry.ts';
import { createSealer } from './sealing.ts';
import { confirmationsFrom } from './tap-board.ts';
import { NOTHING_VERIFIED, openVerified } from './verified.ts';
import { createWriter } from './writer.ts';

/** Grants compared with the server's at each poll, in turn: a text changed without a trace in the log is found within (orders / this) polls. */
const PROBES = 50;
const GRANTS_AT_ONCE = 500;
const EVALUATED_AT_ONCE = 8;
/** A publication this far ahead of the registry's clock is no promise of the registry's. */
const MAX_PROMISE_MS = 10_000;
const HELD_POLL_MS = 1_000;
/** How often what was verified is written for the next run. */
const REMEMBER_MS = 60_000;

type Hold = { readonly reason: FeedHold; readonly since: UtcMs; readonly detail: string };

/**
 * Follows the registry for one tap: a snapshot, then what changed since, each in one atomic step, each continuing the
 * chain of the one before. One loop is the only mutator; what is current is swapped by one assignment. On any doubt it
 * starts over with a snapshot, and where that does not resolve the doubt the tap holds.
 */
export const openTapFeed = (options: TapFeedOptions): TapFeed => {
  const { deployment, clockBound, now, onAlarm, signer, pollMs = 250, heartbeatMs = 1_000, acceptedHead = null } = options;
  const keys = keysOf(deployment);
  const sealer = createSealer(deployment, options.sealingKey);
  // Audit and confirmations have a connection of their own: waiting for the disk must not age a confirmation.
  const reads = new Link(options.connection, { timeoutMs: 1_000 });
  const writes = new Link(options.connection, { timeoutMs: 5_000 });
  let durable: Promise<{ readonly waitAof: boolean }> | null = null;
  const hasWaitAof = async (): Promise<boolean> => {
    durable ??= assertDurable(writes).catch((error: unknown) => {
      durable = null;
      throw error;
    });
    return (await durable).waitAof;
  };
  /** While the server is empty and this tap remembers a head: nothing is written, so that the registry can be made there again. */
  let vacant: PromiseWithResolvers<void> | null = null;
  const setVacant = (is: boolean): void => {
    if (is) vacant ??= Promise.withResolvers<void>();
    else {
      vacant?.resolve();
      vacant = null;
    }
  };
  const auditLog = createAuditLog(writes, keys, sealer, createWriter(writes, keys, sealer, hasWaitAof), new Lane(), () => deadlineIn(5_000));
  const audit: TapFeed['audit'] = {
    append: async (entry) => {
      await vacant?.promise;
      return auditLog.append(entry);
    },
  };
  const office: FeedOffice = createFeedOffice({ link: writes, keys, audit, signer, deployment, now, onAlarm });

  let state: FeedState = EMPTY_STATE;
  let view: RegistryView = viewOf(state);
  let hold: Hold | null = { reason: 'starting', since: now(), detail: '' };
  let confirmedAt = Number.NEGATIVE_INFINITY;
  /** The registry's clock in the last accepted answer: what is new after it was published after it. */
  let registryTime = 0;
  let remembered = options.remembered;
  let needsSnapshot = true;
  /** What the grants of the last snapshot were verified under. */
  let trusted = options.trustVersion();
  const trustedAtOpening = trusted;
  const verified = options.verified == null ? NOTHING_VERIFIED : openVerified(options.verified, { deployment, sealingKey: options.sealingKey, signer });
  let rememberedAt = performance.now();
  let writtenView: RegistryView | null = null;
  let remembering: Promise<void> = Promise.resolve();
  let probeFrom = 0;
  let stopped = false;
  const listeners = new Set<() => void>();
  const started = Promise.withResolvers<void>();
  started.promise.catch(() => undefined); // nobody may be waiting
  const stopping = Promise.withResolvers<void>();

  const notify = (): void => {
    for (const listener of listeners) listener();
  };

  const setHold = (reason: FeedHold, detail: string): void => {
    needsSnapshot = true;
    if (hold?.reason === reason && hold.detail === detail) return;
    hold = { reason, since: now(), detail };
    onAlarm({ kind: 'hold', reason, detail });
    office.record('tap.hold', null, { reason, detail });
    notify();
  };

  const requireClock = (time: UtcMs, sent: UtcMs, received: UtcMs): void => {
    if (time < sent - clockBound || time > received + clockBound) throw new Doubt('clock', `differs by more than ${clockBound} ms`);
  };

  /** Evaluates the orders whose texts are new, in slices, so that a long list does not stop the tap's heart. */
  const evaluateAll = async (texts: ReadonlyMap<string, string>, log: ReadonlyMap<string, OrderChanges>, again: 'refused' | 'none', trust: number): Promise<{ known: Map<string, Known>; begun: Start[] }> => {
    const known = new Map<string, Known>();
    const begun: Start[] = [];
    const open: { orderId: string; text: string; changes: OrderChanges; before: Known | undefined }[] = [];
    for (const [orderId, text] of texts) {
      const changes = log.get(orderId);
      if (changes === undefined) throw new Doubt('grant-unlogged', orderId);
      const before = state.known.get(orderId);
      const same = before !== undefined && before.trust === trust && before.grantHash === changes.grantHash && (refusedOf(before).length === 0 || again === 'none');
      if (same && office.hashOf(text) === before.grantHash) known.set(orderId, before);
      else open.push({ orderId, text, changes, before });
    }
    for (let from = 0; from < open.length; from += GRANTS_AT_ONCE) {
      const slice = open.slice(from, from + GRANTS_AT_ONCE).map((each) => ({ ...each, isVerified: trust === trustedAtOpening && verified.has(each.changes.grantHash) }));
      // What taps have confirmed proves an activation timely; this tap's own, that it need not confirm it again.
      const asking = slice.filter(({ isVerified, changes }) => !isVerified || (changes.changes[0]?.change.published ?? 0) > now() - 2 * ACT_LIFE_MS);
      const replies = await reads.callAll(asking.map(({ orderId }) => ['HGETALL', keys.confirmations(orderId)] as const));
      const confirmed = new Map(asking.map(({ orderId }, i) => [orderId, confirmationsFrom(replies[i])]));
      for (const [i, { orderId, text, changes, before, isVerified }] of slice.entries()) {
        const confirmations = confirmed.get(orderId) ?? [];
        const result = await evaluate(orderId, text, changes, before, sealer, options, trust, confirmations, isVerified);
        known.set(orderId, result.known);
        office.noteEvaluation(orderId, before, result);
        if (result.begun.length > 0) {
          begun.push(...result.begun);
          office.noteConfirmations(confirmations);
        }
        if (i % (isVerified ? 4 * EVALUATED_AT_ONCE : EVALUATED_AT_ONCE) === 0) await breathe();
      }
    }
    return { known, begun };
  };

  const adopt = (next: FeedState, sentAt: number, time: UtcMs, begun: readonly Start[]): void => {
    const changed = next.head?.epoch !== state.head?.epoch || next.head?.hash !== state.head?.hash || next.known !== state.known;
    state = next;
    if (changed) view = viewOf(state);
    remembered = { epoch: view.epoch, head: view.head };
    registryTime = Math.max(registryTime, time);
    confirmedAt = sentAt;
    needsSnapshot = false;
    if (hold !== null) {
      if (hold.reason !== 'starting') {
        onAlarm({ kind: 'hold-lifted', reason: hold.reason });
        office.record('tap.hold-lifted', null, { reason: hold.reason });
      }
      hold = null;
      notify();
    } else if (changed) notify();
    office.flushNotes();
    for (const start of begun) office.confirm(start, view.epoch);
  };

  const requireTimely = (published: UtcMs, epoch: number, time: UtcMs): void => {
    if (registryTime > 0 && published < registryTime - clockBound) throw new Doubt('log-broken', `epoch ${epoch} backdated`);
    if (published > time + MAX_PROMISE_MS) throw new Doubt('log-broken', `epoch ${epoch} postdated`);
  };

  const snapshot = async (): Promise<void> => {
    await reads.ready();
    const trust = options.trustVersion();
    const sentAt = performance.now();
    const sent = now();
    const { time, entries, grantCount } = await takeLog(reads, keys);
    requireClock(time, sent, now());
    setVacant(entries.length === 0 && (remembered?.epoch ?? 0) > 0 && acceptedHead?.by.epoch !== 0);
    const ancestor = requireAncestor(entries, remembered, acceptedHead);
    if (ancestor === 'accepted') {
      onAlarm({ kind: 'head-accepted', epoch: entries.length });
      office.record('tap.head-accepted', null, { epoch: entries.length });
      registryTime = 0;
    }
    const from = remembered?.epoch ?? 0;
    if (ancestor === 'known' && state.head !== null) for (const { seq, entry } of entries.slice(from)) requireTimely(entry.published, seq, time);
    const log = withChanges(new Map(), entries);
    if (grantCount > log.size) throw new Doubt('grant-unlogged', (await unloggedIn(reads, keys, log)) ?? '');

    // Page by page: the log says by its hash which text of each grant belongs to it, however late it is read.
    const known = new Map<string, Known>();
    const begun: Start[] = [];
    const since: string[] = [];
    const orderIds = [...log.keys()];
    for (let at = 0; at < orderIds.length; at += GRANTS_AT_ONCE) {
      const texts = new Map(await takeGrants(reads, keys, orderIds.slice(at, at + GRANTS_AT_ONCE)));
      for (const [orderId, text] of texts) {
        if (office.hashOf(text) === log.get(orderId)?.grantHash) continue;
        since.push(orderId);
        texts.delete(orderId);
      }
      const page = await evaluateAll(texts, log, 'refused', trust);
      for (const [orderId, each] of page.known) known.set(orderId, each);
      for (const start of page.begun) begun.push(start);
    }
    const last = entries.at(-1);
    const head = last === undefined ? null : { epoch: last.seq, hash: last.hash };
    if (since.length === 0) {
      trusted = trust;
      adopt({ head, log, known }, sentAt, time, begun);
      return;
    }
    // Acts took place while the pages were read: whatever another text stands for must be an epoch after the log's.
    const changes = await takeChanges(reads, keys, head, log.size, []);
    const unexplained = since.find((orderId) => !changes.grants.has(orderId));
    if (unexplained !== undefined) throw new Doubt('grant-altered', unexplained);
    for (const { seq, entry } of changes.entries) requireTimely(entry.published, seq, changes.time);
    const grown = withChanges(log, changes.entries);
    const late = await evaluateAll(changes.grants, grown, 'refused', trust);
    const end = changes.entries.at(-1);
    trusted = trust;
    adopt({ head: end === undefined ? head : { epoch: end.seq, hash: end.hash }, log: grown, known: new Map([...known, ...late.known]) }, sentAt, time, [...begun, ...late.begun]);
  };

  /** What was verified is worth as much to the next run, unless what this tap believes has just changed. */
  const remember = (): void => {
    if (options.verified == null || view === writtenView || state.head === null) return;
    const trust = options.verified.trust();
    if (options.trustVersion() !== trusted) return;
    writtenView = view;
    rememberedAt = performance.now();
    const asActivated = [...state.known].filter(([orderId, { grant, trust: under }]) => grant !== null && under === trusted && grant.restrictions.length + grant.resumptions.length === 0 && state.log.get(orderId)?.changes.length === 1);
    const hashes = asActivated.map(([, { grantHash }]) => grantHash);
    remembering = remembering.then(() => verified.write(hashes, trust)).catch(() => onAlarm({ kind: 'not-written', what: 'verified' }));
  };

  const poll = async (): Promise<void> => {
    await reads.ready();
    const ids = [...state.known.keys()];
    const probes = Array.from({ length: Math.min(PROBES, ids.length) }, (_, i) => {
      const orderId = ids[(probeFrom + i) % ids.length] as string;
      return { orderId, probe: state.known.get(orderId)?.probe ?? '' };
    });
    const sentAt = performance.now();
    const sent = now();
    const { time, doubtful, entries, grants } = await takeChanges(reads, keys, state.head, state.known.size, probes);
    if (doubtful) {
      needsSnapshot = true;
      return;
    }
    requireClock(time, sent, now());
    probeFrom += PROBES;
    if (entries.length === 0) {
      adopt(state, sentAt, time, []);
      return;
    }
    for (const { seq, entry } of entries) requireTimely(entry.published, seq, time);
    const log = withChanges(state.log, entries);
    for (const { entry } of entries) if (!grants.has(entry.orderId)) throw new Doubt('grant-vanished', entry.orderId);
    const { known, begun } = await evaluateAll(grants, log, 'none', trusted);
    const all = new Map(state.known);
    for (const [orderId, each] of known) all.set(orderId, each);
    const last = entries.at(-1);
    adopt({ head: last === undefined ? null : { epoch: last.seq, hash: last.hash }, log, known: all }, sentAt, time, begun);
  };

  const loop = async (): Promise<void> => {
    let beatAt = 0;
    while (!stopped) {
      const began = performance.now();
      try {
        if (options.trustVersion() !== trusted) needsSnapshot = true;
        if (needsSnapshot) await snapshot();
        // A snapshot of many orders takes long to look at: the poll after it makes the confirmation young.
        if (!needsSnapshot && !stopped) await poll();
        if (!needsSnapshot) started.resolve();
        if (!needsSnapshot && (writtenView === null || performance.now() - rememberedAt > REMEMBER_MS)) remember();
      } catch (error) {
        office.dropNotes();
        if (error instanceof Doubt) {
          setHold(error.reason, error.message);
          started.resolve();
        } else if (error instanceof RegistryError && error.code === 'unavailable') needsSnapshot = true;
        else {
          // A fault of ours: never go on as if nothing had happened.
          setHold('log-broken', 'an answer could not be understood');
          started.resolve();
        }
      }
      if (performance.now() - beatAt >= heartbeatMs && !stopped) {
        beatAt = performance.now();
        const at = now();
        office.beat({ tap: signer.tap, at, obeys: options.obeys?.(at) ?? null, epoch: view.epoch, head: view.head, hold: hold?.reason ?? null, grants: view.grants.length, refused: view.refused.length });
      }
      const pause = Math.max(0, (hold === null || hold.reason === 'starting' ? pollMs : Math.max(pollMs, HELD_POLL_MS)) - (performance.now() - began));
      await Promise.race([stopping.promise, new Promise((resolve) => setTimeout(resolve, pause))]);
    }
  };

  let running: Promise<void> | null = null;
  return {
    async start() {
      running ??= loop();
      return started.promise;
    },
    async stop() {
      if (stopped) return;
      stopped = true;
      stopping.resolve();
      started.reject(new RegistryError('unavailable', 'the feed was stopped'));
      vacant?.promise.catch(() => undefined); // nobody may be waiting
      vacant?.reject(new RegistryError('unavailable', 'the feed was stopped'));
      reads.close();
      await running;
      remember();
      await remembering;
      await office.close();
      writes.close();
    },
    current: () => view,
    confirmedAgo: () => performance.now() - confirmedAt,
    hold: () => hold,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    audit,
  };
};
