import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startClickHouse, startKafka, startRedis, type Part } from '@penreg/infra';
import { clickHouseUsers } from './clickhouse-users.ts';
import type { StartedParts } from './test-parts.ts';

/** The parts as child processes of the test runner, their data in a folder that goes with them. */
export const startEmbedded = async (): Promise<StartedParts> => {
  const dir = await mkdtemp(join(tmpdir(), 'penreg-test-'));
  const { logins, users } = clickHouseUsers();
  const starts = [startKafka({ dir: join(dir, 'kafka') }), startRedis({ dir: join(dir, 'redis') }), startClickHouse({ dir: join(dir, 'clickhouse'), users })] as const;
  const stop = async (): Promise<void> => {
    const started = (await Promise.allSettled<Part>(starts)).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    // Their data is thrown away, so nothing is gained by an orderly end.
    await Promise.all(started.map((part) => part.kill()));
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const [kafka, redis, clickhouse] = await Promise.all(starts);
    return { parts: { kafka: kafka.address, redis: redis.address, clickhouse: { url: clickhouse.address, ...logins } }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
