import { isOrderId, type OrderId, type UtcMs } from '@penreg/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpAct } from './acts.ts';
import { ApiError, type ApiErrorCode, type ApiProblem } from './api-error.ts';
import type { Bearer, IdentitySource, Recognition } from './identity.ts';
import type { Metrics } from './metrics.ts';
import { mayDo, needsTraining } from './permissions.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route lets a person do; every route has either this or `open`. */
    act?: HttpAct;
    /** Answers anybody: health, metrics, the API's own description. Never an identifier, never an order. */
    open?: true;
  }
}

/** `request`: who it was is known and may, but a rule turned the request itself away. */
export type RefusalReason = 'no-token' | 'unknown-token' | 'expired-token' | 'no-permission' | 'out-of-scope' | 'training' | 'request';

/** A request that was turned away, as it goes to the audit log. It holds no identifier and nothing of the body. */
export interface Refusal {
  /** Null where nobody could be told from the token. */
  readonly personId: string | null;
  readonly act: HttpAct;
  readonly reason: RefusalReason;
  readonly error: ApiErrorCode;
  readonly orderId: OrderId | null;
  /** The first field and the rule it broke. */
  readonly field: string | null;
  readonly rule: string | null;
  /** Where the request came from. */
  readonly address: string;
  readonly requestId: string;
}

/** Writes a refusal to the audit log. When it rejects, the caller gets 503: no audit, no act. */
export type AuditRefusal = (refusal: Refusal) => Promise<unknown>;

export interface Access {
  readonly identities: IdentitySource;
  readonly audit: AuditRefusal;
}

/** Route options of a guarded route: `app.get('/orders', { ...permit('order-list'), schema }, handler)`. */
export const permit = <A extends HttpAct>(act: A): { readonly config: { readonly act: A } } => ({ config: { act } });

/** Route options of a route that answers anybody. */
export const open = (): { readonly config: { readonly open: true } } => ({ config: { open: true } });

const bearers = new WeakMap<FastifyRequest, Bearer>();

/** Who makes a request on a guarded route. Throws `unauthenticated` on any other. */
export const authenticate = (request: FastifyRequest): Bearer => {
  const bearer = bearers.get(request);
  if (bearer === undefined) throw new ApiError('unauthenticated', { field: 'authorization', rule: 'a bearer token is required' });
  return bearer;
};

const BEARER = /^Bearer ([A-Za-z0-9_.-]{16,8192})$/;

/** The token of a request, for the route that ends it. */
export const tokenOf = (request: FastifyRequest): string => BEARER.exec(request.headers.authorization ?? '')?.[1] ?? '';

const orderIdOf = (request: FastifyRequest): OrderId | null => {
  const id: unknown = (request.params as Record<string, unknown> | undefined)?.['id'];
  return isOrderId(id) ? id : null;
};

/** A field name that may stand in the audit log: callers can put anything into a key. */
const auditable = (text: string | undefined): string | null => (text === undefined ? null : /\d{7,}/.test(text) ? '(withheld)' : text.slice(0, 300));

const refusalOf = (request: FastifyRequest, act: HttpAct, reason: RefusalReason, error: ApiError, personId: string | null): Refusal => ({
  personId,
  act,
  reason,
  error: error.code,
  orderId: orderIdOf(request),
  field: auditable(error.field),
  rule: auditable(error.rule),
  address: request.ip,
  requestId: request.id,
});

/** Failed sign-ins within a minute: whether whoever it is may try again, and one more. */
export interface FailureLimit {
  readonly allows: (request: FastifyRequest) => Promise<boolean>;
  readonly count: (request: FastifyRequest) => Promise<void>;
}

interface GuardDeps extends Access {
  readonly metrics: Metrics | null;
  readonly failures: FailureLimit;
}

const RULES = {
  'no-token': 'a bearer token is required',
  'unknown-token': 'the token is not valid',
  'expired-token': 'the token has expired',
} as const;

type BearerRefusal = Extract<RefusalReason, 'no-permission' | 'out-of-scope' | 'training'>;

