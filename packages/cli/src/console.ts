import { createInterface } from 'node:readline/promises';
import { Writable, type Readable } from 'node:stream';
import { Sensitive } from '@penreg/platform';
import { CliError } from './error.ts';

/** Where a command reads and writes. Results go to `out`, everything meant for a person's eyes alone to `err`. */
export interface Console {
  readonly in: Readable & { readonly isTTY?: boolean };
  readonly out: Writable & { readonly isTTY?: boolean };
  readonly err: Writable & { readonly isTTY?: boolean };
}

export const print = (to: Writable, ...lines: readonly string[]): void => {
  to.write(`${lines.join('\n')}\n`);
};

/** One line typed by a person, or null where nobody is there to type. */
export const ask = async (io: Console, question: string): Promise<string | null> => {
  if (io.in.isTTY !== true) return null;
  const reader = createInterface({ input: io.in, output: io.err, terminal: false });
  try {
    return (await reader.question(question)).trim();
  } finally {
    reader.close();
  }
};

/** A secret, typed without being shown, or the first line of standard input where nobody sits there. @throws CliError `usage` */
export const askHidden = async (io: Console, question: string): Promise<Sensitive<string>> => {
  if (io.in.isTTY !== true) {
    const line = (await readAll(io.in))?.split(/\r?\n/)[0] ?? '';
    if (line === '') throw new CliError('usage', 'nobody is here to type, and standard input is empty');
    return new Sensitive(line);
  }
  io.err.write(question);
  // As a terminal of its own the reader turns the real one's echo off; what it would show goes nowhere.
  const reader = createInterface({ input: io.in, output: new Writable({ write: (_chunk, _encoding, done) => done() }), terminal: true });
  try {
    return new Sensitive(await reader.question(''));
  } finally {
    reader.close();
    io.err.write('\n');
  }
};

/** Everything that stands on standard input. Larger than `max` bytes is null. */
export const readAll = async (from: Readable, max = 1 << 20): Promise<string | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of from) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
    size += bytes.length;
    if (size > max) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
};

/** Text from elsewhere must not steer the terminal. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
