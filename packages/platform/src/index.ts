export { HTTP_ACTS, TRAINED_ACTS, TWO_PEOPLE, type HttpAct } from './acts.ts';
export { API_ERRORS, ApiError, ApiErrorBodySchema, toApiErrorBody, type ApiErrorBody, type ApiErrorCode, type ApiProblem } from './api-error.ts';
export {
  HttpConfigSchema,
  LogConfigSchema,
  NameSchema,
  PublicKeySchema,
  RosterConfigSchema,
  SecretKeySchema,
  SecretSchema,
  SignInConfigSchema,
  TokensConfigSchema,
  type HttpConfig,
  type LogConfig,
  type RosterConfig,
  type SignInConfig,
  type TokensConfig,
} from './config-pieces.ts';
export { loadConfig, problemsOf, readEnvironment, redacted, type Environment, type Loaded, type LoadOptions } from './config.ts';
export { PlatformError, type ConfigProblem, type PlatformErrorCode } from './error.ts';
export { authenticate, open, permit, tokenOf, type Access, type AuditRefusal, type FailureLimit, type Refusal, type RefusalReason } from './http-guard.ts';
export { createHttp, limitFailures, type Http, type HttpApp, type HttpOptions } from './http.ts';
export { firstOf, UNLIMITED, type Bearer, type Identity, type IdentitySource, type Recognition, type Scope } from './identity.ts';
export { EXIT_CODES, runService, type Compose, type RunOptions, type Service, type Stage } from './lifecycle.ts';
export { describeError, type ErrorDescription } from './log-error.ts';
export { logged, type LogValue } from './log-value.ts';
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logger.ts';
export { METRICS, type LabelsOf, type MetricName, type RoutePattern } from './metric-names.ts';
export { createMetrics, type Metrics, type ServiceName } from './metrics.ts';
export { openOidc } from './oidc.ts';
export { hashPassword, isPassword, isPasswordHash } from './password.ts';
export { mayDo, needsTraining, ROLE_TABLE, rolesFor, seesOrders, sightOf, type Reach, type RoleRow, type Sight } from './permissions.ts';
export { QuarterHourTotal, type QuarterHour } from './quarter-hour.ts';
export { REDACTED, Sensitive, sensitive } from './sensitive.ts';
export { hashToken, newToken, openTokenFile, TokenFileSchema, type TokenFile } from './tokens.ts';
