import { intersect } from '../grant.ts';
import { scopeOf, type OrderBody } from '../order.ts';
import { toIso, type UtcMs } from '../time.ts';
import { lapseAfter, periodText, windowEnd } from './calendar.ts';
import type { Jurisdiction } from './jurisdictions.ts';
import { inUs, policy, type Finding, type LawFacts, type ParentFacts, type Rule } from './rule.ts';

const rule = (id: string, says: string, cure: string, cited: Rule['cited'], violated: (body: OrderBody, row: Jurisdiction, facts: LawFacts) => readonly Finding[]): Rule => ({ id, says, cure, cited, check: { of: 'facts', violated } });

const NONE: readonly Finding[] = [];

/** A rule about a child and the order it follows; silent where there is none or it is not known. */
const ofChild = (id: string, says: string, cure: string, cited: Rule['cited'], violated: (body: OrderBody, parent: ParentFacts, row: Jurisdiction, facts: LawFacts) => readonly Finding[]): Rule =>
  rule(id, says, cure, cited, (body, row, facts) => (facts.parent === null || facts.parent === 'unknown' ? NONE : violated(body, facts.parent, row, facts)));

const renewal: Rule['cited'] = (row) => row.renewal.citation;
const emergency: Rule['cited'] = (row) => row.emergency?.citation ?? null;

/** When a parent's collection ends: what came of it where it was in force, otherwise what its paper says. */
const endOf = ({ inForce, body }: ParentFacts): UtcMs => inForce?.until ?? body.window.until;

/** The first instant at which a tap could record under it. */
const installationOf = ({ inForce, body }: ParentFacts): UtcMs => inForce?.from ?? body.window.start;

const isWider = (child: OrderBody, parent: OrderBody): boolean => {
  const rest = intersect(scopeOf(child), scopeOf(parent));
  return rest === null || rest.direction !== child.direction || (['targets', 'kinds', 'fields'] as const).some((part) => rest[part].length !== child[part].length);
};

/** Fields that name people beside sender and receiver. */
const NAMING_OTHERS = ['participants', 'groupRecipients'] as const;

