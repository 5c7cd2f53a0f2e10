import { createHash } from 'node:crypto';
import { type AccountId, type MetadataRecord } from '@penreg/domain';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { parse as parseHtml, type DefaultTreeAdapterTypes } from 'parse5';
import { describe, expect, it } from 'vitest';
import { utcText } from './clock.ts';
import { ReturnsError } from './error.ts';
import { parseReturn, type Node, type ParsedReturn } from './prtt-strict.ts';
import { prttHtml, prttText } from './prtt.ts';
import type { Report, ReportRecord } from './report.ts';
import { account, anyRead, bodyOf, readOf, recordOf, render, reportOf, SECOND_TARGET, T0, TARGET } from './testing.ts';

/** The layout against a strict reader of it, an HTML parser that others wrote, and files that may not change. */

const fixed = [
  recordOf({ partition: 0, offset: 1n, at: T0 + 1_000, eventId: '3EB0C767D097B7C7', group: null }),
  recordOf({ partition: 0, offset: 2n, at: T0 + 2_500, eventId: 'odd-id_1', from: account('12025550102'), to: [TARGET], legs: [{ target: TARGET, direction: 'incoming' }], ip: null, port: null, device: null, size: null, withheld: ['ip', 'port', 'device', 'size', 'groupRecipients'] }),
  recordOf({ partition: 0, offset: 3n, at: T0 + 3_000, eventId: null, invalid: ['id'], to: [account('12025550102'), account('12025550103')], group: '120363025246125486', ip: '2001:db8::1', port: null }),
  recordOf({ partition: 0, offset: 4n, at: T0 + 9_000, kind: 'call', type: 'offer', callId: 'CALL0000000000000000000000000001', media: 'audio', eventId: 'e4', participants: [account('12025550102')] }),
  recordOf({ partition: 0, offset: 5n, at: T0 + 9_500, kind: 'call', type: 'offer', callId: 'another-call', media: 'video', from: account('12025550109'), to: [TARGET], legs: [{ target: TARGET, direction: 'incoming' }], ip: null, port: null, withheld: ['ip', 'port', 'device'], eventId: 'e5' }),
  recordOf({ partition: 0, offset: 6n, at: T0 + 10_000, kind: 'call', type: 'accept', callId: 'CALL0000000000000000000000000001', media: 'audio', from: account('12025550102'), to: [TARGET], ip: null, port: null, withheld: ['ip', 'port', 'device'], eventId: 'e6' }),
  recordOf({ partition: 0, offset: 7n, at: T0 + 11_000, kind: 'login', type: 'connect', to: [], eventId: 'e7' }),
];
const singleTarget = bodyOf({ targets: [TARGET], identifiers: [{ kind: 'phone', value: `+${TARGET}`, account: TARGET }], fields: ['device', 'group', 'participants'] });

const filesOf = async (form: typeof prttHtml, report: Report): Promise<Record<string, string>> =>
  Object.fromEntries(Object.entries(unzipSync(await render(form, report))).map(([name, bytes]) => [name, Buffer.from(bytes).toString('utf8')]));

