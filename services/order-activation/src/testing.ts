import type { Act, OrderBody, Role, StatementOf, Statement, Envelope } from '@penreg/domain';
import { PAPER } from '../../../packages/domain/src/testing.ts';
import { composeStatement, generateKeyPair, signRoster, signStatement, type KeyPair, type Roster, type SignedRoster } from '@penreg/evidence';

/** People, keys and requests for the tests of this service. */

export interface Person {
  readonly personId: string;
  readonly roles: readonly Role[];
  readonly key: KeyPair;
}

const person = (personId: string, ...roles: Role[]): Person => ({ personId, roles, key: generateKeyPair() });

export interface Staff {
  readonly paula: Person;
  readonly anna: Person;
  readonly arno: Person;
  /** Holds every role that signs: one person is still one person. */
  readonly omar: Person;
  readonly nora: Person;
  readonly ivan: Person;
  readonly olga: Person;
  readonly adam: Person;
  readonly rita: Person;
  readonly rolf: Person;
  readonly tap: KeyPair;
  /** The service's own. */
  readonly service: KeyPair;
  readonly root: KeyPair;
  readonly roster: Roster;
  readonly signed: SignedRoster;
}

export const makeStaff = (deployment: string, version = 1): Staff => {
  const people = {
    paula: person('paula', 'proposer'),
    anna: person('anna', 'approver'),
    arno: person('arno', 'activator'),
    omar: person('omar', 'proposer', 'approver', 'activator'),
    nora: person('nora', 'analyst'),
    ivan: person('ivan', 'auditor'),
    olga: person('olga', 'operator'),
    adam: person('adam', 'administrator'),
    rita: person('rita', 'reviewer'),
    rolf: person('rolf', 'reviewer'),
  };
  const root = generateKeyPair();
  const tap = generateKeyPair();
  const service = generateKeyPair();
  const notAfter = Date.UTC(2090, 0, 1);
  const roster: Roster = {
    type: 'penreg/roster/1',
    deployment,
    version,
    demo: false,
    people: Object.values(people).map(({ personId, roles, key }) => ({ personId, roles: [...roles], keys: [{ kind: 'ed25519' as const, keyId: key.keyId, publicKey: key.publicKey, notAfter }] })),
    taps: [{ tap: 'tap-1', keyId: tap.keyId, publicKey: tap.publicKey, notAfter }],
    services: [{ service: 'order-activation', keyId: service.keyId, publicKey: service.publicKey, notAfter }],
  };
  return { ...people, root, tap, service, roster, signed: signRoster(roster, [root]) };
};

/** A request that is accepted, with what a test cares about laid over it. */
export const requestOf = (over: Record<string, unknown> = {}): Record<string, unknown> => ({
  jurisdiction: 'us-federal',
  instrument: 'pen-trap-order',
  court: 'U.S. District Court, N.D. California',
  docket: '26-mj-1001',
  agency: 'Federal Bureau of Investigation',
  agencyReference: 'FBI-2026-1',
  legalBasis: '18 U.S.C. § 3123',
  documents: ['b'.repeat(64)],
  ...PAPER,
  targets: ['12025550101'],
  direction: 'both',
  kinds: ['message', 'call'],
  fields: [],
  window: { asWritten: '30 days', zone: 'America/Los_Angeles', start: new Date(Date.now() - 60_000).toISOString(), until: Date.now() + 30 * 86_400_000 },
  analysts: ['nora'],
  ...over,
});

/** Signs an act as a person would on their own machine; `over` falsifies the statement before it is signed. */
export const signAs = <A extends Act>(
  who: Person,
  body: OrderBody,
  act: A,
  params: StatementOf<A>['params'],
  prev: Statement | null,
  { role, signedAt = Date.now(), over = {} }: { readonly role?: Role; readonly signedAt?: number; readonly over?: Partial<Statement> } = {},
): Envelope => {
  const roles: { readonly [K in Act]: Role } = { approve: 'approver', activate: 'activator', 'approve-resume': 'approver', resume: 'activator', narrow: 'approver', suspend: 'approver', end: 'approver', stop: 'approver' };
  const statement = composeStatement(body, act, params, { personId: who.personId, keyId: who.key.keyId, role: role ?? roles[act], rosterVersion: 1 }, { prev, signedAt });
  return signStatement({ ...statement, ...over } as Statement, who.key.privateKey);
};
