import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import { CliError } from './error.ts';

/** What is read of a report's first and last line. */
const HeaderLine = z.object({ kind: z.literal('header'), order: z.string(), sentence: z.string() });
const TrailerLine = z.object({
  kind: z.literal('trailer'),
  records: z.int().min(0),
  /** Milliseconds since 1970; null when nothing can be said yet. */
  completeThrough: z.number().nullable(),
  gaps: z.array(z.object({ reason: z.string() })),
  seals: z.object({ checked: z.number(), failed: z.number(), findingCount: z.number(), findings: z.array(z.object({ kind: z.string() })) }),
  /** Rows destroyed because they must not be there. */
  destroyed: z.number(),
  digest: z.string().regex(/^[0-9a-f]{64}$/),
});
/** The last line of a report that broke off on the service's side. */
const ErrorLine = z.object({ kind: z.literal('error'), error: z.string().regex(/^[a-z-]{1,40}$/), retriable: z.boolean() });
export type ReportHeader = z.output<typeof HeaderLine>;
export type ReportTrailer = z.output<typeof TrailerLine>;

const MAX_LINE = 4 << 20;
const LF = 0x0a;

const parseLine = <S extends z.ZodType>(line: Buffer, schema: S, what: string): z.output<S> => {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch {
    throw new CliError('unverified', `the ${what} of the report is not JSON`);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new CliError('unverified', `the ${what} of the report has not the expected form`);
  return parsed.data;
};

/**
 * Follows an NDJSON report as its bytes pass: header first, records, trailer last, and the trailer's digest, which is
 * the SHA-256 of everything before its own line. Memory holds one line.
 */
export class ReportCheck {
  readonly #hash: Hash = createHash('sha256');
  #rest: Buffer[] = [];
  #restSize = 0;
  #lines = 0;
  #records = 0;
  #header: ReportHeader | null = null;
  #trailer: ReportTrailer | null = null;
  #broke: z.output<typeof ErrorLine> | null = null;

  /** Lines of kind `record` so far. */
  get records(): number {
    return this.#records;
  }

  get header(): ReportHeader | null {
    return this.#header;
  }

  /** @throws CliError `unverified` as soon as something cannot be part of a whole report */
  take(chunk: Buffer): void {
    let from = 0;
    for (let at = chunk.indexOf(LF); at !== -1; at = chunk.indexOf(LF, from)) {
      this.#rest.push(chunk.subarray(from, at));
      this.#line(Buffer.concat(this.#rest));
      this.#rest = [];
      this.#restSize = 0;
      from = at + 1;
    }
    if (from === chunk.length) return;
    const tail = chunk.subarray(from);
    this.#restSize += tail.length;
    if (this.#restSize > MAX_LINE) throw new CliError('unverified', 'a line of the report is longer than any report has');
    this.#rest.push(Buffer.from(tail));
  }

  /** The trailer of a report that is whole. @throws CliError `unverified` when it was cut off or altered */
  finish(): ReportTrailer {
    if (this.#broke !== null) {
      throw new CliError('unverified', `the report broke off after ${this.#records} records: ${this.#broke.error}`, [this.#broke.retriable ? 'Ask for it again.' : 'Asking again will not help; the log of the service says why.']);
    }
    if (this.#restSize > 0 || this.#trailer === null) {
      throw new CliError('unverified', `the report was cut off after ${this.#records} records: its trailer is missing`, ['What was received is not a report. Ask for it again.']);
    }
    if (this.#trailer.records !== this.#records) throw new CliError('unverified', `the trailer counts ${this.#trailer.records} records; ${this.#records} arrived`);
    return this.#trailer;
  }

  #line(line: Buffer): void {
    if (this.#trailer !== null || this.#broke !== null) throw new CliError('unverified', 'something follows the last line of the report');
    this.#lines += 1;
    if (this.#lines === 1) this.#header = parseLine(line, HeaderLine, 'header');
    else {
      switch (kindOf(line)) {
        case 'trailer':
          this.#trailer = parseLine(line, TrailerLine, 'trailer');
          if (this.#hash.copy().digest('hex') !== this.#trailer.digest) throw new CliError('unverified', "the report's digest does not hold: it was altered on its way");
          return;
        case 'error':
          this.#broke = parseLine(line, ErrorLine, 'last line');
          return;
        case 'record':
          this.#records += 1;
      }
    }
    this.#hash.update(line).update('\n');
  }
}

/** A line is a record unless it says at its beginning that it is something else. */
const kindOf = (line: Buffer): 'record' | 'trailer' | 'error' => {
  const start = line.subarray(0, 20).toString('latin1');
  return start.startsWith('{"kind":"trailer"') ? 'trailer' : start.startsWith('{"kind":"error"') ? 'error' : 'record';
};
