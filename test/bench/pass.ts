/** What a consumer under test is given, as JSON in its first argument. */
export interface ConsumerTask {
  readonly broker: string;
  readonly topic: string;
  readonly partitions: number;
  readonly codec: 'json' | 'protobuf';
  readonly events: number;
  readonly hits: number;
  readonly targets: number;
  readonly passes: number;
  /** Bytes of one fetch over all partitions, and of one partition: the same for every consumer. */
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** For the tap: its configuration but for topic, group and fetch sizes. */
  readonly tap?: Readonly<Record<string, unknown>>;
}

/** One reading of the whole topic. */
export interface Pass {
  readonly events: number;
  readonly seconds: number;
  /** User and system time of the whole process, all its threads, over the same stretch. */
  readonly cpuSeconds: number;
  readonly hits: number | null;
}

export interface ConsumerResult {
  readonly passes: readonly Pass[];
  /** Peak resident memory of the process. */
  readonly maxRssMb: number;
}

export const readTask = <T extends ConsumerTask = ConsumerTask>(): T => JSON.parse(process.argv[2] ?? '{}') as T;

export const printResult = (passes: readonly Pass[]): void => {
  const result: ConsumerResult = { passes, maxRssMb: process.resourceUsage().maxRSS / 1_024 };
  process.stdout.write(`${JSON.stringify(result)}\n`);
};

/** Measures from `start` to `stop`; both belong to the process that consumes. */
export const startWatch = (): (() => Pick<Pass, 'seconds' | 'cpuSeconds'>) => {
  const cpu = process.cpuUsage();
  const wall = process.hrtime.bigint();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { seconds: Number(process.hrtime.bigint() - wall) / 1e9, cpuSeconds: (user + system) / 1e6 };
  };
};
