import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis, type RedisPart } from '@penreg/infra';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACT_NAMES, after, draftedBy, ROLES_OF, type ActName, type Life, type PersonId, type WalkedAct } from './life.ts';
import { Office, type Mishap } from './walk.ts';

/**
 * Random people do random things to an order, the server and the service die in the middle of them, and after each step
 * the order is what the law's diagram says, its history and both logs are whole, and what taps are given is two people's.
 * PENREG_MODEL_WALKS makes it longer, PENREG_MODEL_SEED another one.
 */
const WALKS = Number(process.env['PENREG_MODEL_WALKS'] ?? 12);
const SEED = Number(process.env['PENREG_MODEL_SEED'] ?? 20_261_124);
const STEPS = 40;

let dir = '';
let redis: RedisPart;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'penreg-model-'));
  redis = await startRedis({ dir });
});
afterAll(async () => {
  await redis?.kill();
  await rm(dir, { recursive: true, force: true });
});

const PEOPLE = Object.keys(ROLES_OF) as PersonId[];
const ALL: readonly WalkedAct[] = ACT_NAMES.flatMap((name) => PEOPLE.map((by) => ({ name, by, isStale: false })));
/** What carries an order on: it comes up more often. */
const ONWARD: readonly ActName[] = ['submit', 'reenter', 'approve', 'activate', 'suspend', 'approve-resume', 'resume'];
const ENDINGS: readonly ActName[] = ['push-back', 'reject', 'end', 'stop', 'close'];

/** What to do next: mostly something that is allowed, or few walks would get anywhere, and seldom what ends them. */
const actFor = (life: Life, { pick, isLucky, isStale, mayEnd }: Step): WalkedAct => {
  const allowed = ALL.filter((act) => after(life, act) !== null && ENDINGS.includes(act.name) === mayEnd);
  const from = isLucky && allowed.length > 0 ? allowed : ALL;
  const names = [...new Set(from.map(({ name }) => name))].flatMap((name) => (ONWARD.includes(name) ? [name, name, name, name] : [name]));
  const name = names[pick % names.length];
  const of = from.filter((act) => act.name === name);
  return { ...(of[Math.floor(pick / 64) % of.length] ?? { name: 'hold', by: 'paula' }), isStale };
};

const MISHAPS: readonly { readonly weight: number; readonly mishap: Mishap }[] = [
  { weight: 60, mishap: 'none' }, { weight: 1, mishap: 'server killed before' }, { weight: 3, mishap: 'server killed meanwhile' }, { weight: 3, mishap: 'service dies meanwhile' },
];

const often = (share: number): fc.Arbitrary<boolean> => fc.nat({ max: 99 }).map((n) => n < share);
const steps = fc.array(
  fc.record({ pick: fc.nat({ max: 1_000_000 }), isLucky: often(80), isStale: often(6), mayEnd: often(5), mishap: fc.oneof(...MISHAPS.map(({ weight, mishap }) => ({ weight, arbitrary: fc.constant(mishap) }))) }),
  { minLength: STEPS, maxLength: STEPS },
);
interface Step {
  readonly pick: number;
  readonly isLucky: boolean;
  readonly isStale: boolean;
  readonly mayEnd: boolean;
  readonly mishap: Mishap;
}

it(`an order is what the law's diagram says, whoever does what and whatever dies (${WALKS} walks, seed ${SEED})`, async () => {
  const reached = new Set<string>();
  const answered = new Set<string>();
  const office = new Office(redis);
  try {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom<PersonId>('paula', 'anna'), steps, async (proposer, walk) => {
        const orderId = await office.draft(proposer);
        let life: Life = draftedBy(proposer);
        for (const step of walk) {
          const { mishap } = step;
          const act = actFor(life, step);
          const next = after(life, act);
          const done = await office.act(orderId, act, mishap);
          expect({ act, mishap, from: life.state, done }).toEqual({ act, mishap, from: life.state, done: next !== null });
          life = next ?? life;
          reached.add(life.state);
          answered.add(`${act.name} ${done ? 'done' : 'refused'}`);
          expect(await office.faultsOf(orderId, life), act.name).toEqual([]);
        }
        expect(await office.faultsOfLogs()).toEqual([]);
      }),
      { seed: SEED, numRuns: WALKS, endOnFailure: true, unbiased: true },
    );
  } finally {
    await office.close();
  }
  // The walks went everywhere; otherwise they show nothing.
  expect(ACT_NAMES.filter((name) => !answered.has(`${name} done`))).toEqual([]);
  expect([...reached].sort()).toEqual(['approved', 'awaiting-approval', 'closed', 'draft', 'ended', 'in-force', 'rejected', 'stopped', 'suspended']);
}, 60_000 + WALKS * 30_000);
