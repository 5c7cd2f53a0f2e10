import { Readable } from 'node:stream';
import type { OrderId } from '@penreg/domain';
import { authenticate, open, permit, type HttpAct, type HttpApp } from '@penreg/platform';
import { CSV_END, DEFUSED, FORMS } from '@penreg/returns';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { OrderParams, REPORT_DESCRIPTION, ReportQuery, SummaryAnswer } from './api.ts';
import { withParts } from './faults.ts';
import { openReport, stream, summarise, type ReportDeps } from './report.ts';
import { subjectFor, type Subject, type SubjectDeps } from './subject.ts';

export interface RouteDeps {
  readonly reports: ReportDeps;
  readonly subjects: SubjectDeps;
  /** Throws when a part this service needs does not answer. */
  readonly ready: () => Promise<void>;
}

/** Aborted when the caller has gone before the answer was sent. */
const goneSignal = (reply: FastifyReply): AbortSignal => {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
};

export const addRoutes = (app: HttpApp, { reports, subjects, ready }: RouteDeps): void => {
  /** Who asks, for which order; written down before anything else happens. */
  const admit = async (request: FastifyRequest, act: HttpAct, orderId: OrderId, detail: { readonly [name: string]: string }): Promise<Subject> => {
    const who = authenticate(request);
    const subject = await withParts(() => subjectFor(who, orderId, subjects));
    await reports.trail.read(who, act, orderId, detail);
    return subject;
  };

  app.get(
    '/orders/:id/report',
    { ...permit('report-read'), schema: { params: OrderParams, querystring: ReportQuery, description: REPORT_DESCRIPTION, response: { 200: { description: 'The report', content: { 'application/x-ndjson': { schema: z.string() }, 'text/csv': { schema: z.string() } } } } } },
    async (request, reply) => {
      const { id } = request.params;
      const { format, day } = request.query;
      const subject = await admit(request, 'report-read', id, { format, ...(day === undefined ? {} : { day }) });
      const opened = await openReport(subject, { selection: { day: day ?? null, target: null }, generatedAt: reports.now() }, reports, goneSignal(reply));
      // A caller who went away while the order was examined never takes the stream.
      if (reply.raw.destroyed) opened.leave();
      const body = Readable.from(stream(format, opened, reports), { objectMode: false, highWaterMark: 256 * 1024 });
      body.once('close', opened.leave);
      reply.type(FORMS[format].contentType);
      if (format === 'csv') reply.header('x-csv-defused', DEFUSED).header('x-csv-end', CSV_END);
      return reply.send(body as never);
    },
  );

  app.get(
    '/orders/:id/summary',
    { ...permit('summary-read'), schema: { params: OrderParams, description: 'Everything the report says except its records.', response: { 200: SummaryAnswer } } },
    async (request, reply) => {
      const { id } = request.params;
      const subject = await admit(request, 'summary-read', id, {});
      return SummaryAnswer.parse(await summarise(subject, reports, goneSignal(reply)));
    },
  );

  app.get('/health', { ...open(), schema: { response: { 200: z.strictObject({ status: z.literal('ok') }) } } }, async () => {
    await withParts(ready);
    return { status: 'ok' as const };
  });
};
