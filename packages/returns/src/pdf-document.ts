import { deflateSync } from 'node:zlib';

/**
 * The least of PDF 1.7 (ISO 32000-1) that pages of text need: objects are written as they are made, so that memory does
 * not grow with pages, and pages are put in order at the end, so that a cover can say what only the last record tells.
 * Fonts are the standard ones that every reader has; texts are WinAnsi.
 */

/** Letter, landscape, in points. */
export const PAGE = { width: 792, height: 612, margin: 40, inner: 712 } as const;

export type Font = 'body' | 'bold' | 'mono' | 'monoBold';
const FONTS: Record<Font, readonly [resource: string, name: string]> = {
  body: ['F1', 'Helvetica'],
  bold: ['F2', 'Helvetica-Bold'],
  mono: ['F3', 'Courier'],
  monoBold: ['F4', 'Courier-Bold'],
};

/** Of Helvetica, in thousandths of the size, from the space on; Courier has 600 throughout. Adobe's font metrics, public. */
const HELVETICA = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015,
  667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333,
  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
const WIDEST = 1_015;
/** Width in points. Letters that the table does not have count as wide as the widest. */
export const widthOf = (text: string, font: Font, size: number): number => {
  let width = 0;
  for (let i = 0; i < text.length; i += 1) width += font === 'mono' || font === 'monoBold' ? 600 : (HELVETICA[text.charCodeAt(i) - 32] ?? WIDEST);
  return (width * size * (font === 'bold' ? 1.07 : 1)) / 1_000;
};

/** Lines of at most this width, broken between words, and within one that is wider by itself. */
export const wrap = (text: string, font: Font, size: number, width: number): readonly string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer, font, size) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line, font, size) > width) {
      let fits = line.length - 1;
      while (fits > 1 && widthOf(line.slice(0, fits), font, size) > width) fits -= 1;
      lines.push(line.slice(0, fits));
      line = line.slice(fits);
    }
  }
  return [...lines, line];
};

/** WinAnsi where it is not Latin-1. */
const BEYOND_LATIN: Readonly<Record<string, number>> = { '€': 0x80, '‚': 0x82, '„': 0x84, '…': 0x85, '‘': 0x91, '’': 0x92, '“': 0x93, '”': 0x94, '•': 0x95, '–': 0x96, '—': 0x97, '™': 0x99 };

/** A letter that the fonts do not have is named by its number rather than left out. */
const encode = (text: string): string => {
  let encoded = '';
  for (const letter of text) {
    const code = letter.codePointAt(0) ?? 0;
    if ((code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff)) encoded += '()\\'.includes(letter) ? `\\${letter}` : letter;
    else encoded += letter in BEYOND_LATIN ? String.fromCharCode(BEYOND_LATIN[letter] ?? 0) : `<U+${code.toString(16).toUpperCase()}>`;
  }
  return encoded;
};

/** What stands on a page. Measured from the upper left corner. */
export class PageContent {
  #operators = '';

  text(text: string, x: number, y: number, font: Font, size: number, gray = 0): void {
    this.#operators += `BT ${gray} g /${FONTS[font][0]} ${size} Tf ${x.toFixed(2)} ${(PAGE.height - y).toFixed(2)} Td (${encode(text)}) Tj ET\n`;
  }

  /** Lines of one font, below each other. */
  lines(lines: readonly string[], x: number, y: number, font: Font, size: number, leading: number, gray: number): void {
    this.#operators += `BT ${gray} g /${FONTS[font][0]} ${size} Tf ${leading} TL ${x.toFixed(2)} ${(PAGE.height - y).toFixed(2)} Td\n${lines.map((line) => `(${encode(line)}) Tj T*\n`).join('')}ET\n`;
  }

  /** A filled rectangle. */
  box(x: number, y: number, width: number, height: number, gray: number): void {
    this.#operators += `${gray} g ${x.toFixed(2)} ${(PAGE.height - y - height).toFixed(2)} ${width.toFixed(2)} ${height.toFixed(2)} re f\n`;
  }

  get operators(): string {
    return this.#operators;
  }
}

export class PdfDocument {
  readonly #offsets: number[] = [];
  readonly #made: Buffer[] = [];
  #at = 0;
  readonly #resources: number;
  readonly #tree: number;

  constructor() {
    // The comment tells tools that this is no text.
    this.#write(Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1'));
    this.#tree = this.#reserve();
    const fonts = Object.values(FONTS).map(([resource, name]) => `/${resource} ${this.#object(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`)} 0 R`);
    this.#resources = this.#object(`<< /Font << ${fonts.join(' ')} >> >>`);
  }

  #write(bytes: Buffer): void {
    this.#made.push(bytes);
    this.#at += bytes.length;
  }

  #reserve(): number {
    this.#offsets.push(0);
    return this.#offsets.length;
  }

  #object(body: string, stream?: Buffer, number = this.#reserve()): number {
    this.#offsets[number - 1] = this.#at;
    this.#write(Buffer.from(`${number} 0 obj\n${body}\n`, 'latin1'));
    if (stream !== undefined) this.#write(Buffer.concat([Buffer.from('stream\n'), stream, Buffer.from('\nendstream\n')]));
    this.#write(Buffer.from('endobj\n'));
    return number;
  }

  /** Writes a page. Returns its number, for `finish`. */
  page({ operators }: PageContent): number {
    const stream = deflateSync(Buffer.from(operators, 'latin1'));
    const content = this.#object(`<< /Length ${stream.length} /Filter /FlateDecode >>`, stream);
    return this.#object(`<< /Type /Page /Parent ${this.#tree} 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] /Resources ${this.#resources} 0 R /Contents ${content} 0 R >>`);
  }

  /** Writes what makes a document of the pages, in the order given. */
  finish(pages: readonly number[], title: string, producer: string, at: Date): void {
    this.#object(`<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((page) => `${page} 0 R`).join(' ')}] >>`, undefined, this.#tree);
    const catalog = this.#object(`<< /Type /Catalog /Pages ${this.#tree} 0 R /Lang (en) /ViewerPreferences << /DisplayDocTitle true >> >>`);
    const stamp = at.toISOString().replace(/[-:T]/g, '').slice(0, 14);
    const info = this.#object(`<< /Title (${encode(title)}) /Producer (${encode(producer)}) /CreationDate (D:${stamp}Z) >>`);
    const start = this.#at;
    const size = this.#offsets.length + 1;
    const entries = this.#offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
    this.#write(Buffer.from(`xref\n0 ${size}\n0000000000 65535 f \n${entries}trailer\n<< /Size ${size} /Root ${catalog} 0 R /Info ${info} 0 R >>\nstartxref\n${start}\n%%EOF\n`));
  }

  /** What has been written since it was asked last. */
  take(): Uint8Array {
    return Buffer.concat(this.#made.splice(0));
  }
}
