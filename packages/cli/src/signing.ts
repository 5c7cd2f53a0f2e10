import { STOP_REASONS, type Act, type Envelope, type OrderBody, type Role, type Statement, type StatementOf } from '@penreg/domain';
import { bodyHashOf, composeStatement, sentenceOf, signStatement, verifyEnvelope, wordsOf } from '@penreg/evidence';
import { ask, plain, print, type Console } from './console.ts';
import { CliError } from './error.ts';
import type { PersonKey } from './key-file.ts';
import { fingerprint, listOf } from './table.ts';

/** The role in which a person does an act; restrictions are open to whoever can start something. */
const ROLES_FOR: { readonly [A in Act]: readonly Role[] } = {
  approve: ['approver'],
  activate: ['activator'],
  narrow: ['approver', 'activator', 'proposer', 'counsel'],
  suspend: ['approver', 'activator', 'proposer', 'counsel'],
  'approve-resume': ['approver'],
  resume: ['activator'],
  end: ['approver', 'activator', 'proposer', 'counsel'],
  stop: ['approver', 'activator', 'proposer', 'counsel'],
};

export const roleFor = (act: Act, held: readonly string[]): Role => {
  const role = ROLES_FOR[act].find((wanted) => held.includes(wanted));
  if (role === undefined) throw new CliError('refused', `to ${act} takes one of these roles, and the roster gives you none of them: ${ROLES_FOR[act].join(', ')}`);
  return role;
};

/** An instant as people write it; `now` stands for the moment of signing. */
export const readInstant = (text: string, now: number): number => {
  if (text === 'now') return now;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/.test(text) || Number.isNaN(Date.parse(text))) {
    throw new CliError('usage', `not an instant: ${plain(text)}`, ['Write it with its zone: 2026-11-24T09:00:00Z, 2026-11-24T01:00:00-08:00, or now.']);
  }
  return Date.parse(text);
};

export const readStopReason = (text: string): (typeof STOP_REASONS)[number] => {
  const reason = STOP_REASONS.find((known) => known === text);
  if (reason === undefined) throw new CliError('usage', `a reason is one of: ${STOP_REASONS.join(', ')}`);
  return reason;
};

/** An order as a signer has it before them. */
export interface Presented {
  readonly body: OrderBody;
  /** What the service says the hash is; null where there is no service (signing offline). */
  readonly claimedHash: string | null;
  /** The statement that this act follows; null for an approval. */
  readonly prev: Statement | null;
  /** Nonces of the suspensions that a resumption lifts. */
  readonly suspensions: readonly string[];
}

export interface SigningRequest<A extends Act> {
  readonly act: A;
  readonly params: StatementOf<A>['params'];
  readonly presented: Presented;
  readonly key: PersonKey;
  readonly personId: string;
  readonly role: Role;
  readonly rosterVersion: number;
  readonly signedAt: number;
}

/** The order recomputed on this machine: the hash is ours, never the service's. @throws CliError `unverified` */
export const recomputeHash = ({ body, claimedHash }: Presented): string => {
  const hash = bodyHashOf(body);
  if (claimedHash !== null && claimedHash !== hash) {
    throw new CliError('unverified', 'the service names another hash than the one of the order it sent; nothing was signed', [`this machine  ${fingerprint(hash)}`, `the service   ${fingerprint(claimedHash)}`]);
  }
  return hash;
};

const paramLines = (params: Readonly<Record<string, unknown>>): (readonly [string, string])[] =>
  Object.entries(params).map(([name, value]) => [name, typeof value === 'number' ? `${new Date(value).toISOString()}` : Array.isArray(value) ? value.join(', ') || '(none)' : String(value)] as const);

/** Shows what is about to be signed, for a person to read against the paper. */
export const present = (io: Console, hash: string, request: SigningRequest<Act>): void => {
  const { body } = request.presented;
  print(
    io.err,
    '',
    plain(sentenceOf(body)),
    '',
    ...listOf([
      ['order', body.orderId],
      ['court', body.court],
      ['docket', body.docket],
      ['agency', `${body.agency}, reference ${body.agencyReference}`],
      ['basis', body.legalBasis],
      ['window as written', body.window.asWritten],
      ['documents', body.documents.join(', ')],
      ['proposed by', body.proposer],
      ['hash', fingerprint(hash)],
      ['in words', wordsOf(hash)],
    ]),
    '',
    ...listOf([['act', request.act], ...paramLines(request.params), ['signed by', `${request.personId} as ${request.role}`], ['with key', fingerprint(request.key.keyId)]]),
    '',
  );
};

/** Asks for a `yes`. @throws CliError `declined` when there is no person or the answer is another one */
export const confirm = async (io: Console, act: Act): Promise<void> => {
  const answer = await ask(io, `Type yes to ${act} this order: `);
  if (answer === null) throw new CliError('declined', 'nobody is here to confirm; give --yes to sign without being asked');
  if (answer.toLowerCase() !== 'yes') throw new CliError('declined', 'not confirmed; nothing was signed');
};

/** Signs an act on this machine. The private key leaves its file for this one call. */
export const signAct = <A extends Act>({ act, params, presented, key, personId, role, rosterVersion, signedAt }: SigningRequest<A>): Envelope => {
  const statement = composeStatement(presented.body, act, params, { personId, keyId: key.keyId, role, rosterVersion }, { prev: presented.prev, signedAt });
  const envelope = signStatement(statement as Statement, key.privateKey.reveal());
  if (!verifyEnvelope(envelope, { kind: 'ed25519', publicKey: key.publicKey })) throw new CliError('unverified', 'the signature just made does not verify; nothing was sent');
  return envelope;
};
