import { createHash } from 'node:crypto';
import { TestkitError } from './error.ts';

/** Tokens of the people it takes to accept a request. */
export interface RequestPeople {
  readonly proposer: string;
  /** Two, because an entry of the agency directory takes two. */
  readonly reviewers: readonly [string, string];
}

/** What an order is asked with, as far as its request must agree with it. */
interface Asked {
  readonly agency: string;
  readonly agencyReference: string;
  readonly jurisdiction: string;
  readonly instrument: string;
  readonly targets: readonly string[];
  readonly emergency?: object | null;
}

const NUMBER = '+12025550100';
const PDF = Buffer.from('%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\nxref\n0 3\ntrailer\n<< /Size 3 /Root 1 0 R >>\nstartxref\n109\n%%EOF\n');
const SHA256 = createHash('sha256').update(PDF).digest('hex');

const identifierOf = (account: string) => (/^\d{7,15}$/.test(account) ? { kind: 'phone', value: `+${account}` } : { kind: 'account', value: account });

type Answer = Record<string, unknown> & { readonly version: number };

/**
 * Does for an order what has to be done before it: the directory's entry, the papers, the request and its way to
 * `accepted`. Resolves with what the order says of them.
 */
export const acceptRequest = async <T extends Asked>(url: string, people: RequestPeople, asked: T): Promise<T & { readonly request: string; readonly certification: string; readonly documents: readonly string[] }> => {
  const [reviewer, other] = people.reviewers;
  const send = async (token: string, method: string, path: string, body: object | Uint8Array<ArrayBuffer> | null, alsoFine: readonly number[] = []): Promise<Answer> => {
    const isBytes = body instanceof Uint8Array;
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === null ? {} : { 'content-type': isBytes ? 'application/pdf' : 'application/json' }) },
      ...(body === null ? {} : { body: isBytes ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
    const text = await response.text();
    if (!response.ok && !alsoFine.includes(response.status)) throw new TestkitError('api', `${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Answer;
  };

  const entry = createHash('sha256').update(`${asked.agency}\n${asked.jurisdiction}`).digest('hex').slice(0, 16);
  const known = (await send(reviewer, 'GET', `/agencies/${entry}`, null, [404])) as Answer & { readonly confirmed?: object | null };
  if (known.confirmed == null) {
    const facts = { kind: 'agency', name: asked.agency, country: 'US', jurisdictions: [asked.jurisdiction], callBackNumbers: [NUMBER], source: 'a printed directory' };
    // Somebody else may do the same at the same time: 409.
    const { version } = await send(reviewer, 'PUT', `/agencies/${entry}`, { version: known.version ?? 0, facts }, [409]);
    if (version !== undefined) await send(other, 'POST', `/agencies/${entry}/confirm`, { version }, [409]);
  }
  await send(people.proposer, 'POST', '/documents', new Uint8Array(PDF));
  const { agency, agencyReference, jurisdiction, instrument, targets } = asked;
  const paper = { channel: 'post', agency, agencyReference, country: 'US', jurisdiction, instrument, asked: 'what the order says', identifiers: targets.map(identifierOf), documents: [SHA256], receivedAt: Date.now() };
  const made = (await send(people.proposer, 'POST', '/requests', paper)) as Answer & { readonly requestId: string; readonly rules: readonly { readonly id: string }[] };
  const step = (token: string, act: string, version: number, params: object = {}): Promise<Answer> => send(token, 'POST', `/requests/${made.requestId}/${act}`, { version, ...params });
  await step(people.proposer, 'verify', 1, { method: 'call-back', agencyId: entry, number: NUMBER, spokeWith: 'the duty officer' });
  await step(reviewer, 'review', 2, { findings: made.rules.map(({ id }) => ({ rule: id, finding: 'met' })) });
  await step(reviewer, 'accept', 3);
  return { ...asked, request: made.requestId, certification: SHA256, documents: [SHA256], ...(asked.emergency == null ? {} : { emergency: { ...asked.emergency, attestation: SHA256 } }) };
};
