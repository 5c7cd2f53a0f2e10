import type { AccountId, MetadataRecord, UtcMs } from '@penreg/domain';
import { utcText } from './clock.ts';
import type { Markup } from './prtt-markup.ts';
import { callIdOf, digitsOf, groupDigits, messageIdOf, NONE, wordOf } from './prtt-values.ts';
import type { Scratch, ScratchFile } from './report.ts';
import { ExternalSort } from './sorting.ts';

const stamp = (at: UtcMs): string => `${utcText(at)} UTC`;

export const messageText = (m: Markup, record: MetadataRecord): string => {
  const { leaf } = m;
  const isGroup = record.group !== null || record.to.length > 1;
  return (
    m.between +
    m.group('Message') +
    leaf('Timestamp', stamp(record.at)) +
    leaf('Message Id', messageIdOf(record)) +
    leaf('Sender', record.from === null ? NONE : digitsOf(record.from)) +
    leaf('Recipients', record.to.length === 0 ? NONE : record.to.map(digitsOf).join(',')) +
    (record.group === null ? '' : leaf('Group Id', groupDigits(record.group))) +
    (record.ip === null ? '' : leaf('Sender Ip', record.ip)) +
    (record.port === null ? '' : leaf('Sender Port', String(record.port))) +
    leaf('Sender Device', wordOf(record, 'device')) +
    leaf('Type', wordOf(record, 'type')) +
    leaf('Message Style', isGroup ? 'group' : 'individual') +
    leaf('Message Size', String(record.size ?? 0)) +
    m.endGroup()
  );
};

export const loginText = (m: Markup, record: MetadataRecord): string =>
  m.between + m.leaf('Timestamp', stamp(record.at)) + m.leaf('IP Address', record.ip ?? NONE) + m.leaf('Port', String(record.port ?? 0));

/** An event to several parties is as many events: each names exactly one. The participants stand with the first, or their number would be squared. */
const callEvents = (m: Markup, record: MetadataRecord): string => {
  const { leaf } = m;
  const participants =
    record.participants === null || record.participants.length === 0
      ? ''
      : m.group('Participants') + record.participants.map((account) => leaf('Phone Number', digitsOf(account)) + leaf('State', NONE) + leaf('Platform', NONE)).join('') + m.endGroup();
  const to = record.to.length === 0 ? [NONE] : record.to.map(digitsOf);
  return to
    .map(
      (party, i) =>
        leaf('Type', wordOf(record, 'type')) +
        leaf('Timestamp', stamp(record.at)) +
        leaf('From', record.from === null ? NONE : digitsOf(record.from)) +
        leaf('To', party) +
        leaf('From Ip', record.ip ?? NONE) +
        leaf('From Port', String(record.port ?? 0)) +
        leaf('Media Type', wordOf(record, 'media')) +
        (i === 0 ? participants : ''),
    )
    .join('');
};

/** Who made the call: the target of an outgoing one, else who sent its offer. A record does not say it otherwise. */
const creatorOf = (record: MetadataRecord): AccountId | null =>
  record.legs.find((leg) => leg.direction === 'outgoing')?.target ?? (record.type === 'offer' ? record.from : null);

interface CallEvent {
  readonly at: UtcMs;
  readonly creator: string | null;
  readonly text: string;
}

/** Groups the signals of each call under it: sorted by call, then by when the call began. Memory holds one call. */
export class CallLog {
  readonly #markup: Markup;
  readonly #scratch: Scratch;
  readonly #events: ExternalSort;

  constructor(markup: Markup, scratch: Scratch) {
    this.#markup = markup;
    this.#scratch = scratch;
    this.#events = new ExternalSort(scratch);
  }

  async add(record: MetadataRecord): Promise<void> {
    const creator = creatorOf(record);
    const event: CallEvent = { at: record.at, creator: creator === null ? null : digitsOf(creator), text: callEvents(this.#markup, record) };
    await this.#events.add({ key: callIdOf(record), text: JSON.stringify(event) });
  }

  async *calls(): AsyncGenerator<string, void, undefined> {
    const byStart = new ExternalSort(this.#scratch);
    const settle = async (id: string, events: readonly CallEvent[]): Promise<void> => {
      const [first] = events;
      if (first !== undefined) await byStart.add({ key: String(first.at).padStart(16, '0'), text: JSON.stringify(this.#callText(id, events)) });
    };
    let id = '';
    let events: CallEvent[] = [];
    for await (const { key, text } of this.#events.sorted()) {
      if (id !== key) {
        await settle(id, events);
        id = key;
        events = [];
      }
      events.push(JSON.parse(text) as CallEvent);
    }
    await settle(id, events);
    for await (const { text } of byStart.sorted()) yield JSON.parse(text) as string;
  }

  #callText(id: string, events: readonly CallEvent[]): string {
    const m = this.#markup;
    const creator = events.find((event) => event.creator !== null)?.creator ?? NONE;
    return m.between + m.group('Call') + m.leaf('Call Id', id) + m.leaf('Call Creator', creator) + m.group('Events') + events.map((event) => event.text).join('') + m.endGroup() + m.endGroup();
  }
}

/** Texts that are written in pieces of some size. */
export class TextLog {
  readonly #file: ScratchFile;
  #held = '';
  #empty = true;

  constructor(scratch: Scratch) {
    this.#file = scratch.open();
  }

  get empty(): boolean {
    return this.#empty;
  }

  async add(text: string): Promise<void> {
    this.#empty = false;
    this.#held += text;
    if (this.#held.length < 65_536) return;
    await this.#file.write(this.#held);
    this.#held = '';
  }

  async *texts(): AsyncGenerator<string, void, undefined> {
    yield* this.#file.read();
    if (this.#held !== '') yield this.#held;
  }
}
