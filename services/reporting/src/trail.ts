import type { OrderId } from '@penreg/domain';
import type { JsonValue, VoidReason } from '@penreg/evidence';
import { ApiError, type AuditRefusal, type HttpAct, type Identity } from '@penreg/platform';
import type { AuditLog } from '@penreg/registry';

/** What this service leaves on the audit log. No audit, no act: each is written before what it is about. */
export interface Trail {
  /** A person reads. Throws `audit-unavailable`. */
  readonly read: (who: Identity, act: HttpAct, orderId: OrderId, detail: JsonValue) => Promise<void>;
  readonly refused: AuditRefusal;
  /** A report stands in a file: the first link of its chain of custody. Throws `audit-unavailable`. */
  readonly rendered: (orderId: OrderId, detail: JsonValue) => Promise<void>;
  /** Rows are about to be destroyed. */
  readonly destroying: (orderId: OrderId, reason: VoidReason, rows: number) => Promise<void>;
  /** They were. */
  readonly destroyed: (orderId: OrderId, reason: VoidReason, counts: { readonly rows: number; readonly before: number; readonly after: number }) => Promise<void>;
  /** A report found that something is not as the taps left it. Kinds and counts only. */
  readonly found: (orderId: OrderId, kinds: Readonly<Record<string, number>>) => Promise<void>;
}

/** Who acts where no person does: this service. */
const SERVICE = 'reporting';
/** Stands as the actor where no token told who it was. */
const NOBODY = 'nobody';

const orNoAct = async (written: Promise<unknown>): Promise<void> => {
  try {
    await written;
  } catch (cause) {
    throw new ApiError('audit-unavailable', { field: 'audit', rule: 'no audit, no act: the audit log cannot be written now' }, cause);
  }
};

export const openTrail = (audit: Pick<AuditLog, 'append'>): Trail => ({
  read: (who, act, orderId, detail) => orNoAct(audit.append({ actor: who.personId, act, orderId, detail })),
  rendered: (orderId, detail) => orNoAct(audit.append({ actor: SERVICE, act: 'report-rendered', orderId, detail })),
  refused: ({ personId, act, orderId, reason, error, field, rule, address, requestId }) =>
    audit.append({ actor: personId ?? NOBODY, act: 'refused', ...(orderId === null ? {} : { orderId }), detail: { act, reason, error, field, rule, address, requestId } }),
  destroying: async (orderId, reason, rows) => void (await audit.append({ actor: SERVICE, act: 'rows-destroying', orderId, detail: { reason, rows } })),
  destroyed: async (orderId, reason, counts) => void (await audit.append({ actor: SERVICE, act: 'rows-destroyed', orderId, detail: { reason, ...counts } })),
  found: async (orderId, kinds) => void (await audit.append({ actor: SERVICE, act: 'report-findings', orderId, detail: kinds })),
});
