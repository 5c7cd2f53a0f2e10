/** One step of the schema. Never changed once it has been released: the next step changes what it made. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Each may run again and beside itself without harm. */
  readonly statements: readonly string[];
}

/**
 * Acknowledged rows survive a crash of the machine, and what was deleted leaves the disk soon: a deletion writes new
 * parts, and the old ones stay for `old_parts_lifetime` seconds.
 */
const DURABLE = 'fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 10';

const ENUM = {
  kind: `Enum8('message' = 1, 'call' = 2, 'login' = 3)`,
  type: `Enum8('text' = 1, 'image' = 2, 'video' = 3, 'audio' = 4, 'document' = 5, 'location' = 6, 'contact' = 7, 'sticker' = 8, 'reaction' = 9, 'poll' = 10, 'status' = 11, 'other' = 12, 'offer' = 21, 'accept' = 22, 'reject' = 23, 'terminate' = 24, 'av_switch' = 25, 'group_update' = 26, 'connect' = 41)`,
  direction: `Enum8('outgoing' = 1, 'incoming' = 2)`,
  device: `Enum8('android' = 1, 'iphone' = 2, 'smba' = 3, 'smbi' = 4, 'web' = 5, 'desktop' = 6, 'kaios' = 7, 'other' = 8)`,
  media: `Enum8('audio' = 1, 'video' = 2)`,
  withheld: `Enum8('ip' = 1, 'port' = 2, 'device' = 3, 'size' = 4, 'group' = 5, 'participants' = 6, 'groupRecipients' = 7)`,
  invalid: `Enum8('id' = 1, 'type' = 2, 'from' = 3, 'to' = 4, 'group' = 5, 'ip' = 6, 'port' = 7, 'device' = 8, 'size' = 9, 'callId' = 10, 'media' = 11, 'participants' = 12)`,
  gap: `Enum8('expired' = 1, 'recreated' = 2, 'unexamined' = 3, 'before-tap' = 4, 'stopped' = 5, 'late-grant' = 6, 'undecodable' = 7, 'clock' = 8, 'unreadable-batch' = 9)`,
} as const;