const parsed = (text: string | undefined): ParsedReturn => {
  const result = parseReturn(text ?? '');
  if (!result.ok) throw new Error(`${result.rule} at ${result.at}: ${(text ?? '').slice(result.at, result.at + 120)}`);
  return result.value;
};
const nodesIn = (result: ParsedReturn, section: string, ...path: readonly string[]): readonly Node[] => {
  let nodes = result.sections.find(({ name }) => name === section)?.nodes ?? [];
  for (const label of path) nodes = nodes.filter((node) => node.label === label).flatMap(({ value }) => (typeof value === 'string' ? [] : value));
  return nodes;
};
const fieldsOf = (nodes: readonly Node[]): Record<string, string> => Object.fromEntries(nodes.filter(({ value }) => typeof value === 'string').map(({ label, value }) => [label, value as string]));
/** Flat runs of leaves, a new one at each node of the first label. */
const runs = (nodes: readonly Node[], first: string): readonly Node[][] => {
  const all: Node[][] = [];
  for (const node of nodes) {
    if (node.label === first) all.push([]);
    all.at(-1)?.push(node);
  }
  return all;
};
const leaves = (nodes: readonly Node[]): readonly string[] => nodes.flatMap(({ label, value }) => (typeof value === 'string' ? [`${label} ${value}`] : [label, ...leaves(value)]));

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32).toUpperCase();
const place = ({ topicId, partition, offset }: MetadataRecord): string => `${topicId}:${partition}:${offset}`;
const ofTarget = (reads: readonly ReportRecord[], target: AccountId, kind: MetadataRecord['kind']): readonly MetadataRecord[] => reads.map(({ record }) => record).filter((r) => r.kind === kind && r.legs.some((leg) => leg.target === target));
const byTime = (reads: readonly ReportRecord[]): ReportRecord[] => [...reads].sort((a, b) => a.record.at - b.record.at);

const expectReturn = (result: ParsedReturn, reads: readonly ReportRecord[], target: AccountId): void => {
  const word = (r: MetadataRecord, field: 'type' | 'device' | 'media'): string => r[field] ?? ((r.withheld as readonly string[]).includes(field) ? 'withheld' : r.invalid.includes(field) ? 'invalid' : 'unknown');
  expect(nodesIn(result, 'message_log', 'Message Log').map(({ value }) => fieldsOf(value as readonly Node[]))).toEqual(
    ofTarget(reads, target, 'message').map((r) => ({
      'Timestamp': `${utcText(r.at)} UTC`,
      'Message Id': r.eventId !== null && /^[0-9A-F]{8,32}$/.test(r.eventId) ? r.eventId : hashed(r.eventId ?? place(r)),
      'Sender': r.from ?? '-',
      'Recipients': r.to.join(',') || '-',
      ...(r.group === null ? {} : { 'Group Id': r.group }),
      ...(r.ip === null ? {} : { 'Sender Ip': r.ip }),
      ...(r.port === null ? {} : { 'Sender Port': String(r.port) }),
      'Sender Device': word(r, 'device'),
      'Type': word(r, 'type'),
      'Message Style': r.group !== null || r.to.length > 1 ? 'group' : 'individual',
      'Message Size': String(r.size ?? 0),
    })),
  );
  expect(runs(nodesIn(result, 'prospective_login_ips', 'Prospective Login IPs'), 'Timestamp').map(fieldsOf)).toEqual(
    ofTarget(reads, target, 'login').map((r) => ({ 'Timestamp': `${utcText(r.at)} UTC`, 'IP Address': r.ip ?? '-', 'Port': String(r.port ?? 0) })),
  );
  const calls = nodesIn(result, 'call_logs', 'Call Log').map(({ value }) => value as readonly Node[]);
  const ids = calls.map((call) => fieldsOf(call)['Call Id']);
  expect(new Set(ids).size).toBe(ids.length); // all signals of a call stand under one
  const events = calls.flatMap((call) =>
    runs(call.filter(({ label }) => label === 'Events').flatMap(({ value }) => value as readonly Node[]), 'Type').map((nodes) =>
      JSON.stringify([fieldsOf(call)['Call Id'], fieldsOf(nodes), nodes.filter(({ label }) => label === 'Participants').map(({ value }) => runs(value as readonly Node[], 'Phone Number').map((p) => fieldsOf(p)['Phone Number']))]),
    ),
  );
  const wanted = ofTarget(reads, target, 'call').flatMap((r) =>
    (r.to.length === 0 ? ['-'] : r.to).map((to, i) =>
      JSON.stringify([
        r.callId !== null && /^[A-Z0-9]{32}$/.test(r.callId) ? r.callId : hashed(r.callId ?? place(r)),
        { 'Type': word(r, 'type'), 'Timestamp': `${utcText(r.at)} UTC`, 'From': r.from ?? '-', 'To': to, 'From Ip': r.ip ?? '-', 'From Port': String(r.port ?? 0), 'Media Type': word(r, 'media') },
        i > 0 || (r.participants ?? []).length === 0 ? [] : [r.participants],
      ]),
    ),
  );
  expect([...events].sort()).toEqual([...wanted].sort());
};

