import { describe, expect, it } from 'vitest';
import { accountOf } from './accounts.ts';
import { bodyOf, CANARY, MAX_BODY_BYTES } from './bodies.ts';
import { encodeAwkwardJson, encodeJson } from './encode.ts';
import { materialise, planEvents } from './events.ts';
import { badEventsOf } from './malformed.ts';
import { readPlainEvent } from './oracle-event.ts';
import { createRandom } from './random.ts';
import { countOf, generateTraffic } from './traffic.ts';

const traffic = generateTraffic({ messages: 6_000, members: 300 });
const NOW = Date.UTC(2026, 10, 24, 9);

describe('a plan', () => {
  const plan = planEvents(traffic, { plainMembers: [2], hidden: [accountOf(1)], encoding: 'json', durationMs: 10_000 });

  it('is the same from the same seed and another from another', () => {
    expect(planEvents(traffic, { plainMembers: [2], hidden: [accountOf(1)], encoding: 'json', durationMs: 10_000 })).toEqual(plan);
    expect(planEvents(traffic, { seed: 2 })).not.toEqual(planEvents(traffic));
  });

  it('holds every kind and type of event, each valid', () => {
    const types = new Set(plan.map(({ event }) => `${event.kind}/${event.type}`));
    for (const type of ['message/status', 'message/text', 'call/offer', 'call/accept', 'call/reject', 'call/terminate', 'call/av_switch', 'call/group_update', 'login/connect']) expect(types).toContain(type);
    for (const planned of plan.slice(0, 1_500)) {
      const value = encodeJson(materialise({ ...planned, body: 0 }, NOW));
      expect(readPlainEvent({ partition: 0, offset: 0n, appended: NOW, contentType: null, value })?.invalid).toEqual([]);
    }
  });

  it('is ascending, inside its duration, with an id of its own for each event', () => {
    expect(plan.every(({ due }, i) => due <= 10_000 && due >= (plan[i - 1]?.due ?? 0))).toBe(true);
    expect(new Set(plan.map(({ event }) => event.id)).size).toBe(plan.length);
  });

  it('leaves the lines of a plain member as they are', () => {
    const account = accountOf(2);
    const { sends, receives } = countOf(traffic, 2);
    expect(plan.filter(({ event }) => event.from === account)).toHaveLength(sends);
    expect(plan.filter(({ event }) => event.to.includes(account))).toHaveLength(receives);
  });

  it('gives every signal of a call its creator as a party', () => {
    const calls = plan.filter(({ event }) => event.kind === 'call');
    expect(calls.length).toBeGreaterThan(100);
    for (const { event } of calls) {
      expect([event.from, ...event.to]).toContain(event.call?.creator);
      expect(event.to).not.toContain(event.from);
    }
  });
});

it('hides the canary and targets in bodies of valid JSON, at most 64 KiB long', () => {
  const hidden = accountOf(1);
  const bodies = Array.from({ length: 300 }, (_, i) => bodyOf(createRandom(i), i * 300, [hidden]));
  for (const body of bodies) {
    expect(body.length).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(JSON.parse(body.toString())).toMatchObject({ text: CANARY });
  }
  expect(bodies.some((body) => body.includes(hidden))).toBe(true);
  expect(bodies.some((body) => body.includes('\\u00'))).toBe(true);
});

it('writes odd JSON that means the same', () => {
  for (const [index, planned] of planEvents(traffic, { encoding: 'json' }).slice(0, 500).entries()) {
    const event = materialise(planned, NOW);
    expect(JSON.parse(encodeAwkwardJson(event, index).toString())).toEqual(JSON.parse(encodeJson(event).toString()));
  }
});

it('makes bad events that are what they say', () => {
  const good = materialise({ ...planEvents(traffic, { plainMembers: [2] }).find(({ event }) => event.from === accountOf(2))!, body: 0 }, NOW);
  for (const { name, effect, invalid, value, headers } of badEventsOf(good)) {
    const read = readPlainEvent({ partition: 0, offset: 0n, appended: NOW, contentType: headers['content-type'] ?? null, value });
    expect(read === null, name).toBe(effect !== 'recorded');
    if (read !== null && name !== '1,025 recipients') expect(read.invalid, name).toEqual(invalid);
  }
});
