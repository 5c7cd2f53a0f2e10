import { PAGE, PageContent, PdfDocument, widthOf, wrap } from './pdf-document.ts';
import { SIZE, TABLE_HEAD, type PrintedRecord } from './pdf-rows.ts';
import type { Fact } from './summary-lines.ts';

/** How cover and table are laid out on pages. */

const LEADING = 8.4;
const FOOT = PAGE.height - 28;
const TOP = 70;
const INNER = PAGE.inner;
/** A record of at most so many lines is not torn apart by the end of a page. */
const WHOLE = 20;

/** Pages of one document, each with a foot. */
export class Pages {
  readonly document = new PdfDocument();
  readonly #foot: string;

  constructor(foot: string) {
    this.#foot = foot;
  }

  add(content: PageContent, label: string): number {
    content.box(PAGE.margin, FOOT - 10, INNER, 0.4, 0.6);
    content.text(this.#foot, PAGE.margin, FOOT, 'body', 7, 0.35);
    content.text(label, PAGE.width - PAGE.margin - widthOf(label, 'body', 7), FOOT, 'body', 7, 0.35);
    return this.document.page(content);
  }
}

/** The table, a page at a time. */
export class Table {
  readonly #pages: Pages;
  readonly numbers: number[] = [];
  #content = new PageContent();
  #y = 0;
  #striped = false;

  constructor(pages: Pages) {
    this.#pages = pages;
    this.#begin();
  }

  #begin(): void {
    this.#content = new PageContent();
    this.#content.text('Records', PAGE.margin, 44, 'bold', 11);
    this.#content.text(TABLE_HEAD, PAGE.margin, TOP - 8, 'monoBold', SIZE);
    this.#content.box(PAGE.margin, TOP - 4, INNER, 0.6, 0);
    this.#y = TOP + LEADING;
  }

  add({ row, details }: PrintedRecord): void {
    this.#striped = !this.#striped;
    const height = row.length + details.length;
    if (height > this.#room && height <= WHOLE) this.#turn();
    this.#lines(row, 0);
    this.#lines(details, 0.35);
  }

  get #room(): number {
    return Math.max(0, Math.floor((FOOT - 14 - this.#y) / LEADING) + 1);
  }

  #turn(): void {
    this.flush();
    this.#begin();
  }

  #lines(lines: readonly string[], gray: number): void {
    for (let rest = lines; rest.length > 0; ) {
      if (this.#room === 0) this.#turn();
      const part = rest.slice(0, this.#room);
      if (this.#striped) this.#content.box(PAGE.margin - 2, this.#y - LEADING + 2.2, INNER + 4, part.length * LEADING, 0.955);
      this.#content.lines(part, PAGE.margin, this.#y, 'mono', SIZE, LEADING, gray);
      this.#y += part.length * LEADING;
      rest = rest.slice(part.length);
    }
  }

  flush(): void {
    this.numbers.push(this.#pages.add(this.#content, `Records, page ${this.numbers.length + 1}`));
  }
}

/** Text, facts in two columns and tables with wrapped cells, over as many pages as they need. */
export class Cover {
  readonly #pages: Pages;
  readonly #label: string;
  readonly numbers: number[] = [];
  #content = new PageContent();
  #y = 36;

  constructor(pages: Pages, label = 'Cover') {
    this.#pages = pages;
    this.#label = label;
  }

  #room(height: number): void {
    if (this.#y + height > FOOT - 16) this.#turn();
  }

  #turn(): void {
    this.flush();
    this.#content = new PageContent();
    this.#y = 36;
  }

  heading(text: string, size = 11): void {
    this.#room(size * 3.4 + 36); // never alone at the foot of a page
    this.#y += size * 2;
    this.#content.text(text, PAGE.margin, this.#y, 'bold', size);
    this.#y += size * 0.4;
  }

  paragraph(text: string, size: number): void {
    for (const line of wrap(text, 'body', size, INNER)) {
      this.#room(size * 1.4);
      this.#y += size * 1.4;
      this.#content.text(line, PAGE.margin, this.#y, 'body', size);
    }
  }

  facts(facts: readonly Fact[]): void {
    const left = 120;
    for (const { name, text } of facts) {
      for (const [i, line] of wrap(text, 'body', 8.5, INNER - left).entries()) {
        this.#room(12);
        this.#y += 12;
        if (i === 0) this.#content.text(name, PAGE.margin, this.#y, 'body', 8.5, 0.4);
        this.#content.text(line, PAGE.margin + left, this.#y, 'body', 8.5);
      }
    }
  }

  /** A table whose columns are as wide as what they hold wants; a row is not torn apart unless no page holds it. */
  grid(columns: readonly string[], rows: readonly (readonly string[])[]): void {
    const size = 7.5;
    const gap = 8;
    const room = INNER - gap * (columns.length - 1);
    const wanted = columns.map((name, i) => Math.min(260, Math.max(widthOf(name, 'bold', size), ...rows.map((row) => widthOf(row[i] ?? '', 'body', size)))) + 1);
    // Where they want more than there is, the wide ones give way.
    let limit = 260;
    const total = (): number => wanted.reduce((sum, width) => sum + Math.min(width, limit), 0);
    while (total() > room && limit > 20) limit -= 2;
    const widths = wanted.map((width) => Math.min(width, limit));
    const draw = (cells: readonly string[], font: 'body' | 'bold'): void => {
      const wrapped = widths.map((width, i) => wrap(cells[i] ?? '', font, size, width));
      const height = Math.max(...wrapped.map((lines) => lines.length));
      if (this.#y + height * LEADING + 6 > FOOT - 16 && this.#y > 60) this.#turn();
      for (let line = 0; line < height; line += 1) {
        this.#room(LEADING);
        this.#y += LEADING + (line === 0 ? 3 : 0);
        let x: number = PAGE.margin;
        for (const [i, lines] of wrapped.entries()) {
          const text = lines[line] ?? '';
          if (text !== '') this.#content.text(text, x, this.#y, font, size);
          x += (widths[i] ?? 0) + gap;
        }
      }
      this.#content.box(PAGE.margin, this.#y + 3, INNER, font === 'bold' ? 0.6 : 0.2, font === 'bold' ? 0 : 0.75);
      this.#y += 3;
    };
    draw(columns, 'bold');
    for (const row of rows) draw(row, 'body');
  }

  flush(): void {
    this.numbers.push(this.#pages.add(this.#content, `${this.#label}, page ${this.numbers.length + 1}`));
  }
}

