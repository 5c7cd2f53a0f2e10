export type KafkaLogLevel = 'error' | 'warn' | 'info' | 'debug';

/** What kafkajs says, reduced to closed sets: no payload, no identifier, no address, no message text. */
export interface KafkaLogEntry {
  readonly level: KafkaLogLevel;
  /** The part of kafkajs that speaks, such as `consumer-group`. */
  readonly part: string;
  /** What it says, such as `group-joined`; `other` for what is not known. */
  readonly code: string;
}
export type KafkaLog = (entry: KafkaLogEntry) => void;