/** Text of every leaf and group, as a parser finds it that knows HTML and nothing of the layout. */
const readAsHtml = (html: string): readonly string[] => {
  const found: string[] = [];
  const classOf = (node: DefaultTreeAdapterTypes.Node): string => ('attrs' in node ? (node.attrs.find(({ name }) => name === 'class')?.value ?? '') : '');
  const textOf = (node: DefaultTreeAdapterTypes.Node): string => ('value' in node ? node.value : '');
  const walk = (node: DefaultTreeAdapterTypes.Node): void => {
    const children = 'childNodes' in node ? node.childNodes : [];
    if (classOf(node) === 't i') {
      const label = children.map(textOf).join('');
      const box = children.find((child) => classOf(child) === 'm');
      const inner = box !== undefined && 'childNodes' in box ? box.childNodes[0] : undefined;
      const content = inner !== undefined && 'childNodes' in inner ? inner.childNodes : [];
      const isLeaf = content.some((child) => classOf(child) === 'p');
      found.push(isLeaf ? `${label} ${content.map(textOf).join('')}` : label);
    }
    children.forEach(walk);
  };
  walk(parseHtml(html));
  return found;
};

describe('prtt', () => {
  it('is the file that it has always been', async () => {
    const html = await filesOf(prttHtml, reportOf(fixed.map((r) => readOf(r)), { body: singleTarget }));
    const text = await filesOf(prttText, reportOf(fixed.map((r) => readOf(r)), { body: singleTarget }));
    expect(Object.keys(html)).toEqual(['records.html', 'instructions.txt']);
    await expect(html['records.html']).toMatchFileSnapshot('golden/records.html');
    await expect(html['instructions.txt']).toMatchFileSnapshot('golden/instructions.txt');
    await expect(text['records.txt']).toMatchFileSnapshot('golden/records.txt');
    expectReturn(parsed(html['records.html']), fixed.map((r) => readOf(r)), TARGET);
  });

  it('holds every fact of every target, whatever the values, read strictly, as HTML and as text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRead({ digits: true }), { maxLength: 25 }).map(byTime), async (reads) => {
        const html = await filesOf(prttHtml, reportOf(reads));
        const text = await filesOf(prttText, reportOf(reads));
        for (const [i, target] of [TARGET, SECOND_TARGET].entries()) {
          const file = html[`target-${i + 1}/records.html`];
          const result = parsed(file);
          expectReturn(result, reads, target);
          const all = result.sections.flatMap(({ nodes }) => leaves(nodes));
          expect(readAsHtml(file ?? '')).toEqual(all);
          expect((text[`target-${i + 1}/records.txt`] ?? '').split('\n').filter((line) => line !== '')).toEqual([result.marker, ...all]);
          expect((file ?? '').replace(/<[^>]*>/g, '')).not.toMatch(/\d[A-Z][a-z]+ (?:Id|Ip|Port|Size)/); // a label never sticks to the value before it
        }
      }),
      { numRuns: 30 },
    );
  });

  it('has one file for the one target that was asked for', async () => {
    const files = await filesOf(prttHtml, reportOf([readOf(recordOf())], { selection: { day: null, target: SECOND_TARGET } }));
    expect(Object.keys(files)).toEqual(['records.html', 'instructions.txt']);
    expect(files['records.html']).toContain(`+${SECOND_TARGET}`);
    expect(files['records.html']).not.toContain(TARGET);
  });

  it('has no section for a kind outside the order, and says where one is empty', async () => {
    const body = bodyOf({ kinds: ['call', 'status'] });
    const result = parsed((await filesOf(prttHtml, reportOf([], { body })))['target-1/records.html']);
    expect(result.sections.map(({ name }) => name)).toEqual(['request_parameters', 'message_log', 'call_logs']);
    expect(nodesIn(result, 'call_logs').at(-1)).toEqual({ label: 'Call Log', value: 'No responsive records located' });
  });

  it('ends its range of dates with the last second that is complete', async () => {
    const range = async (over: Partial<Report>): Promise<string | undefined> => fieldsOf(nodesIn(parsed((await filesOf(prttHtml, reportOf([], over)))['target-1/records.html']), 'request_parameters'))['Date Range'];
    expect(await range({})).toBe('2026-11-24 09:00:00 UTC to 2026-12-01 08:59:59 UTC');
    expect(await range({ coverage: { completeThrough: T0 + 5_000, gaps: [] } })).toBe('2026-11-24 09:00:00 UTC to 2026-11-24 09:00:04 UTC');
    expect(await range({ selection: { day: '2026-11-25', target: null } })).toBe('2026-11-25 00:00:00 UTC to 2026-11-25 23:59:59 UTC');
  });

  it('bears a ticket of digits that stays with the order and follows from no other order\'s', async () => {
    const ticket = async (last: string): Promise<string> => {
      const report = reportOf([]);
      const order = { ...report.order, orderId: report.order.orderId.replace(/.$/, last) as Report['order']['orderId'] };
      return fieldsOf(nodesIn(parsed((await filesOf(prttHtml, { ...report, order }))['target-1/records.html']), 'request_parameters'))['Internal Ticket Number'] ?? '';
    };
    const [a, again, b] = [await ticket('a'), await ticket('a'), await ticket('b')];
    expect(a).toMatch(/^\d{12}$/);
    expect(again).toBe(a);
    expect(Math.abs(Number(a) - Number(b))).toBeGreaterThan(1_000);
  });

  it.each([
    ['an opaque account', { to: [account('user@example')] }, 'unprintable-account'],
    ['an opaque participant', { kind: 'call' as const, type: 'offer' as const, participants: [account('x_y')] }, 'unprintable-account'],
    ['a group that is not digits', { group: 'group-000001' }, 'unprintable-group'],
  ])('refuses %s with the reason, and names nobody', async (_what, over, code) => {
    const failed = await render(prttHtml, reportOf([readOf(recordOf(over))])).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(ReturnsError);
    expect(failed).toMatchObject({ code });
    expect((failed as Error).message).not.toMatch(/example|x_y|group-0/);
  });

  it('refuses an opaque target and a window of which nothing has been examined, before any record is read', async () => {
    await expect(render(prttHtml, reportOf([], { body: bodyOf({ targets: ['user@example'], identifiers: [{ kind: 'account', value: 'user@example', account: 'user@example' }] }) }))).rejects.toMatchObject({ code: 'unprintable-account' });
    await expect(render(prttHtml, reportOf([], { coverage: { completeThrough: null, gaps: [] } }))).rejects.toMatchObject({ code: 'nothing-examined' });
  });
});

describe('the strict reader', () => {
  it('takes any text without failing, and refuses every return that was changed in markup or labels', async () => {
    const [file = ''] = Object.values(await filesOf(prttHtml, reportOf(fixed.map((r) => readOf(r)), { body: singleTarget })));
    expect(parseReturn(file).ok).toBe(true);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !parseReturn(text).ok));
    const markup = [...file.matchAll(/<[^>]*>\n?|(?<=t i">)[^<]+/g)];
    fc.assert(
      fc.property(fc.nat(markup.length - 1), fc.constantFrom('', ' ', '\n', 'x'), (which, instead) => {
        const hit = markup[which];
        const [old = ''] = hit ?? [];
        return old === instead || !parseReturn(file.slice(0, hit?.index) + instead + file.slice((hit?.index ?? 0) + old.length)).ok;
      }),
      { numRuns: 150 },
    );
    fc.assert(fc.property(fc.nat(file.length - 1), (length) => !parseReturn(file.slice(0, length)).ok));
  });
});
