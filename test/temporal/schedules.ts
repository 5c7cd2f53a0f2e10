/**
 * The life of an order as a plan in time: milliseconds from the beginning of a run. What is below zero is published
 * before a tap is there. A plan says what people wish; what the law makes of it is the oracle's business.
 */

export interface Start {
  readonly published: number;
  /** The start that the activation names; its signature unless told. */
  readonly start?: number;
}

export type PlannedAct =
  | { readonly act: 'end'; readonly published: number; readonly at?: number }
  | { readonly act: 'stop'; readonly published: number }
  | { readonly act: 'suspend'; readonly published: number; readonly at?: number; readonly name: string }
  | { readonly act: 'resume'; readonly published: number; readonly start?: number; readonly lifts: readonly string[] }
  | { readonly act: 'narrow'; readonly published: number; readonly at?: number; readonly until?: number; readonly direction?: 'pen' | 'trap' };

export interface Schedule {
  /** Unique; says what it is there to show. */
  readonly about: string;
  readonly start: number;
  readonly until: number;
  readonly activation: Start;
  readonly acts: readonly PlannedAct[];
  /** An emergency of so many hours. */
  readonly emergencyHours?: number;
  /** `about` of the order that this one extends, on the same account. It starts no earlier than that one ends. */
  readonly extends?: string;
}

const HOUR = 3_600_000;
/** The longest of the plans, from its first act to its last boundary. */
export const SPAN_MS = 6_500;

const BEFORE = -60_000;
const AFTER = 24 * HOUR;
/** An order in force all the time unless its acts say otherwise. */
const order = (about: string, over: Partial<Schedule> = {}): Schedule => ({ about, start: BEFORE, until: AFTER, activation: { published: -2_000 }, acts: [], ...over });

/** Offsets of one boundary to another: just before it, on it, just after it, and well apart. */
const NEAR = [-1_000, -1, 0, 1, 1_000] as const;
const signed = (n: number): string => (n < 0 ? `${n} ms` : `+${n} ms`);

/** Every plan, for a deployment with this lead. */
export const schedulesOf = (lead: number): readonly Schedule[] => [
  ...starts(lead),
  ...ends(lead),
  ...stops(),
  ...suspensions(lead),
  ...extensions(lead),
  ...emergencies(lead),
];

/** The first instant is the latest of three: each leads in turn, and each comes within a millisecond of another. */
const starts = (lead: number): readonly Schedule[] => {
  const first = 500 + lead;
  const of = (what: string, start: number, named: number | undefined): Schedule => order(`begins: ${what}`, { start, activation: { published: 500, ...(named === undefined ? {} : { start: named }) } });
  return [
    of('at publication + lead', BEFORE, undefined),
    ...NEAR.map((by) => of(`the order's start is publication + lead ${signed(by)}`, first + by, undefined)),
    ...NEAR.map((by) => of(`the activation's start is publication + lead ${signed(by)}`, BEFORE, first + by)),
    ...NEAR.map((by) => of(`the activation's start is the order's ${signed(by)}`, first + 1_200, first + 1_200 + by)),
    order('begins: after it is over', { until: 500 + lead, activation: { published: 500 } }),
    order('begins: for one millisecond', { until: 501 + lead, activation: { published: 500 } }),
  ];
};

/** An end takes effect at the latest of publication + lead and what it names; an end is never moved later. */
const ends = (lead: number): readonly Schedule[] => {
  const published = 1_500;
  const effective = published + lead;
  return [
    order('ends: with its window', { until: 3_000 }),
    order('ends: in the middle of its window, named for long ago', { acts: [{ act: 'end', published, at: BEFORE }] }),
    ...NEAR.map((by) => order(`ends: named for publication + lead ${signed(by)}`, { acts: [{ act: 'end', published, at: effective + by }] })),
    ...NEAR.map((by) => order(`ends: named for its window's end ${signed(by)}`, { until: 4_500, acts: [{ act: 'end', published, at: 4_500 + by }] })),
    ...NEAR.filter((by) => by !== 0).map((by) => order(`ends: a second end, named for the first ${signed(by)}`, { acts: [{ act: 'end', published, at: 4_000 }, { act: 'end', published: published + 200, at: 4_000 + by }] })),
    order('ends: before it begins', { start: 4_000, acts: [{ act: 'end', published }] }),
    order('ends: narrowed to an earlier end', { acts: [{ act: 'narrow', published, until: 4_000 }] }),
    order('ends: narrowed to an end that had passed', { acts: [{ act: 'narrow', published, until: 500 }] }),
    order('ends: narrowed to an end after its own', { until: 4_000, acts: [{ act: 'narrow', published, until: 5_000 }] }),
    order('narrowed to pen, then ended', { acts: [{ act: 'narrow', published, direction: 'pen' }, { act: 'end', published: published + 1_000 }] }),
    order('narrowed to pen, then to trap: to nothing', { acts: [{ act: 'narrow', published, direction: 'pen' }, { act: 'narrow', published: published + 800, direction: 'trap' }] }),
  ];
};

