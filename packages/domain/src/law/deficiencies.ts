import type { OrderBody } from '../order.ts';
import { isCleared, JURISDICTIONS, type Jurisdiction } from './jurisdictions.ts';
import type { Deficiency, Finding, LawFacts, Rule } from './rule.ts';
import { RULES_OF_BODY } from './rules-of-body.ts';
import { RULES_OF_FACTS } from './rules-of-facts.ts';
import { RULES_OF_FORM } from './rules-of-form.ts';

/** Every rule, in the order in which a refusal lists them. */
export const RULES: readonly Rule[] = [...RULES_OF_FORM, ...RULES_OF_BODY, ...RULES_OF_FACTS];

/** The rows in use, and the hashes of those under which counsel has put a signature. */
export interface Law {
  readonly rows: readonly Jurisdiction[];
  readonly cleared: readonly string[];
}

export const SHIPPED_LAW: Law = { rows: JURISDICTIONS, cleared: [] };

const rowProblems = ({ jurisdiction }: Pick<OrderBody, 'jurisdiction'>, row: Jurisdiction | undefined, { rows, cleared }: Law): readonly Deficiency[] => {
  if (row === undefined || !row.enabled) {
    const known = rows.filter((r) => r.enabled).map((r) => r.id).join(', ');
    return [{ field: 'jurisdiction.id', rule: 'the jurisdiction must be enabled in this deployment', citation: 'policy/jurisdictions', cure: `one of: ${known}` }];
  }
  if (isCleared(row, jurisdiction.rowHash, cleared)) return [];
  return [{ field: 'jurisdiction.id', rule: 'counsel has not signed this row of law', citation: 'policy/counsel', cure: 'counsel\'s signature under the hash of the row' }];
};

/** What the rules say of an order, or of it and these facts. */
const found = (body: OrderBody, facts: LawFacts | null, law: Law): readonly Deficiency[] => {
  const row = law.rows.find((r) => r.id === body.jurisdiction.id);
  const problems = rowProblems(body, row, law);
  if (row === undefined) return problems;
  const ofRules = RULES.flatMap(({ check, cited, cure }) => {
    const citation = cited(row);
    if (citation === null) return [];
    const findings: readonly Finding[] = check.of === 'body' ? check.violated(body, row) : check.of === 'facts' && facts !== null ? check.violated(body, row, facts) : [];
    return findings.map((finding) => ({ cure, ...finding, citation }));
  });
  return [...problems, ...ofRules];
};

/** Every deficiency that can be seen in the body alone, as a tap sees it; `[]` when it may stand. */
export const deficienciesOf = (body: OrderBody, law: Law = SHIPPED_LAW): readonly Deficiency[] => found(body, null, law);

/** Every deficiency, all at once: the law of the jurisdiction and the provider's policy, knowing what no body says. */
export const deficienciesKnowing = (body: OrderBody, facts: LawFacts, law: Law = SHIPPED_LAW): readonly Deficiency[] => found(body, facts, law);

/** Why the form of an order wants a field: the citations under the rows in use, and what would satisfy it; null where no rule does. */
export const whyWanted = (field: string, { rows }: Law = SHIPPED_LAW): Pick<Deficiency, 'citation' | 'cure'> | null => {
  const [part = ''] = field.split(/[.[]/);
  const rule = RULES_OF_FORM.find(({ check }) => check.of === 'form' && check.fields.includes(part));
  if (rule === undefined) return null;
  const citations = rows.flatMap((row) => (row.enabled ? (rule.cited(row) ?? []) : []));
  return { citation: [...new Set(citations)].join('; '), cure: rule.cure };
};
