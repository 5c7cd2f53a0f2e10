import { MAX_UTC_MS, type Act, type Envelope, type Grant, type OrderBody, type Role, type StatementOf } from '@penreg/domain';
import { T0, bodyOf } from '../../domain/src/testing.ts';
import { signConfirmation, type Confirmation } from './confirmation.ts';
import { COMPILED_WINDOW_CAPS, type GrantTrust, type Start } from './grants.ts';
import { generateKeyPair, type KeyPair } from './keys.ts';
import type { Roster } from './roster.ts';
import { bodyHashOf, composeStatement, signStatement, statementHashOf } from './statements.ts';

/** People with real keys, and grants they signed, for tests. */

export interface Signatory {
  readonly personId: string;
  readonly role: Role;
  readonly key: KeyPair;
}

const signatory = (personId: string, role: Role): Signatory => ({ personId, role, key: generateKeyPair() });

export const paula = signatory('paula', 'proposer');
export const anna = signatory('anna', 'approver');
/** Anna's second key: one person, two keys. */
export const annaTwo = { ...anna, role: 'activator' as const, key: generateKeyPair() };
export const arno = signatory('arno', 'activator');
export const nora = signatory('nora', 'analyst');
export const tapKey = generateKeyPair();
export const serviceKey = generateKeyPair();

const keyOf = (key: KeyPair, notAfter = MAX_UTC_MS - 1) => ({ keyId: key.keyId, publicKey: key.publicKey, notAfter });
const personKeyOf = (key: KeyPair) => ({ kind: 'ed25519' as const, ...keyOf(key) });

export const rosterOf = (over: Partial<Roster> = {}): Roster => ({
  type: 'penreg/roster/1',
  deployment: 'test',
  version: 3,
  demo: false,
  people: [
    { personId: 'paula', roles: ['proposer', 'approver', 'activator'], keys: [personKeyOf(paula.key)] },
    { personId: 'anna', roles: ['approver', 'activator'], keys: [personKeyOf(anna.key), personKeyOf(annaTwo.key)] },
    { personId: 'arno', roles: ['activator'], keys: [personKeyOf(arno.key)] },
    { personId: 'nora', roles: ['analyst'], keys: [personKeyOf(nora.key)] },
  ],
  taps: [{ tap: 'tap-1', ...keyOf(tapKey) }],
  services: [{ service: 'reporting', ...keyOf(serviceKey) }],
  ...over,
});

/** A statement falsified by `over`, then honestly signed by `who`. */
export const signed = <A extends Act>(
  who: Signatory,
  body: OrderBody,
  act: A,
  params: StatementOf<A>['params'],
  prev: Envelope | null,
  signedAt: number,
  over: object = {},
): Envelope => {
  const signer = { personId: who.personId, keyId: who.key.keyId, role: who.role, rosterVersion: 3 };
  const statement = composeStatement(body, act, params, signer, { prev: prev?.statement ?? null, signedAt });
  return signStatement({ ...statement, ...over } as StatementOf<A>, who.key.privateKey);
};

export interface GrantChoices {
  readonly body?: OrderBody;
  readonly approver?: Signatory;
  readonly activator?: Signatory;
  readonly approvedAt?: number;
  readonly activatedAt?: number;
  readonly published?: number;
  readonly epoch?: number;
  readonly start?: number;
  readonly approval?: object;
  readonly activation?: object;
}

/** A grant that a tap accepts at `NOW`, with what a test cares about laid over it before it is signed. */
export const NOW = T0 + 60_000;
export const signedGrant = (choices: GrantChoices = {}): Grant => {
  const body = choices.body ?? bodyOf();
  const activatedAt = choices.activatedAt ?? NOW - 5_000;
  const approval = signed(choices.approver ?? anna, body, 'approve', {}, null, choices.approvedAt ?? activatedAt - 55_000, choices.approval);
  const activation = signed(choices.activator ?? arno, body, 'activate', { start: choices.start ?? activatedAt }, approval, activatedAt, choices.activation);
  return { body, approval, activation, epoch: choices.epoch ?? 1, published: choices.published ?? activatedAt + 1_000, restrictions: [], resumptions: [] };
};

export const trustOf = (over: Partial<GrantTrust> = {}): GrantTrust => ({
  roster: rosterOf(),
  deployment: 'test',
  jurisdictionCaps: COMPILED_WINDOW_CAPS,
  testAccounts: [],
  maxTargets: 10,
  confirmations: [],
  now: NOW,
  clockBound: 1_000,
  ...over,
});

export const confirmationOf = (grant: Start, over: Partial<Confirmation> = {}, key = tapKey): Confirmation =>
  signConfirmation(
    {
      deployment: 'test',
      tap: 'tap-1',
      orderId: grant.body.orderId,
      version: grant.body.version,
      bodyHash: bodyHashOf(grant.body),
      activationHash: statementHashOf(grant.activation.statement),
      epoch: grant.epoch,
      at: grant.activation.statement.signedAt + 2_000,
      ...over,
    },
    key,
  );

export interface ResumptionChoices {
  readonly approver?: Signatory;
  readonly activator?: Signatory;
  readonly suspendedAt?: number;
  readonly approvedAt?: number;
  readonly resumedAt?: number;
  readonly published?: number;
  readonly epoch?: number;
  readonly start?: number;
  readonly approval?: object;
  readonly activation?: object;
  /** Which suspensions each names, by nonce; the one there is where nothing is said. */
  readonly approves?: readonly string[];
  readonly resumes?: readonly string[];
}

/** A grant of some days ago, suspended a day ago, and a resumption that a tap accepts at `NOW`, with what a test cares about laid over it before it is signed. */
export const resumedGrant = (choices: ResumptionChoices = {}): { readonly grant: Grant; readonly resumption: Grant['resumptions'][number] } => {
  const day = 86_400_000;
  const grant = signedGrant({ body: bodyOf({ window: { ...bodyOf().window, start: T0 - 4 * day } }), activatedAt: NOW - 4 * day });
  const suspendedAt = choices.suspendedAt ?? NOW - day;
  const suspend = signed(anna, grant.body, 'suspend', { at: suspendedAt, reason: 'review' }, grant.activation, suspendedAt);
  const { nonce } = suspend.statement;
  const resumedAt = choices.resumedAt ?? NOW - 5_000;
  const approval = signed(choices.approver ?? anna, grant.body, 'approve-resume', { suspensions: [...(choices.approves ?? [nonce])] }, suspend, choices.approvedAt ?? resumedAt - 55_000, choices.approval);
  const activation = signed(choices.activator ?? arno, grant.body, 'resume', { start: choices.start ?? resumedAt, suspensions: [...(choices.resumes ?? [nonce])] }, approval, resumedAt, choices.activation);
  const resumption = { approval, activation, epoch: choices.epoch ?? 3, published: choices.published ?? resumedAt + 1_000 };
  return { grant: { ...grant, restrictions: [{ envelope: suspend, epoch: 2, published: suspendedAt + 1_000 }], resumptions: [resumption] }, resumption };
};
