import { describe, expect, it } from 'vitest';
import { beginningOf, furthest, newestRoster, readMark, writeMark, type Mark } from './positions.ts';

const mark = (over: Partial<Mark> = {}): Mark => ({ v: 1, epoch: 4, head: 'h4', roster: 3, topicId: 'topic-a', begins: null, ...over });
const facts = (over: object) => ({ asked: 5_000, topicId: 'topic-a', logStart: 0n, logEnd: 100n, committed: { offset: 50n, mark: mark() }, ...over });

describe('where a partition is read from', () => {
  it('goes on from the committed offset', () => {
    expect(beginningOf(facts({}))).toEqual({ outcome: 'resume', offset: 50n, begins: null });
    expect(beginningOf(facts({ committed: { offset: 50n, mark: mark({ begins: 777 }) } }))).toEqual({ outcome: 'resume', offset: 50n, begins: 777 });
  });
  it('a partition that was added begins at its log start', () => {
    expect(beginningOf(facts({ committed: null }))).toEqual({ outcome: 'begin', offset: 0n, begins: 0, lost: null });
    expect(beginningOf(facts({ committed: null, logStart: 9n }))).toEqual({ outcome: 'begin', offset: 9n, begins: 5_000, lost: { from: 0n, to: 9n } });
  });
  it('below the log start: said, and on at the log start', () => {
    expect(beginningOf(facts({ logStart: 60n }))).toEqual({ outcome: 'expired', offset: 60n, lost: { from: 50n, to: 60n } });
  });
  it('a topic made anew is another topic', () => {
    expect(beginningOf(facts({ topicId: 'topic-b', logEnd: 10n }))).toMatchObject({ outcome: 'recreated', offset: 0n, oldTopicId: 'topic-a', begins: 0 });
  });
  it('beyond the end, or a commit that no tap made: never a guess', () => {
    expect(beginningOf(facts({ logEnd: 49n }))).toEqual({ outcome: 'fatal', reason: 'committed-beyond-end' });
    expect(beginningOf(facts({ committed: { offset: 50n, mark: null } }))).toEqual({ outcome: 'fatal', reason: 'foreign-commit' });
  });
});

describe('commit metadata', () => {
  it('is read back, and nothing else is taken for it', () => {
    const { v: _, ...rest } = mark({ begins: 5 });
    expect(readMark(writeMark(rest))).toEqual(mark({ begins: 5 }));
    for (const text of [null, '', '{}', '{"v":2}', 'x']) expect(readMark(text)).toBeNull();
  });
  it('of before rosters had a mark is one all the same', () => {
    expect(readMark('{"v":1,"epoch":4,"head":"h4","topicId":"topic-a","begins":null}')).toEqual(mark({ roster: 0 }));
  });
  it('tells the newest roster any tap had followed', () => {
    expect(newestRoster([null, mark({ roster: 2 }), mark({ roster: 9 }), mark()])).toBe(9);
    expect(newestRoster([null])).toBe(0);
  });
  it('tells how far any tap had followed the registry', () => {
    expect(furthest([null, mark({ epoch: 2, head: 'h2' }), mark({ epoch: 9, head: 'h9' }), mark({ epoch: 3 })])).toEqual({ epoch: 9, head: 'h9' });
    expect(furthest([null, mark({ head: null, epoch: 0 })])).toBeNull();
  });
});
