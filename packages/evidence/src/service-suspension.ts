import type { Envelope } from '@penreg/domain';
import { isCompromised, lifeEndOf, type Roster } from './roster.ts';
import { verifyEnvelope } from './statements.ts';

/** The only service that may restrict: it suspends an order whose account changed hands, and can do nothing else. */
const SUSPENDING_SERVICE = 'order-activation';

/**
 * Why a restriction that carries a service's key does not verify; null where it does. Waiting for a person would mean to
 * record somebody whom no order names; two people resume it.
 */
export const serviceSuspensionDoubt = (envelope: Envelope, { service, ...key }: Roster['services'][number], roster: Roster): 'roster-version' | 'signer' | 'role' | 'key-expired' | 'key-compromised' | 'signature' | null => {
  const { statement } = envelope;
  if (statement.rosterVersion > roster.version) return 'roster-version';
  if (service !== SUSPENDING_SERVICE || statement.personId !== service) return 'signer';
  if (statement.role !== 'operator' || statement.act !== 'suspend' || statement.params.reason !== 'account-changed') return 'role';
  if (statement.signedAt >= lifeEndOf(key)) return isCompromised(key) ? 'key-compromised' : 'key-expired';
  return verifyEnvelope(envelope, { kind: 'ed25519', ...key }, null) ? null : 'signature';
};
