import { accountOf } from './accounts.ts';
import { bodyLength, bodyOf } from './bodies.ts';
import { createRandom, seedOf, type Random } from './random.ts';
import type { Encoding, StreamEvent } from './stream-event.ts';
import { busiestMembers, dueTimes, type Traffic } from './traffic.ts';

/** Which part of the traffic becomes what. Each is a probability in `[0, 1]`. */
export interface Shares {
  /** Lines that become a call: an offer at the line's time, then an answer and an end. */
  readonly call: number;
  /** Lines that become a group message: several recipients and a group id. */
  readonly group: number;
  /** Extra broadcasts of type `status` to many. */
  readonly status: number;
  /** Extra logins of the line's sender. */
  readonly login: number;
  /** Events with a body. */
  readonly body: number;
  /** Events a producer sends twice: same id, same content, two offsets. */
  readonly duplicate: number;
  /** JSON events written with escapes, odd white space and members in any order. */
  readonly awkward: number;
  /** Events whose own time is not the moment of sending, by up to `skewMs` either way. */
  readonly skewed: number;
}

export const USUAL_SHARES: Shares = { call: 0.06, group: 0.08, status: 0.01, login: 0.03, body: 0.1, duplicate: 0.01, awkward: 0.1, skewed: 0 };

export interface PlanSettings {
  readonly seed?: number;
  /** Stands in every event id, so that two replays never share an id. 1–20 of `[A-Za-z0-9_-]`. */
  readonly run?: string;
  readonly durationMs?: number;
  readonly encoding?: Encoding | 'mixed';
  readonly shares?: Partial<Shares>;
  /** Members whose every line is exactly one message to exactly one recipient, and who get nothing else: their counts are known beforehand. */
  readonly plainMembers?: readonly number[];
  /** Accounts that bodies mention. */
  readonly hidden?: readonly string[];
  readonly skewMs?: number;
}

/** One event to be sent when it is due. `materialise` gives it its time; everything else is already decided. */
export interface PlannedEvent {
  /** Milliseconds from the start of the replay. */
  readonly due: number;
  readonly encoding: Encoding;
  readonly copies: 1 | 2;
  readonly awkward: boolean;
  /** Added to the moment of sending. */
  readonly skewMs: number;
  readonly seed: number;
  readonly event: Omit<StreamEvent, 'at' | 'payload'>;
  /** Bytes of the body; 0 = none. */
  readonly body: number;
  readonly hidden: readonly string[];
}

/** The event as sent at `now`. The same planned event always gets the same body. */
export const materialise = (planned: PlannedEvent, now: number): StreamEvent => ({
  ...planned.event,
  at: now + planned.skewMs,
  ...(planned.body === 0 ? {} : { payload: bodyOf(createRandom(planned.seed), planned.body, planned.hidden) }),
});

const MESSAGE_TYPES = ['text', 'text', 'text', 'text', 'image', 'video', 'audio', 'document', 'location', 'contact', 'sticker', 'reaction', 'poll', 'other'];
const DEVICES = ['android', 'android', 'iphone', 'iphone', 'web', 'desktop', 'smba', 'smbi', 'kaios', 'other'];

interface Equipment {
  readonly ips: readonly string[];
  readonly device: string;
}

const hex = (random: Random): string => random.int(0, 65_535).toString(16);

const address = (random: Random): string => {
  if (random.chance(0.6)) return `${random.pick([24, 73, 98, 172, 198])}.${random.int(16, 31)}.${random.int(0, 255)}.${random.int(1, 254)}`;
  const host = `2001:db8:${hex(random)}:${hex(random)}`;
  switch (random.int(0, 3)) {
    case 0:
      return `${host}::${hex(random)}`;
    case 1:
      return `${host.toUpperCase()}:0:0:0:${hex(random)}`;
    case 2:
      return `::ffff:198.51.100.${random.int(1, 254)}`;
    default:
      return `${host}:${hex(random)}:0:${hex(random)}:${hex(random)}`;
  }
};

const equip = (seed: number, member: number): Equipment => {
  const random = createRandom(seedOf(seed, 2, member));
  return { ips: Array.from({ length: random.int(1, 3) }, () => address(random)), device: random.pick(DEVICES) };
};

/** Numbers the events of a plan and fills in what every kind has. */
const createFactory = (random: Random, seed: number, run: string) => {
  const equipment = new Map<number, Equipment>();
  let number = 0;
  return (sender: number, rest: Pick<StreamEvent, 'kind' | 'type' | 'to'> & Partial<StreamEvent>): PlannedEvent['event'] => {
    let own = equipment.get(sender);
    if (own === undefined) equipment.set(sender, (own = equip(seed, sender)));
    return {
      v: 1,
      id: `${run}-${(number++).toString(36).padStart(7, '0')}`,
      from: accountOf(sender),
      ip: random.chance(0.97) ? random.pick(own.ips) : undefined,
      port: random.chance(0.95) ? random.int(1_024, 65_535) : undefined,
      device: random.chance(0.97) ? own.device : undefined,
      ...rest,
    };
  };
};

