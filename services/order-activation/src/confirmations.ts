import { statementHashOf, verifyConfirmation, type Confirmation, type Roster } from '@penreg/evidence';
import type { OrderDocument } from '@penreg/registry';
import type { z } from 'zod';
import type { ConfirmationsAnswer } from './api.ts';

/** What taps have signed about an order: what each confirms, and whether it is theirs and about this order. */
export const toConfirmations = ({ orderId, bodyHash, grant }: OrderDocument, confirmations: readonly Confirmation[], roster: Roster): z.output<typeof ConfirmationsAnswer>['confirmations'] =>
  confirmations.map((c) => {
    const confirmed = grant === null ? undefined : [grant, ...grant.resumptions].find((start) => statementHashOf(start.activation.statement) === c.activationHash);
    return {
      tap: c.tap,
      keyId: c.keyId,
      epoch: c.epoch,
      at: c.at,
      bodyHash: c.bodyHash,
      confirms: confirmed === undefined ? null : confirmed === grant ? 'start' : 'resumption',
      verified: confirmed !== undefined && c.orderId === orderId && c.bodyHash === bodyHash && c.epoch >= confirmed.epoch && verifyConfirmation(c, roster),
    };
  });
