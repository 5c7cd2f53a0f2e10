import { randomBytes } from 'node:crypto';
import type { OrderId, RequestId, UtcMs } from '@penreg/domain';

/** A UUIDv7 (RFC 9562): 48 bits of time, then random bits. Ids sort by the millisecond in which they were made. */
export const newOrderId = (now: UtcMs, random: (bytes: number) => Uint8Array = randomBytes): OrderId => {
  const bytes = Buffer.from(random(16));
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-') as OrderId;
};

export const newRequestId = (now: UtcMs): RequestId => newOrderId(now) as string as RequestId;

/** When an id was made: the milliseconds it begins with. */
export const madeAt = (id: OrderId): UtcMs => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
