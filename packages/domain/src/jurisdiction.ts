import type { OrderBody } from './order.ts';
import type { UtcMs } from './time.ts';

/** A rule of law as data. Sources are public texts, read for engineering; nothing here is legal advice. */
export interface Jurisdiction {
  readonly id: string;
  readonly name: string;
  readonly citation: string;
  readonly enabled: boolean;
  /** The longest window an order may have, in days of 24 hours. */
  readonly maxPeriodDays: number;
  readonly maxPeriodCitation: string;
}

export const JURISDICTIONS: readonly Jurisdiction[] = [
  {
    id: 'us-federal',
    name: 'United States, federal',
    citation: '18 U.S.C. §§ 3121–3127',
    enabled: true,
    maxPeriodDays: 60,
    maxPeriodCitation: '18 U.S.C. § 3123(c)(1)',
  },
  {
    id: 'us-ca',
    name: 'California',
    citation: 'Cal. Penal Code §§ 638.50–638.55',
    enabled: true,
    maxPeriodDays: 60,
    maxPeriodCitation: 'Cal. Penal Code § 638.53',
  },
];

export const jurisdictionOf = (id: string): Jurisdiction | undefined => JURISDICTIONS.find((row) => row.id === id);

const DAY: UtcMs = 86_400_000;

/** Why an order cannot be accepted: the field, the rule, its citation, what would cure it. */
export interface Deficiency {
  readonly field: string;
  readonly rule: string;
  readonly citation: string;
  readonly cure: string;
}

/** Every deficiency of an order under the law of its jurisdiction; `[]` when it may stand. */
export const deficienciesOf = (body: Pick<OrderBody, 'jurisdiction' | 'window'>): readonly Deficiency[] => {
  const row = jurisdictionOf(body.jurisdiction.id);
  if (row === undefined || !row.enabled) {
    const known = JURISDICTIONS.filter((j) => j.enabled).map((j) => j.id).join(', ');
    return [{ field: 'jurisdiction.id', rule: 'the jurisdiction must be enabled in this deployment', citation: 'policy/jurisdictions', cure: `one of: ${known}` }];
  }
  const days = (body.window.until - body.window.start) / DAY;
  if (days <= row.maxPeriodDays) return [];
  return [
    {
      field: 'window.until',
      rule: `at most ${row.maxPeriodDays} days; this order asks for ${Math.ceil(days)}`,
      citation: row.maxPeriodCitation,
      cure: `an end at or before ${new Date(body.window.start + row.maxPeriodDays * DAY).toISOString()}`,
    },
  ];
};