/** A few groups round each member, the same in every run of one seed. */
const groupOf = (seed: number, member: number, index: number, members: readonly number[], apart: ReadonlySet<number>): { readonly id: string; readonly others: readonly number[] } => {
  const random = createRandom(seedOf(seed, 3, member, index));
  const size = random.chance(0.02) ? 200 : random.int(2, 12);
  const others = new Set<number>();
  for (let i = 0; i < size * 3 && others.size < size; i++) {
    // Half of a group are busy people, so that orders meet in it.
    const other = random.chance(0.5) ? members[random.int(0, Math.min(40, members.length - 1))] : random.pick(members);
    if (other !== undefined && other !== member && !apart.has(other)) others.add(other);
  }
  return { id: `group-${seedOf(seed, 4, member, index).toString(36).padStart(7, '0')}`, others: [...others] };
};

/**
 * Turns traffic into events: every line becomes one message, one group message or one call; statuses and logins come on
 * top. The same traffic and settings make the same plan. Ascending by due time.
 */
export const planEvents = (traffic: Traffic, settings: PlanSettings = {}): readonly PlannedEvent[] => {
  const { seed = 1, durationMs = 90_000, encoding = 'mixed', hidden = [], skewMs = 0 } = settings;
  const shares = { ...USUAL_SHARES, ...settings.shares };
  const random = createRandom(seedOf(seed, 1));
  const make = createFactory(random, seed, settings.run ?? `run${seed}`);
  const members = busiestMembers(traffic);
  const plain = new Set(settings.plainMembers ?? []);
  const due = dueTimes(traffic, durationMs);
  const planned: PlannedEvent[] = [];

  const add = (at: number, event: PlannedEvent['event']): void => {
    planned.push({
      due: Math.min(at, durationMs),
      encoding: encoding === 'mixed' ? random.pick(['json', 'json', 'protobuf'] as const) : encoding,
      copies: random.chance(shares.duplicate) ? 2 : 1,
      awkward: random.chance(shares.awkward),
      skewMs: random.chance(shares.skewed) ? random.int(-skewMs, skewMs) : 0,
      seed: seedOf(seed, 5, planned.length),
      event,
      body: random.chance(shares.body) ? bodyLength(random) : 0,
      hidden,
    });
  };

  const addCall = (at: number, caller: number, callee: number): void => {
    const group = random.chance(0.1) ? groupOf(seed, caller, 0, members, plain) : null;
    const others = [callee, ...(group?.others.slice(0, 6).filter((m) => m !== callee) ?? [])];
    const call = {
      id: `call-${seedOf(seed, 6, planned.length).toString(36).padStart(7, '0')}`,
      creator: accountOf(caller),
      media: random.pick(['audio', 'audio', 'video'] as const),
      participants: group === null ? undefined : [caller, ...others].map(accountOf),
    };
    const signal = (after: number, type: string, from: number, to: readonly number[]): void =>
      add(at + after, make(from, { kind: 'call', type, to: to.map(accountOf), call, group: group?.id }));
    signal(0, 'offer', caller, others);
    const answer = random.int(100, 1_500);
    const between = (after: number, type: string, byCallee: boolean): void => (byCallee ? signal(after, type, callee, [caller]) : signal(after, type, caller, [callee]));
    if (random.chance(0.2)) return between(answer, 'reject', true);
    if (random.chance(0.1)) return between(answer, 'terminate', false);
    signal(answer, 'accept', callee, [caller]);
    if (group !== null) signal(answer + 200, 'group_update', caller, others);
    if (random.chance(0.2)) between(answer + random.int(100, 900), 'av_switch', random.chance(0.5));
    return between(answer + random.int(500, 6_000), 'terminate', random.chance(0.5));
  };

  for (const [index, { from, to }] of traffic.lines.entries()) {
    const at = due[index] ?? 0;
    const message = { kind: 'message', type: random.pick(MESSAGE_TYPES), size: random.chance(0.95) ? random.int(1, 4_000_000) : undefined } as const;
    if (plain.has(from) || plain.has(to)) {
      add(at, make(from, { ...message, to: [accountOf(to)] }));
      continue;
    }
    if (random.chance(shares.call)) addCall(at, from, to);
    else if (random.chance(shares.group)) {
      const { id, others } = groupOf(seed, from, random.int(0, 2), members, plain);
      add(at, make(from, { ...message, to: [to, ...others.filter((m) => m !== to)].map(accountOf), group: id }));
    } else add(at, make(from, { ...message, to: [accountOf(to)] }));

    if (random.chance(shares.login)) add(at, make(from, { kind: 'login', type: 'connect', to: [] }));
    if (random.chance(shares.status)) add(at, make(from, { kind: 'message', type: 'status', to: groupOf(seed, from, 9, members, plain).others.map(accountOf), size: random.int(1, 90_000) }));
  }
  return planned.sort((a, b) => a.due - b.due);
};
