import { isOrderId, type OrderId } from '@penreg/domain';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpAct } from './acts.ts';
import { ApiError, type ApiErrorCode } from './api-error.ts';
import type { Metrics } from './metrics.ts';
import { mayDo } from './permissions.ts';
import type { Identity, TokenBook } from './tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the route lets a person do; every route has either this or `open`. */
    act?: HttpAct;
    /** Answers anybody: health, metrics, the API's own description. Never an identifier, never an order. */
    open?: true;
  }
}

/** `request`: who it was is known and may, but a rule turned the request itself away. */
export type RefusalReason = 'no-token' | 'unknown-token' | 'expired-token' | 'no-permission' | 'request';

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
  readonly tokens: TokenBook;
  readonly audit: AuditRefusal;
}

/** Route options of a guarded route: `app.get('/orders', { ...permit('order-list'), schema }, handler)`. */
export const permit = <A extends HttpAct>(act: A): { readonly config: { readonly act: A } } => ({ config: { act } });

/** Route options of a route that answers anybody. */
export const open = (): { readonly config: { readonly open: true } } => ({ config: { open: true } });

const identities = new WeakMap<FastifyRequest, Identity>();

/** Who makes a request on a guarded route. Throws `unauthenticated` on any other. */
export const authenticate = (request: FastifyRequest): Identity => {
  const identity = identities.get(request);
  if (identity === undefined) throw new ApiError('unauthenticated', { field: 'authorization', rule: 'a bearer token is required' });
  return identity;
};

const BEARER = /^Bearer ([A-Za-z0-9_-]{16,256})$/;

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

interface GuardDeps extends Access {
  readonly metrics: Metrics | null;
  /** Says whether an address may try again, and counts a failure. */
  readonly failures: { readonly allowed: (request: FastifyRequest) => Promise<boolean>; readonly count: (request: FastifyRequest) => Promise<void> };
}

const RULES = {
  'no-token': 'a bearer token is required',
  'unknown-token': 'the token is not valid',
  'expired-token': 'the token has expired',
} as const;

/** The first hook of every guarded route: who is it, and may they. Runs before the body is read. */
export const createGuard = ({ tokens, audit, metrics, failures }: GuardDeps) => {
  /** Errors whose refusal has been written, so that none is written twice. */
  const alreadyAudited = new WeakSet<ApiError>();

  const turnAway = async (request: FastifyRequest, reply: FastifyReply, act: HttpAct, reason: 'no-token' | 'unknown-token' | 'expired-token', personId: string | null): Promise<never> => {
    const error = new ApiError('unauthenticated', { field: 'authorization', rule: RULES[reason] });
    reply.header('www-authenticate', 'Bearer');
    // Past the limit a failure costs neither a write to the audit log nor a look at why; a valid token is never locked out.
    if (!(await failures.allowed(request))) {
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

  const guard = async function guard(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { act } = request.routeOptions.config;
    if (act === undefined) return;
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return turnAway(request, reply, act, 'no-token', null);
    const lookup = tokens.find(token);
    if (lookup.outcome === 'unknown') return turnAway(request, reply, act, 'unknown-token', null);
    if (lookup.outcome === 'expired') return turnAway(request, reply, act, 'expired-token', lookup.personId);
    const { identity } = lookup;
    if (!mayDo(identity.roles, act)) {
      metrics?.add('penreg_http_sign_in_failures_total', 1, { reason: 'no-permission' });
      const error = new ApiError('not-permitted', { field: 'authorization', rule: `none of your roles may do ${act}` });
      throw await audited(request, act, 'no-permission', error, identity.personId);
    }
    identities.set(request, identity);
  };

  /** For the error handler: a known person's request that a rule turned away is a refusal too. */
  const auditError = async (request: FastifyRequest, error: ApiError): Promise<ApiError> => {
    const { act } = request.routeOptions.config;
    const identity = identities.get(request);
    if (act === undefined || identity === undefined || error.status >= 500 || alreadyAudited.has(error)) return error;
    return audited(request, act, 'request', error, identity.personId);
  };

  return { guard, auditError };
};
