/**
 * How the layout of `prtt` looks in HTML and as text. Readers of such returns match labels, white space and markup to
 * the letter: nothing here may change without a new version of the grammar (README).
 */
export interface Markup {
  readonly file: string;
  head(marker: string): string;
  tail(): string;
  section(name: string): string;
  endSection(): string;
  leaf(label: string, value: string): string;
  group(label: string): string;
  endGroup(): string;
  /** Stands before each of the repeated records of a section. */
  readonly between: string;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => (/[&<>"]/.test(text) ? text.replace(/[&<>"]/g, (c) => ENTITIES[c] ?? c) : text);

export const HTML: Markup = {
  file: 'records.html',
  head: (marker) =>
    `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>${escape(marker)}</title>\n</head>\n<body>\n<div class="header">${escape(marker)}</div>\n<div class="content-pane"><div id="records">\n`,
  tail: () => '</div></div>\n</body>\n</html>\n',
  section: (name) => `<div id="property-${name}">\n`,
  endSection: () => '</div>\n',
  leaf: (label, value) => `<div class="t o"><div class="t i">${label}<div class="m"><div>${escape(value)}<div class="p"></div></div></div></div></div>\n`,
  group: (label) => `<div class="t o"><div class="t i">${label}<div class="m"><div>\n`,
  endGroup: () => '</div></div></div></div>\n',
  between: '',
};

export const TEXT: Markup = {
  file: 'records.txt',
  head: (marker) => `${marker}\n`,
  tail: () => '',
  section: () => '\n',
  endSection: () => '',
  leaf: (label, value) => `${label} ${value}\n`,
  group: (label) => `${label}\n`,
  endGroup: () => '',
  between: '\n',
};
