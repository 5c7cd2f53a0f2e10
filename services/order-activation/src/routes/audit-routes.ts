import { Readable } from 'node:stream';
import { CHECKPOINT_ACT, checkpointHash, CheckpointSchema, COUNTERSIGN_ACT, verifyChain, verifyCountersignature, type JsonValue, type LogPage } from '@penreg/evidence';
import { ApiError, ApiErrorBodySchema, authenticate, permit, type HttpApp } from '@penreg/platform';
import type { Registry } from '@penreg/registry';
import type { RosterFile } from '@penreg/trust';
import { z } from 'zod';
import type { LogWatch } from '../log-watch.ts';
import { withRegistry } from '../registry-errors.ts';
import { AuditAnswer, AuditLogQuery, AuditQuery, CountersignAnswer, CountersignBody } from '../system-api.ts';
import type { Trail } from '../trail.ts';

export interface AuditRoutesDeps {
  readonly deployment: string;
  readonly registry: Pick<Registry, 'audit'>;
  readonly roster: RosterFile;
  readonly trail: Trail;
  readonly watch: LogWatch;
  /** Both logs out of the long-term copy; null where there is none. */
  readonly copied: (() => AsyncIterable<LogPage>) | null;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** What is wrong with a stretch by itself: what is shown must be a chain, whatever was looked at before. */
const faultOf = ({ entries }: LogPage): { readonly log: 'audit'; readonly problem: string; readonly seq: number } | null => {
  const links = entries.flatMap(({ link }) => link ?? []);
  const [first] = links;
  const verdict = verifyChain(links, { after: first === undefined || first.prev === null ? null : { seq: first.seq - 1, hash: first.prev } });
  if (!verdict.ok) return { log: 'audit', problem: verdict.problem, seq: verdict.seq };
  const unreadable = entries.find(({ link }) => link === null);
  return unreadable === undefined ? null : { log: 'audit', problem: 'unreadable', seq: unreadable.seq };
};

/** The logs as NDJSON: a head, pages as `LogWalk` takes them, an end without which it was cut off. */
const linesOf = async function* (deployment: string, query: z.output<typeof AuditLogQuery>, pages: AsyncIterable<LogPage>): AsyncGenerator<string> {
  yield `${JSON.stringify({ kind: 'log', deployment, ...query })}\n`;
  for await (const { entries, changes } of pages) yield `${JSON.stringify({ kind: 'page', entries, changes })}\n`;
  yield `${JSON.stringify({ kind: 'end' })}\n`;
};

/** The hash-chained log: to read, to take away and verify, to counter-sign. */
export const addAuditRoutes = (app: HttpApp, { deployment, registry: { audit }, roster, trail, watch, copied }: AuditRoutesDeps): void => {
  app.get('/audit', { ...permit('audit-read'), schema: { summary: 'The hash-chained log, and whether it is whole', querystring: AuditQuery, response: { 200: AuditAnswer, ...refusals } } }, async (request) => {
    const who = authenticate(request);
    await trail.read(who, 'audit-read');
    const { from, count } = request.query;
    const page = await withRegistry(() => audit.page(from, count));
    const verdict = await withRegistry(() => watch.look());
    const problem = faultOf(page) ?? (verdict.ok ? null : { log: verdict.log, problem: verdict.problem, seq: verdict.seq });
    return {
      whole: problem === null,
      problem,
      head: verdict.ok && problem === null ? verdict.head : null,
      entries: page.entries.map(({ seq, link, said }) => ({
        seq,
        hash: link?.hash ?? '',
        prev: link?.prev ?? null,
        at: link?.entry.at ?? 0,
        actor: said?.actor ?? '(unreadable)',
        act: said?.act ?? '(unreadable)',
        orderId: said?.orderId ?? null,
        detail: JSON.stringify(said?.detail ?? null),
      })),
    };
  });

  app.get(
    '/audit/log',
    { ...permit('audit-read'), schema: { summary: 'Both logs whole, for verification elsewhere (NDJSON)', querystring: AuditLogQuery, response: { 200: { description: 'Pages of entries and changes', content: { 'application/x-ndjson': { schema: z.string() } } }, ...refusals } } },
    async (request, reply) => {
      const who = authenticate(request);
      const { source, from, epoch } = request.query;
      await trail.read(who, 'audit-read');
      if (source === 'copy' && copied === null) throw new ApiError('not-found', { field: 'source', rule: 'this deployment keeps no long-term copy' });
      const pages = source === 'copy' && copied !== null ? copied() : audit.pages({ seq: from, epoch }, true);
      return reply.type('application/x-ndjson; charset=utf-8').send(Readable.from(linesOf(deployment, request.query, pages)) as never);
    },
  );

  app.post('/audit/countersignatures', { ...permit('audit-countersign'), schema: { summary: "Take an auditor's counter-signature of a checkpoint", body: CountersignBody, response: { 201: CountersignAnswer, ...refusals } } }, async (request, reply) => {
    const who = authenticate(request);
    const { countersignature } = request.body;
    const refuse = (field: string, rule: string): ApiError => new ApiError('refused', { field: `countersignature.${field}`, rule });
    if (countersignature.personId !== who.personId) throw refuse('personId', 'must be the person who signed in');
    // A checkpoint is the entry after the one it vouches for.
    const [entry] = await withRegistry(() => audit.read(countersignature.seq + 1, 1));
    const checkpoint = entry?.act === CHECKPOINT_ACT ? CheckpointSchema.safeParse(entry.detail).data : undefined;
    if (checkpoint === undefined || checkpointHash(checkpoint) !== countersignature.checkpoint) throw refuse('checkpoint', 'must be the hash of a checkpoint that stands on the log, and seq its place');
    if (!verifyCountersignature(countersignature, { seq: checkpoint.seq, hash: countersignature.checkpoint }, roster.current())) throw refuse('signature', 'must be an auditor’s, with a key of the roster that counts');
    const place = await withRegistry(() => audit.append({ actor: who.personId, act: COUNTERSIGN_ACT, detail: countersignature as JsonValue }));
    return reply.code(201).send(place);
  });
};
