/**
 * The life of an order as LAW's diagram tells it, and nothing of how it is stored: who may do what when, and what the
 * order is then. Written from the law; the walk in this folder holds the registry and its service against it.
 */

export type PersonId = 'paula' | 'anna' | 'arno' | 'nora';

/** Who holds which role; `nora` none that acts on orders. */
export const ROLES_OF: Readonly<Record<PersonId, readonly string[]>> = {
  paula: ['proposer', 'approver', 'activator'],
  anna: ['approver', 'activator'],
  arno: ['activator'],
  nora: ['analyst'],
};

export type ModelState = 'draft' | 'awaiting-approval' | 'approved' | 'in-force' | 'suspended' | 'ended' | 'stopped' | 'rejected' | 'closed';

export const ACT_NAMES = [
  'amend', 'submit', 'push-back', 'reject', 'reenter', 'reenter-wrong', 'approve', 'activate', 'narrow', 'suspend', 'approve-resume', 'resume', 'end', 'stop',
  'hold', 'approve-lift-hold', 'lift-hold', 'challenge', 'resolve-challenge', 'close',
] as const;
export type ActName = (typeof ACT_NAMES)[number];

export interface WalkedAct {
  readonly name: ActName;
  readonly by: PersonId;
  /** Somebody acts on what is no longer so: an older version of the order, or its statements before the last. */
  readonly isStale: boolean;
}

export interface Life {
  readonly state: ModelState;
  /** Who wrote any version of it. */
  readonly authors: readonly PersonId[];
  /** Who wrote the version that stands. */
  readonly proposer: PersonId;
  /** This version was pushed back: it is amended before it is submitted again. */
  readonly isPushedBack: boolean;
  /** Who read this version's identifiers from the paper, and how often somebody read them wrong. */
  readonly read: readonly PersonId[];
  readonly misread: Readonly<Partial<Record<PersonId, number>>>;
  readonly approver: PersonId | null;
  readonly activator: PersonId | null;
  /** Who approved that it is resumed; any restriction after it makes that void. */
  readonly resumeApprover: PersonId | null;
  /** Challenges without an outcome. */
  readonly openChallenges: number;
  /** Of the last hold: nobody would lift it, somebody would, or there is none. */
  readonly hold: 'none' | 'set' | PersonId;
  readonly history: readonly string[];
}

export const draftedBy = (proposer: PersonId): Life => ({
  state: 'draft', authors: [proposer], proposer, isPushedBack: false, read: [], misread: {}, approver: null, activator: null, resumeApprover: null, openChallenges: 0, hold: 'none', history: ['create'],
});

const MOST_MISREADINGS = 5;
const isOver = ({ state }: Life): boolean => state === 'ended' || state === 'stopped' || state === 'rejected' || state === 'closed';
const runs = ({ state }: Life): boolean => state === 'in-force' || state === 'suspended';
const holds = (by: PersonId, role: string): boolean => ROLES_OF[by].includes(role);
/** One person is enough to shrink, and anybody who can act on orders is one. */
const mayRestrict = (by: PersonId): boolean => ['proposer', 'approver', 'activator'].some((role) => holds(by, role));

/** The order after an act, or null where it is refused. */
export const after = (life: Life, { name, by, isStale }: WalkedAct): Life | null => {
  const { state } = life;
  const done = (over: Partial<Life>, as: string = name): Life => ({ ...life, ...over, history: [...life.history, as] });
  // A stop follows anything or nothing: whoever looked at an older order stops it all the same.
  if (isStale && name !== 'stop') return null;
  switch (name) {
    case 'amend':
      return state === 'draft' ? done({ authors: [...life.authors, by], proposer: by, isPushedBack: false, read: [], misread: {} }) : null;
    case 'submit':
      return state === 'draft' && !life.isPushedBack ? done({ state: 'awaiting-approval' }) : null;
    case 'push-back':
      return state === 'awaiting-approval' || state === 'approved' ? done({ state: 'draft', isPushedBack: true, approver: null }, 'reject') : null;
    case 'reject':
      return state === 'draft' || state === 'awaiting-approval' || state === 'approved' ? done({ state: 'rejected', approver: null }) : null;
    case 'reenter':
    case 'reenter-wrong': {
      const misread = life.misread[by] ?? 0;
      if ((state !== 'awaiting-approval' && state !== 'approved') || misread >= MOST_MISREADINGS) return null;
      return name === 'reenter' ? done({ read: [...life.read, by] }) : done({ misread: { ...life.misread, [by]: misread + 1 } }, 'reenter');
    }
    case 'approve':
      return state === 'awaiting-approval' && holds(by, 'approver') && !life.authors.includes(by) && life.read.includes(by) ? done({ state: 'approved', approver: by }) : null;
    case 'activate':
      return state === 'approved' && holds(by, 'activator') && by !== life.approver ? done({ state: 'in-force', activator: by }) : null;
    case 'narrow':
      return runs(life) && mayRestrict(by) ? done({ resumeApprover: null }) : null;
    case 'suspend':
      return runs(life) && mayRestrict(by) ? done({ state: 'suspended', resumeApprover: null }) : null;
    case 'approve-resume':
      return state === 'suspended' && holds(by, 'approver') && !life.authors.includes(by) ? done({ resumeApprover: by }) : null;
    case 'resume':
      return state === 'suspended' && life.resumeApprover !== null && holds(by, 'activator') && by !== life.resumeApprover ? done({ state: 'in-force', resumeApprover: null }) : null;
    case 'end':
      return runs(life) && mayRestrict(by) ? done({ state: 'ended', resumeApprover: null }) : null;
    case 'stop':
      return state !== 'rejected' && state !== 'closed' && mayRestrict(by) ? done({ state: 'stopped', resumeApprover: null }) : null;
    case 'hold':
      return done({ hold: 'set' });
    case 'approve-lift-hold':
      return life.hold === 'set' ? done({ hold: by }) : null;
    case 'lift-hold':
      return life.hold !== 'none' && life.hold !== 'set' && life.hold !== by ? done({ hold: 'none' }) : null;
    case 'challenge':
      return done({ openChallenges: life.openChallenges + 1 });
    case 'resolve-challenge':
      return life.openChallenges > 0 ? done({ openChallenges: life.openChallenges - 1 }) : null;
    case 'close':
      return isOver(life) && state !== 'closed' && life.openChallenges === 0 ? done({ state: 'closed' }) : null;
  }
};
