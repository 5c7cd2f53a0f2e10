/** Everything that can go wrong in this package. Nobody decides on message text. */
export const KAFKA_ERROR_CODES = [
  /** kafkajs is not the version, or not the very files, that the seam was written for. */
  'seam-mismatch',
  /** kafkajs was loaded before the seam could be installed. */
  'seam-late',
  /** A consumer made by kafkajs itself in a process with the seam. */
  'plain-consumer',
  /** `KAFKAJS_DEBUG_*` is set: kafkajs would print bodies. */
  'debug-env',
  /** A position lies below the log start: Kafka deleted what it points to. */
  'offset-below-log-start',
  /** A position lies beyond the end of the log: the topic was made anew, or the log lost its tail. */
  'offset-above-end',
  /** The generation in which a position was reached is over; another tap may hold the partition. */
  'stale-generation',
  /** Commit metadata longer than what brokers accept by default (4,096 bytes). */
  'metadata-too-long',
  /** A handler or the `joined` callback threw; its error is the `cause`. */
  'handler-failed',
  /** Handlers did not finish, or kafkajs did not stop, in the time allowed. */
  'stop-timeout',
  /** `run` has not been called, was called twice, or the consumer has stopped. */
  'not-running',
  'topic-missing',
  'topic-exists',
  /** Initial positions can only be committed while the group has no member. */
  'group-not-empty',
  /** The group has a position for one of these partitions already: an initial one would overwrite it. */
  'already-committed',
  /** The broker cannot tell topic ids (Kafka before 3.1). */
  'unsupported-broker',
  /** A response that does not follow the protocol. */
  'malformed-response',
  /** Brokers or the group's coordinator could not be reached for as long as the configuration allows. */
  'unavailable',
  /** An error nobody foresaw: the `cause`. */
  'unexpected',
  /** Any other error that a broker answered; `kafka` names it. */
  'refused',
] as const;
export type KafkaErrorCode = (typeof KAFKA_ERROR_CODES)[number];

/** Where in the log an error happened, as far as it is known. Never anything of a record. */
export interface KafkaErrorFacts {
  readonly topic?: string;
  readonly partition?: number;
  /** The position that was asked for. */
  readonly offset?: bigint;
  readonly logStart?: bigint;
  readonly logEnd?: bigint;
  /** Kafka's own name of the error, such as `TOPIC_AUTHORIZATION_FAILED`. */
  readonly kafka?: string;
}

export class KafkaError extends Error {
  readonly code: KafkaErrorCode;
  /** The same act may succeed later without anybody changing anything. */
  readonly retriable: boolean;
  readonly facts: KafkaErrorFacts;

  constructor(code: KafkaErrorCode, message: string, { facts = {}, cause }: { facts?: KafkaErrorFacts; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = 'KafkaError';
    this.code = code;
    this.retriable = code === 'unavailable';
    this.facts = facts;
  }
}

interface Chained {
  readonly name?: unknown;
  readonly type?: unknown;
  readonly cause?: unknown;
  /** Of kafkajs' aggregate error; it never holds more than one here. */
  readonly errors?: readonly unknown[];
}

/** The error and what it wraps, outermost first. kafkajs wraps once for "not retriable" and once for "tried too often". */
const chainOf = (error: unknown): readonly Chained[] => {
  const chain: Chained[] = [];
  for (let at = error; at !== null && typeof at === 'object' && chain.length < 8; at = (at as Chained).errors?.[0] ?? (at as Chained).cause) chain.push(at);
  return chain;
};

/** Kafka's own name of an error that a broker answered, such as `ILLEGAL_GENERATION`. */
export const kafkaNameOf = (error: unknown): string | null => {
  for (const { type, name } of chainOf(error)) {
    if (typeof type === 'string' && type !== '') return type;
    // The one answer whose name kafkajs drops.
    if (name === 'KafkaJSSASLAuthenticationError') return 'SASL_AUTHENTICATION_FAILED';
  }
  return null;
};

const GENERATION_ENDS = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']);

/** The coordinator no longer counts this member, or only until it joins again. */
export const endsGeneration = (error: unknown): boolean => GENERATION_ENDS.has(kafkaNameOf(error) ?? '');

const COORDINATOR_MOVES = new Set([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
]);

/** The coordinator is somewhere else, or not ready: look for it and ask again. */
export const isCoordinatorMoving = (error: unknown): boolean => COORDINATOR_MOVES.has(kafkaNameOf(error) ?? '');

const UNREACHABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
  'KafkaJSLockTimeout',
]);

/** No broker said anything: nobody was reached, or nobody answered. */
export const isUnreachable = (error: unknown): boolean => chainOf(error).some(({ name }) => typeof name === 'string' && UNREACHABLE.has(name));

const CODE_OF: Readonly<Record<string, KafkaErrorCode>> = {
  UNKNOWN_TOPIC_OR_PARTITION: 'topic-missing',
  TOPIC_ALREADY_EXISTS: 'topic-exists',
  OFFSET_METADATA_TOO_LARGE: 'metadata-too-long',
};

/** Our own errors as they are; kafkajs' and everything else in our words. */
export const kafkaErrorFrom = (error: unknown, facts: KafkaErrorFacts = {}): KafkaError => {
  for (const link of chainOf(error)) if (link instanceof KafkaError) return link;
  const kafka = kafkaNameOf(error);
  if (kafka !== null) {
    const code = CODE_OF[kafka] ?? (endsGeneration(error) ? 'stale-generation' : isCoordinatorMoving(error) ? 'unavailable' : 'refused');
    return new KafkaError(code, `the broker answered ${kafka}`, { facts: { ...facts, kafka }, cause: error });
  }
  if (isUnreachable(error)) return new KafkaError('unavailable', 'no broker could be reached', { facts, cause: error });
  return new KafkaError('unexpected', 'an error nobody foresaw', { facts, cause: error });
};
