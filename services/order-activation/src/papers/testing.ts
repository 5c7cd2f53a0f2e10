import { deflateSync } from 'node:zlib';

/** A small whole PDF of the given objects, object 1 being its catalog. `comment` makes two of them differ. */
export const pdfOf = (objects: readonly (string | Buffer)[] = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [] /Count 0 >>'], { trailer = '', comment = '' } = {}): Buffer => {
  const parts: Buffer[] = [Buffer.from(`%PDF-1.7\n%${comment}\n`, 'latin1')];
  const offsets: number[] = [];
  const length = (): number => parts.reduce((sum, part) => sum + part.length, 0);
  for (const [i, object] of objects.entries()) {
    offsets.push(length());
    parts.push(Buffer.from(`${i + 1} 0 obj\n`), typeof object === 'string' ? Buffer.from(object, 'latin1') : object, Buffer.from('\nendobj\n'));
  }
  const xref = length();
  parts.push(Buffer.from(`xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((o) => `${String(o).padStart(10, '0')} 00000 n \n`).join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${xref}\n%%EOF\n`));
  return Buffer.concat(parts);
};

/** An object stream that holds `content`, compressed unless told otherwise. */
export const objectStreamOf = (content: string, { dictionary = '/Type /ObjStm', filter = '/Filter /FlateDecode', pack = deflateSync as (data: Buffer) => Buffer } = {}): Buffer => {
  const data = pack(Buffer.from(`3 0 ${content}`, 'latin1'));
  return Buffer.concat([Buffer.from(`<< ${dictionary} /N 1 /First 4 ${filter} /Length ${data.length} >>\nstream\n`, 'latin1'), data, Buffer.from('\nendstream')]);
};

export const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';
export const PAGES = '<< /Type /Pages /Kids [] /Count 0 >>';
