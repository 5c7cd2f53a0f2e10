/** Everything that can go wrong in this package. Nobody decides on message text. */
export const KAFKA_ERROR_CODES = [
  /** kafkajs is not the version, or not the very files, that the seam was written for. */
  'seam-mismatch',
  /** kafkajs was loaded before the seam could be installed. */
  'seam-late',
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
