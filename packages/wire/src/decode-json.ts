import type { DecodeOutcome } from './decode.ts';
import { gatherParticipants, gatherRecipients, judgeFields, type FoundCall, type FoundFields } from './event-fields.ts';
import { skipSpace, walkArray, walkObject } from './json-walk.ts';
import { LONGEST_ESCAPED } from './scan-json.ts';
import type { TargetSet } from './target-set.ts';

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
/** No value of the allow-list is longer, even wholly escaped and with its quotes: what is longer is not looked into. */
const LONGEST_VALUE = LONGEST_ESCAPED + 2;

/** Stands for a value that is there and cannot be one of the allow-list: an object, an array, too long a text. */
const UNUSABLE: unique symbol = Symbol('unusable');

const EVENT_MEMBERS = ['v', 'id', 'kind', 'type', 'at', 'from', 'to', 'group', 'ip', 'port', 'device', 'size', 'call'] as const;
const CALL_MEMBERS = ['id', 'creator', 'media', 'participants'] as const;

/** A scalar of the allow-list. Precondition: `bytes[start, stop)` is one JSON value. */
const parseScalar = (bytes: Buffer, start: number, stop: number): unknown => {
  const first = bytes[start];
  if (first === OPEN_OBJECT || first === OPEN_ARRAY || stop - start > LONGEST_VALUE) return UNUSABLE;
  return JSON.parse(bytes.toString('utf8', start, stop));
};

/** The name of a member if it is one of `names`, however it is written. */
const nameOf = <N extends string>(bytes: Buffer, start: number, end: number, names: readonly N[]): N | undefined => {
  if (end - start > LONGEST_VALUE) return undefined;
  const text = bytes.toString('utf8', start, end);
  const name: unknown = text.includes('\\') ? JSON.parse(text) : text.slice(1, -1);
  return names.find((known) => known === name);
};

const parseList = (bytes: Buffer, start: number, stop: number, list: ReturnType<typeof gatherRecipients>): typeof list => {
  if (bytes[start] !== OPEN_ARRAY) list.spoil();
  else walkArray(bytes, start, stop, (from, to) => list.add(parseScalar(bytes, from, to)));
  return list;
};

const parseCall = (bytes: Buffer, start: number, stop: number): FoundCall | 'no-object' => {
  if (bytes[start] !== OPEN_OBJECT) return 'no-object';
  const found: FoundCall = {};
  walkObject(bytes, start, stop, (keyStart, keyEnd, from, to) => {
    const name = nameOf(bytes, keyStart, keyEnd, CALL_MEMBERS);
    if (name === 'participants') found.participants = parseList(bytes, from, to, gatherParticipants());
    else if (name !== undefined) found[name] = parseScalar(bytes, from, to);
  });
  return found;
};

/**
 * Decodes JSON. Only the values of allow-listed members are parsed, each by itself; of a member that stands twice the
 * last one counts, as with `JSON.parse`. Everything else is checked for structure and skipped.
 */
export const decodeJson = (bytes: Buffer, start: number, end: number, targets: TargetSet | null): DecodeOutcome => {
  const found: FoundFields = {};
  const open = skipSpace(bytes, start, end);
  const close = walkObject(bytes, open, end, (keyStart, keyEnd, from, to) => {
    const name = nameOf(bytes, keyStart, keyEnd, EVENT_MEMBERS);
    if (name === undefined) return;
    if (name === 'to') found.to = parseList(bytes, from, to, gatherRecipients(targets));
    else if (name === 'call') found.call = parseCall(bytes, from, to);
    else found[name] = parseScalar(bytes, from, to);
  });
  if (close < 0 || skipSpace(bytes, close, end) !== end) return { outcome: 'invalid', code: 'json' };
  return judgeFields(found);
};