/** Rules that need more than the body: the time, the provider's policy, the order it follows, other orders, the agency. */
export const RULES_OF_FACTS: readonly Rule[] = [
  rule('row-of-law', 'people sign the law as it stands', 'a draft made anew', policy('row-of-law'), ({ jurisdiction }, _row, { rowHash }) =>
    rowHash === null || jurisdiction.rowHash === rowHash ? NONE : [{ field: 'jurisdiction', rule: 'the row of law has changed since this order was drafted' }],
  ),
  rule('prospective', 'a pen register is prospective', 'an end in the future', inUs('3127(3)–(4), policy/prospective', '638.50(b)–(c), policy/prospective'), ({ window }, _row, { now }) =>
    window.until > now ? NONE : [{ field: 'window.until', rule: 'the window has ended already; a pen register is prospective', cure: `an end after ${toIso(now)}` }],
  ),
  rule('necessity', 'an order names few accounts', 'several orders', policy('necessity'), ({ targets }, _row, { policy: { maxTargets } }) =>
    targets.length <= maxTargets ? NONE : [{ field: 'targets', rule: `at most ${maxTargets} targets in one order; this one names ${targets.length}` }],
  ),
  rule('proportionality', 'records that name people beside sender and receiver are kept for few accounts only', 'fewer accounts, or fewer fields', policy('proportionality'), ({ targets, fields }, _row, { policy: { maxTargetsNamingOthers: most } }) =>
    targets.length <= most || !NAMING_OTHERS.some((field) => fields.includes(field)) ? NONE : [{ field: 'fields', rule: `${NAMING_OTHERS.join(' and ')} for at most ${most} targets; this order names ${targets.length}` }],
  ),
  rule('foreign', 'a foreign authority comes through a treaty, so that a competent court\'s order stands behind it', 'the treaty channel and its reference', policy('international-standards; 18 U.S.C. § 3512'), ({ channel }, row, { agencyCountry }) =>
    agencyCountry === null || agencyCountry === row.country || channel !== null ? NONE : [{ field: 'channel', rule: 'the agency is foreign to this jurisdiction, and no treaty channel is given' }],
  ),
  rule('training', 'who reviews or drafts has valid training', 'the training, renewed', policy('training'), (_body, _row, { trainedUntil, now }) =>
    trainedUntil === null || now < trainedUntil ? NONE : [{ field: 'proposer', rule: 'training has lapsed' }],
  ),
  rule('emergency-category', 'policy accepts this ground, with a written finding of good faith', 'an order of a court', policy('emergency-categories'), ({ emergency: e }, _row, { policy: { emergencyCategories: accepted } }) =>
    e === null || accepted.includes(e.category) ? NONE : [{ field: 'emergency.category', rule: 'not accepted in this deployment', cure: `one of: ${accepted.join(', ')}; otherwise an order of a court` }],
  ),
  rule('second-emergency', 'a second emergency on an account within 30 days needs counsel', 'counsel\'s agreement, or an order of a court', policy('second-emergency'), ({ emergency: e }, _row, { recentEmergencies, counselAgrees }) =>
    e === null || recentEmergencies === 0 || counselAgrees ? NONE : [{ field: 'targets', rule: 'an account of this order was under an emergency within the last 30 days' }],
  ),
  rule('parent', 'a child follows an order that is here', 'the id of the order that this one follows, or null', renewal, (_body, _row, { parent }) => (parent === 'unknown' ? [{ field: 'parent', rule: 'there is no such order to follow' }] : NONE)),
  ofChild('same-law', 'a child is of the same jurisdiction as the order it follows', 'the jurisdiction of the parent', renewal, (body, parent) =>
    parent.body.jurisdiction.id === body.jurisdiction.id ? NONE : [{ field: 'jurisdiction', rule: 'an extension is of the same jurisdiction as the order it extends', cure: parent.body.jurisdiction.id }],
  ),
  ofChild('starts-after-parent', 'a child starts no earlier than its parent ends; nothing between them is filled in', 'a later start', renewal, (body, parent) =>
    body.window.start >= endOf(parent) ? NONE : [{ field: 'window.start', rule: 'an extension starts no earlier than its parent ends', cure: `a start at or after ${toIso(endOf(parent))}` }],
  ),
  ofChild('amendment-end', 'an amendment changes what is recorded; an end is never moved later', 'the end of the parent, or an extension', renewal, ({ relation, window }, parent) =>
    relation !== 'amendment' || window.until <= parent.body.window.until ? NONE : [{ field: 'window.until', rule: 'an amendment ends no later than the order it amends', cure: `an end at or before ${toIso(parent.body.window.until)}` }],
  ),
  ofChild('extension-scope', 'an extension records no more than the order it extends', 'the scope of the parent, or an amended order of the court', renewal, (body, parent) =>
    body.relation !== 'extension' || !isWider(body, parent.body) ? NONE : [{ field: 'relation', rule: 'asks for more than the order it extends; a wider scope is an amended order of the court', cure: 'amendment, or the scope of the parent' }],
  ),
  ofChild('in-all', 'an order and its extensions together last no longer than the law allows', 'an earlier end', (row) => (row.maxPeriod.inAll === null ? null : row.maxPeriod.citation), (body, parent, row) => {
    const { inAll } = row.maxPeriod;
    if (inAll === null || !row.zones.includes(body.window.zone)) return NONE;
    const limit = windowEnd(parent.chainStart, inAll, body.window.zone);
    return body.window.until <= limit ? NONE : [{ field: 'window.until', rule: `at most ${periodText(inAll)} with every extension`, cure: `an end at or before ${toIso(limit)}` }];
  }),
  ofChild('confirms-an-emergency', 'an emergency is confirmed by a court, and nothing else is', 'the relation that the paper has', emergency, ({ relation }, parent) => {
    const confirms = relation === 'confirmation';
    if (confirms === (parent.body.emergency !== null)) return NONE;
    return [{ field: 'relation', rule: confirms ? 'only an emergency is confirmed' : 'an emergency is confirmed, not extended or amended', cure: confirms ? 'extension or amendment' : 'confirmation' }];
  }),
  ofChild('confirmation-period', 'the period of a confirming order counts from installation', 'an earlier end', emergency, ({ relation, window }, parent, row) => {
    if (relation !== 'confirmation' || !row.zones.includes(window.zone)) return NONE;
    const limit = windowEnd(installationOf(parent), row.maxPeriod.length, window.zone);
    return window.until <= limit ? NONE : [{ field: 'window.until', rule: `at most ${periodText(row.maxPeriod.length)} from the first instant of the emergency`, cure: `an end at or before ${toIso(limit)}` }];
  }),
  ofChild('confirmed-in-time', 'an emergency is confirmed in time, or counsel finds that it was', 'counsel\'s finding that the order was issued in time', emergency, ({ relation, window }, parent, row, { now, counselAgrees }) => {
    if (relation !== 'confirmation' || row.emergency === null || counselAgrees || !row.zones.includes(window.zone)) return NONE;
    const due = lapseAfter(installationOf(parent), row.emergency.window, window.zone);
    if ('unknown' in due) return [{ field: 'window', rule: due.unknown, cure: 'a release that knows these holidays, or counsel\'s finding' }];
    return now < due.at ? NONE : [{ field: 'parent', rule: `drafted after ${toIso(due.at)}, when the emergency had to be confirmed` }];
  }),
];
