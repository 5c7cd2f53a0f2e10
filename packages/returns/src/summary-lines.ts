import { ORDER_FIELDS } from '@penreg/domain';
import { sentenceOf } from '@penreg/evidence';
import { utcText } from './clock.ts';
import { LIMITS } from './json.ts';
import type { Closing, Report } from './report.ts';

/** What a cover says, one fact a line: name and text. The same on paper and in a workbook. */
export interface Fact {
  readonly name: string;
  readonly text: string;
}

const instant = (at: number | null): string => (at === null ? 'none' : `${utcText(at)} UTC`);

export const orderFacts = ({ order: { orderId, body, bodyHash, inForce }, selection, provider, generatedAt, software }: Report): readonly Fact[] => {
  const withheld = ORDER_FIELDS.filter((field) => !body.fields.includes(field));
  return [
    { name: 'Provider', text: provider.name },
    { name: 'Order', text: orderId },
    { name: 'Court', text: body.court },
    { name: 'Docket', text: body.docket },
    { name: 'Agency', text: body.agency },
    { name: 'Agency reference', text: body.agencyReference },
    { name: 'Legal basis', text: body.legalBasis },
    { name: 'Sentence', text: sentenceOf(body, inForce) },
    { name: 'Window as written', text: `${body.window.asWritten} (${body.window.zone})` },
    ...inForce.segments.map(({ from, until, scope }) => ({
      name: 'In force',
      text: `${utcText(from)} UTC until before ${utcText(until)} UTC: ${scope.kinds.join(', ')}; ${scope.direction === 'pen' ? 'outgoing' : scope.direction === 'trap' ? 'incoming' : 'outgoing and incoming'}; ${scope.targets.length} target${scope.targets.length === 1 ? '' : 's'}`,
    })),
    ...(inForce.stop === null ? [] : [{ name: 'Stopped', text: instant(inForce.stop.at) }]),
    { name: 'Withheld', text: withheld.length === 0 ? 'nothing that an order can name' : `${withheld.join(', ')}: not named by the order` },
    { name: 'Part', text: [selection.day === null ? 'all days' : `the day ${selection.day} (UTC)`, selection.target === null ? 'all targets' : 'one target'].join(', ') },
    { name: 'Order body SHA-256', text: bodyHash },
    { name: 'Generated', text: `${instant(generatedAt)} by ${software}` },
  ];
};

export const coverageFacts = ({ coverage: { completeThrough, gaps } }: Report): readonly Fact[] => [
  { name: 'Complete through', text: completeThrough === null ? 'nothing can be said yet' : `before ${utcText(completeThrough)} UTC` },
  ...(gaps.length === 0
    ? [{ name: 'Gaps', text: 'none' }]
    : gaps.map(({ reason, topicId, partition, from, to, appendMin, appendMax }) => ({
        name: 'Gap',
        text: `${reason}: topic ${topicId}, partition ${partition}, offsets ${from} until before ${to}, appended ${appendMin === null ? 'unknown' : instant(appendMin)} to ${appendMax === null ? 'unknown' : instant(appendMax)}`,
      }))),
];

export const closingFacts = ({ totals, seals, destroyed }: Closing): readonly Fact[] => [
  { name: 'Records', text: String(totals.records) },
  { name: 'First record', text: instant(totals.first) },
  { name: 'Last record', text: instant(totals.last) },
  { name: 'Seals', text: `${seals.checked} checked, ${seals.failed} failed` },
  { name: 'Findings', text: seals.findingCount === 0 ? 'none' : `${seals.findingCount}: ${[...new Set(seals.findings.map(({ kind }) => kind))].join(', ')}` },
  { name: 'Rows not shown', text: `${totals.later} later than the instant of completeness, ${totals.pending} not yet sealed, ${totals.unproven} without a seal that holds, ${totals.outside} outside window or scope` },
  { name: 'Rows destroyed', text: String(destroyed) },
];

export const limitFacts = (): readonly Fact[] => LIMITS.map((text) => ({ name: 'Does not prove more', text }));
