import { createHash, randomUUID } from 'node:crypto';
import type { OrderId, UtcMs } from '@penreg/domain';
import { ApiError, logged } from '@penreg/platform';
import { FORMS, type FormName, type Selection } from '@penreg/returns';
import { describeBreak, type Break } from './faults.ts';
import { createSecondTaker } from './generated-second.ts';
import { PrivateFile, PrivateStore, scratchIn } from './private-store.ts';
import { openReport, type ReportDeps } from './report.ts';
import type { Subject } from './subject.ts';

/** Why somebody takes a report out of the system: a closed list, so that no identifier stands on the audit log. */
export const DOWNLOAD_REASONS = ['delivery', 'agency-request', 'court', 'counsel', 'verification'] as const;
export type DownloadReason = (typeof DOWNLOAD_REASONS)[number];

export const JOB_STATES = ['waiting', 'running', 'done', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobRequest {
  /** Whose job it is: nobody else sees it. */
  readonly owner: string;
  readonly orderId: OrderId;
  readonly form: FormName;
  readonly selection: Selection;
  readonly reason: DownloadReason;
  /** The order, if it is still the owner's to read when the job begins. */
  readonly subject: () => Promise<Subject>;
}

/** A report that is rendered into a file, to be fetched by whoever asked for it. */
export interface Job extends Omit<JobRequest, 'subject'> {
  readonly id: string;
  readonly state: JobState;
  /** Records read, of about how many; null before the order has been examined. */
  readonly read: number;
  readonly expected: number | null;
  readonly createdAt: UtcMs;
  /** What came of it; null before it is done. */
  readonly file: { readonly bytes: number; readonly sha256: string; readonly records: number } | null;
  /** Why it failed. */
  readonly fault: Break | null;
  /** When a job that has ended is forgotten, with its file. */
  readonly removedAt: UtcMs | null;
}

export interface JobDeps extends ReportDeps {
  readonly folder: string;
  /** How many run at once; the others wait. */
  readonly atOnce: number;
  /** How many one person may have, ended ones included. */
  readonly perPerson: number;
  readonly keepMs: number;
}

export interface Jobs {
  /** Throws `ApiError` `too-many-requests`. */
  create(request: JobRequest): Job;
  /** Null when there is none, or it is not theirs. */
  find(id: string, owner: string): Job | null;
  /** Everything of one person's, oldest first. */
  list(owner: string): readonly Job[];
  /** The file of a job that is done. */
  read(job: Job): AsyncIterable<Uint8Array>;
  /** Ends a job, whatever its state, and removes its file. */
  remove(job: Job): Promise<void>;
  /** Ends all of them. */
  stop(): Promise<void>;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Entry {
  readonly job: Mutable<Job>;
  readonly subject: JobRequest['subject'];
  readonly ending: AbortController;
  run: Promise<void> | null;
  store: PrivateStore | null;
  file: PrivateFile | null;
  forget: NodeJS.Timeout | null;
}

export const createJobs = (deps: JobDeps): Jobs => {
  const { folder, atOnce, perPerson, keepMs, now, trail, logger } = deps;
  const entries = new Map<string, Entry>();
  const takeSecond = createSecondTaker(now);

  const render = async (entry: Entry): Promise<void> => {
    const { job, ending } = entry;
    const { signal } = ending;
    const subject = await entry.subject();
    const accounts = job.selection.target === null ? subject.body.targets : [job.selection.target];
    const generatedAt = await takeSecond(accounts, signal);
    const store = await PrivateStore.open(folder);
    entry.store = store;
    const file = new PrivateFile(store);
    const digest = createHash('sha256');
    let bytes = 0;
    let records = 0;
    const opened = await openReport(subject, { selection: job.selection, generatedAt, onRecord: () => void (job.read += 1) }, deps, signal);
    try {
      job.expected = opened.proven;
      const report = { ...opened.report, close: async () => {
        const closing = await opened.report.close();
        records = closing.totals.records;
        return closing;
      } };
      for await (const piece of FORMS[job.form].render(report, scratchIn(store))) {
        signal.throwIfAborted();
        const part = Buffer.from(piece as string);
        digest.update(part);
        bytes += part.length;
        await file.write(part);
      }
    } finally {
      opened.leave();
    }
    await file.flush();
    const made = { bytes, sha256: digest.digest('hex'), records };
    await trail.rendered(job.orderId, { job: job.id, form: job.form, reason: job.reason, by: job.owner, ...made });
    entry.file = file;
    job.file = made;
  };

  const drop = async (entry: Entry): Promise<void> => {
    entries.delete(entry.job.id);
    if (entry.forget !== null) clearTimeout(entry.forget);
    entry.ending.abort();
    await entry.run;
    await entry.store?.close();
    entry.store = null;
  };

  const run = async (entry: Entry): Promise<void> => {
    const { job } = entry;
    job.state = 'running';
    try {
      await render(entry);
      job.state = 'done';
    } catch (error) {
      job.state = 'failed';
      job.fault = describeBreak(error);
      if (!entry.ending.signal.aborted) logger.error('a report could not be rendered', { order: logged.order(job.orderId), code: logged.code(job.fault.code) }, error);
      await entry.store?.close();
      entry.store = null;
    }
    job.removedAt = now() + keepMs;
    entry.forget = setTimeout(() => void drop(entry), keepMs).unref();
  };

  const next = (): void => {
    const all = [...entries.values()];
    const running = all.filter(({ job }) => job.state === 'running').length;
    for (const entry of all.filter(({ job }) => job.state === 'waiting').slice(0, Math.max(0, atOnce - running))) entry.run = run(entry).finally(next);
  };

  const list = (owner: string): readonly Job[] => [...entries.values()].map(({ job }) => job).filter((job) => job.owner === owner);

  return {
    create: ({ subject, ...request }) => {
      if (list(request.owner).length >= perPerson) throw new ApiError('too-many-requests', { field: 'form', rule: `at most ${perPerson} reports at a time`, cure: 'fetch or remove one of them' });
      const job: Mutable<Job> = { ...request, id: randomUUID(), state: 'waiting', read: 0, expected: null, createdAt: now(), file: null, fault: null, removedAt: null };
      entries.set(job.id, { job, subject, ending: new AbortController(), run: null, store: null, file: null, forget: null });
      next();
      return job;
    },
    find: (id, owner) => {
      const job = entries.get(id)?.job;
      return job?.owner === owner ? job : null;
    },
    list,
    read: async function* ({ id }) {
      const file = entries.get(id)?.file ?? null;
      if (file === null) throw new ApiError('wrong-state', { field: 'job', rule: 'the report has not been rendered' });
      yield* file.read();
    },
    remove: async ({ id }) => {
      const entry = entries.get(id);
      if (entry !== undefined) await drop(entry);
    },
    stop: async () => void (await Promise.all([...entries.values()].map(drop))),
  };
};