/** Why somebody who is known may not do this, or null when they may. */
const refuse = ({ roles, scope, trainedUntil }: Bearer, act: HttpAct, orderId: OrderId | null, now: UtcMs): { readonly reason: BearerRefusal; readonly error: ApiError } | null => {
  const no = (reason: BearerRefusal, problem: ApiProblem) => ({ reason, error: new ApiError('not-permitted', problem) });
  if (!mayDo(roles, act)) return no('no-permission', { field: 'authorization', rule: `none of your roles may do ${act}` });
  if (scope.acts !== null && !scope.acts.includes(act)) return no('out-of-scope', { field: 'authorization', rule: `this token is not for ${act}` });
  if (scope.orders !== null && (orderId === null || !scope.orders.includes(orderId))) return no('out-of-scope', { field: 'authorization', rule: 'this token is for other orders only, and for nothing beside orders' });
  if (!needsTraining(roles, act) || (trainedUntil !== null && now < trainedUntil)) return null;
  const rule = trainedUntil === null ? 'no training is on record: it takes valid training to review, to approve and to read' : `your training ended on ${new Date(trainedUntil).toISOString()}: it takes valid training to review, to approve and to read`;
  return no('training', { field: 'trainedUntil', rule, citation: 'policy/training', cure: 'renew the training, then have the new date entered' });
};

/** The first hook of every guarded route: who is it, and may they. Runs before the body is read. */
export const createGuard = ({ identities, audit, metrics, failures }: GuardDeps) => {
  /** Errors whose refusal has been written, so that none is written twice. */
  const alreadyAudited = new WeakSet<ApiError>();

  const turnAway = async (request: FastifyRequest, reply: FastifyReply, act: HttpAct, reason: 'no-token' | 'unknown-token' | 'expired-token', personId: string | null): Promise<never> => {
    const error = new ApiError('unauthenticated', { field: 'authorization', rule: RULES[reason] });
    reply.header('www-authenticate', 'Bearer');
    // Past the limit a failure costs neither a write to the audit log nor a look at why; a valid token is never locked out.
    if (!(await failures.allows(request))) {
      metrics?.add('penreg_http_sign_in_failures_total', 1, { reason: 'too-many' });
      reply.header('retry-after', '60');
      throw new ApiError('too-many-requests', { field: 'authorization', rule: 'too many failed sign-ins from this address; try again in a minute' });
    }
    metrics?.add('penreg_http_sign_in_failures_total', 1, { reason });
    await failures.count(request);
    throw await audited(request, act, reason, error, personId);
  };

  /** The error to answer with once the refusal stands in the audit log. */
  const audited = async (request: FastifyRequest, act: HttpAct, reason: RefusalReason, error: ApiError, personId: string | null): Promise<ApiError> => {
    try {
      await audit(refusalOf(request, act, reason, error, personId));
      alreadyAudited.add(error);
      return error;
    } catch (cause) {
      metrics?.add('penreg_http_audit_failures_total', 1);
      const failed = new ApiError('audit-unavailable', [], cause);
      alreadyAudited.add(failed);
      return failed;
    }
  };

  const recognise = async (token: string): Promise<Recognition> => {
    try {
      return await identities.recognise(token);
    } catch (cause) {
      throw cause instanceof ApiError ? cause : new ApiError('unavailable', { field: 'authorization', rule: 'who you are cannot be told now; your token may be good' }, cause);
    }
  };

  const guard = async function guard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { act } = request.routeOptions.config;
    if (act === undefined) return;
    const token = tokenOf(request);
    if (token === '') return turnAway(request, reply, act, 'no-token', null);
    const recognition = await recognise(token);
    if (recognition.outcome === 'unknown') return turnAway(request, reply, act, 'unknown-token', null);
    if (recognition.outcome === 'expired') return turnAway(request, reply, act, 'expired-token', recognition.personId);
    const { bearer } = recognition;
    const refused = refuse(bearer, act, orderIdOf(request), Date.now());
    if (refused !== null) {
      metrics?.add('penreg_http_sign_in_failures_total', 1, { reason: refused.reason });
      throw await audited(request, act, refused.reason, refused.error, bearer.personId);
    }
    bearers.set(request, bearer);
  };

  /** For the error handler: a known person's request that a rule turned away is a refusal too. */
  const auditError = async (request: FastifyRequest, error: ApiError): Promise<ApiError> => {
    const { act } = request.routeOptions.config;
    const bearer = bearers.get(request);
    if (act === undefined || bearer === undefined || error.status >= 500 || alreadyAudited.has(error)) return error;
    return audited(request, act, 'request', error, bearer.personId);
  };

  return { guard, auditError };
};
