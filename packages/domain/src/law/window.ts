import type { WindowRule } from '../order.ts';
import { toIso, type UtcMs } from '../time.ts';
import { windowEnd } from './calendar.ts';
import { addDays, dayBegins } from './local-date.ts';

/** Half-open, UTC. */
export interface Window {
  readonly start: UtcMs;
  readonly until: UtcMs;
}

/**
 * The widest window the paper gives, in the court's legal zone. Both dates are included. Days from installation begin
 * with the day of `asked.start`, the installation that the order is drafted for: a later installation does not move
 * the end, so what is signed is an end, and never later than the paper has it. Instants say it all themselves.
 */
export const paperWindow = (rule: WindowRule, zone: string, asked: Window): Window => {
  switch (rule.kind) {
    case 'dates':
      return { start: dayBegins(rule.first, zone).latest, until: dayBegins(addDays(rule.last, 1), zone).earliest };
    case 'instants':
      return asked;
    case 'days-from-installation':
      return { start: asked.start, until: Math.min(windowEnd(asked.start, { count: rule.days, unit: 'days' }, zone), dayBegins(addDays(rule.latest, 1), zone).earliest) };
  }
};

export interface WindowProblem {
  readonly field: 'start' | 'until';
  readonly rule: string;
}

/**
 * The window to sign, from the paper's rule and what a person says beside it: instants need both ends, days from
 * installation the intended start, dates neither. An end that is said must be the paper's; a start may be later, as
 * that of an order that follows another, and never earlier.
 */
export const windowOf = (rule: WindowRule, zone: string, said: Readonly<Record<keyof Window, UtcMs | null>>): Window | readonly WindowProblem[] => {
  const { start, until } = said;
  const missing: WindowProblem[] = [];
  if (rule.kind !== 'dates' && start === null) missing.push({ field: 'start', rule: rule.kind === 'instants' ? 'a window of instants says its start' : 'days from installation are counted from the intended start' });
  if (rule.kind === 'instants' && until === null) missing.push({ field: 'until', rule: 'a window of instants says its end' });
  if (missing.length > 0) return missing;
  const paper = paperWindow(rule, zone, { start: start ?? 0, until: until ?? 0 });
  const problems: WindowProblem[] = [];
  if (start !== null && start < paper.start) problems.push({ field: 'start', rule: `the paper begins at ${toIso(paper.start)}` });
  if (until !== null && until !== paper.until) problems.push({ field: 'until', rule: `the paper ends at ${toIso(paper.until)}; leave it out to have it worked out` });
  return problems.length > 0 ? problems : { start: start ?? paper.start, until: paper.until };
};
