import { describe, expect, it } from 'vitest';
import { canonicalJson, hashOf, sha256Hex } from './canonical.ts';
import { EvidenceError } from './error.ts';

describe('canonical JSON (RFC 8785)', () => {
  it('3.2.2: the sample', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as never;
    expect(canonicalJson(value)).toBe('{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}');
  });
  it('3.2.3: members are sorted by UTF-16 code units', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
    expect(Object.keys(JSON.parse(text) as object)).toEqual(['1', '\r', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']);
    expect(text.startsWith('{"\\r":0,"1":0')).toBe(true);
  });
  it('appendix B: numbers', () => {
    expect([0, -0, 5e-324, 1.7976931348623157e308, 9007199254740992, 295147905179352830000, 1e23, 9.999999999999997e22].map((n) => canonicalJson(n))).toEqual([
      '0', '0', '5e-324', '1.7976931348623157e+308', '9007199254740992', '295147905179352830000', '1e+23', '9.999999999999997e+22',
    ]);
  });
  it('an undefined member is as if it were not there', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
  });
  it.each([[Number.NaN], [Number.POSITIVE_INFINITY], ['\ud800'], [undefined as never], [1n as never], [(() => 1) as never]])('what JSON cannot say has none: %s', (value) => {
    expect(() => canonicalJson(value)).toThrow(EvidenceError);
  });
  it('hashes', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hashOf({ b: 1, a: 2 })).toBe(sha256Hex('{"a":2,"b":1}'));
  });
});
