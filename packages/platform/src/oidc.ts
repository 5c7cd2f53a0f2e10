import { ROLES, type Role, type UtcMs } from '@penreg/domain';
import { createRemoteJWKSet, errors, jwtVerify, type JWTPayload } from 'jose';
import { ApiError } from './api-error.ts';
import { NameSchema, type OidcConfig } from './config-pieces.ts';
import { UNLIMITED, type IdentitySource, type Recognition } from './identity.ts';

const SECOND = 1_000;
const DAY = 86_400_000;

/** Errors that are the token's own fault; every other means that the provider's keys cannot be had. */
const TOKEN_FAULTS: readonly string[] = [
  errors.JWTInvalid.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
];

/** A claim by its path: `['realm_access', 'roles']`. A name may hold dots and slashes. */
const claimAt = (payload: JWTPayload, path: readonly string[]): unknown =>
  path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined), payload);

/** Roles this system knows; whatever else the claim names is somebody else's business. */
const rolesIn = (claim: unknown): readonly Role[] => {
  const named: readonly unknown[] = Array.isArray(claim) ? claim : typeof claim === 'string' ? claim.split(' ') : [];
  return ROLES.filter((role) => named.includes(role));
};

/** Seconds since 1970, or a date, which counts to its end (UTC). Anything else is no training. */
const trainedUntilIn = (claim: unknown): UtcMs | null => {
  if (typeof claim === 'number' && Number.isFinite(claim) && claim >= 0) return Math.floor(claim * SECOND);
  if (typeof claim !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(claim)) return null;
  const day = Date.parse(`${claim}T00:00:00Z`);
  return Number.isNaN(day) ? null : day + DAY;
};

/**
 * Access tokens (JWT, RFC 9068) of an OpenID provider. Signature, algorithm, type, issuer, audience, times and age are
 * checked; a token without the person's claim is nobody's. The provider's keys are fetched when one is met that is not
 * known, at most once in `keysCooldownSeconds`, and anew every ten minutes; a request whose keys cannot be had is answered 503.
 */
export const openOidc = (config: OidcConfig): IdentitySource => {
  const { issuer, audience, jwksUri, algorithms, type, clockToleranceSeconds, maxAgeSeconds, keysCooldownSeconds, claims } = config;
  const keys = createRemoteJWKSet(new URL(jwksUri), { cooldownDuration: keysCooldownSeconds * SECOND, cacheMaxAge: 600 * SECOND, timeoutDuration: 5 * SECOND });

  const personIn = (payload: JWTPayload): string | null => {
    const name = NameSchema.safeParse(claimAt(payload, claims.person));
    return name.success ? name.data : null;
  };

  return {
    recognise: async (token): Promise<Recognition> => {
      if (token.split('.').length !== 3) return { outcome: 'unknown' };
      try {
        const { payload } = await jwtVerify(token, keys, { issuer, audience, algorithms: [...algorithms], typ: type, clockTolerance: clockToleranceSeconds, maxTokenAge: maxAgeSeconds, requiredClaims: ['exp', 'iat'] });
        const personId = personIn(payload);
        if (personId === null) return { outcome: 'unknown' };
        const roles = rolesIn(claimAt(payload, claims.roles));
        return { outcome: 'found', bearer: { personId, roles, trainedUntil: trainedUntilIn(claimAt(payload, claims.trainedUntil)), scope: UNLIMITED, expiresAt: (payload.exp ?? 0) * SECOND } };
      } catch (error) {
        if (error instanceof errors.JWTExpired) {
          const personId = personIn(error.payload);
          return personId === null ? { outcome: 'unknown' } : { outcome: 'expired', personId };
        }
        if (error instanceof errors.JOSEError && TOKEN_FAULTS.includes(error.code)) return { outcome: 'unknown' };
        throw new ApiError('unavailable', { field: 'authorization', rule: "the identity provider's keys cannot be had now; your token may be good" }, error);
      }
    },
  };
};