/** A stop is heard whatever went before it. */
const stops = (): readonly Schedule[] => [
  order('stopped', { acts: [{ act: 'stop', published: 3_000 }] }),
  order('stopped before it begins', { start: 4_000, acts: [{ act: 'stop', published: 2_000 }] }),
  order('stopped twice', { acts: [{ act: 'stop', published: 2_500 }, { act: 'stop', published: 3_500 }] }),
  order('stopped after its end', { until: 2_000, acts: [{ act: 'stop', published: 4_000 }] }),
  order('stopped while its end is on the way', { acts: [{ act: 'end', published: 2_000, at: 5_000 }, { act: 'stop', published: 3_000 }] }),
  order('stopped while suspended, and resumed all the same', { acts: [{ act: 'suspend', published: 500, name: 'a' }, { act: 'stop', published: 2_500 }, { act: 'resume', published: 3_000, lifts: ['a'] }] }),
];

const suspensions = (lead: number): readonly Schedule[] => {
  const suspend = (published: number, name = 'a', at?: number): PlannedAct => ({ act: 'suspend', published, name, ...(at === undefined ? {} : { at }) });
  const resume = (published: number, lifts: readonly string[] = ['a'], start?: number): PlannedAct => ({ act: 'resume', published, lifts, ...(start === undefined ? {} : { start }) });
  const of = (about: string, acts: readonly PlannedAct[], over: Partial<Schedule> = {}): Schedule => order(`suspended: ${about}`, { acts, ...over });
  return [
    of('and never resumed', [suspend(500)]),
    of('named for long ago', [suspend(500, 'a', BEFORE), resume(2_500)]),
    of('from a later instant', [suspend(500, 'a', 3_000), resume(3_200)]),
    // A resumption, placed around everything that it can meet.
    ...NEAR.map((by) => of(`resumed, its start is publication + lead ${signed(by)}`, [suspend(500), resume(2_500, ['a'], 2_500 + lead + by)])),
    ...NEAR.map((by) => of(`resumed at the instant it takes effect ${signed(by)}`, [suspend(500, 'a', 4_000), resume(600, ['a'], 4_000 + by)])),
    ...NEAR.map((by) => of(`resumed at its window's end ${signed(by)}`, [suspend(500), resume(1_000, ['a'], 4_500 + by)], { until: 4_500 })),
    ...NEAR.map((by) => of(`before it begins, resumed at its start ${signed(by)}`, [suspend(-1_500), resume(500, ['a'], 3_000 + by)], { start: 3_000 })),
    ...NEAR.map((by) => of(`from its window's end ${signed(by)}`, [suspend(500, 'a', 3_500 + by)], { until: 3_500 })),
    of('and ended before it is resumed', [suspend(500), { act: 'end', published: 1_500 }, resume(2_500)]),
    of('resumed, then ended', [suspend(500), resume(1_500), { act: 'end', published: 3_000 }]),
    of('narrowed meanwhile', [suspend(500), { act: 'narrow', published: 1_500, direction: 'trap' }, resume(2_500)]),
    // Two intervals: apart, touching, overlapping, one in the other, the same.
    ...[-800, -1, 0, 1, 800].map((by) => of(`a second time, from the first one's end ${signed(by)}`, [suspend(200, 'a'), resume(1_000, ['a'], 3_000), suspend(1_200, 'b', 3_000 + by), resume(2_600, ['b'], 5_000)])),
    of('twice, the second inside the first', [suspend(200, 'a'), suspend(700, 'b', 2_500), resume(1_000, ['b'], 3_500), resume(1_300, ['a'], 4_500)]),
    of('twice, the first resumed alone', [suspend(200, 'a'), suspend(700, 'b'), resume(2_500, ['a'])]),
    of('twice, both resumed by one', [suspend(200, 'a'), suspend(700, 'b'), resume(2_500, ['a', 'b'])]),
    of('twice, resumed by the later word at an earlier start', [suspend(200), resume(700, ['a'], 5_000), resume(1_000, ['a'], 3_500)]),
    of('again under a resumption that is on its way', [suspend(200), resume(700, ['a'], 3_500), suspend(1_200, 'b', 3_500), resume(2_500, ['b'], 5_000)]),
    // A resumption names what it lifts; what came after it, it cannot have meant.
    of('resumed in advance of nothing', [suspend(200), resume(1_000), suspend(2_600, 'b')]),
  ];
};

