import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sensitive } from '@penreg/platform';
import { afterEach, describe, expect, it } from 'vitest';
import type { AccountDirectory } from './directory.ts';
import { openFileDirectory } from './file-directory.ts';
import { openHttpDirectory } from './http-directory.ts';
import { directoryOf, DirectoryLineSchema } from './memory-directory.ts';

const LINES = [
  { kind: 'phone', value: '+1 (202) 555-0101', account: '12025550101', since: 1_000 },
  { kind: 'username', value: 'Erin', account: 'acc.7', since: 2_000, holder: 'h-1' },
  { kind: 'email', value: 'erin@example.org', account: 'acc.7', since: 2_000, holder: 'h-1' },
  { kind: 'username', value: 'twice', account: 'acc.8', since: 1 },
  { kind: 'username', value: 'twice', account: 'acc.9', since: 1 },
  { kind: 'username', value: 'gone', account: 'acc.10', since: 1 },
  { account: 'acc.10', at: 5_000, what: 'deleted' },
  { account: '12025550101', at: 4_000, what: 're-registered' },
];
const lines = LINES.map((line) => DirectoryLineSchema.parse(line));

const cleanUp: (() => void)[] = [];
afterEach(() => cleanUp.splice(0).forEach((f) => f()));

const inFile = (text: string): { readonly directory: AccountDirectory; readonly file: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'penreg-directory-'));
  cleanUp.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'directory.jsonl');
  writeFileSync(file, text);
  return { file, directory: openFileDirectory(file) };
};
const text = LINES.map((line) => JSON.stringify(line)).join('\n');

type Answer = (body: { readonly since: number; readonly after: number } & { readonly kind: 'phone'; readonly value: string }, path: string) => Promise<unknown>;
const overHttp = async (answer: Answer, over: { status?: number; token?: string; timeoutMs?: number } = {}): Promise<AccountDirectory> => {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const piece of request) body += String(piece);
    const authorised = request.headers.authorization === 'Bearer the-token' && request.method === 'POST' && !request.url?.includes('?');
    response.writeHead(authorised ? (over.status ?? 200) : 401).end(JSON.stringify(await answer(JSON.parse(body) as Parameters<Answer>[0], request.url ?? '')));
  };
  const server: Server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.push(() => (server.closeAllConnections(), server.close()));
  return openHttpDirectory({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: new Sensitive(over.token ?? 'the-token'), timeoutMs: over.timeoutMs ?? 2_000 });
};
const honest: Answer = async (body, path) => {
  const memory = directoryOf(lines);
  if (path === '/resolve') return memory.resolve(body);
  // Pages of one.
  const changes = (await memory.changes(body.since)).slice(body.after);
  return { changes: changes.slice(0, 1), more: changes.length > 1 };
};

const ADAPTERS: readonly (readonly [string, () => Promise<AccountDirectory>])[] = [
  ['in memory', async () => directoryOf(lines)],
  ['file', async () => inFile(text).directory],
  ['HTTP', () => overHttp(honest)],
];

/** What every adapter does. */
describe.each(ADAPTERS)('the account directory, %s', (_, open) => {
  it.each([
    ['a phone number, however it is written', { kind: 'phone', value: '1-202-555-0101' }, { outcome: 'known', account: '12025550101', since: 1_000, holder: null }],
    ['a username, without regard to case', { kind: 'username', value: ' ERIN ' }, { outcome: 'known', account: 'acc.7', since: 2_000, holder: 'h-1' }],
    ['a mail address', { kind: 'email', value: 'erin@example.org' }, { outcome: 'known', account: 'acc.7', since: 2_000, holder: 'h-1' }],
    ['the account itself', { kind: 'account', value: 'acc.7' }, { outcome: 'known', account: 'acc.7', since: 2_000, holder: 'h-1' }],
    ['no account of another spelling', { kind: 'account', value: 'ACC.7' }, { outcome: 'unknown' }],
    ['nobody', { kind: 'phone', value: '+12025550199' }, { outcome: 'unknown' }],
    ['a kind apart', { kind: 'username', value: '12025550101' }, { outcome: 'unknown' }],
    ['more than one account', { kind: 'username', value: 'twice' }, { outcome: 'ambiguous' }],
    ['a deleted account', { kind: 'username', value: 'gone' }, { outcome: 'unknown' }],
  ] as const)('%s', async (_what, identifier, expected) => expect(await (await open()).resolve(identifier)).toEqual(expected));

  it('changes since an instant, by time', async () => {
    const directory = await open();
    expect(await directory.changes(0)).toEqual([{ account: '12025550101', at: 4_000, what: 're-registered' }, { account: 'acc.10', at: 5_000, what: 'deleted' }]);
    expect(await directory.changes(5_000)).toEqual([{ account: 'acc.10', at: 5_000, what: 'deleted' }]);
    expect(await directory.changes(5_001)).toEqual([]);
  });
});

describe('a directory that cannot be asked is not an unknown account', () => {
  const phone = { kind: 'phone', value: '+12025550101' } as const;
  const gone = expect.objectContaining({ code: 'unavailable', field: 'directory' }) as Error;

  it('a file that is missing or wrong, and no line of it in the error', async () => {
    await expect(openFileDirectory('/nowhere/at/all').resolve(phone)).rejects.toEqual(gone);
    const { directory } = inFile(`${text}\n{"kind":"phone","value":"+12025550188"}`);
    await expect(directory.resolve(phone)).rejects.toMatchObject({ code: 'unavailable', rule: expect.stringContaining('line 9') as string });
    await expect(directory.resolve(phone)).rejects.not.toMatchObject({ rule: expect.stringContaining('0188') as string });
  });
  it('a file that has grown is read again', async () => {
    const { directory, file } = inFile(text);
    expect(await directory.resolve({ kind: 'phone', value: '+12025550199' })).toEqual({ outcome: 'unknown' });
    appendFileSync(file, `\n${JSON.stringify({ kind: 'phone', value: '+12025550199', account: '12025550199', since: 9 })}`);
    expect(await directory.resolve({ kind: 'phone', value: '+12025550199' })).toMatchObject({ outcome: 'known' });
  });
  it.each([
    ['another status', () => overHttp(async () => ({ outcome: 'unknown' }), { status: 404 })],
    ['no right to ask', () => overHttp(honest, { token: 'another' })],
    ['another form', () => overHttp(async () => ({ outcome: 'known', account: '12025550101', since: 1, holder: null, name: 'Erin' }))],
    ['no answer in time', () => overHttp(() => new Promise(() => undefined), { timeoutMs: 100 })],
    ['nobody there', async () => openHttpDirectory({ url: 'http://127.0.0.1:1', token: new Sensitive('t'), timeoutMs: 500 })],
  ] as const)('%s', async (_, open) => expect((await open()).resolve(phone)).rejects.toEqual(gone));

  it('changes without end', async () => {
    const directory = await overHttp(async () => ({ changes: [], more: true }));
    await expect(directory.changes(0)).rejects.toEqual(gone);
  });
});
