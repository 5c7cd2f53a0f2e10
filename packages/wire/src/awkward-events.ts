import { chooseFrom, writeString } from './testing-text.ts';
import { numberField, textField, writeField, writeFields, writeVarint, type WireField } from './testing-protobuf.ts';

/** Events chosen to be hard on a candidate test; the start of the property tests and of the fuzzer's corpus. */
export interface AwkwardEvent {
  readonly name: string;
  readonly encoding: 'json' | 'protobuf';
  readonly bytes: Buffer;
  /** Whether it names one of `AWKWARD_TARGETS` so that the candidate test must say yes. */
  readonly mustHit: boolean;
}

export const PHONE = '12025550142';
/** The longest account. */
export const LONG = 'abcdefghijklmnopqrstuvwxyz.ABCDEFGHIJKLMNOPQRSTUVWXYZ:0123456789';
/** The shortest. */
export const SHORT = '7';
const WITH_SIGNS = 'user-1_x@host.example:8';
export const AWKWARD_TARGETS: readonly string[] = [PHONE, LONG, SHORT, WITH_SIGNS];
export const STRANGER = '13035559999';

const choose = chooseFrom(1);
const head = '"v":1,"id":"event-0001","kind":"message","type":"text","at":1700000000000';
const object = (...members: readonly string[]): string => `{${[head, ...members].join(',')}}`;
const from = (account: string): string => `"from":"${account}"`;

