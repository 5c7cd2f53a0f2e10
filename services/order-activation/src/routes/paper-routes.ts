import { OrderIdSchema, type OrderId, type Timing, type UtcMs } from '@penreg/domain';
import { ApiError, ApiErrorBodySchema, authenticate, permit, type HttpApp, type Identity, type Sensitive } from '@penreg/platform';
import type { AuditEntry, Registry } from '@penreg/registry';
import { PAPER_FORMS, renderPaper, type Paper, type PaperForm } from '@penreg/returns';
import type { RosterFile } from '@penreg/trust';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { toConfirmations } from '../confirmations.ts';
import { certificateOf } from '../issued/certificate.ts';
import { closingFileOf, type ClosingFileFacts } from '../issued/closing-file.ts';
import { periodOf, type Period } from '../issued/period.ts';
import { statisticsOf } from '../issued/statistics.ts';
import { transparencyOf } from '../issued/transparency.ts';
import type { Orders } from '../orders.ts';
import { withRegistry } from '../registry-errors.ts';
import type { Trail } from '../trail.ts';
import { readingOf } from '../visibility.ts';

export interface PaperRoutesDeps {
  readonly registry: Pick<Registry, 'orders' | 'requests' | 'audit' | 'taps'>;
  readonly orders: Pick<Orders, 'show'>;
  readonly roster: RosterFile;
  readonly trail: Trail;
  readonly lookupKey: Sensitive<string>;
  readonly timing: Timing;
  readonly software: string;
  readonly now: () => UtcMs;
}

const AUDIT_PAGE = 1_000;
const format = z.enum(PAPER_FORMS).default('json');
const OrderPaperParams = z.strictObject({ id: OrderIdSchema, paper: z.enum(['certificate', 'closing-file']) });
const FormQuery = z.strictObject({ format });
const PeriodParams = z.strictObject({ paper: z.enum(['statistics', 'transparency']), period: z.string().max(6) });
const answers = { 200: z.unknown(), '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };

/** Papers made of what is on record when they are asked for: nothing of them is kept here. */
export const addPaperRoutes = (app: HttpApp, { registry, orders, roster, trail, lookupKey, timing, software, now }: PaperRoutesDeps): void => {
  const auditOf = async (orderId: OrderId, requestId: string | null): Promise<readonly AuditEntry[]> => {
    const found: AuditEntry[] = [];
    for (let from = 1; ; from += AUDIT_PAGE) {
      const page = await withRegistry(() => registry.audit.read(from, AUDIT_PAGE));
      const isOfRequest = ({ detail }: AuditEntry): boolean => requestId !== null && typeof detail === 'object' && detail !== null && 'requestId' in detail && detail.requestId === requestId;
      found.push(...page.filter((entry) => entry.orderId === orderId || isOfRequest(entry)));
      if (page.length < AUDIT_PAGE) return found;
    }
  };

  const orderFacts = async (who: Identity, orderId: OrderId): Promise<Omit<ClosingFileFacts, 'audit'>> => {
    const { order, visibility } = await orders.show(who, orderId);
    const reading = readingOf(order.body, visibility, lookupKey);
    if (reading === null) throw new ApiError('not-found', { field: 'id', rule: 'no such order, or none of whose papers you may see' });
    const whole = visibility === 'whole';
    const { request: requestId } = order.body;
    const founding = requestId === null ? null : await withRegistry(() => registry.requests.get(requestId));
    const request = founding === null || whole ? founding : { ...founding, paper: { ...founding.paper, contact: null } };
    const confirmations = toConfirmations(order, await withRegistry(() => registry.taps.confirmations(orderId)), roster.current());
    const starts = confirmations.filter((c) => c.verified && c.confirms === 'start').map((c) => c.at);
    return { order, reading, request, words: whole, confirmations, confirmed: { taps: starts.length, first: starts.length === 0 ? null : Math.min(...starts) }, timing, generatedAt: now(), software };
  };

  const send = (reply: FastifyReply, paper: Paper, form: PaperForm, name: string) => {
    const { contentType, bytes } = renderPaper(paper, form);
    return reply
      .header('content-disposition', `attachment; filename="${name}.${form}"`)
      .header('content-security-policy', "sandbox; default-src 'none'")
      .type(contentType)
      .send(bytes);
  };

  app.get('/orders/:id/papers/:paper', { ...permit('paper-read'), schema: { summary: 'The certificate of an interception, or the closing file of an order', params: OrderPaperParams, querystring: FormQuery, response: answers } }, async (request, reply) => {
    const who = authenticate(request);
    const { id, paper } = request.params;
    const facts = await orderFacts(who, id);
    const { grant } = facts.order;
    if (paper === 'certificate' && grant === null) throw new ApiError('refused', { field: 'id', rule: 'an order that was never activated intercepted nothing, and has no certificate' });
    await trail.read(who, 'paper-read', id, { paper, format: request.query.format });
    const made = paper === 'certificate' && grant !== null ? certificateOf(facts, grant) : closingFileOf({ ...facts, audit: await auditOf(id, facts.order.body.request) });
    return send(reply, made, request.query.format, `${paper}-${id}`);
  });

  app.get('/papers/:paper/:period', { ...permit('statistics-read'), schema: { summary: 'Statistics after 18 U.S.C. § 3126, or the transparency report, of a year or a half-year', params: PeriodParams, querystring: FormQuery, response: answers } }, async (request, reply) => {
    const who = authenticate(request);
    const { paper, period: named } = request.params;
    const period: Period | null = periodOf(named);
    if (period === null) throw new ApiError('bad-input', { field: 'period', rule: 'must be a year or a half-year, such as 2026 or 2026H2' });
    if (paper === 'transparency' && !named.includes('H')) throw new ApiError('bad-input', { field: 'period', rule: 'a transparency report is of a half-year, such as 2026H2: together with one of the year it could tell what either hides' });
    const all = await withRegistry(() => registry.orders.list());
    const made = { timing, generatedAt: now(), software };
    const requests = paper === 'transparency' ? await withRegistry(() => registry.requests.list()) : [];
    await trail.read(who, 'statistics-read', undefined, { paper, period: named, format: request.query.format });
    return send(reply, paper === 'transparency' ? transparencyOf(requests, all, period, made) : statisticsOf(all, period, made), request.query.format, `${paper}-${named}`);
  });
};
