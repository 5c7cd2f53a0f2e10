/** One broker's view of the topic: a default that is not set on the topic itself may differ from broker to broker. */
export interface BrokerView {
  readonly nodeId: number;
  /** Effective settings of the topic as this broker sees them. */
  readonly topic: Readonly<Record<string, string | null>>;
  /** Settings of the broker itself; null when it does not tell them. */
  readonly broker: Readonly<Record<string, string | null>> | null;
}

export interface TopicFacts {
  /** Kafka's topic id (KIP-516), 32 lower-case hexadecimal digits. */
  readonly topicId: string;
  readonly partitions: number;
  readonly config: readonly BrokerView[];
}

export const TOPIC_RULES = [] as readonly string[];

/** What about the topic breaks law 1, one sentence each, the setting's name first; empty when it may be read. */
export const topicProblems = (facts: TopicFacts): string[] => {
  throw new Error(`not yet ${facts.topicId}`);
};