const jsonCases = (): AwkwardEvent[] => {
  const cases: AwkwardEvent[] = [];
  const hit = (name: string, text: string | Buffer): void => void cases.push({ name, encoding: 'json', bytes: Buffer.from(text as string), mustHit: true });
  const miss = (name: string, text: string | Buffer): void => void cases.push({ name, encoding: 'json', bytes: Buffer.from(text as string), mustHit: false });

  miss('concerns nobody', object(from(STRANGER), `"to":["${STRANGER}"]`));
  for (const target of AWKWARD_TARGETS) {
    hit(`from, ${target.length} characters`, object(from(target)));
    hit(`behind a plus, ${target.length} characters`, object(from(`+${target}`)));
    for (const style of ['some', 'lower', 'upper'] as const) {
      hit(`escaped (${style}), ${target.length} characters`, object(`"from":${writeString(target, style, choose)}`));
      hit(`escaped (${style}) behind a plus, ${target.length} characters`, object(`"from":${writeString(`+${target}`, style, choose)}`));
    }
  }
  for (const style of ['some', 'lower', 'upper'] as const) {
    hit(`keys escaped (${style})`, `{${writeString('v', style, choose)}:1,${writeString('from', style, choose)}:"${PHONE}"}`);
    hit(`a target as an escaped key (${style})`, object(`${writeString(PHONE, style, choose)}:1`));
  }
  hit('a solidus escaped beside it', object('"x":"\\/\\b\\f\\n\\r\\t"', from(PHONE)));
  hit('surrogates before it', object(`"x":"\\ud83d\\uDE00 😀 \ud83d\\n"`, from(PHONE)));
  hit('a lone surrogate before it', object('"x":"\\ud83d"', from(PHONE)));
  for (let n = 1; n <= 6; n++) {
    hit(`a string ending in ${n} backslashes before it`, object(`"x":"${'\\\\'.repeat(n)}"`, from(PHONE)));
    hit(`a string ending in ${n} backslashes and a quote before it`, object(`"x":"${'\\\\'.repeat(n)}\\""`, from(PHONE)));
    hit(`a long string ending in ${n} backslashes before it`, object(`"x":"${'y'.repeat(400)}${'\\\\'.repeat(n)}"`, from(PHONE)));
    hit(`a long string ending in ${n} backslashes and a quote before it`, object(`"x":"${'y'.repeat(400)}${'\\\\'.repeat(n)}\\""`, from(PHONE)));
    hit(`text with ${n} raw backslashes before a quote`, Buffer.from(`{"x":"${'y'.repeat(400)}${'\\'.repeat(n)}","${PHONE}":"${PHONE}"`));
  }
  for (const n of [63, 64, 65, 66, 67, 112, 113, 114, 389, 390, 391, 392]) {
    hit(`a string of ${n} bytes before it`, object(`"x":"${'z'.repeat(n)}"`, from(PHONE)));
    miss(`a string of ${n} bytes alone`, object(`"x":"${'z'.repeat(n)}"`));
    hit(`a target within ${n} bytes of text, and by itself`, object(`"x":"${PHONE}${'z'.repeat(n - PHONE.length)}"`, from(PHONE)));
  }
  hit('a target as a key', object(`"${PHONE}":0`));
  hit('in an unknown member', object(`"x":{"y":[1,{"z":"${LONG}"}]}`));
  hit('in a nested array', object(`"to":[[["${PHONE}"]]]`));
  hit('the first of two members', object(from(PHONE), from(STRANGER)));
  hit('the second of two members', object(from(STRANGER), from(PHONE)));
  const crowd = Array.from({ length: 1_023 }, (_, i) => `"1303555${String(i).padStart(4, '0')}"`);
  hit('the last of 1,024 recipients', object(`"to":[${crowd.join(',')},"${PHONE}"]`));
  miss('1,023 recipients who are nobody', object(`"to":[${crowd.join(',')}]`));
  for (const space of [' ', '\t', '\n', '\r', ' \r\n\t ']) hit(`white space ${JSON.stringify(space)} everywhere`, `${space}{${space}"from"${space}:${space}"${PHONE}"${space},${space}"v"${space}:${space}1${space}}${space}`);
  hit('a body of base64 before it', object(`"payload":"${Buffer.alloc(48_000, 7).toString('base64')}"`, from(PHONE)));
  miss('a body of base64 alone', object(`"payload":"${Buffer.alloc(48_000, 7).toString('base64')}"`));
  hit('a body of quotes before it', object(`"payload":"${'\\"'.repeat(20_000)}"`, from(PHONE)));
  hit('a body of backslashes before it', object(`"payload":"${'\\\\'.repeat(20_000)}"`, from(PHONE)));
  hit('a body that looks like an event before it', object(`"payload":${JSON.stringify(object(from(STRANGER)))}`, from(PHONE)));
  hit('a body without end', `{${head},"payload":"${'x'.repeat(30_000)}`);
  hit('a body of quotes without end', `{${head},"payload":"${'\\"'.repeat(20_000)}`);
  hit('a body that ends in a backslash', `{${head},"payload":"${'x'.repeat(100)}\\`);
  hit('an account without end', `{${head},"from":"${PHONE}`);
  hit('nested 100,000 deep', object(`"payload":${'['.repeat(100_000)}${']'.repeat(100_000)}`, from(PHONE)));
  hit('objects nested 20,000 deep', object(`"payload":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, from(PHONE)));
  hit('nested without end', `{${head},${from(PHONE)},"payload":${'['.repeat(50_000)}`);
  hit('invalid UTF-8 beside it', Buffer.concat([Buffer.from(`{"x":"`), Buffer.of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80), Buffer.from(`",${from(PHONE)}}`)]));
  hit('a zero byte beside it', Buffer.from(`{"x":"\0",${from(PHONE)}}`));
  hit('a byte order mark before it', Buffer.from(`\ufeff${object(from(PHONE))}`));
  miss('nothing', '');
  hit('one quote', '"');
  miss('two quotes', '""');
  hit('three quotes', '"""');
  miss('an empty object', '{}');
  hit('a call', `{"v":1,"kind":"call","at":1700000000000,${from(PHONE)},"to":["${STRANGER}"],"call":{"id":"call-0001","creator":"${PHONE}","media":"video","participants":["${STRANGER}"]}}`);
  hit('every field', object(from(PHONE), `"to":["${LONG}","${SHORT}"]`, '"group":"group-0001","ip":"2001:db8::1","port":443,"device":"android","size":12'));
  hit('every field odd', object(from(PHONE), '"to":[1,null,{},"not an account",""],"group":"g","ip":"1.2.3","port":-1,"device":"toaster","size":1.5,"type":"hologram","id":7,"call":[]'));
  return cases;
};

const event = (...fields: readonly WireField[]): WireField[] => [numberField(1, 1), textField(2, 'event-0001'), textField(3, 'message'), textField(4, 'text'), numberField(5, 1_700_000_000_000), ...fields];

const protobufCases = (): AwkwardEvent[] => {
  const cases: AwkwardEvent[] = [];
  const add = (mustHit: boolean) => (name: string, bytes: Buffer): void => void cases.push({ name, encoding: 'protobuf', bytes, mustHit });
  const hit = add(true);
  const miss = add(false);
  const target = textField(6, PHONE);
  const stranger = textField(6, STRANGER);

  miss('concerns nobody', writeFields(event(stranger, textField(7, STRANGER))));
  for (const account of AWKWARD_TARGETS) {
    hit(`from, ${account.length} characters`, writeFields(event(textField(6, account))));
    hit(`to, ${account.length} characters`, writeFields(event(stranger, textField(7, account))));
    hit(`behind a plus, ${account.length} characters`, writeFields(event(textField(6, `+${account}`))));
  }
  miss('a target in another field', writeFields(event(stranger, textField(8, PHONE), textField(15, PHONE))));
  hit('the last of 1,024 recipients', writeFields(event(stranger, ...Array.from({ length: 1_023 }, (_, i) => textField(7, `1303555${String(i).padStart(4, '0')}`)), textField(7, PHONE))));
  hit('the first of two', writeFields(event(target, stranger)));
  hit('the second of two', writeFields(event(stranger, target)));
  hit('before everything', writeFields([target, ...event()]));
  const unknown: readonly WireField[] = [numberField(99, 2n ** 64n - 1n), { field: 100, wire: 1, seed: 255 }, { field: 101, wire: 2, bytes: Buffer.from(PHONE) }, { field: 102, wire: 5, seed: 255 }, { field: 536_870_911, wire: 2, bytes: Buffer.alloc(300, 255) }];
  for (const field of unknown) hit(`behind an unknown field ${field.field} of wire type ${field.wire}`, writeFields(event(field, target)));
  hit('behind a group', writeFields(event({ field: 103, wire: 3, fields: [...unknown, { field: 104, wire: 3, fields: unknown }] }, target)));
  hit('behind a known field of another wire type', writeFields(event({ field: 2, wire: 5, seed: 1 }, numberField(7, 5), target)));
  hit('behind a body', writeFields(event({ field: 15, wire: 2, bytes: Buffer.alloc(65_536, 0x22) }, target)));
  for (const padding of [1, 4, 8]) hit(`varints ${padding} bytes too long`, writeFields(event({ field: 101, wire: 2, bytes: Buffer.alloc(5) }, target), { values: padding, padding, highBits: 0 }));
  for (const highBits of [1, 2 ** 21 + 1, 2 ** 32 - 1]) hit(`bits above 32 in tags and lengths (${highBits})`, writeFields(event({ field: 101, wire: 2, bytes: Buffer.alloc(5) }, target), { values: 0, padding: 0, highBits }));
  hit('a call merged of two parts', writeFields(event(target, { field: 13, wire: 2, bytes: writeFields([textField(2, PHONE)]) }, { field: 13, wire: 2, bytes: writeFields([textField(1, 'call-0001'), textField(4, STRANGER)]) })));
  const whole = writeFields(event(target, textField(7, STRANGER), textField(11, 'web')));
  const standsAt = whole.indexOf(PHONE) + PHONE.length;
  for (let n = 0; n < whole.length; n++) cases.push({ name: `cut off after ${n} bytes`, encoding: 'protobuf', bytes: whole.subarray(0, n), mustHit: n >= standsAt });
  miss('nothing', Buffer.alloc(0));
  miss('a varint without end', Buffer.alloc(11, 0xff));
  miss('a length beyond the end', Buffer.concat([Buffer.of(0x32), writeVarint(2 ** 31), Buffer.from(PHONE)]));
  hit('a length beyond the end, after it', Buffer.concat([writeField(target), Buffer.of(0x7a), writeVarint(2 ** 32 - 1), Buffer.from('x')]));
  hit('wire type 7 after it', Buffer.concat([writeField(target), Buffer.of(0x0f)]));
  return cases;
};

export const awkwardEvents = (): readonly AwkwardEvent[] => [...jsonCases(), ...protobufCases()];
