import type { Scratch, ScratchFile } from './report.ts';

/** Characters that are sorted in memory at a time. */
const RUN = 4 * 1024 * 1024;

/** A text under its key. Neither holds a line feed, a key no tab. */
export interface Keyed {
  readonly key: string;
  readonly text: string;
}

async function* linesOf(file: ScratchFile): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const piece of file.read()) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

const parse = (line: string): Keyed => {
  const tab = line.indexOf('\t');
  return { key: line.slice(0, tab), text: line.slice(tab + 1) };
};

/** Sorts texts by key in bounded memory, through scratch files; equal keys stay in the order in which they were added. */
export class ExternalSort {
  readonly #scratch: Scratch;
  readonly #runs: ScratchFile[] = [];
  #held: Keyed[] = [];
  #size = 0;

  constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  async add(entry: Keyed): Promise<void> {
    this.#held.push(entry);
    this.#size += entry.key.length + entry.text.length;
    if (this.#size >= RUN) await this.#spill();
  }

  async #spill(): Promise<void> {
    const run = this.#scratch.open();
    let piece = '';
    for (const { key, text } of this.#sortHeld()) {
      piece += `${key}\t${text}\n`;
      if (piece.length < 65_536) continue;
      await run.write(piece);
      piece = '';
    }
    await run.write(piece);
    this.#runs.push(run);
    this.#held = [];
    this.#size = 0;
  }

  #sortHeld(): readonly Keyed[] {
    return this.#held.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  }

  /** Everything that was added. Taken once. */
  async *sorted(): AsyncGenerator<Keyed, void, undefined> {
    if (this.#runs.length === 0) {
      yield* this.#sortHeld();
      return;
    }
    await this.#spill();
    const heads: { lines: AsyncIterator<string>; head: Keyed }[] = [];
    for (const run of this.#runs) {
      const lines = linesOf(run);
      const first = await lines.next();
      if (first.done !== true) heads.push({ lines, head: parse(first.value) });
    }
    for (;;) {
      let least: (typeof heads)[number] | undefined;
      for (const candidate of heads) if (least === undefined || candidate.head.key < least.head.key) least = candidate;
      if (least === undefined) return;
      yield least.head;
      const next = await least.lines.next();
      if (next.done === true) heads.splice(heads.indexOf(least), 1);
      else least.head = parse(next.value);
    }
  }
}
