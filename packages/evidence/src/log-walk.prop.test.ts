import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECKPOINT_ACT, contentHash, COUNTERSIGN_ACT, type AuditContent, type AuditLink, type ChangeLink, type LogPage } from './audit-log.ts';
import { nextLink } from './chain.ts';
import { checkpointHash, signCheckpoint, signCountersignature, verifyCheckpoint, type Checkpoint } from './checkpoint.ts';
import { LogWalk, type LogVerdict, type LogWalkOptions } from './log-walk.ts';
import { nora, paula, rosterOf, serviceKey, tapKey } from './testing.ts';

interface Line {
  readonly link: AuditLink;
  readonly said: AuditContent;
  readonly change: ChangeLink | null;
}
const base = rosterOf();
const roster = rosterOf({
  people: [...base.people.filter((p) => p.personId !== 'nora'), { personId: 'nora', roles: ['auditor'], keys: base.people.find((p) => p.personId === 'nora')?.keys ?? [] }],
  services: base.services.map((s) => ({ ...s, service: 'order-activation' })),
});

const after = (lines: readonly Line[]) => ({ audit: lines.at(-1)?.link ?? null, changes: lines.findLast((l) => l.change !== null)?.change ?? null });
const append = (lines: readonly Line[], act: string, detail: AuditContent['detail'], published = false): readonly Line[] => {
  const { audit, changes } = after(lines);
  const said: AuditContent = { actor: 'paula', act, orderId: null, detail, salt: `salt-${lines.length}` };
  const link = nextLink(audit, { at: 1_000 + lines.length, content: contentHash(said), sealed: `sealed-${lines.length}`, writes: published ? 'f'.repeat(64) : null });
  const change = published ? nextLink(changes, { published: 5, act: 'activate', orderId: 'o', grantHash: 'a'.repeat(64), audit: link.hash }) : null;
  return [...lines, { link, said, change }];
};
const checkpointOf = (lines: readonly Line[], key = serviceKey): Checkpoint => {
  const { audit, changes } = after(lines);
  const prev = lines.findLast((l) => l.said.act === CHECKPOINT_ACT)?.said.detail as unknown as Checkpoint | undefined;
  return signCheckpoint({ deployment: 'test', seq: audit?.seq ?? 0, hash: audit?.hash ?? '', logEpoch: changes?.seq ?? 0, logHead: changes?.hash ?? null, at: 2_000, prev: prev === undefined ? null : checkpointHash(prev) }, key);
};
type Step = 'read' | 'act' | 'checkpoint' | 'countersign';
const step = (lines: readonly Line[], what: Step): readonly Line[] => {
  switch (what) {
    case 'read':
      return append(lines, 'order-show', null);
    case 'act':
      return append(lines, 'order.activate', { epoch: 1 }, true);
    case 'checkpoint':
      return lines.length === 0 ? lines : append(lines, CHECKPOINT_ACT, checkpointOf(lines));
    case 'countersign': {
      const last = lines.findLast((l) => l.said.act === CHECKPOINT_ACT)?.said.detail as unknown as Checkpoint | undefined;
      if (last === undefined) return lines;
      return append(lines, COUNTERSIGN_ACT, signCountersignature({ deployment: 'test', checkpoint: checkpointHash(last), seq: last.seq, personId: 'nora', at: 3_000 }, nora.key));
    }
  }
};
const logs = fc.array(fc.constantFrom<Step>('read', 'act', 'read', 'checkpoint', 'countersign'), { minLength: 3, maxLength: 30 }).map((steps) => ['read' as const, ...steps].reduce<readonly Line[]>(step, []));
const pageOf = (lines: readonly Line[]): LogPage => ({
  entries: lines.map(({ link, said }) => ({ seq: link.seq, link, said })),
  changes: lines.flatMap(({ change }) => (change === null ? [] : [{ seq: change.seq, link: change }])),
});
const walk = (pages: readonly LogPage[], options: LogWalkOptions = { roster }): LogVerdict => {
  const it = new LogWalk(options);
  for (const page of pages) it.take(page);
  return it.end();
};
/** Everything from `at` on linked anew, as somebody would who has every key but the signing ones. */
const relink = (lines: readonly Line[], at: number): readonly Line[] => lines.slice(at).reduce<readonly Line[]>((made, { said, change }) => append(made, said.act, said.detail, change !== null), lines.slice(0, at));

