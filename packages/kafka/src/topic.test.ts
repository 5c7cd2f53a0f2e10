import { describe, expect, test } from 'vitest';
import { lawfulSettings, topicProblems } from './topic.ts';
import type { BrokerView, TopicFacts } from './topic.ts';

const HOUR = 3_600_000;
const BROKER = { 'log.retention.check.interval.ms': '300000' };

const view = (topic: Record<string, string | null> = {}, broker: BrokerView['broker'] = BROKER, nodeId = 1): BrokerView => ({
  nodeId,
  topic: { ...lawfulSettings({ retentionMs: 6 * HOUR, segmentMs: HOUR }), 'remote.storage.enable': 'false', 'retention.bytes': '-1', ...topic },
  broker,
});
const factsOf = (...config: BrokerView[]): TopicFacts => ({ topicId: 'f'.repeat(32), partitions: 3, config });
const rules = (...config: BrokerView[]): string[] => topicProblems(factsOf(...config)).map((problem) => problem.split(':')[0] ?? '');

describe('law 1: what about a topic forbids to read it', () => {
  test('nothing about the default', () => expect(topicProblems(factsOf(view()))).toEqual([]));

  test('the longest lawful retention', () => expect(rules(view({ 'retention.ms': String(24 * HOUR), 'segment.ms': String(4 * HOUR) }))).toEqual([]));

  test.each([
    ['unlimited', '-1'],
    ['a millisecond too long', String(24 * HOUR + 1)],
    ['seven days, the broker’s default', String(168 * HOUR)],
    ['not told', null],
    ['not a number', '6h'],
    ['not a whole number', '1e3'],
  ])('retention.ms: %s', (_, value) => expect(rules(view({ 'retention.ms': value, 'segment.ms': '1000' }))).toContain('retention.ms'));

  test('an unlimited retention is called so', () => expect(topicProblems(factsOf(view({ 'retention.ms': '-1' })))[0]).toContain('unlimited'));

  test.each([
    ['a millisecond more than a sixth', String(HOUR + 1)],
    ['seven days, the default', String(168 * HOUR)],
    ['not told', null],
  ])('segment.ms: %s', (_, value) => expect(rules(view({ 'segment.ms': value }))).toEqual(['segment.ms']));

  test('segment.ms is held against the longest lawful retention where the real one is longer', () => {
    expect(rules(view({ 'retention.ms': '-1', 'segment.ms': String(5 * HOUR) }))).toEqual(['retention.ms', 'segment.ms']);
    expect(rules(view({ 'retention.ms': String(240 * HOUR), 'segment.ms': String(40 * HOUR) }))).toEqual(['retention.ms', 'segment.ms']);
  });

  test.each(['compact', 'compact,delete', 'delete,compact', '', null, 'Delete'])('cleanup.policy: %s', (value) => expect(rules(view({ 'cleanup.policy': value }))).toEqual(['cleanup.policy']));

  test.each(['CreateTime', '', null, 'logappendtime'])('message.timestamp.type: %s', (value) => expect(rules(view({ 'message.timestamp.type': value }))).toEqual(['message.timestamp.type']));

  test.each([
    ['more than a sixth of the retention', String(HOUR + 1)],
    ['not told', null],
  ])('file.delete.delay.ms: %s', (_, value) => expect(rules(view({ 'file.delete.delay.ms': value }))).toEqual(['file.delete.delay.ms']));

  test('a broker that seldom looks for what to delete, or begins late', () => {
    expect(rules(view({}, { 'log.retention.check.interval.ms': String(HOUR + 1) }))).toEqual(['log.retention.check.interval.ms']);
    expect(rules(view({}, {}))).toEqual(['log.retention.check.interval.ms']);
    expect(rules(view({}, { ...BROKER, 'log.initial.task.delay.ms': String(HOUR + 1) }))).toEqual(['log.initial.task.delay.ms']);
  });

  test('a broker that hides its own settings is no problem by itself', () => expect(rules(view({}, null))).toEqual([]));

  test('the minutes that deleting takes by default are none under a short retention', () => {
    expect(rules(view({ 'retention.ms': '60000', 'segment.ms': '10000' }))).toEqual([]);
    expect(rules(view({ 'retention.ms': '60000', 'segment.ms': '10000', 'file.delete.delay.ms': '600001' }))).toEqual(['file.delete.delay.ms']);
  });

  test.each(['remote.storage.enable', 'confluent.tier.enable', 'diskless.enable'])('tiered storage: %s', (name) => {
    expect(rules(view({ [name]: 'true' }))).toEqual([name]);
    expect(rules(view({ [name]: 'false' }))).toEqual([]);
  });

  test('every broker counts: a default may differ on one of them', () => {
    expect(rules(view(), view({ 'retention.ms': String(168 * HOUR) }, BROKER, 2))).toEqual(['retention.ms']);
    expect(rules(view({ 'cleanup.policy': 'compact' }), view({ 'cleanup.policy': 'compact' }, BROKER, 2))).toEqual(['cleanup.policy']);
  });

  test('no view, no reading', () => expect(topicProblems(factsOf())).toHaveLength(1));
});
