import { constants, inflateSync } from 'node:zlib';

/** What in a document can act by itself when somebody opens it, or could not be looked into. It is flagged, not refused: a court's paper is what it is. */
const PDF_FLAGS = [
  'javascript',
  /** Something happens when the document or a page is opened. */
  'open-action',
  'launch',
  'embedded-file',
  'rich-media',
  /** A form of the XFA kind, which is a program of its own. */
  'xfa',
  /** Whether there is anything else in it cannot be told. */
  'encrypted',
  /** A part in which objects can hide could not be unpacked. */
  'unexamined',
] as const;
export type PdfFlag = (typeof PDF_FLAGS)[number];

export type PdfVerdict = { readonly outcome: 'pdf'; readonly flags: readonly PdfFlag[] } | { readonly outcome: 'refused'; readonly rule: string };

const FLAG_OF: Readonly<Record<string, PdfFlag>> = {
  JavaScript: 'javascript', JS: 'javascript',
  OpenAction: 'open-action', AA: 'open-action',
  Launch: 'launch',
  EmbeddedFile: 'embedded-file', EmbeddedFiles: 'embedded-file', Filespec: 'embedded-file',
  RichMedia: 'rich-media', Movie: 'rich-media', Sound: 'rich-media', '3D': 'rich-media',
  XFA: 'xfa',
  Encrypt: 'encrypted',
};

/** All that may be unpacked from one document: a small one can hold gigabytes. */
const MAX_UNPACKED = 64 << 20;

const MAX_STREAMS = 50_000;

/** Names as a reader takes them: `/J#53` is `/JS`. Latin-1 text, one character a byte. */
const unescaped = (text: string): string => text.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const namesIn = (text: string): Set<string> => {
  const names = new Set<string>();
  for (const [, raw = ''] of text.matchAll(/\/([^\0\t\n\f\r ()<>[\]{}/%]{1,128})/g)) names.add(unescaped(raw));
  return names;
};

/** What unpacked bytes look like: an object stream begins with the numbers of its objects. Where a predictor scrambles them, only the first byte shows. */
const looksLike = (start: Buffer): 'objects' | 'doubtful' | 'other' => {
  const text = start.toString('latin1');
  if (/^[\0\s]*[\d%]/.test(text)) return /^[\t\n\f\r -~]*$/.test(text.slice(0, 64)) ? 'objects' : 'doubtful';
  return /^[\0-\x04][\d\s%]/.test(text) || /^[\0\s]*$/.test(text) ? 'doubtful' : 'other';
};

const PREFIX_BYTES = 1_024;

/**
 * Names that lie packed in object streams (ISO 32000-2, 7.5.7). What a dictionary says of its stream can be written so
 * that only some readers understand it, so none is believed: whatever unpacks to objects is one. `doubtful`: something
 * could be one and does not unpack.
 */
const packedNames = (bytes: Buffer, text: string): { readonly names: Set<string>; readonly doubtful: boolean } => {
  const names = new Set<string>();
  let left = MAX_UNPACKED;
  let streams = 0;
  let doubtful = false;
  for (const { index, 0: keyword } of text.matchAll(/stream[\0\s]+/g)) {
    const data = bytes.subarray(index + keyword.length);
    // The two bytes that begin Flate data (RFC 1950).
    if (data.length < 2 || ((data[0] ?? 0) & 0x0f) !== 8 || data.readUInt16BE(0) % 31 !== 0) continue;
    streams += 1;
    if (streams > MAX_STREAMS || left <= 0) return { names, doubtful: true };
    try {
      const looks = looksLike(inflateSync(data.subarray(0, PREFIX_BYTES), { finishFlush: constants.Z_SYNC_FLUSH }));
      if (looks === 'doubtful') doubtful = true;
      if (looks !== 'objects') continue;
      const unpacked = inflateSync(data, { maxOutputLength: left });
      left -= unpacked.length;
      for (const name of namesIn(unpacked.toString('latin1'))) names.add(name);
    } catch {
      // What readers that forgive a wrong checksum would make of it is not known here.
      doubtful = true;
      left -= PREFIX_BYTES;
    }
  }
  return { names, doubtful };
};

/** Filters of streams that are not unpacked here. */
const OTHER_FILTERS = ['LZWDecode', 'LZW', 'ASCIIHexDecode', 'AHx', 'ASCII85Decode', 'A85', 'RunLengthDecode', 'RL', 'Crypt'] as const;

/** A ZIP is read from its end: a PDF that ends as one is two files in one. */
const endsAsZip = (bytes: Buffer): boolean => {
  const tail = bytes.subarray(Math.max(0, bytes.length - 65_557));
  for (let at = tail.lastIndexOf('PK\x05\x06', undefined, 'latin1'); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf('PK\x05\x06', at - 1, 'latin1')) {
    if (at + 22 <= tail.length && at + 22 + tail.readUInt16LE(at + 20) === tail.length) return true;
  }
  return false;
};

/**
 * Whether bytes are a PDF, by content and structure and by nothing else, and what in it is active. Total: takes anything,
 * throws nothing. It errs on the side of a flag, and it is no virus scanner.
 */
export const examinePdf = (bytes: Buffer): PdfVerdict => {
  const refused = (rule: string): PdfVerdict => ({ outcome: 'refused', rule });
  if (bytes.length === 0) return refused('must not be empty');
  if (!/^%PDF-(?:1\.[0-7]|2\.0)[\r\n \t%]/.test(bytes.toString('latin1', 0, 10))) return refused('must be a PDF: one begins with %PDF- and its version');
  const text = bytes.toString('latin1');
  if (!/%%EOF[\0\s]{0,16}$/.test(text.slice(-32))) return refused('must end as a PDF does, with %%EOF and nothing after it: it is cut off or something is appended');
  if (endsAsZip(bytes)) return refused('must be one file: this is a ZIP archive as well');
  const xref = /startxref\s+(\d{1,10})\s+%%EOF[\0\s]{0,16}$/.exec(text.slice(-128))?.[1];
  if (xref === undefined || Number(xref) >= bytes.length) return refused('must say where its cross-reference table is, within the file');
  const written = namesIn(text);
  if (!written.has('Root')) return refused('must have a catalog');
  const packed = packedNames(bytes, text);
  const names = new Set([...written, ...packed.names]);
  const flags = new Set<PdfFlag>();
  for (const name of names) if (Object.hasOwn(FLAG_OF, name)) flags.add(FLAG_OF[name] ?? 'unexamined');
  // An object stream cannot do without /N and /First.
  const mayPack = names.has('ObjStm') || (names.has('First') && names.has('N'));
  if (mayPack && (packed.doubtful || OTHER_FILTERS.some((filter) => names.has(filter)))) flags.add('unexamined');
  return { outcome: 'pdf', flags: PDF_FLAGS.filter((flag) => flags.has(flag)) };
};
