import { ROLES, type Role } from '@penreg/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HTTP_ACTS, TRAINED_ACTS, TWO_PEOPLE, type HttpAct } from './acts.ts';
import { mayDo, needsTraining, ROLE_TABLE, rolesFor, sightOf } from './permissions.ts';

const someRoles = fc.uniqueArray(fc.constantFrom(...ROLES));
const someAct = fc.constantFrom(...HTTP_ACTS);
const place = fc.record({ assigned: fc.boolean(), escalated: fc.boolean() });

describe('the table of roles', () => {
  it('leaves no act that nobody may do, none twice, and no role without an act', () => {
    for (const act of HTTP_ACTS) expect(rolesFor(act), act).not.toEqual([]);
    for (const role of ROLES) {
      expect(ROLE_TABLE[role].acts, role).not.toEqual([]);
      expect(new Set(ROLE_TABLE[role].acts).size, role).toBe(ROLE_TABLE[role].acts.length);
    }
    expect(new Set(HTTP_ACTS).size).toBe(HTTP_ACTS.length);
  });

  it('gives no role both halves of what takes two people', () => {
    for (const { what, first, second } of TWO_PEOPLE) {
      for (const role of ROLES) expect(mayDo([role], first) && mayDo([role], second), `${role}: ${what}`).toBe(false);
    }
  });

  it('keeps drafting, approving and activating apart', () => {
    for (const role of ROLES) expect(['order-create', 'order-approve', 'order-activate'].filter((act) => mayDo([role], act as HttpAct)).length, role).toBeLessThanOrEqual(1);
  });

  it('lets whoever can start something also shrink and stop it, trained or not', () => {
    const starts = ['order-create', 'order-approve', 'order-activate', 'order-approve-resume', 'order-resume'] as const;
    for (const role of ROLES.filter((r) => starts.some((act) => mayDo([r], act)))) {
      for (const act of ['order-narrow', 'order-suspend', 'order-end', 'order-stop'] as const) {
        expect(mayDo([role], act), `${role} ${act}`).toBe(true);
        expect(needsTraining([role], act), `${role} ${act}`).toBe(false);
      }
    }
  });

  it('gives reports to the analyst alone, people to the administrator alone, the log to the auditor alone', () => {
    for (const act of ['report-read', 'summary-read', 'report-download', 'delivery-read'] as const) expect(rolesFor(act), act).toEqual(['analyst']);
    for (const act of ['account-create', 'account-disable', 'token-create', 'token-revoke'] as const) expect(rolesFor(act), act).toEqual(['administrator']);
    for (const act of ['audit-read', 'audit-countersign'] as const) expect(rolesFor(act), act).toEqual(['auditor']);
    expect(ROLE_TABLE.notice.acts.filter((act) => /^(order|request|report|document|paper)/.test(act))).toEqual([]);
  });
});

describe('what a role sees', () => {
  it.each<[Role, ReturnType<typeof sightOf>, ReturnType<typeof sightOf>]>([
    ['proposer', 'whole', 'whole'],
    ['reviewer', 'whole', 'whole'],
    ['approver', 'whole', 'whole'],
    ['activator', 'whole', 'whole'],
    ['analyst', 'nothing', 'whole'],
    ['counsel', 'nothing', 'nothing'],
    ['notice', 'nothing', 'nothing'],
    ['auditor', 'references', 'references'],
    ['operator', 'outline', 'outline'],
    ['administrator', 'outline', 'outline'],
  ])('%s: %s of an order, %s of an assigned one', (role, other, assigned) => {
    expect(sightOf([role], { assigned: false, escalated: false })).toBe(other);
    expect(sightOf([role], { assigned: true, escalated: false })).toBe(assigned);
  });

  it('is the whole order to counsel once it is escalated', () => {
    expect(sightOf(['counsel'], { assigned: false, escalated: true })).toBe('whole');
  });

  it('never reaches an account through the operator, the administrator, the auditor or notice, in any mixture of them', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom<Role[]>('operator', 'administrator', 'auditor', 'notice')), place, (roles, order) => {
        expect(sightOf(roles, order)).not.toBe('whole');
      }),
    );
  });

  it('never shrinks with one more role, nor with one more act', () => {
    const more = ['nothing', 'outline', 'references', 'whole'];
    fc.assert(
      fc.property(someRoles, fc.constantFrom(...ROLES), place, someAct, (roles, role, order, act) => {
        expect(more.indexOf(sightOf([...roles, role], order))).toBeGreaterThanOrEqual(more.indexOf(sightOf(roles, order)));
        if (mayDo(roles, act)) expect(mayDo([...roles, role], act)).toBe(true);
      }),
    );
  });
});

describe('training', () => {
  it('is asked of everybody who reads or decides on an order, and of nobody who sees an outline', () => {
    expect(needsTraining(['approver'], 'order-approve')).toBe(true);
    expect(needsTraining(['auditor'], 'order-list')).toBe(true);
    expect(needsTraining(['operator', 'administrator'], 'order-list')).toBe(false);
    expect(needsTraining(['operator', 'analyst'], 'order-list')).toBe(true);
    for (const act of TRAINED_ACTS) expect(needsTraining(rolesFor(act), act), act).toBe(true);
  });
});
