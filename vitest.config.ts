import { defineConfig } from 'vitest/config';

const everywhere = { pool: 'forks', environment: 'node' } as const;
const code = '{packages,services,infra}/**';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...everywhere,
          name: 'unit',
          include: [`${code}/*.test.ts`],
          exclude: ['**/node_modules/**', '**/*.integration.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          ...everywhere,
          name: 'integration',
          include: [`${code}/*.integration.test.ts`, 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**'],
          globalSetup: ['test/setup/parts.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          teardownTimeout: 20_000,
        },
      },
    ],
  },
});
