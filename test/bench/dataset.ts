import { createRandom, encodeJson, encodeProtobuf, PROTOBUF_HEADERS, type StreamEvent } from '@penreg/testkit';
import { HIT_TARGETS, hitAccount, stranger } from './dataset-targets.ts';
import { encodeBatch, type BatchCompression, type BatchRecord } from './record-batch.ts';

export const EVENT_CODECS = ['json', 'protobuf'] as const;
export type EventCodec = (typeof EVENT_CODECS)[number];
export const BATCH_COMPRESSIONS = ['none', 'zstd'] as const satisfies readonly BatchCompression[];

/** One topic's worth of events: what it holds does not depend on how many targets there are. */
export interface DatasetKind {
  readonly codec: EventCodec;
  readonly compression: BatchCompression;
  readonly bodies: boolean;
}

export const datasetName = ({ codec, compression, bodies }: DatasetKind): string => `bench-${codec}-${compression}-${bodies ? 'bodies' : 'plain'}`;

export interface Dataset extends DatasetKind {
  readonly events: number;
  /** Events that name a target: exactly one in a thousand. */
  readonly hits: number;
  batches(): Iterable<Buffer>;
}

/** With bodies half as many, or a batch could exceed the broker's megabyte. */
const eventsPerBatch = (bodies: boolean): number => (bodies ? 250 : 500);
/** Events that are really different; then they come again. Enough that nothing stays in a processor's cache. */
const DISTINCT_EVENTS = 40_000;
const EVERY = 1_000;

const TYPES = ['text', 'text', 'text', 'image', 'video', 'audio', 'reaction'];
const DEVICES = ['android', 'iphone', 'web', 'desktop'];

const toRecord = (event: StreamEvent, codec: EventCodec): BatchRecord =>
  codec === 'json' ? { value: encodeJson(event), headers: {} } : { value: encodeProtobuf(event), headers: PROTOBUF_HEADERS };

/**
 * The events of a topic, encoded once. JSON is about 190 bytes without a body. A tenth of the events with bodies carry
 * random base64 of 256 bytes to 64 KiB, so that no compression makes it vanish.
 */
export const makeDataset = (kind: DatasetKind, events: number, at: number): Dataset => {
  const random = createRandom(20_260_000 + (kind.bodies ? 1 : 0));
  let number = 0;
  const make = (): StreamEvent => {
    const index = number++;
    const isHit = index % EVERY === EVERY / 2;
    const byTarget = random.chance(0.5);
    const target = hitAccount(random.int(0, HIT_TARGETS - 1));
    return {
      v: 1,
      id: `b${String(index).padStart(15, '0')}`,
      kind: 'message',
      type: random.pick(TYPES),
      at,
      from: isHit && byTarget ? target : stranger(random.int(0, 9_999_999)),
      to: [isHit && !byTarget ? target : stranger(random.int(0, 9_999_999))],
      ip: `198.18.${random.int(0, 255)}.${random.int(1, 254)}`,
      port: random.int(1_024, 65_535),
      device: random.pick(DEVICES),
      size: random.int(1, 999_999),
      ...(kind.bodies && random.chance(0.1) ? { payload: Buffer.from(`"${random.bytes(Math.floor(192 * 2 ** (8 * random.next()))).toString('base64')}"`) } : {}),
    };
  };
  const perBatch = eventsPerBatch(kind.bodies);
  const distinct = Array.from({ length: DISTINCT_EVENTS / perBatch }, () =>
    encodeBatch(Array.from({ length: perBatch }, () => toRecord(make(), kind.codec)), kind.compression, at),
  );
  const rounds = Math.max(1, Math.round(events / DISTINCT_EVENTS));
  const total = rounds * DISTINCT_EVENTS;
  return {
    ...kind,
    events: total,
    hits: total / EVERY,
    *batches() {
      for (let round = 0; round < rounds; round++) yield* distinct;
    },
  };
};
