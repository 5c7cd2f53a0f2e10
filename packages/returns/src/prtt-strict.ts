/**
 * A strict reader of `prtt-html`, written from the grammar alone and sharing nothing with the renderer. Total: it takes
 * any text and answers with the return, or with where and why it is none. Linear: every byte is looked at once.
 */

export interface Node {
  readonly label: string;
  /** A leaf has a text, a group nodes. */
  readonly value: string | readonly Node[];
}

export interface ParsedReturn {
  readonly marker: string;
  readonly sections: readonly { readonly name: string; readonly nodes: readonly Node[] }[];
}

export type Parsed = { readonly ok: true; readonly value: ParsedReturn } | { readonly ok: false; readonly at: number; readonly rule: string };

class Refused extends Error {
  readonly at: number;
  constructor(at: number, rule: string) {
    super(rule);
    this.at = at;
  }
}

const OPEN = '<div class="t o"><div class="t i">';
const VALUE = '<div class="m"><div>';
const LEAF_END = '<div class="p"></div></div></div></div></div>\n';
const GROUP_END = '</div></div></div></div>\n';
const MAX_DEPTH = 6;

class Cursor {
  readonly #text: string;
  at = 0;
  constructor(text: string) {
    this.#text = text;
  }
  take(expected: string): void {
    if (!this.peek(expected)) throw new Refused(this.at, `expected ${JSON.stringify(expected)}`);
    this.at += expected.length;
  }
  peek(expected: string): boolean {
    return this.#text.startsWith(expected, this.at);
  }
  until(end: string): string {
    const stop = this.#text.indexOf('<', this.at);
    if (stop === -1 || !this.#text.startsWith(end, stop)) throw new Refused(this.at, `expected ${JSON.stringify(end)}`);
    const text = this.#text.slice(this.at, stop);
    this.at = stop + end.length;
    return text;
  }
  get done(): boolean {
    return this.at === this.#text.length;
  }
}

const plain = (text: string): string => text.replace(/&(amp|lt|gt|quot);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? '');

const nodesOf = (c: Cursor, depth = 0): Node[] => {
  if (depth > MAX_DEPTH) throw new Refused(c.at, 'groups are nested too deep');
  const nodes: Node[] = [];
  while (c.peek(OPEN)) {
    c.take(OPEN);
    const label = c.until(VALUE);
    if (c.peek('\n')) {
      c.take('\n');
      const value = nodesOf(c, depth + 1);
      c.take(GROUP_END);
      nodes.push({ label, value });
    } else nodes.push({ label, value: plain(c.until(LEAF_END)) });
  }
  return nodes;
};

const SECTIONS = ['request_parameters', 'message_log', 'call_logs', 'prospective_login_ips'] as const;
const NOTHING = 'No responsive records located';

const TIME = /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC$/;
const NUMBER = /^[1-9]\d{0,14}$/;
const PARTY = /^(?:[1-9]\d{0,14}|-)$/;
const PORT = /^(?:0|[1-9]\d{0,4})$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f:]{2,39})$/;
const WORD = /^[a-z_]+$/;
const ANY = /^.+$/;

/** A label and what its value looks like; `?` = may be absent; a list = a group of those, over and over. */
type Rule = readonly [label: string, value: RegExp | readonly Rule[], optional?: '?'];

