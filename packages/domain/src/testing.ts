import type { AccountId } from './account.ts';
import type { DecodedEvent } from './event.ts';
import type { Grant } from './grant.ts';
import type { OrderBody } from './order.ts';
import { OrderBodySchema } from './order.ts';
import type { Act, Envelope, Statement } from './statement.ts';

/** Builders for tests: whole, valid values with what a test cares about laid over them. */

export const ORDER_A = '01939a3c-0000-7000-8000-00000000000a';
export const REQUEST_A = '01939a3c-0000-7000-8000-0000000000aa';
export const T0 = Date.UTC(2026, 10, 24, 9);

export const account = (text: string): AccountId => text as AccountId;

/** What the paper of an order says beyond its scope and window. */
export const PAPER = {
  request: REQUEST_A,
  applicant: { name: 'Erin Example', role: 'Special Agent' },
  certification: 'd'.repeat(64),
  offense: '18 U.S.C. § 1343, wire fraud',
  designatedOfficer: { name: 'Erin Example', agency: 'Federal Bureau of Investigation' },
} as const;

/** The identifiers of a paper that names each target by its phone number or its account. */
export const identifiersOf = (targets: readonly string[]) => targets.map((t) => (/^\d{7,15}$/.test(t) ? { kind: 'phone', value: `+${t}`, account: t } : { kind: 'account', value: t, account: t }));

export const bodyOf = (over: Partial<Record<keyof OrderBody, unknown>> = {}): OrderBody =>
  OrderBodySchema.parse({
    schema: 'penreg/order/1',
    deployment: 'test',
    orderId: ORDER_A,
    version: 1,
    parent: null,
    relation: (over.parent ?? null) === null ? null : 'extension',
    jurisdiction: { id: 'us-federal', rowHash: 'a'.repeat(64) },
    instrument: 'pen-trap-order',
    court: 'U.S. District Court, N.D. California',
    docket: '26-mj-1001',
    agency: 'Federal Bureau of Investigation',
    agencyReference: 'FBI-2026-1',
    legalBasis: '18 U.S.C. § 3123',
    ...PAPER,
    documents: ['b'.repeat(64)],
    proposer: 'paula',
    targets: ['12025550101'],
    identifiers: identifiersOf((over.targets as string[] | undefined) ?? ['12025550101']),
    direction: 'both',
    kinds: ['message', 'call'],
    fields: [],
    window: { asWritten: '30 days from installation', zone: 'America/Los_Angeles', start: T0, until: T0 + 30 * 86_400_000 },
    ...over,
  });

const NAME: Record<Act, string> = { approve: 'anna', activate: 'arno', narrow: 'anna', suspend: 'anna', 'approve-resume': 'anna', resume: 'arno', end: 'anna', stop: 'anna' };

/** A statement with a signature of the right form that signs nothing. */
export const envelopeOf = (body: OrderBody, act: Act, params: unknown): Envelope => ({
  statement: {
    type: 'penreg/statement/1',
    deployment: body.deployment,
    act,
    orderId: body.orderId,
    version: body.version,
    bodyHash: 'c'.repeat(64),
    prev: null,
    personId: NAME[act],
    keyId: 'key',
    role: act === 'approve' || act === 'approve-resume' ? 'approver' : 'activator',
    rosterVersion: 1,
    signedAt: T0 - 60_000,
    expiresAt: T0 + 86_400_000,
    nonce: 'nonce-nonce-nonce',
    params,
  } as Statement,
  alg: 'Ed25519',
  signature: 'A'.repeat(86),
});

export const grantOf = (body: OrderBody, over: { start?: number; published?: number; epoch?: number; restrictions?: Grant['restrictions']; resumptions?: Grant['resumptions'] } = {}): Grant => ({
  body,
  approval: envelopeOf(body, 'approve', {}),
  activation: envelopeOf(body, 'activate', { start: over.start ?? body.window.start }),
  epoch: over.epoch ?? 1,
  published: over.published ?? body.window.start - 10_000,
  restrictions: over.restrictions ?? [],
  resumptions: over.resumptions ?? [],
});

export const eventOf = (over: Partial<{ [K in keyof DecodedEvent]: unknown }> = {}): DecodedEvent =>
  ({
    kind: 'message',
    at: T0 + 1_000,
    id: 'event-0001',
    type: 'text',
    from: account('12025550101'),
    to: [account('12025550102')],
    group: null,
    ip: '203.0.113.7',
    port: 5222,
    device: 'android',
    size: 120,
    call: null,
    invalid: [],
    ...over,
  }) as DecodedEvent;
