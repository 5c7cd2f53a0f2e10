/** Writes JSON in the ways a producer may choose, for tests and the fuzzer. */

/** A source of choices: a whole number in `[0, below)`. */
export type Choose = (below: number) => number;

/** mulberry32: the same seed gives the same choices everywhere. */
export const chooseFrom = (seed: number): Choose => {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

export type EscapeStyle = 'least' | 'some' | 'lower' | 'upper';
const ESCAPE_STYLES: readonly EscapeStyle[] = ['least', 'some', 'lower', 'upper'];

const escaped = (unit: number, upper: boolean): string => {
  const hex = unit.toString(16).padStart(4, '0');
  return `\\u${upper ? hex.toUpperCase() : hex}`;
};

/** A JSON string: escaped only where it must be, here and there, or wholly in lower or upper case hex. */
export const writeString = (text: string, style: EscapeStyle, choose: Choose): string => {
  if (style === 'least') return JSON.stringify(text);
  let out = '"';
  for (let i = 0; i < text.length; i++) {
    if (style !== 'some' || choose(3) === 0) out += escaped(text.charCodeAt(i), style === 'upper' || (style === 'some' && choose(2) === 0));
    else out += JSON.stringify(text[i]).slice(1, -1);
  }
  return `${out}"`;
};

/** A value of JSON whose objects are lists of members, so that a member may stand twice. */
export type Tree = null | boolean | number | string | readonly Tree[] | { readonly members: readonly (readonly [string, Tree])[] };

const SPACES = ['', '', '', ' ', '\n', '\t', '\r', ' \r\n\t'];

/** The text of a tree with whatever white space and escapes are chosen. */
export const writeTree = (tree: Tree, choose: Choose): string => {
  const space = (): string => SPACES[choose(SPACES.length)]!;
  const string = (text: string): string => writeString(text, ESCAPE_STYLES[choose(2) === 0 ? 0 : choose(ESCAPE_STYLES.length)]!, choose);
  const list = (parts: readonly string[], open: string, close: string): string => open + space() + parts.join(`${space()},${space()}`) + space() + close;
  const value = (node: Tree): string => {
    if (typeof node === 'string') return string(node);
    if (typeof node !== 'object' || node === null) return JSON.stringify(node);
    if ('members' in node) return list(node.members.map(([key, inner]) => `${string(key)}${space()}:${space()}${value(inner)}`), '{', '}');
    return list(node.map(value), '[', ']');
  };
  return space() + value(tree) + space();
};
