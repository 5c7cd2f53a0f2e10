import { PassThrough, Readable, Writable } from 'node:stream';
import { runCli } from './program.ts';
import type { ExitCode } from './error.ts';

/** What a command line did. */
export interface Ran {
  readonly code: ExitCode;
  readonly out: string;
  readonly err: string;
}

const collect = (tty: boolean, read: (soFar: string) => void = () => undefined): { readonly stream: Writable & { readonly isTTY: boolean }; readonly text: () => string } => {
  const chunks: Buffer[] = [];
  const text = (): string => Buffer.concat(chunks).toString('utf8');
  const stream = Object.assign(new Writable({ write: (chunk: Buffer, _encoding, done) => (chunks.push(chunk), read(text()), done()) }), { isTTY: tty });
  return { stream, text };
};

/** Runs `penreg` in this process. `typed`: what a person types; without it nobody sits there. `piped`: standard input. `read`: a person reads what stands on the terminal so far. */
export const penreg = async (args: readonly string[], { typed, piped, read, environment = {} }: { readonly typed?: readonly string[]; readonly piped?: string; readonly read?: (soFar: string) => void; readonly environment?: Record<string, string> } = {}): Promise<Ran> => {
  const out = collect(false);
  const err = collect(typed !== undefined, read);
  let input: Readable & { readonly isTTY: boolean };
  if (typed === undefined) input = Object.assign(Readable.from(piped === undefined ? [] : [Buffer.from(piped)]), { isTTY: false });
  else {
    const person = new PassThrough();
    input = Object.assign(person, { isTTY: true });
    let answered = 0;
    // A person answers each question after having read it.
    const answer = (): void => {
      const asked = err.text().split(/: $/m).length - 1;
      if (asked > answered && answered < typed.length) {
        // The terminal goes to the next line, as it does when somebody presses Enter.
        err.stream.write('\n');
        person.write(`${typed[answered++]}\n`);
      } else if (answered >= typed.length && asked > answered) person.end();
    };
    const timer = setInterval(answer, 2);
    input.on('close', () => clearInterval(timer));
    const code = await runCli(args, { in: input, out: out.stream, err: err.stream }, environment);
    clearInterval(timer);
    person.destroy();
    return { code, out: out.text(), err: err.text() };
  }
  const code = await runCli(args, { in: input, out: out.stream, err: err.stream }, environment);
  return { code, out: out.text(), err: err.text() };
};
