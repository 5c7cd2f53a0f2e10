import { Readable } from 'node:stream';
import { authenticate, ApiError, permit, type HttpApp, type Identity } from '@penreg/platform';
import { FORMS } from '@penreg/returns';
import { JobAnswer, JobBody, JobListAnswer, JobParams, OrderParams } from './api.ts';
import { withParts } from './faults.ts';
import type { Job, Jobs } from './jobs.ts';
import { subjectFor, type SubjectDeps } from './subject.ts';
import type { Trail } from './trail.ts';

export interface JobRouteDeps {
  readonly jobs: Jobs;
  readonly subjects: SubjectDeps;
  readonly trail: Trail;
}

/** How far it is. The last percent is that the file can be fetched. */
const percentOf = ({ state, read, expected }: Job): number => (state === 'done' ? 100 : expected === null || expected === 0 ? 0 : Math.min(99, Math.floor((read / expected) * 100)));

/** A job for who asked for it. The target stands in none: it is an identifier. */
const toAnswer = (job: Job): JobAnswer => {
  const { id, orderId, form, selection, reason, state, createdAt, file, fault, removedAt } = job;
  return { job: id, order: orderId, form, extension: FORMS[form].extension, day: selection.day, oneTarget: selection.target !== null, reason, state, percent: percentOf(job), createdAt, file, fault, removedAt };
};

/** Reports as files: asked for, watched, fetched, removed. */
export const addJobRoutes = (app: HttpApp, { jobs, subjects, trail }: JobRouteDeps): void => {
  const jobOf = (id: string, who: Identity): Job => {
    const job = jobs.find(id, who.personId);
    if (job === null) throw new ApiError('not-found', { field: 'job', rule: 'no report of this id is yours' });
    return job;
  };

  app.post(
    '/orders/:id/report/jobs',
    { ...permit('report-download'), schema: { params: OrderParams, body: JobBody, description: 'Asks for a report as a file. A target goes in the body, never in a URL.', response: { 202: JobAnswer } } },
    async (request, reply) => {
      const who = authenticate(request);
      const { id } = request.params;
      const { form, day, target, reason } = request.body;
      const find = () => withParts(() => subjectFor(who, id, subjects));
      const subject = await find();
      if (target !== undefined && !subject.body.targets.includes(target)) throw new ApiError('bad-input', { field: 'target', rule: 'not a target of this order' });
      await trail.read(who, 'report-download', id, { form, reason, day: day ?? null, oneTarget: target !== undefined });
      const job = jobs.create({ owner: who.personId, orderId: id, form, selection: { day: day ?? null, target: target ?? null }, reason, subject: find });
      return reply.code(202).send(toAnswer(job));
    },
  );

  app.get('/jobs', { ...permit('report-download'), schema: { description: 'Your reports, oldest first.', response: { 200: JobListAnswer } } }, async (request) => ({ jobs: jobs.list(authenticate(request).personId).map(toAnswer) }));

  app.get('/jobs/:job', { ...permit('report-download'), schema: { params: JobParams, description: 'How far a report is.', response: { 200: JobAnswer } } }, async (request) => toAnswer(jobOf(request.params.job, authenticate(request))));

  app.get('/jobs/:job/file', { ...permit('report-download'), schema: { params: JobParams, description: 'The file. `x-sha256` is its SHA-256.' } }, async (request, reply) => {
    const who = authenticate(request);
    const job = jobOf(request.params.job, who);
    const { id, orderId, form, reason, file } = job;
    // The order may have been taken from them since they asked.
    await withParts(() => subjectFor(who, orderId, subjects));
    if (file === null) throw new ApiError('wrong-state', { field: 'job', rule: 'the report has not been rendered' });
    await trail.read(who, 'report-download', orderId, { job: id, form, reason, ...file });
    const { contentType, extension } = FORMS[form];
    reply.type(contentType).header('content-length', file.bytes).header('x-sha256', file.sha256).header('content-disposition', `attachment; filename="${orderId}-${form}.${extension}"`);
    return reply.send(Readable.from(jobs.read(job), { objectMode: false }) as never);
  });

  app.delete('/jobs/:job', { ...permit('report-download'), schema: { params: JobParams, description: 'Ends a report, whatever its state, and removes its file.' } }, async (request, reply) => {
    await jobs.remove(jobOf(request.params.job, authenticate(request)));
    return reply.code(204).send();
  });
};
