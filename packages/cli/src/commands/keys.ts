import type { Command } from 'commander';
import { print } from '../console.ts';
import { readKeyFile, writeNewKeyFile } from '../key-file.ts';
import type { Settings } from '../settings.ts';
import { fingerprint, listOf } from '../table.ts';

export const addKeys = (program: Command, settings: () => Settings): void => {
  const keys = program.command('keys').description("make and look at a person's signing key");

  keys
    .command('new')
    .description('make an Ed25519 key and write it to a new file that only you can read; the private key is never printed')
    .option('--person <id>', 'the person the key is for, as the roster will name them')
    .option('--out <file>', 'where to write it; never overwrites (default: penreg-<person or key id>.key.json)')
    .option('--root', 'a root key: it signs rosters and nothing else, and is kept on no server')
    .addHelpText('after', '\nExamples:\n  penreg keys new --root --out /media/root-1.key.json\n  penreg keys new --person anna --out ~/anna.key.json\n\nGive the public key to whoever keeps the roster; keep the file to yourself.')
    .action((options: { person?: string; out?: string; root?: boolean }) => {
      const { io, json } = settings();
      if (options.person !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(options.person)) keys.error('error: a person is named by 1–64 of [A-Za-z0-9._-]');
      const made = writeNewKeyFile(options.out ?? null, options.person ?? null, options.root === true);
      if (json) print(io.out, JSON.stringify(made));
      else {
        print(io.out, ...listOf([['file', made.file], ['person', options.person], ['key id', made.keyId], ['public key', made.publicKey]]));
        print(io.err, options.root === true ? 'Keep this file off every network. The configuration of each service names the public key.' : 'Keep this file to yourself. The roster needs the key id and the public key.');
      }
    });

  keys
    .command('show')
    .description('print the public half of a key file, after checking that its parts belong together')
    .argument('<file>')
    .addHelpText('after', '\nExamples:\n  penreg keys show ~/anna.key.json')
    .action((file: string) => {
      const { io, json } = settings();
      const { personId, keyId, publicKey, exposed } = readKeyFile(file, 'any');
      if (json) print(io.out, JSON.stringify({ personId, keyId, publicKey }));
      else print(io.out, ...listOf([['person', personId], ['key id', fingerprint(keyId)], ['public key', publicKey]]));
      if (exposed) print(io.err, `warning: others on this machine can read ${file}; chmod 600 ${file}`);
    });
};
