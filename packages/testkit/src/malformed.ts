import { encodeJson, encodeProtobuf, PROTOBUF_HEADERS } from './encode.ts';
import { createRandom } from './random.ts';
import type { StreamEvent } from './stream-event.ts';

/** What a bad event must lead to, if it names a target that the tap can see. */
export type BadEventEffect =
  /** It cannot be placed: a pointer and a gap, no record. */
  | 'dead-letter'
  /** It is recorded; what is bad in it is named in the record's `invalid`. */
  | 'recorded'
  /** Nobody can see a target in it: counted, nothing else. */
  | 'nothing';

export interface BadEvent {
  readonly name: string;
  readonly effect: BadEventEffect;
  /** The fields that a record of it names as invalid, if it withholds none. */
  readonly invalid: readonly string[];
  readonly value: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const json = (name: string, effect: BadEventEffect, value: string | Buffer, invalid: readonly string[] = []): BadEvent => ({ name, effect, invalid, value: Buffer.from(value as string), headers: {} });

/** The event as JSON with members replaced; a member set to undefined is left out. */
const withMembers = (event: StreamEvent, members: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...JSON.parse(encodeJson(event).toString()), ...members });

/**
 * One bad event of every class, each made from a good one. `good` should be a message from a target with one recipient;
 * the `from` of each stays readable unless its class is about that.
 */
export const badEventsOf = (good: StreamEvent): readonly BadEvent[] => {
  const text = encodeJson(good).toString();
  const dead = (name: string, members: Readonly<Record<string, unknown>>): BadEvent => json(name, 'dead-letter', withMembers(good, members));
  const field = (name: string, members: Readonly<Record<string, unknown>>): BadEvent => json(name, 'recorded', withMembers(good, members), Object.keys(members));
  const afterFrom = text.indexOf(good.from) + good.from.length + 2;
  const protobuf = encodeProtobuf({ ...good, payload: undefined });
  return [
    json('empty', 'nothing', ''),
    json('white space', 'nothing', ' \n\t'),
    json('not JSON, no string', 'nothing', 'hello'),
    json('a number', 'nothing', '12'),
    json('an array that names nobody', 'nothing', '[1,2,3]'),
    json('an array that names the account', 'dead-letter', JSON.stringify([good.from])),
    json('the account as a bare string', 'dead-letter', JSON.stringify(good.from)),
    json('cut off after the sender', 'dead-letter', text.slice(0, afterFrom)),
    json('cut off inside a string', 'dead-letter', text.slice(0, text.indexOf(good.id) + 3) + `","from":"${good.from}","x":"`),
    json('rubbish after the end', 'dead-letter', `${text}}`),
    json('invalid UTF-8 in an unknown member', 'recorded', Buffer.concat([Buffer.from(`${text.slice(0, -1)},"note":"`), Buffer.from([0xff, 0xfe, 0xc0]), Buffer.from('"}')])),
    json('nested 5,000 deep', 'recorded', `${text.slice(0, -1)},"payload":${'['.repeat(5_000)}${']'.repeat(5_000)}}`),
    dead('unknown version', { v: 2 }),
    dead('no version', { v: undefined }),
    dead('no time', { at: undefined }),
    dead('time as text', { at: String(good.at) }),
    dead('negative time', { at: -1 }),
    dead('time beyond 2100', { at: 4_102_444_800_000 }),
    dead('time with a fraction', { at: good.at + 0.5 }),
    dead('unknown kind', { kind: 'telepathy' }),
    dead('no kind', { kind: undefined }),
    dead('a call without a creator', { kind: 'call', type: 'offer', call: { id: 'call-0000001' } }),
    dead('a call without a call', { kind: 'call', type: 'offer' }),
    field('unknown type', { type: 'hologram' }),
    field('id with a space', { id: 'not an id' }),
    field('odd device', { device: 'toaster' }),
    field('device as number', { device: 7 }),
    field('negative size', { size: -1 }),
    field('size as text', { size: '12' }),
    field('no address', { ip: '999.1.1.1' }),
    field('port 65536', { port: 65_536 }),
    field('group of one letter', { group: 'g' }),
    field('a recipient that is none', { to: [...good.to, 'not an account!'] }),
    field('a recipient as number', { to: [...good.to, 12_025_550_100] }),
    field('a recipient of 65 characters', { to: [...good.to, 'x'.repeat(65)] }),
    field('recipients as text', { to: good.to[0] }),
    field('1,025 recipients', { to: [...Array.from({ length: 1_024 }, (_, i) => `1303555${String(i).padStart(4, '0')}`), ...good.to] }),
    { name: 'unknown content type', effect: 'dead-letter', invalid: [], value: Buffer.from(text), headers: { 'content-type': 'application/cbor' } },
    // Behind a tag: inside a string, protobufjs would take what there is.
    { name: 'Protobuf cut off', effect: 'dead-letter', invalid: [], value: protobuf.subarray(0, -1), headers: PROTOBUF_HEADERS },
    // No field of it is a string of an account's length: read as what it says it is, it names nobody.
    { name: 'Protobuf header, JSON value', effect: 'nothing', invalid: [], value: Buffer.from(text), headers: PROTOBUF_HEADERS },
    { name: 'Protobuf of random bytes', effect: 'nothing', invalid: [], value: createRandom(good.at).bytes(200), headers: PROTOBUF_HEADERS },
  ];
};