describe('walking both logs', () => {
  it('finds nothing wrong with a log as it was made, whole, in pages and from its middle', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (lines, at) => {
        const cut = at % lines.length;
        const whole = walk([pageOf(lines)]);
        expect(whole).toMatchObject({ ok: true, entries: lines.length, epochs: lines.filter((l) => l.change !== null).length });
        expect(walk([pageOf(lines.slice(0, cut)), pageOf(lines.slice(cut))])).toEqual(whole);
      }),
    );
  });

  it('names what was altered, removed, put in or shown otherwise than it was chained', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (lines, at) => {
        const i = at % lines.length;
        const line = lines[i] as Line;
        const page = pageOf(lines);
        expect(walk([pageOf(lines.with(i, { ...line, said: { ...line.said, actor: 'somebody' } }))])).toMatchObject({ ok: false, log: 'audit', problem: 'content', seq: i + 1 });
        expect(walk([pageOf(lines.with(i, { ...line, link: { ...line.link, entry: { ...line.link.entry, at: 1 } } }))])).toMatchObject({ ok: false, log: 'audit', problem: 'altered', seq: i + 1 });
        expect(walk([{ ...page, entries: page.entries.with(i, { seq: i + 1, link: null, said: null }) }])).toMatchObject({ ok: false, log: 'audit', problem: 'unreadable', seq: i + 1 });
        if (i < lines.length - 1) expect(walk([{ ...page, entries: page.entries.toSpliced(i, 1) }])).toMatchObject({ ok: false, log: 'audit', problem: 'missing', seq: i + 1 });
      }),
    );
  });

  it('a log that was written anew is told by the next checkpoint, and what lies before the last good one is cleared', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (made, at) => {
        const log = relink(made.filter((l) => l.said.act !== CHECKPOINT_ACT && l.said.act !== COUNTERSIGN_ACT), 0).reduce<readonly Line[]>((lines, line, n) => append(n % 4 === 3 ? step(lines, 'checkpoint') : lines, line.said.act, line.said.detail, line.change !== null), []);
        const lines = step(log, 'checkpoint');
        const i = at % log.length;
        const line = lines[i] as Line;
        const forged = relink(lines.with(i, { ...line, said: { ...line.said, act: 'forged' } }), i);
        const rest = lines.slice(i + 1).find((l) => l.said.act === CHECKPOINT_ACT)?.said.detail as unknown as Checkpoint;
        const good = lines.slice(0, i).findLast((l) => l.said.act === CHECKPOINT_ACT)?.said.detail as unknown as Checkpoint | undefined;
        expect(walk([pageOf(forged)])).toMatchObject({ ok: false, log: 'audit', problem: 'altered', seq: rest.seq, after: good?.seq ?? 0, provenBy: rest.seq });
        // Without its checkpoints it is whole in itself: only what somebody kept elsewhere tells.
        const bare = relink(forged.filter((l) => l.said.act !== CHECKPOINT_ACT && l.said.act !== COUNTERSIGN_ACT), 0);
        expect(walk([pageOf(bare)])).toMatchObject({ ok: true });
        expect(walk([pageOf(bare)], { roster, known: [rest] })).toMatchObject({ ok: false, provenBy: rest.seq });
      }),
    );
  });

  it('a cut end shows against a checkpoint from elsewhere', () => {
    fc.assert(
      fc.property(logs, fc.nat(), (log, at) => {
        const kept = checkpointOf(log);
        const end = at % log.length;
        expect(walk([pageOf(log.slice(0, end))], { roster, known: [kept] })).toMatchObject({ ok: false, log: 'audit', problem: 'cut', seq: end + 1, provenBy: kept.seq });
        expect(walk([pageOf(log)], { roster, known: [kept] })).toMatchObject({ ok: true });
      }),
    );
  });

  it('an epoch without its audit entry, and a cut change log, are named', () => {
    const lines = (['read', 'act', 'act', 'read', 'checkpoint'] as const).reduce<readonly Line[]>(step, []);
    const page = pageOf(lines);
    const orphan = nextLink(page.changes.at(-1)?.link ?? null, { published: 9, act: 'stop', orderId: 'o', grantHash: 'b'.repeat(64), audit: 'e'.repeat(64) });
    expect(walk([{ ...page, changes: [...page.changes, { seq: 3, link: orphan }] }])).toMatchObject({ ok: false, log: 'changes', problem: 'unaudited', seq: 3 });
    expect(walk([{ ...page, changes: page.changes.slice(0, -1) }])).toMatchObject({ ok: false, log: 'changes', problem: 'missing', seq: 2, provenBy: 4 });
  });

  it.each([
    ['by nobody the roster knows', tapKey, roster],
    ['by another service', serviceKey, rosterOf()],
    ['by a person', paula.key, roster],
  ])('a checkpoint signed %s is none', (_, key, whose) => {
    const lines = step(step([], 'read'), 'act');
    expect(verifyCheckpoint(checkpointOf(lines, key), whose)).toBe(false);
    expect(walk([pageOf(append(lines, CHECKPOINT_ACT, checkpointOf(lines, key)))], { roster: whose })).toMatchObject({ ok: false, problem: 'checkpoint', seq: 3 });
  });

  it('a counter-signature is an auditor’s, of a checkpoint that stands before it', () => {
    const lines = (['read', 'checkpoint'] as const).reduce<readonly Line[]>(step, []);
    const of = lines[1]?.said.detail as unknown as Checkpoint;
    const fields = { deployment: 'test', checkpoint: checkpointHash(of), seq: of.seq, personId: 'nora', at: 3_000 };
    const verdictOf = (detail: object): LogVerdict => walk([pageOf(append(lines, COUNTERSIGN_ACT, detail as never))]);
    expect(verdictOf(signCountersignature(fields, nora.key))).toMatchObject({ ok: true, countersigned: { seq: 1, personId: 'nora', at: 3_000 } });
    for (const wrong of [{ ...fields, checkpoint: 'c'.repeat(64) }, { ...fields, seq: 2 }, { ...fields, personId: 'paula' }, { ...fields, deployment: 'other' }]) {
      expect(verdictOf(signCountersignature(wrong, nora.key))).toMatchObject({ ok: false, problem: 'countersignature', seq: 3 });
    }
    expect(verdictOf(signCountersignature({ ...fields, personId: 'paula' }, paula.key))).toMatchObject({ ok: false, problem: 'countersignature' });
    expect(walk([pageOf(append(lines, COUNTERSIGN_ACT, signCountersignature(fields, nora.key) as never))], { roster: base })).toMatchObject({ ok: false });
  });
});
