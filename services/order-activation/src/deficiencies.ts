import { deficienciesOf, toIso, type Deficiency, type OrderBody, type UtcMs } from '@penreg/domain';

export interface DraftFacts {
  readonly now: UtcMs;
  readonly maxTargets: number;
  /** The order that this one extends; null when the body names no parent, 'unknown' when there is no such order. */
  readonly parent: OrderBody | 'unknown' | null;
}

/** Everything for which a draft is refused, all at once: the law of its jurisdiction, then the provider's policy. */
export const draftDeficiencies = (body: OrderBody, { now, maxTargets, parent }: DraftFacts): readonly Deficiency[] => {
  const found: Deficiency[] = [...deficienciesOf(body)];
  if (body.window.until <= now) {
    found.push({
      field: 'window.until',
      rule: 'the window has ended already; a pen register is prospective',
      citation: '18 U.S.C. § 3127(3)–(4), policy/prospective',
      cure: `an end after ${toIso(now)}`,
    });
  }
  if (body.targets.length > maxTargets) {
    found.push({ field: 'targets', rule: `at most ${maxTargets} targets in one order; this one names ${body.targets.length}`, citation: 'policy/necessity', cure: 'several orders' });
  }
  if (parent === 'unknown') {
    found.push({ field: 'parent', rule: 'there is no such order to extend', citation: '18 U.S.C. § 3123(c)(2)', cure: 'the id of the order that this one extends, or null' });
  } else if (parent !== null) {
    if (parent.jurisdiction.id !== body.jurisdiction.id) {
      found.push({ field: 'jurisdiction', rule: 'an extension is of the same jurisdiction as the order it extends', citation: '18 U.S.C. § 3123(c)(2)', cure: parent.jurisdiction.id });
    }
    if (body.window.start < parent.window.until) {
      found.push({
        field: 'window.start',
        rule: 'an extension starts no earlier than its parent ends',
        citation: '18 U.S.C. § 3123(c)(2)',
        cure: `a start at or after ${toIso(parent.window.until)}`,
      });
    }
  }
  return found;
};
