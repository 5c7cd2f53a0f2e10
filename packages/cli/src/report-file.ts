import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { JobAnswer } from './api.ts';
import { call, callJson, type Connection } from './client.ts';
import { print } from './console.ts';
import { openTarget } from './download-target.ts';
import { CliError } from './error.ts';
import { bar, megabytes, progressOn } from './progress.ts';
import type { Settings } from './settings.ts';

const POLL_MS = 500;

export interface FileRequest {
  readonly form: string;
  readonly reason: string;
  readonly day?: string;
  /** Holds one account on its first line. */
  readonly targetFile?: string;
  readonly out: string;
}

const readTarget = (file: string): string => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError('usage', `the file ${file} cannot be read`, [], { cause });
  }
  if (!/^[A-Za-z0-9._:@-]{1,64}$/.test(text)) throw new CliError('usage', `the file ${file} does not hold one account`);
  return text;
};

type Job = z.output<typeof JobAnswer>;

const wait = async (connection: Connection, asked: Job, tell: (text: string) => void): Promise<Job> => {
  let job = asked;
  while (job.state === 'waiting' || job.state === 'running') {
    tell(job.state === 'waiting' ? 'waiting for a report before it' : bar(job.percent));
    await setTimeout(POLL_MS);
    job = await callJson(connection, `/jobs/${asked.job}`, JobAnswer);
  }
  return job;
};

/** Has a report rendered into a file on the service, fetches it, checks it against the digest that stands on the audit log, and has it removed there. */
export const fetchReportFile = async (orderPath: string, { form, reason, day, targetFile, out }: FileRequest, { io, reports, json }: Settings): Promise<void> => {
  const connection = reports();
  const target = targetFile === undefined ? undefined : readTarget(targetFile);
  const asked = await callJson(connection, `${orderPath}/report/jobs`, JobAnswer, { method: 'POST', body: { form, reason, ...(day === undefined ? {} : { day }), ...(target === undefined ? {} : { target }) } });
  const progress = progressOn(io);
  try {
    const job = await wait(connection, asked, progress.tell);
    if (job.fault !== null) throw new CliError(job.fault.retriable ? 'unavailable' : 'refused', `the report could not be made: ${job.fault.code}`, job.fault.rule === null ? [] : [job.fault.rule]);
    if (job.file === null) throw new CliError('unverified', 'the service says that the report is done and names no file');
    const { bytes: whole, sha256, records } = job.file;
    const response = await call(connection, `/jobs/${job.job}/file`);
    if (response.body === null) throw new CliError('unverified', 'the report has no body');
    const digest = createHash('sha256');
    const file = openTarget(out, io);
    await file.take(response.body, (chunk, bytes) => {
      digest.update(chunk);
      progress.tell(`${bar(whole === 0 ? 100 : Math.floor((bytes / whole) * 100))}  ${megabytes(bytes)}`);
    });
    if (digest.digest('hex') !== sha256) throw new CliError('unverified', "the file's digest does not hold: it was cut off or altered on its way", [`What arrived is in ${out}.part and is not a report.`]);
    await file.keep();
    progress.clear();
    if (json) print(io.err, JSON.stringify({ ...job.file, job: job.job, out }));
    else print(io.err, `${records} records, ${megabytes(whole)} in ${out}`, `sha256  ${sha256}`);
  } finally {
    progress.clear();
    // Nothing is left behind, whatever happened; the service removes it in any case.
    await call(connection, `/jobs/${asked.job}`, { method: 'DELETE' }).catch(() => undefined);
  }
};
