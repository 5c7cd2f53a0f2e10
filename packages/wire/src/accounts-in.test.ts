import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountsIn } from './accounts-in.ts';
import { AWKWARD_TARGETS, awkwardEvents, LONG, PHONE, SHORT, STRANGER } from './awkward-events.ts';
import { decodeEvent } from './decode.ts';
import { mayNameTargetJson } from './scan-json.ts';
import { mayNameTargetProtobuf } from './scan-protobuf.ts';
import { buildTargetSet } from './target-set.ts';
import { textField, writeFields } from './testing-protobuf.ts';
import { chooseFrom, writeString } from './testing-text.ts';

const targets = buildTargetSet(AWKWARD_TARGETS);
const inJson = (text: string): readonly string[] => {
  const bytes = Buffer.from(text);
  return accountsIn(bytes, 0, bytes.length, 'json', targets);
};

describe('the accounts of an event that does not decode', () => {
  it('are found as values, as keys, escaped, behind a plus, each once, strangers not', () => {
    expect(inJson(`{"from":"${STRANGER}","to":["${PHONE}","+${LONG}","${PHONE}"],"7":0`)).toEqual([PHONE, LONG, SHORT]);
    for (const style of ['some', 'lower', 'upper'] as const)
      for (const account of AWKWARD_TARGETS) {
        expect(inJson(`{"from":${writeString(account, style, chooseFrom(3))},]`)).toEqual([account]);
        expect(inJson(`{"from":${writeString(`+${account}`, style, chooseFrom(3))},]`)).toEqual([account]);
      }
  });

  it('are found behind odd strings, and where the text breaks off right behind one', () => {
    expect(inJson(`{"x":"\\q","y":"\\\\","z":"\\"","from":"${PHONE}",`)).toEqual([PHONE]);
    expect(inJson(`{"from":"${PHONE}`)).toEqual([PHONE]);
    expect(inJson(`{"from":"${PHONE}\\`)).toEqual([]);
    expect(inJson('no string at all')).toEqual([]);
  });

  it('are found in Protobuf up to the fault', () => {
    const whole = writeFields([textField(6, PHONE), textField(8, SHORT), textField(7, `+${LONG}`), textField(7, SHORT)]);
    expect(accountsIn(whole, 0, whole.length, 'protobuf', targets)).toEqual([PHONE, LONG, SHORT]);
    expect(accountsIn(whole, 0, whole.length - 1, 'protobuf', targets)).toEqual([PHONE, LONG]);
    expect(accountsIn(Buffer.concat([whole, Buffer.of(0x07)]), 0, whole.length + 1, 'protobuf', targets)).toEqual([PHONE, LONG, SHORT]);
  });

  it('include every target of an event that decodes, and none where the scan says no', () => {
    for (const { name, encoding, bytes } of awkwardEvents()) {
      const found = accountsIn(bytes, 0, bytes.length, encoding, targets);
      const decoded = decodeEvent(bytes, 0, bytes.length, encoding);
      if (decoded.outcome === 'event') for (const account of [decoded.event.from, ...decoded.event.to, ...decoded.uncanonical]) if (account !== null && targets.has(account)) expect(found, name).toContain(account);
      const scan = encoding === 'json' ? mayNameTargetJson : mayNameTargetProtobuf;
      if (found.length > 0) expect(scan(bytes, 0, bytes.length, targets), name).toBe(true);
    }
  });

  it('never throws, and finds nothing the scan missed, on any bytes', () => {
    const parts = fc.array(fc.oneof(fc.constantFrom('"', '\\', '\\"', ',', '\\u0037', '{', '+', ...AWKWARD_TARGETS).map((text) => Buffer.from(text)), fc.uint8Array({ maxLength: 5 }).map((array) => Buffer.from(array))), { maxLength: 20 }).map((list) => Buffer.concat(list));
    fc.assert(
      fc.property(parts, fc.constantFrom('json' as const, 'protobuf' as const), (bytes, encoding) => {
        const found = accountsIn(bytes, 0, bytes.length, encoding, targets);
        const scan = encoding === 'json' ? mayNameTargetJson : mayNameTargetProtobuf;
        if (found.length > 0) expect(scan(bytes, 0, bytes.length, targets)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