/** Parent and child on one account. The child's paper begins around the parent's end; nothing is recorded twice, no gap is filled. */
const extensions = (lead: number): readonly Schedule[] => {
  const pair = (what: string, parent: Partial<Schedule>, child: Partial<Schedule>): readonly Schedule[] => {
    const about = `extended: ${what}, the first order`;
    return [order(about, parent), order(`extended: ${what}, the extension`, { activation: { published: 1_000 }, extends: about, ...child })];
  };
  return [
    ...NEAR.flatMap((by) => pair(`from its end ${signed(by)}`, { until: 3_500 }, { start: 3_500 + by })),
    ...pair('and ended early', { until: 4_500, acts: [{ act: 'end', published: 500 }] }, { start: 4_500 }),
    ...pair('activated after its end', { until: 1_500 }, { start: 1_500, activation: { published: 1_500 } }),
    ...pair('while suspended', { until: 3_500, acts: [{ act: 'suspend', published: 500, name: 'a' }] }, { start: 3_500 }),
    ...pair('and stopped', { until: 4_500, acts: [{ act: 'stop', published: 2_000 }] }, { start: 4_500, activation: { published: 1_000 } }),
    ...pair('and the extension ended before it begins', { until: 4_000 }, { start: 4_000, acts: [{ act: 'end', published: 3_500 - lead }] }),
  ];
};

/** An hour's emergency that began almost an hour before the run: it lapses in the run, by itself. */
const emergencies = (lead: number): readonly Schedule[] => {
  const lapsing = (about: string, at: number, over: Partial<Schedule> = {}): Schedule =>
    order(`emergency: ${about}`, { start: -2 * HOUR, until: 40 * HOUR, activation: { published: at - HOUR - lead }, emergencyHours: 1, ...over });
  return [
    lapsing('lapses', 3_000),
    lapsing('lapses before the tap is there', -1_000),
    lapsing('ended before it lapses', 4_500, { acts: [{ act: 'end', published: 1_000 }] }),
    lapsing('its end named for after its lapse', 3_000, { acts: [{ act: 'end', published: 1_000, at: 4_000 }] }),
    lapsing('suspended over its lapse, and resumed', 3_000, { acts: [{ act: 'suspend', published: 500, name: 'a' }, { act: 'resume', published: 2_200, lifts: ['a'] }] }),
    lapsing('resumed before its lapse', 4_500, { acts: [{ act: 'suspend', published: -1_500, name: 'a' }, { act: 'resume', published: 1_500, lifts: ['a'] }] }),
    lapsing('stopped before it lapses', 4_000, { acts: [{ act: 'stop', published: 2_500 }] }),
    lapsing('its paper ends before it lapses', 4_000, { until: 3_000 }),
    order('emergency: confirmed from its lapse on', { extends: 'emergency: lapses', start: 3_000, activation: { published: 1_000 } }),
  ];
};

/** Every instant of a plan at which something may begin or end. */
export const boundariesOf = ({ start, until, activation, acts, emergencyHours }: Schedule, lead: number): readonly number[] => {
  const named = (act: PlannedAct): readonly (number | undefined)[] => {
    switch (act.act) {
      case 'stop':
        return [act.published];
      case 'resume':
        return [act.start, act.published + lead];
      case 'narrow':
        return [act.at, act.until, act.published + lead];
      case 'end':
      case 'suspend':
        return [act.at, act.published + lead];
    }
  };
  const lapse = emergencyHours === undefined ? undefined : activation.published + lead + emergencyHours * HOUR;
  const all = [start, until, activation.start, activation.published + lead, lapse, ...acts.flatMap(named)];
  return [...new Set(all.filter((instant) => instant !== undefined).filter((instant) => instant >= -1_500 && instant <= SPAN_MS))].sort((a, b) => a - b);
};
