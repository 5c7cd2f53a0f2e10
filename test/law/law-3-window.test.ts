import { describe, expect, it } from 'vitest';
import { bodyOf, envelopeOf, grantOf, T0 } from '../../packages/domain/src/testing.ts';
import { examine, timing } from './support/examine.ts';

const A = '12025550101';
const body = bodyOf({ targets: [A] });
const { start, until } = body.window;
const event = (at: number) => ({ value: { v: 1, id: 'event-0001', kind: 'message', type: 'text', at, from: A, to: ['12025550102'] } });
const restricted = (act: 'end' | 'stop' | 'narrow', params: object, published: number) => grantOf(body, { restrictions: [{ envelope: envelopeOf(body, act, params), epoch: 2, published }] });
const times = (grant: ReturnType<typeof grantOf>, ats: readonly number[], appended: number, now = appended) => examine([grant], ats.map(event), { appended, now }).records.map((r) => r.at);

/** Law 3, from the bytes of the stream to the record. */
describe('law 3: the window in force', () => {
  it('is half-open, and an event read late is treated by its own time', () => {
    const hourLater = 3_600_000;
    expect(times(grantOf(body), [start - 1, start, start + 1], start + 100, start + hourLater)).toEqual([start, start + 1]);
    expect(times(grantOf(body), [until - 1, until, until + 1], until + 100, until + hourLater)).toEqual([until - 1]);
  });

  it('never begins before publication + lead, whatever was signed', () => {
    const published = start + 10_000;
    const from = published + timing.lead;
    expect(times(grantOf(body, { published, start }), [start, from - 1, from], from)).toEqual([from]);
  });

  it('an end is kept to by the event, so a lagging tap misses nothing before it and takes nothing after', () => {
    const end = start + 60_000;
    expect(times(restricted('end', { at: end }, start), [end - 1, end], end + 50, end + 3_600_000)).toEqual([end - 1]);
  });

  it('nothing read after a stop is recorded, however early the event', () => {
    const stop = restricted('stop', { reason: 'quashed' }, start + 60_000);
    expect(times(stop, [start + 1_000], start + 1_010, start + 60_001)).toEqual([]);
  });

  it('a suspension keeps to the event as an end does, and so does the resumption that lifts it', () => {
    const suspended = start + 60_000;
    const resumed = start + 120_000;
    const suspension = { ...envelopeOf(body, 'suspend', { at: suspended, reason: 'review' }) };
    const names = { suspensions: [suspension.statement.nonce] };
    const grant = grantOf(body, {
      restrictions: [{ envelope: suspension, epoch: 2, published: start }],
      resumptions: [{ approval: envelopeOf(body, 'approve-resume', names), activation: envelopeOf(body, 'resume', { start: resumed, ...names }), epoch: 3, published: start + 90_000 }],
    });
    const ats = [suspended - 1, suspended, resumed - 1, resumed];
    expect(times(grant, ats, resumed + 50, resumed + 3_600_000)).toEqual([suspended - 1, resumed]);
    expect(times({ ...grant, resumptions: [] }, ats, resumed + 50, resumed + 3_600_000)).toEqual([suspended - 1]);
  });

  it('an emergency lapses by whichever clock is latest, in the middle of a batch too', () => {
    const emergency = { category: 'A', official: { name: 'O', title: 'T' }, attestation: 'e'.repeat(64), attestedAt: start, goodFaith: 'G', hours: 2 };
    const urgent = grantOf(bodyOf({ targets: [A], instrument: 'emergency', emergency }));
    const lapse = start + 2 * 3_600_000;
    // Appended before it and read before it: each event by its own time.
    expect(times(urgent, [lapse - 2, lapse - 1, lapse, lapse + 1], lapse - 1)).toEqual([lapse - 2, lapse - 1]);
    // Read after it, as a tap that lags reads, or appended after it: nothing, however early the event.
    expect(times(urgent, [start + 1, lapse - 1], lapse - 1, lapse)).toEqual([]);
    expect(times(urgent, [lapse - 1], lapse, lapse)).toEqual([]);
    // An end that the paper gives later moves nothing.
    expect(times(grantOf(bodyOf({ targets: [A], instrument: 'emergency', emergency: { ...emergency, hours: 48 } })), [start + 47 * 3_600_000, start + 48 * 3_600_000], start + 48 * 3_600_000 - 1)).toEqual([start + 47 * 3_600_000]);
  });

  it('an event ahead of its append time counts when it was appended, with a flag', () => {
    const fast = examine([grantOf(body)], [event(start + 5_000)], { appended: start - 1 });
    expect(fast.records).toEqual([]);
    const inside = examine([grantOf(body)], [event(start + 5_000)], { appended: start + 1 });
    expect(inside.records).toMatchObject([{ at: start + 5_000, clockFlag: true }]);
  });

  it('an absurd time is kept with a flag where both times lie in the window, and is a gap where only one does', () => {
    const late = timing.lateness + 1_000;
    expect(examine([grantOf(body)], [event(start)], { appended: start + late }).records).toMatchObject([{ clockFlag: true }]);
    const gap = examine([grantOf(body)], [event(start - 1)], { appended: start + late });
    expect(gap.records).toEqual([]);
    expect(gap.gaps).toMatchObject([{ reason: 'clock', orderId: body.orderId }]);
    expect(examine([grantOf(body)], [event(0)], { appended: T0 - late }).gaps).toEqual([]);
  });
});
