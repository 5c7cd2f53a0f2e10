/** Writes Protobuf fields in the ways the wire format admits, for tests and the fuzzer. */

/** A varint of up to ten bytes, `padding` bytes longer than it needs to be. */
export const writeVarint = (value: number | bigint, padding = 0): Buffer => {
  let rest = BigInt.asUintN(64, BigInt(value));
  const out: number[] = [];
  do {
    out.push(Number(rest & 0x7fn));
    rest >>= 7n;
  } while (rest > 0n);
  for (let n = 0; n < padding && out.length < 10; n++) out.push(0);
  return Buffer.from(out.map((bits, i) => (i < out.length - 1 ? bits | 0x80 : bits)));
};

export type WireField =
  | { readonly field: number; readonly wire: 0; readonly value: number | bigint }
  | { readonly field: number; readonly wire: 1 | 5; readonly seed: number }
  | { readonly field: number; readonly wire: 2; readonly bytes: Buffer }
  | { readonly field: number; readonly wire: 3; readonly fields: readonly WireField[] };

/** How varints are written. */
export interface VarintStyle {
  /** Bytes more than needed, of values. */
  readonly values: number;
  /** Bytes more than needed, of tags and lengths. */
  readonly padding: number;
  /** Bits 32–63 of tags and lengths, which no reader of 32 bits looks at. */
  readonly highBits: number;
}
const SHORTEST: VarintStyle = { values: 0, padding: 0, highBits: 0 };

const uint32 = (value: number, { padding, highBits }: VarintStyle): Buffer => writeVarint((BigInt(highBits) << 32n) | BigInt(value >>> 0), padding);

export const writeField = (field: WireField, style: VarintStyle = SHORTEST): Buffer => {
  const tag = uint32((field.field << 3) | field.wire, style);
  switch (field.wire) {
    case 0:
      return Buffer.concat([tag, writeVarint(field.value, style.values)]);
    case 1:
    case 5:
      return Buffer.concat([tag, Buffer.alloc(field.wire === 1 ? 8 : 4, field.seed & 0xff)]);
    case 2:
      return Buffer.concat([tag, uint32(field.bytes.length, style), field.bytes]);
    case 3:
      return Buffer.concat([tag, ...field.fields.map((inner) => writeField(inner, style)), uint32((field.field << 3) | 4, style)]);
  }
};

export const writeFields = (fields: readonly WireField[], style: VarintStyle = SHORTEST): Buffer => Buffer.concat(fields.map((field) => writeField(field, style)));

export const textField = (field: number, text: string): WireField => ({ field, wire: 2, bytes: Buffer.from(text) });
export const numberField = (field: number, value: number | bigint): WireField => ({ field, wire: 0, value });
