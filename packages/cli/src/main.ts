#!/usr/bin/env node
import { runCli } from './program.ts';

// A reader that goes away (`penreg order list | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await runCli(process.argv.slice(2), { in: process.stdin, out: process.stdout, err: process.stderr });