const PARTICIPANT: readonly Rule[] = [['Phone Number', NUMBER], ['State', /^-$/], ['Platform', /^-$/]];
const MESSAGE: readonly Rule[] = [
  ['Timestamp', TIME], ['Message Id', /^[0-9A-F]{8,32}$/], ['Sender', PARTY], ['Recipients', /^(?:[1-9]\d{0,14}(?:,[1-9]\d{0,14})*|-)$/], ['Group Id', /^\d+$/, '?'],
  ['Sender Ip', ADDRESS, '?'], ['Sender Port', /^[1-9]\d{0,4}$/, '?'], ['Sender Device', WORD], ['Type', WORD], ['Message Style', /^(?:individual|group)$/], ['Message Size', /^(?:0|[1-9]\d*)$/],
];
const EVENT: readonly Rule[] = [
  ['Type', /^(?:offer|accept|reject|terminate|av_switch|group_update|invalid|unknown)$/], ['Timestamp', TIME], ['From', PARTY], ['To', PARTY], ['From Ip', /^(?:-|[0-9a-f.:]{2,39})$/], ['From Port', PORT],
  ['Media Type', /^(?:audio|video|invalid|unknown)$/], ['Participants', PARTICIPANT, '?'],
];
const CALL: readonly Rule[] = [['Call Id', /^[A-Z0-9]{32}$/], ['Call Creator', PARTY], ['Events', EVENT]];
const REQUEST: readonly Rule[] = [
  ['Service', ANY], ['Internal Ticket Number', /^\d+$/], ['Target', /^\+[1-9]\d{0,14}$/], ['Account Identifier', /^\+[1-9]\d{0,14}$/], ['Account Type', /^[A-Za-z0-9]+$/], ['Generated', TIME],
  ['Date Range', /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC to \d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} UTC$/],
];
const LOGIN: readonly Rule[] = [['Timestamp', TIME], ['IP Address', /^(?:-|[0-9a-f.:]{2,39})$/], ['Port', PORT]];

/** Nodes follow the rules in their order, the whole list repeated as often as there are nodes. Null when they do. */
const follow = (nodes: readonly Node[], rules: readonly Rule[], once: boolean): string | null => {
  let at = 0;
  do {
    for (const [label, shape, optional] of rules) {
      const node = nodes[at];
      if (node?.label !== label) {
        if (optional === '?') continue;
        return `expected ${label}, found ${node?.label ?? 'the end'}`;
      }
      at += 1;
      if (shape instanceof RegExp) {
        if (typeof node.value !== 'string' || !shape.test(node.value)) return `${label} has not its form`;
        continue;
      }
      if (typeof node.value === 'string' || node.value.length === 0) return `${label} holds nothing`;
      const wrong = follow(node.value, shape as readonly Rule[], false);
      if (wrong !== null) return `${label}: ${wrong}`;
    }
  } while (!once && at < nodes.length);
  return at === nodes.length ? null : `${nodes[at]?.label ?? ''} is one too many`;
};

const sectionFault = (name: string, nodes: readonly Node[]): string | null => {
  const logOf = (definition: string, label: string, rules: readonly Rule[]): string | null => {
    const empty = nodes[1]?.value === NOTHING;
    return follow(nodes, [[definition, ANY], [label, empty ? ANY : rules]], true);
  };
  switch (name) {
    case 'request_parameters':
      return follow(nodes, REQUEST, true);
    case 'message_log':
      return logOf('Message Log Definition', 'Message Log', [['Message', MESSAGE]]);
    case 'call_logs':
      return logOf('Call Logs Definition', 'Call Log', [['Call', CALL]]);
    default:
      return logOf('Prospective Login Ips Definition', 'Prospective Login IPs', LOGIN);
  }
};

const read = (text: string): ParsedReturn => {
  if (/[^\n\x20-\x7e]/.test(text)) throw new Refused(text.search(/[^\n\x20-\x7e]/), 'not ASCII with LF');
  const c = new Cursor(text);
  c.take('<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>');
  const marker = plain(c.until('</title>'));
  if (!marker.endsWith(' Business Record')) throw new Refused(c.at, 'the title is not that of a business record');
  c.take('\n</head>\n<body>\n<div class="header">');
  if (plain(c.until('</div>')) !== marker) throw new Refused(c.at, 'title and marker differ');
  c.take('\n<div class="content-pane"><div id="records">\n');
  const sections: { name: string; nodes: readonly Node[] }[] = [];
  for (const name of SECTIONS) {
    const open = `<div id="property-${name}">\n`;
    if (!c.peek(open)) {
      if (name === 'request_parameters') throw new Refused(c.at, 'the request parameters are missing');
      continue;
    }
    c.take(open);
    const from = c.at;
    const nodes = nodesOf(c);
    const fault = sectionFault(name, nodes);
    if (fault !== null) throw new Refused(from, fault);
    c.take('</div>\n');
    sections.push({ name, nodes });
  }
  c.take('</div></div>\n</body>\n</html>\n');
  if (!c.done) throw new Refused(c.at, 'something follows the end');
  return { marker, sections };
};

export const parseReturn = (text: string): Parsed => {
  try {
    return { ok: true, value: read(text) };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, at: error.at, rule: error.message };
    throw error;
  }
};
