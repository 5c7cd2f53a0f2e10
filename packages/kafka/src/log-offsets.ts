import type { Cluster } from './internals.ts';

/** Timestamps that ListOffsets understands as places. */
export const LATEST = '-1';
export const EARLIEST = '-2';

/**
 * One offset per partition: the first at or after `timestamp` (milliseconds UTC, or a place); −1 where there is none.
 * Read-committed, `LATEST` is the last stable offset, else the high watermark.
 */
export const listOffsets = async (
  cluster: Cluster,
  { topic, partitions, timestamp, isolationLevel }: { readonly topic: string; readonly partitions: readonly number[]; readonly timestamp: string; readonly isolationLevel: number },
): Promise<ReadonlyMap<number, bigint>> => {
  const found = new Map<number, bigint>();
  const perLeader = Object.entries(cluster.findLeaderForPartitions(topic, partitions));
  await Promise.all(
    perLeader.map(async ([nodeId, led]) => {
      const broker = await cluster.findBroker({ nodeId });
      const { responses } = await broker.listOffsets({
        isolationLevel,
        topics: [{ topic, partitions: led.map((partition) => ({ partition, timestamp })) }],
      });
      for (const response of responses) for (const { partition, offset } of response.partitions) found.set(partition, BigInt(offset));
    }),
  );
  return found;
};
