import { describe, expect, it } from 'vitest';
import { openDraft } from './draft.ts';

const REF = { tap: 'tap-1', boot: '01939a3c-0000-7000-8000-000000000001', flush: 1 };
const TOPIC = { topicId: 'a'.repeat(32), partitions: 2 };

describe('a draft', () => {
  it('joins what was examined into one interval per partition', () => {
    const draft = openDraft({ epoch: 3, head: 'head', refused: [] });
    draft.cover({ partition: 1, from: 10n, to: 20n, appended: 1_000 });
    draft.cover({ partition: 0, from: 5n, to: 6n, appended: 900 });
    draft.cover({ partition: 1, from: 20n, to: 21n, appended: 1_100 });
    expect(draft.toFlush(REF, TOPIC, 2_000).intervals).toEqual([
      { topicId: TOPIC.topicId, partition: 0, epoch: 3, from: 5n, to: 6n, appendMin: 900, appendMax: 900, watermark: 900, begins: null },
      { topicId: TOPIC.topicId, partition: 1, epoch: 3, from: 10n, to: 21n, appendMin: 1_000, appendMax: 1_100, watermark: 1_100, begins: null },
    ]);
    expect(draft.positions()).toEqual([{ partition: 0, offset: 6n }, { partition: 1, offset: 21n }]);
  });

  it('never claims a range it has not seen', () => {
    const draft = openDraft({ epoch: 1, head: null, refused: [] });
    draft.cover({ partition: 0, from: 0n, to: 10n, appended: 1 });
    expect(draft.continues(0, 10n)).toBe(true);
    expect(draft.continues(0, 11n)).toBe(false);
    expect(draft.continues(0, 9n)).toBe(false);
    expect(() => draft.cover({ partition: 0, from: 11n, to: 12n, appended: 1 })).toThrow('not contiguous');
    expect(() => draft.reachEnd(0, 9n, 5)).toThrow('not contiguous');
  });

  it('proves idleness without a record', () => {
    const draft = openDraft({ epoch: 1, head: null, refused: [] });
    draft.reachEnd(0, 7n, 5_000);
    expect(draft.isEmpty()).toBe(false);
    expect(draft.toFlush(REF, TOPIC, 6_000).intervals).toMatchObject([{ from: 7n, to: 7n, appendMin: null, appendMax: null, watermark: 5_000 }]);
  });

  it('a watermark never goes back', () => {
    const draft = openDraft({ epoch: 1, head: null, refused: [] });
    draft.reachEnd(0, 7n, 5_000);
    draft.cover({ partition: 0, from: 7n, to: 8n, appended: 4_990 });
    expect(draft.toFlush(REF, TOPIC, 6_000).intervals[0]?.watermark).toBe(5_000);
  });
});
