import { readFileSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest } from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { ApiError, toApiErrorBody } from './api-error.ts';
import type { HttpConfig } from './config-pieces.ts';
import { PlatformError } from './error.ts';
import { createGuard, open, type Access, type FailureLimit } from './http-guard.ts';
import { logged } from './log-value.ts';
import type { Logger } from './logger.ts';
import type { RoutePattern } from './metric-names.ts';
import type { Metrics } from './metrics.ts';
import { rolesFor } from './permissions.ts';
import { explained, toApiError, type Explain } from './request-problems.ts';

/** Fastify with zod schemas. Response schemas must not contain `transform`s: answers are encoded, and those cannot be. */
export type HttpApp = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;

export interface HttpOptions {
  /** Title and version of the API in its OpenAPI document. */
  readonly title: string;
  readonly version: string;
  readonly logger: Logger;
  readonly config: HttpConfig;
  /** Null for a service all of whose routes are open (the tap's health and metrics). */
  readonly access: Access | null;
  /** When given, `GET /metrics` is mounted and requests are counted. */
  readonly metrics?: Metrics;
  /** The reasons for what a refusal of form names. */
  readonly explain?: Explain;
  /** Largest body in bytes; 256 KiB by default. */
  readonly bodyLimit?: number;
}

export interface Http {
  /** Routes are added to this before `listen`; each with `permit(act)` or `open()`. */
  readonly app: HttpApp;
  /** Failed sign-ins by address, in whatever way somebody tried. */
  readonly failures: FailureLimit;
  /** The address it answers on. Throws `PlatformError` code `listen`. */
  readonly listen: () => Promise<string>;
  /** Refuses new requests and waits for those under way. */
  readonly close: () => Promise<void>;
}

const MINUTE = 60_000;
const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

const METHODS = ['GET', 'POST', 'PUT', 'DELETE'] as const;
const methodOf = (method: string): (typeof METHODS)[number] | 'OTHER' => METHODS.find((known) => known === method) ?? 'OTHER';
const statusClass = (status: number) => (status < 300 ? '2xx' : status < 400 ? '3xx' : status < 500 ? '4xx' : '5xx');

const routeOf = (request: FastifyRequest): RoutePattern => (request.routeOptions.url ?? '(none)').replace(/^\(none\)$/, 'none') as RoutePattern;

/** Counts failures in the last minute by what `keyOf` tells of a request. */
export const limitFailures = (app: HttpApp, perMinute: number, keyOf: (request: FastifyRequest) => string): FailureLimit => {
  const limit = app.createRateLimit({ max: perMinute, timeWindow: MINUTE, keyGenerator: keyOf });
  return {
    allows: async (request) => {
      const state = await limit(request, { increment: false });
      return state.isAllowed || state.remaining > 0;
    },
    count: async (request) => {
      await limit(request);
    },
  };
};

/**
 * The HTTP base of every service: strict schemas, one error table, bearer tokens, permissions, rate limits, OpenAPI at
 * `GET /openapi.json`. A route that names neither an act nor `open` stops the program at start.
 */
export const createHttp = async (options: HttpOptions): Promise<Http> => {
  const { logger, config, access, metrics, title, version, explain = () => null, bodyLimit = 256 * 1024 } = options;
  const tls = config.tls === undefined ? {} : { https: { cert: readFileSync(config.tls.certFile), key: readFileSync(config.tls.keyFile), minVersion: 'TLSv1.2' } };
  const app = fastify({
    ...tls,
    bodyLimit,
    // Fastify's own request log prints URLs.
    logger: false,
    genReqId: () => randomUUID(),
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 128 },
    // A URL that cannot be decoded never reaches the error handler.
    frameworkErrors: (error, request, reply) => {
      const answer = toApiError(error);
      reply.raw.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
      reply.raw.end(JSON.stringify(toApiErrorBody(answer, request.id)));
    },
  }).withTypeProvider<ZodTypeProvider>() as unknown as HttpApp;

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);

  app.removeContentTypeParser('text/plain');

  app.addHook('onRoute', (route) => {
    const { act, open: isOpen } = route.config ?? {};
    if ((act === undefined) === (isOpen === undefined)) throw new PlatformError('config', `the route ${String(route.method)} ${route.url} names neither an act nor \`open\``);
    if (act !== undefined && access === null) throw new PlatformError('config', `the route ${route.url} is guarded, and this service has no access`);
  });

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: (route) => {
      const transformed = jsonSchemaTransform(route);
      const act = route.route.config?.act;
      const access = act === undefined ? { security: [], 'x-open': true } : { security: [{ token: [] }], 'x-act': act, 'x-roles': rolesFor(act) };
      return { url: transformed.url, schema: { ...transformed.schema, ...access } };
    },
  });

  await app.register(rateLimit, {
    global: true,
    max: config.requestsPerMinute,
    timeWindow: MINUTE,
    errorResponseBuilder: () => new ApiError('too-many-requests', { field: 'address', rule: `at most ${config.requestsPerMinute} requests a minute` }),
  });

  let auditError = async (_request: FastifyRequest, error: ApiError): Promise<ApiError> => error;
  const failures = limitFailures(app, config.failedSignInsPerMinute, (request) => request.ip);
  if (access !== null) {
    const guarded = createGuard({ ...access, metrics: metrics ?? null, failures });
    app.addHook('onRequest', guarded.guard);
    auditError = guarded.auditError;
  }

  app.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  });

  app.addHook('onResponse', async (request, reply) => {
    const route = routeOf(request);
    metrics?.add('penreg_http_requests_total', 1, { method: methodOf(request.method), route, status: statusClass(reply.statusCode) });
    metrics?.observe('penreg_http_request_seconds', reply.elapsedTime / 1_000, { route });
    logger.debug('request answered', { route: logged.route(route), status: reply.statusCode, milliseconds: Math.round(reply.elapsedTime), request: logged.uuid(request.id) });
  });

  app.setErrorHandler(async (thrown, request, reply) => {
    const error = await auditError(request, explained(toApiError(thrown), explain));
    if (error.status >= 500) {
      logger.error('request failed', { route: logged.route(routeOf(request)), status: error.status, code: error.code, request: logged.uuid(request.id) }, error.cause ?? error);
    }
    // The answer bypasses the route's own response schemas: those describe successes.
    return reply.code(error.status).type('application/json; charset=utf-8').serializer(JSON.stringify).send(toApiErrorBody(error, request.id));
  });

  app.setNotFoundHandler(async (request, reply) =>
    reply.code(404).send(toApiErrorBody(new ApiError('not-found', { field: 'url', rule: 'no such route' }), request.id)),
  );

  app.get('/openapi.json', { ...open(), schema: { hide: true } }, async () => app.swagger());
  if (metrics !== undefined) {
    app.get('/metrics', { ...open(), schema: { hide: true } }, async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()));
  }

  return {
    app,
    failures,
    listen: async () => {
      if (config.tls === undefined && !isLoopback(config.host)) logger.warn('http without TLS on an address that is not loopback: tokens cross the network in plain text');
      try {
        const url = await app.listen({ host: config.host, port: config.port });
        logger.info('listening', { at: logged.place(url) });
        return url;
      } catch (cause) {
        throw new PlatformError('listen', `cannot listen on ${config.host}:${config.port}`, [{ key: 'http.port', rule: 'must be free' }], cause);
      }
    },
    close: () => app.close(),
  };
};