/** A hash has no pattern to compress but its alphabet. */
const HASH = 'FixedString(64) CODEC(ZSTD(1))';
const INSTANT = `DateTime64(3, 'UTC')`;

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'records, seals, coverage, gaps, dead letters, voids',
    statements: [
      // Identity is the sorting key: a row written again is the same row, and differing rows of one position both
      // survive. Of equal rows the one that was read first stays, because a stop goes by when a row was read.
      `CREATE TABLE IF NOT EXISTS records (
        order_id UUID,
        topic_id LowCardinality(String),
        partition UInt32,
        offset UInt64,
        row_hash ${HASH},
        kind ${ENUM.kind},
        type Nullable(${ENUM.type}),
        at ${INSTANT} CODEC(Delta, ZSTD(1)),
        appended ${INSTANT} CODEC(Delta, ZSTD(1)),
        event_id Nullable(String),
        from_account Nullable(String),
        to_accounts Array(String),
        leg_targets Array(String),
        leg_directions Array(${ENUM.direction}),
        ip Nullable(IPv6),
        port Nullable(UInt16),
        device Nullable(${ENUM.device}),
        size Nullable(UInt64),
        group_id Nullable(String),
        call_id Nullable(String),
        media Nullable(${ENUM.media}),
        has_participants Bool,
        participants Array(String),
        withheld Array(${ENUM.withheld}),
        invalid Array(${ENUM.invalid}),
        clock_flag Bool,
        epoch UInt64,
        tap LowCardinality(String),
        boot LowCardinality(String),
        flush UInt64,
        read_at ${INSTANT} CODEC(Delta, ZSTD(1)),
        precedence UInt64 DEFAULT 9223372036854775807 - toUnixTimestamp64Milli(read_at)
      ) ENGINE = ReplacingMergeTree(precedence)
      PARTITION BY toYYYYMM(at)
      ORDER BY (order_id, topic_id, partition, offset, row_hash)
      SETTINGS ${DURABLE}`,

      `CREATE TABLE IF NOT EXISTS seals (
        order_id UUID,
        tap LowCardinality(String),
        boot LowCardinality(String),
        flush UInt64,
        topic_id LowCardinality(String),
        seq UInt64,
        prev Nullable(FixedString(64)),
        range_partitions Array(UInt32),
        range_firsts Array(UInt64),
        range_lasts Array(UInt64),
        range_counts Array(UInt64),
        root ${HASH},
        hash ${HASH}
      ) ENGINE = ReplacingMergeTree
      ORDER BY (order_id, boot, flush, hash)
      SETTINGS ${DURABLE}`,

      // One row a flush, for all orders: it says what was examined and, by tags, that seals belong to it.
      `CREATE TABLE IF NOT EXISTS coverage (
        tap LowCardinality(String),
        boot LowCardinality(String),
        flush UInt64,
        topic_id LowCardinality(String),
        partitions UInt32,
        read_at ${INSTANT} CODEC(Delta, ZSTD(1)),
        interval_topics Array(LowCardinality(String)),
        interval_partitions Array(UInt32),
        interval_froms Array(UInt64),
        interval_tos Array(UInt64),
        interval_epochs Array(UInt64),
        interval_append_mins Array(Nullable(${INSTANT})),
        interval_append_maxs Array(Nullable(${INSTANT})),
        interval_watermarks Array(${INSTANT}),
        interval_begins Array(Nullable(${INSTANT})),
        seal_tags Array(String),
        seal_hashes Array(FixedString(64)),
        refused_tags Array(String),
        key_id LowCardinality(String),
        signature String CODEC(NONE)
      ) ENGINE = ReplacingMergeTree
      PARTITION BY toYYYYMM(read_at)
      ORDER BY (boot, flush, signature)
      SETTINGS ${DURABLE}`,

      // order_id is the nil UUID for a gap of everyone.
      `CREATE TABLE IF NOT EXISTS gaps (
        order_id UUID,
        topic_id LowCardinality(String),
        partition UInt32,
        offset_from UInt64,
        offset_to UInt64,
        reason ${ENUM.gap},
        append_min Nullable(${INSTANT}),
        append_max Nullable(${INSTANT}),
        tap LowCardinality(String),
        boot LowCardinality(String),
        flush UInt64
      ) ENGINE = ReplacingMergeTree
      ORDER BY (order_id, topic_id, partition, offset_from, offset_to, reason)
      SETTINGS ${DURABLE}`,

      `CREATE TABLE IF NOT EXISTS dead_letters (
        topic_id LowCardinality(String),
        partition UInt32,
        offset UInt64,
        appended ${INSTANT},
        code LowCardinality(String),
        value_hash ${HASH},
        tap LowCardinality(String),
        boot LowCardinality(String),
        flush UInt64
      ) ENGINE = ReplacingMergeTree
      PARTITION BY toYYYYMM(appended)
      ORDER BY (topic_id, partition, offset, code, value_hash)
      SETTINGS ${DURABLE}`,

      `CREATE TABLE IF NOT EXISTS voids (
        order_id UUID,
        topic_id LowCardinality(String),
        reason LowCardinality(String),
        row_partitions Array(UInt32),
        row_offsets Array(UInt64),
        row_hashes Array(FixedString(64)),
        at ${INSTANT},
        key_id LowCardinality(String),
        signature String CODEC(NONE)
      ) ENGINE = ReplacingMergeTree
      ORDER BY (order_id, topic_id, signature)
      SETTINGS ${DURABLE}`,
    ],
  },
  {
    version: 2,
    name: 'the long-term copy of the registry',
    statements: [
      // One row an entry of the audit log: sealed texts and hashes, word for word. Differing rows of one number both survive.
      `CREATE TABLE IF NOT EXISTS audit_copy (
        seq UInt64,
        prev Nullable(FixedString(64)),
        hash ${HASH},
        at ${INSTANT} CODEC(Delta, ZSTD(1)),
        content ${HASH},
        sealed String CODEC(ZSTD(1)),
        writes_hash Nullable(FixedString(64)),
        writes Nullable(String) CODEC(ZSTD(1))
      ) ENGINE = ReplacingMergeTree
      ORDER BY (seq, hash)
      SETTINGS ${DURABLE}`,
    ],
  },
];

/** What each service may do, table by table; nothing else. */
const RIGHTS = {
  sink: { records: ['INSERT'], seals: ['INSERT'], coverage: ['INSERT'], gaps: ['INSERT'], dead_letters: ['INSERT'] },
  reader: { records: ['SELECT', 'ALTER DELETE'], seals: ['SELECT'], coverage: ['SELECT'], gaps: ['SELECT'], voids: ['SELECT', 'INSERT'] },
  copy: { audit_copy: ['SELECT', 'INSERT'] },
} as const;

/**
 * The rights of the users of taps (`sink`), reporting (`reader`) and order-activation (`copy`) on one database, as GRANT statements without the grantee, for a
 * users.xml or a script. A tap can write rows and read none.
 *
 * A database that ends in `*` is a pattern, for tests that make a database each: ClickHouse grants a pattern of
 * databases whole, so the rights of single tables are then merged.
 */
export const roleGrants = (database: string): Readonly<Record<keyof typeof RIGHTS, readonly string[]>> => {
  if (!/^[A-Za-z_][A-Za-z0-9_]*\*?$/.test(database)) throw new RangeError('a database is named [A-Za-z0-9_]+, with * at most at its end');
  const grantsOf = (rights: Readonly<Record<string, readonly string[]>>): readonly string[] =>
    database.endsWith('*')
      ? [`GRANT ${[...new Set(Object.values(rights).flat())].join(', ')} ON ${database}.*`]
      : Object.entries(rights).map(([table, acts]) => `GRANT ${acts.join(', ')} ON ${database}.${table}`);
  return { sink: grantsOf(RIGHTS.sink), reader: grantsOf(RIGHTS.reader), copy: grantsOf(RIGHTS.copy) };
};
