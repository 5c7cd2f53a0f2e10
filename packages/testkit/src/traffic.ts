import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRandom, type Random } from './random.ts';
import { TestkitError } from './error.ts';

/** One line of a traffic file: who wrote to whom, when. Members are numbers; times are seconds of the file's own clock. */
export interface TrafficLine {
  readonly from: number;
  readonly to: number;
  readonly seconds: number;
}

export interface Traffic {
  readonly source: 'file' | 'generated';
  /** Ascending by time. */
  readonly lines: readonly TrafficLine[];
}

/**
 * Reads a file of `from to unixSeconds` lines; blank lines and lines that begin with `#` or `%` are skipped.
 *
 * @throws TestkitError `traffic-file` naming the first line that is none.
 */
export const readTraffic = async (path: string): Promise<Traffic> => {
  const lines: TrafficLine[] = [];
  const text = await readFile(path, 'utf8');
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*($|[#%])/.test(line)) continue;
    const numbers = line.trim().split(/\s+/).map(Number);
    const [from, to, seconds] = numbers;
    if (from === undefined || to === undefined || seconds === undefined || numbers.some((n) => !Number.isFinite(n))) {
      throw new TestkitError('traffic-file', `line ${index + 1} is not "from to unixSeconds"`);
    }
    lines.push({ from, to, seconds });
  }
  if (lines.length === 0) throw new TestkitError('traffic-file', 'the file holds no traffic');
  lines.sort((a, b) => a.seconds - b.seconds);
  return { source: 'file', lines };
};

export interface GenerateTraffic {
  readonly seed?: number;
  readonly messages?: number;
  readonly members?: number;
}

const SPAN_SECONDS = 193 * 86_400;
const FIRST_SECOND = 1_082_040_961;

/** Lengths with a heavy tail: most conversations are one message, a few are hundreds. */
const conversationLength = (random: Random): number => Math.min(400, Math.floor(0.7 / (1 - random.next()) ** 0.85) + 1);

/** Seconds between two messages of a conversation: log-normal, median two minutes. */
const pauseSeconds = (random: Random): number => {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.ceil(120 * Math.exp(1.6 * normal));
};

/**
 * Traffic of the shape of real messaging: conversations that come in bursts, replies, silence, a few very busy people,
 * a flood in the first weeks that thins out. The same seed makes the same traffic.
 */
export const generateTraffic = ({ seed = 1, messages = 59_835, members = 1_899 }: GenerateTraffic = {}): Traffic => {
  const random = createRandom(seed);
  const busiest = Array.from({ length: members }, (_, rank) => 1 / (rank + 8) ** 1.05);
  let total = 0;
  const cumulative = busiest.map((weight) => (total += weight));
  const member = (): number => {
    const at = random.next() * total;
    let low = 0;
    let high = cumulative.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulative[middle] ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };

  const lines: TrafficLine[] = [];
  while (lines.length < messages) {
    const from = member();
    let to = member();
    while (to === from) to = member();
    let seconds = Math.floor(SPAN_SECONDS * Math.min(0.999, -Math.log(1 - random.next()) * 0.3));
    let speaker = from;
    for (let left = conversationLength(random); left > 0 && lines.length < messages && seconds < SPAN_SECONDS; left--) {
      lines.push({ from: speaker, to: speaker === from ? to : from, seconds: FIRST_SECOND + seconds });
      if (random.chance(0.6)) speaker = speaker === from ? to : from;
      seconds += pauseSeconds(random);
    }
  }
  lines.sort((a, b) => a.seconds - b.seconds);
  return { source: 'generated', lines };
};

/** The traffic of a file where it is present, else generated traffic of the same shape. */
export const loadTraffic = async (path: string | null, otherwise: GenerateTraffic = {}): Promise<Traffic> =>
  path !== null && existsSync(path) ? readTraffic(path) : generateTraffic(otherwise);

/**
 * When each line is due, in milliseconds from the start, if the whole span of the traffic takes `durationMs`.
 * Equal times keep their order.
 */
export const dueTimes = (traffic: Traffic, durationMs: number): Float64Array => {
  const first = traffic.lines[0]?.seconds ?? 0;
  const span = (traffic.lines.at(-1)?.seconds ?? first) - first;
  const scale = span === 0 ? 0 : durationMs / span;
  return Float64Array.from(traffic.lines, (line) => (line.seconds - first) * scale);
};

/** How often a member stands on each side of the traffic: counted by hand, to check reports against a known fact. */
export const countOf = (traffic: Traffic, member: number): { readonly sends: number; readonly receives: number } => ({
  sends: traffic.lines.filter((line) => line.from === member).length,
  receives: traffic.lines.filter((line) => line.to === member).length,
});

/** Members, the busiest first. */
export const busiestMembers = (traffic: Traffic): readonly number[] => {
  const count = new Map<number, number>();
  for (const { from, to } of traffic.lines) {
    count.set(from, (count.get(from) ?? 0) + 1);
    count.set(to, (count.get(to) ?? 0) + 1);
  }
  return [...count].sort((a, b) => b[1] - a[1] || a[0] - b[0]).map(([id]) => id);
};
