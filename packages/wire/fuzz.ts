/** The fuzzer by hand: `node packages/wire/fuzz.ts --seconds N [--seed S]`. Exits 1 with the failing input as hex. */
import { parseArgs } from 'node:util';
import { fuzz } from './src/fuzzing.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } } });
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
console.log(`seed ${seed}`);
const { runs, failure } = fuzz(seed, Number(values.seconds));
console.log(`${runs} inputs`);
if (failure !== null) {
  console.log(`${failure.subject}: ${failure.what}\n${failure.input.toString('hex')}`);
  process.exitCode = 1;
}
