import { defineConfig } from 'vitest/config';

const everywhere = { pool: 'forks', environment: 'node' } as const;
const code = '{packages,services,infra}/**';
const notOurs = '**/node_modules/**';
/** Whole deployments under load, in real time: each gets the machine to itself. */
const wholeSystem = ['test/{e2e,chaos,load}/**/*.test.ts'];

/** The projects run one after the other: what needs the clock to be right does not compete with what needs the processor. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...everywhere,
          name: 'unit',
          include: [`${code}/*.test.ts`],
          exclude: [notOurs, '**/*.integration.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'integration',
          include: [`${code}/*.integration.test.ts`, 'test/**/*.test.ts'],
          exclude: [notOurs, ...wholeSystem],
          globalSetup: ['test/setup/parts.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          teardownTimeout: 20_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'system',
          include: wholeSystem,
          exclude: [notOurs],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          teardownTimeout: 30_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
