import type { JsonValue } from '@penreg/evidence';

/** A change of system state that the tap puts on the record (law 9). Never names an account. */
export interface AuditEntry {
  readonly act: string;
  readonly detail: JsonValue;
}

export interface Auditor {
  /** Returns at once; entries are written in order, and kept while the registry cannot be reached. */
  note(entry: AuditEntry): void;
  /** Resolves when everything noted so far is on the record, or `deadlineMs` is over. */
  settle(deadlineMs: number): Promise<void>;
}

const RETRY_MS = 500;
/** Beyond this the oldest of what could not be written is dropped and the loss itself noted: memory is bounded. */
const MAX_WAITING = 1_000;

/**
 * Writes the tap's audit entries in the background. The tap's loop never waits for the log: a hold must be noted
 * precisely when the registry, which carries the log, is away.
 */
export const createAuditor = (append: (entry: AuditEntry) => Promise<unknown>, wait: (ms: number) => Promise<void>): Auditor => {
  const waiting: AuditEntry[] = [];
  let dropped = 0;
  let working: Promise<void> | null = null;

  const work = async (): Promise<void> => {
    while (waiting.length > 0 || dropped > 0) {
      const entry = waiting[0] ?? { act: 'tap-audit-lost', detail: { entries: dropped } };
      try {
        await append(entry);
        if (waiting[0] === entry) waiting.shift();
        else dropped = 0;
      } catch {
        await wait(RETRY_MS);
      }
    }
    working = null;
  };

  return {
    note(entry) {
      if (waiting.length >= MAX_WAITING) {
        waiting.splice(1, 1);
        dropped += 1;
      }
      waiting.push(entry);
      working ??= work();
    },
    async settle(deadlineMs) {
      await Promise.race([working ?? Promise.resolve(), wait(deadlineMs)]);
    },
  };
};
