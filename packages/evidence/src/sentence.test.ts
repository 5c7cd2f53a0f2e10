import { inForce } from '@penreg/domain';
import { describe, expect, it } from 'vitest';
import { T0, bodyOf, envelopeOf, grantOf } from '../../domain/src/testing.ts';
import { sentenceOf } from './sentence.ts';

const DAY = 86_400_000;

describe('the sentence of an order', () => {
  it('says what is recorded, of whom, when, and what is not', () => {
    expect(sentenceOf(bodyOf({ direction: 'pen' }))).toBe(
      'Records messages and calls sent by +1 202 555 0101, from 24 Nov 2026 01:00:00 PST to 24 Dec 2026 01:00:00 PST (America/Los_Angeles; UTC 2026-11-24T09:00:00.000Z to 2026-12-24T09:00:00.000Z). Nothing before. No content. No address of the other side.',
    );
  });
  it('names direction, kinds, further fields and every target', () => {
    const text = sentenceOf(bodyOf({ direction: 'trap', kinds: ['message', 'call', 'status', 'login'], fields: ['size', 'groupRecipients'], targets: ['4930123456', 'opaque:c', '12025550101'] }));
    expect(text).toContain('Records messages, calls, logins and status broadcasts received by +1 202 555 0101, +4930123456 and opaque:c, from');
    expect(text).toContain(', with group recipients and size. Nothing before.');
    expect(sentenceOf(bodyOf())).toContain('sent and received by');
  });
  it('says what is in force where that is known', () => {
    const body = bodyOf();
    const narrowed = inForce(grantOf(body, { restrictions: [{ envelope: envelopeOf(body, 'narrow', { at: T0 + DAY, kinds: ['call'] }), epoch: 2, published: T0 }] }), 3_000);
    const text = sentenceOf(body, narrowed);
    expect(text).toMatch(/^Records messages and calls sent and received by .* to 25 Nov 2026 01:00:00 PST .*; then calls sent and received by .*from 25 Nov 2026 01:00:00 PST/);
    const stopped = inForce(grantOf(body, { restrictions: [{ envelope: envelopeOf(body, 'stop', { reason: 'quashed' }), epoch: 2, published: T0 - 5_000 }] }), 3_000);
    expect(sentenceOf(body, stopped)).toBe('Records nothing. No content. No address of the other side.');
  });
  it('names UTC alone where the zone is not known', () => {
    expect(sentenceOf(bodyOf({ window: { ...bodyOf().window, zone: 'Nowhere/Land' } }))).toContain('0101, (UTC 2026-11-24T09:00:00.000Z to 2026-12-24T09:00:00.000Z). Nothing');
  });
  it('is in the zone’s own time on both sides of its change of clocks', () => {
    const text = sentenceOf(bodyOf({ window: { asWritten: 'x', zone: 'Europe/Berlin', start: Date.UTC(2026, 9, 24, 22), until: Date.UTC(2026, 9, 25, 23) } }));
    expect(text).toContain('from 25 Oct 2026 00:00:00 GMT+2 to 26 Oct 2026 00:00:00 GMT+1');
  });
});
