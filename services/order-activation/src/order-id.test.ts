import { isOrderId } from '@penreg/domain';
import { describe, expect, it } from 'vitest';
import { newOrderId } from './order-id.ts';

describe('newOrderId', () => {
  it('makes the UUIDv7 of RFC 9562, appendix A.6', () => {
    const random = Buffer.from('0000000000000cc318c4dc0c0c07398f', 'hex');
    expect(newOrderId(0x017f22e279b0, () => random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('is an order id, sorts by time and does not repeat', () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => newOrderId(1_700_000_000_000 + i));
    expect(ids.every(isOrderId)).toBe(true);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(Array.from({ length: 1_000 }, () => newOrderId(5))).size).toBe(1_000);
  });
});
