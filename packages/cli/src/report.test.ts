import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from './error.ts';
import { penreg } from './testing.ts';

/** How the command treats what a server sends, whole or not. The service itself is tested beside it. */

const ORDER = '01939a3c-0000-7000-8000-00000000000a';
const folder = mkdtempSync(join(tmpdir(), 'penreg-report-'));
const out = join(folder, 'report.ndjson');
let server: Server;
let url = '';
let respond: (response: ServerResponse) => void = () => undefined;

beforeAll(async () => {
  writeFileSync(join(folder, 'token'), 't'.repeat(43));
  server = createServer((_request, response) => respond(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  rmSync(out, { force: true });
  rmSync(`${out}.part`, { force: true });
});

const run = (...args: string[]) => penreg(['--reporting-url', url, '--token-file', join(folder, 'token'), 'report', ...args]);
const line = (value: unknown): string => `${JSON.stringify(value)}\n`;
const reportOf = (records: number, over: Record<string, unknown> = {}, order = ORDER): string => {
  const head = line({ kind: 'header', order, sentence: 'Records messages.' }) + Array.from({ length: records }, (_, i) => line({ kind: 'record', at: i })).join('');
  return head + line({ kind: 'trailer', records, completeThrough: 1_700_000_000_000, gaps: [], seals: { checked: 2, failed: 0, findingCount: 0, findings: [] }, destroyed: 0, digest: createHash('sha256').update(head).digest('hex'), ...over });
};
const sends = (text: string): void => {
  respond = (response) => response.writeHead(200, { 'content-type': 'application/x-ndjson' }).end(text);
};

describe('penreg report', () => {
  it('keeps a whole report under its name, for its owner only', async () => {
    sends(reportOf(3));
    const { code, err } = await run(ORDER, '--out', out);
    expect(code).toBe(EXIT.ok);
    expect(readFileSync(out, 'utf8')).toBe(reportOf(3));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(existsSync(`${out}.part`)).toBe(false);
    expect(err).toMatch(/Records messages\.[\s\S]*records\s+3[\s\S]*complete through\s+2023-11-14T22:13:20\.000Z[\s\S]*2 checked, 0 failed/);
  });

  it('writes to standard output without --out', async () => {
    sends(reportOf(2));
    expect(await run(ORDER)).toMatchObject({ code: EXIT.ok, out: reportOf(2) });
  });

  it.each([
    ['a connection that breaks', () => (respond = (response) => void (response.writeHead(200), response.write(reportOf(3).slice(0, 90)), setTimeout(() => response.destroy(), 20)))],
    ['an end before the trailer', () => sends(reportOf(3).split('\n').slice(0, 3).join('\n') + '\n')],
    ['an altered record', () => sends(reportOf(3).replace('"at":1', '"at":7'))],
    ['the report of another order', () => sends(reportOf(1, {}, '01939a3c-0000-7000-8000-00000000000b'))],
  ])('ends with 5 on %s and leaves no report', async (_what, arrange) => {
    arrange();
    const { code, err } = await run(ORDER, '--out', out);
    expect([code, existsSync(out)]).toEqual([EXIT.unverified, false]);
    expect(err).toContain('penreg: ');
  });

  it.each([
    ['gaps', { gaps: [{ reason: 'expired' }] }, '1 gaps'],
    ['a failed seal', { seals: { checked: 2, failed: 1, findingCount: 0, findings: [] } }, '1 seals do not hold'],
    ['findings', { seals: { checked: 2, failed: 0, findingCount: 7, findings: [{ kind: 'altered' }] } }, '7 findings'],
  ])('ends with 6 on a whole report that names %s, and keeps it', async (_what, over, says) => {
    sends(reportOf(1, over));
    const { code, err } = await run(ORDER, '--out', out);
    expect([code, existsSync(out)]).toEqual([EXIT.findings, true]);
    expect(err).toContain(says);
  });

  const records = 'time_utc,event,digest\r\n2026-11-24 09:00:00,message,\r\n';
  const rows = `${records}END,1,${createHash('sha256').update(records).digest('hex')}\r\n`;

  it('keeps CSV that came to its end, and says where coverage and seals stand', async () => {
    sends(rows);
    const { code, err } = await run(ORDER, '--format', 'csv', '--out', out);
    expect([code, readFileSync(out, 'utf8')]).toEqual([EXIT.ok, rows]);
    expect(err).toMatch(/1 records, .* penreg report summary/);
  });

  it.each([
    ['a row that says so', () => sends(`${records}ERROR,these rows are not complete,unavailable\r\n`)],
    ['no row that says so', () => sends(records)],
    ['the digest of other rows', () => sends(rows.replace('message', 'login'))],
    ['half a row', () => sends(rows.slice(0, -3))],
    ['nothing', () => sends('')],
    ['a connection that breaks', () => (respond = (response) => void (response.writeHead(200), response.write(rows), setTimeout(() => response.destroy(), 20)))],
  ])('ends with 5 on CSV that ends with %s', async (_what, arrange) => {
    arrange();
    expect([(await run(ORDER, '--format', 'csv', '--out', out)).code, existsSync(out)]).toEqual([EXIT.unverified, false]);
  });

  it('summarises without rows, and ends with 6 where something is wrong', async () => {
    const summary = { order: ORDER, sentence: 'Records messages.', totals: { records: 5, later: 2, pending: 1, first: null }, completeThrough: null, gaps: [], seals: { checked: 1, failed: 0, findingCount: 0, findings: [] }, destroyed: 0, docket: 'd' };
    respond = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(summary));
    expect(await run('summary', ORDER)).toMatchObject({ code: EXIT.ok, out: expect.stringMatching(/Records messages\.[\s\S]*records\s+5[\s\S]*nothing can be said yet/) as string });
    expect(JSON.parse((await run('summary', ORDER, '--json')).out)).toEqual(summary);
    respond = (response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...summary, gaps: [{ reason: 'expired' }] }));
    expect((await run('summary', ORDER)).code).toBe(EXIT.findings);
  });

  it('says what the service refused', async () => {
    respond = (response) => response.writeHead(403, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'not-permitted', status: 403, requestId: 'r', problems: [{ field: 'authorization', rule: 'none of your roles may do report-read' }] }));
    expect(await run(ORDER, '--out', out)).toMatchObject({ code: EXIT.refused, err: expect.stringContaining('none of your roles may do report-read') as string });
  });

  it('follows no redirect with a token', async () => {
    respond = (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    expect((await run(ORDER)).code).toBe(EXIT.unavailable);
  });

  describe('as a file', () => {
    const JOB = '0b1f0c5e-5d3c-4c55-9f3a-0c9d6a2f1e11';
    const bytes = Buffer.from('PK of a return');
    const job = (over: Record<string, unknown> = {}) => ({ job: JOB, state: 'done', percent: 100, file: { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), records: 7 }, fault: null, ...over });
    let asked: string[] = [];
    const serves = (states: readonly unknown[], body: Buffer = bytes): void => {
      let next = 0;
      asked = [];
      server.removeAllListeners('request');
      server.on('request', (request, response) => {
        asked.push(`${request.method} ${request.url}`);
        if (request.url?.endsWith('/file')) return void response.writeHead(200).end(body);
        if (request.method === 'DELETE') return void response.writeHead(204).end();
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(states[Math.min(next++, states.length - 1)]));
      });
    };
    afterEach(() => {
      server.removeAllListeners('request');
      server.on('request', (_request, response) => respond(response));
    });

    it('waits with a bar, fetches, checks the digest, and leaves nothing on the service', async () => {
      serves([job({ state: 'waiting', percent: 0, file: null }), job({ state: 'running', percent: 40, file: null }), job()]);
      const { code, err } = await run(ORDER, '--format', 'xlsx', '--reason', 'court', '--day', '2026-11-24', '--out', out);
      expect([code, readFileSync(out).equals(bytes), statSync(out).mode & 0o777]).toEqual([EXIT.ok, true, 0o600]);
      expect(err).toContain('7 records');
      expect(asked).toEqual([`POST /orders/${ORDER}/report/jobs`, `GET /jobs/${JOB}`, `GET /jobs/${JOB}`, `GET /jobs/${JOB}/file`, `DELETE /jobs/${JOB}`]);
    });

    it('takes the target from a file and never from the command line', async () => {
      writeFileSync(join(folder, 'account'), '12025550101\n');
      let body = '';
      serves([job()]);
      server.prependListener('request', (request) => request.on('data', (chunk: Buffer) => (body += chunk.toString())));
      expect((await run(ORDER, '--format', 'prtt-html', '--reason', 'delivery', '--target-file', join(folder, 'account'), '--out', out)).code).toBe(EXIT.ok);
      expect(JSON.parse(body)).toEqual({ form: 'prtt-html', reason: 'delivery', target: '12025550101' });
      expect(asked.join()).not.toContain('12025550101');
    });

    it.each([
      ['with 5 on bytes that are not those of the digest', [job()], Buffer.from('other'), EXIT.unverified],
      ['with 3 on a report that cannot be said in the form', [job({ state: 'failed', file: null, fault: { code: 'unprintable-account', rule: 'telephone numbers only', retriable: false } })], bytes, EXIT.refused],
      ['with 4 where trying again helps', [job({ state: 'failed', file: null, fault: { code: 'unavailable', rule: null, retriable: true } })], bytes, EXIT.unavailable],
    ])('ends %s, and removes it', async (_what, states, body, exit) => {
      serves(states, body);
      expect([(await run(ORDER, '--format', 'prtt-text', '--reason', 'court', '--out', out)).code, existsSync(out)]).toEqual([exit, false]);
      expect(asked.at(-1)).toBe(`DELETE /jobs/${JOB}`);
    });

    it.each([[['--format', 'xlsx', '--out', out]], [['--format', 'xlsx', '--reason', 'curiosity', '--out', out]], [['--format', 'xlsx', '--reason', 'court']], [['--format', 'docx']]])('asks for what is missing: %j', async (args) => {
      expect((await run(ORDER, ...args)).code).toBe(EXIT.usage);
    });
  });
});
