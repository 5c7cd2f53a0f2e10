import type { OrderId } from '@penreg/domain';
import type { JsonObject } from '@penreg/evidence';
import { ApiError, type AuditRefusal, type HttpAct, type Identity } from '@penreg/platform';
import type { AuditLog } from '@penreg/registry';

/** What leaves a trace although no script of the registry writes it: reads and refusals. */
export interface Trail {
  /** Resolves when the read stands on the audit log; the answer is sent afterwards. Throws `audit-unavailable`. */
  readonly read: (who: Identity, act: HttpAct, orderId?: OrderId, detail?: JsonObject) => Promise<void>;
  readonly refused: AuditRefusal;
}

/** Stands as the actor where no token told who it was. */
const NOBODY = 'nobody';

export const openTrail = (audit: Pick<AuditLog, 'append'>): Trail => ({
  read: async (who, act, orderId, detail) => {
    try {
      await audit.append({ actor: who.personId, act, ...(orderId === undefined ? {} : { orderId }), ...(detail === undefined ? {} : { detail }) });
    } catch (cause) {
      throw new ApiError('audit-unavailable', { field: 'audit', rule: 'no audit, no act: the audit log cannot be written now' }, cause);
    }
  },
  refused: ({ personId, act, orderId, reason, error, field, rule, address, requestId }) =>
    audit.append({
      actor: personId ?? NOBODY,
      act: 'refused',
      ...(orderId === null ? {} : { orderId }),
      detail: { act, reason, error, field, rule, address, requestId },
    }),
});
