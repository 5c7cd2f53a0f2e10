import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { call, callJson } from '../client.ts';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import { DocumentAnswer } from '../intake-api.ts';
import type { Settings } from '../settings.ts';
import { listOf } from '../table.ts';

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export const addDocument = (program: Command, settings: () => Settings): void => {
  const document = program.command('document').description('the papers that requests and orders rest on, known by their SHA-256');

  document
    .command('upload')
    .description('upload a PDF; its name stays here')
    .argument('<file>')
    .addHelpText('after', '\nExamples:\n  penreg document upload order.pdf')
    .action(async (file: string) => {
      const { io, json, orders } = settings();
      let bytes: Uint8Array<ArrayBuffer>;
      try {
        bytes = new Uint8Array(readFileSync(file));
      } catch (cause) {
        throw new CliError('usage', 'the file cannot be read', [], { cause });
      }
      const answer = await callJson(orders(), '/documents', DocumentAnswer, { method: 'POST', content: { type: 'application/pdf', bytes } });
      if (answer.sha256 !== sha256Of(bytes)) throw new CliError('unverified', 'the service names another SHA-256 than that of the file');
      if (json) print(io.out, JSON.stringify(answer));
      else print(io.out, ...listOf([['sha256', answer.sha256], ['bytes', answer.size], ['active content', answer.flags.join(', ') || 'none found']]));
    });

  document
    .command('get')
    .description('fetch a document into a new file and check that it is the one')
    .argument('<sha256>')
    .requiredOption('--out <file>', 'a file that does not exist yet')
    .addHelpText('after', '\nExamples:\n  penreg document get SHA256 --out order.pdf\n\nOpen it with care: what is flagged at upload can act by itself.')
    .action(async (sha256: string, options: { out: string }) => {
      if (!/^[0-9a-f]{64}$/.test(sha256)) throw new CliError('usage', 'a document is named by its SHA-256, 64 hexadecimal digits');
      const { io, orders } = settings();
      const bytes = Buffer.from(await (await call(orders(), `/documents/${sha256}`)).arrayBuffer());
      if (sha256Of(bytes) !== sha256) throw new CliError('unverified', 'what came is not the document with this SHA-256');
      try {
        writeFileSync(options.out, bytes, { flag: 'wx', mode: 0o600 });
      } catch (cause) {
        throw new CliError('usage', `${options.out} exists already or cannot be written`, [], { cause });
      }
      print(io.err, `${bytes.length} bytes, SHA-256 as named`);
    });
};
