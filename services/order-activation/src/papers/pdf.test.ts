import { randomBytes } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { examinePdf } from './pdf.ts';
import { CATALOG, objectStreamOf, PAGES, pdfOf } from './testing.ts';

const SCRIPT = '<< /S /JavaScript /JS (app.alert\\(1\\)) >>';
const zipEnd = (comment: Buffer): Buffer => {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([end, comment]);
};

describe('what is taken', () => {
  it('a plain PDF, without a flag', () => expect(examinePdf(pdfOf())).toEqual({ outcome: 'pdf', flags: [] }));
  it('one with ordinary streams, whatever their bytes', () => {
    const data = deflateSync(Buffer.from('BT (/JS) Tj ET'));
    expect(examinePdf(pdfOf([CATALOG, PAGES, Buffer.concat([Buffer.from(`<< /Length ${data.length} /Filter /FlateDecode >>\nstream\n`), data, Buffer.from('\nendstream')])]))).toMatchObject({ outcome: 'pdf' });
  });

  it.each([
    ['javascript', [CATALOG, PAGES, SCRIPT]],
    ['javascript', [CATALOG, PAGES, '<< /S /J#61vaScript /J#53 (x) >>']],
    ['open-action', ['<< /Type /Catalog /Pages 2 0 R /OpenAction 3 0 R >>', PAGES]],
    ['open-action', [CATALOG, '<< /Type /Pages /Kids [] /Count 0 /AA << >> >>']],
    ['launch', [CATALOG, PAGES, '<< /S /Launch /F (calc.exe) >>']],
    ['embedded-file', [CATALOG, PAGES, '<< /Type /EmbeddedFile >>']],
    ['rich-media', [CATALOG, PAGES, '<< /Subtype /RichMedia >>']],
    ['xfa', [CATALOG, PAGES, '<< /XFA [] >>']],
    ['javascript', [CATALOG, PAGES, objectStreamOf(SCRIPT)]],
    ['javascript', [CATALOG, PAGES, objectStreamOf(SCRIPT, { dictionary: '/Type /#4fbjStm', filter: '/#46ilter /Fl#61teDecode' })]],
    ['javascript', [CATALOG, PAGES, objectStreamOf(SCRIPT, { dictionary: '', filter: '', pack: (data) => data })]],
    ['launch', [CATALOG, PAGES, objectStreamOf('<< /S /L#61unch >>', { dictionary: '/Extends 9 0 R' })]],
    ['unexamined', [CATALOG, PAGES, objectStreamOf(SCRIPT, { filter: '/Filter /LZWDecode', pack: (data) => data })]],
    ['unexamined', [CATALOG, PAGES, objectStreamOf(SCRIPT, { filter: '/Filter [/ASCIIHexDecode /FlateDecode]', pack: (data) => Buffer.from(`${deflateSync(data).toString('hex')}>`) })]],
    ['javascript', [CATALOG, PAGES, objectStreamOf(SCRIPT, { filter: '/Filter 9 0 R' })]],
    // Dictionaries that look like the end of another object, or of none.
    ['javascript', [CATALOG, PAGES, objectStreamOf(SCRIPT, { dictionary: '/X (endobj) %endstream\n /Y (stream\n)' })]],
    ['javascript', [CATALOG, PAGES, objectStreamOf(SCRIPT, { dictionary: `/Pad (${' '.repeat(10_000)})` })]],
    // A wrong checksum, which some readers forgive; a predictor, which scrambles.
    ['unexamined', [CATALOG, PAGES, objectStreamOf(SCRIPT, { pack: (data) => { const packed = deflateSync(data); packed.writeUInt32BE(1, packed.length - 4); return packed; } })]],
    ['unexamined', [CATALOG, PAGES, objectStreamOf(SCRIPT, { pack: (data) => deflateSync(Buffer.concat([Buffer.from([1]), data.map((c, i) => (c - (data[i - 1] ?? 0)) & 255)])) })]],
    ['unexamined', [CATALOG, PAGES, objectStreamOf('', { pack: () => deflateSync(Buffer.alloc(80 << 20)) })]],
  ] as const)('flagged: %s (%#)', (flag, objects) => expect(examinePdf(pdfOf(objects))).toMatchObject({ outcome: 'pdf', flags: expect.arrayContaining([flag]) }));

  it('flagged: encrypted', () => expect(examinePdf(pdfOf(undefined, { trailer: '/Encrypt 9 0 R' }))).toEqual({ outcome: 'pdf', flags: ['encrypted'] }));
});

describe('what is refused', () => {
  const pdf = pdfOf();
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a text', Buffer.from('Dear provider,')],
    ['a picture', Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), pdf])],
    ['a page that holds a PDF', Buffer.concat([Buffer.from('<script>alert(1)</script>\n'), pdf])],
    ['a version nobody made', Buffer.concat([Buffer.from('%PDF-9.9\n'), pdf.subarray(9)])],
    ['one that is cut off', pdf.subarray(0, pdf.length - 20)],
    ['one with something appended', Buffer.concat([pdf, Buffer.from('MZ\x90\0 a program')])],
    ['one that is a ZIP archive as well', Buffer.concat([pdf, Buffer.from('PK\x03\x04'), zipEnd(pdfOf())])],
    ['one whose table lies beyond its end', Buffer.from(pdf.toString('latin1').replace(/startxref\n\d+/, 'startxref\n99999999'), 'latin1')],
    ['one without a catalog', Buffer.from(pdf.toString('latin1').replace('/Root', '/Ro__'), 'latin1')],
  ])('%s', (_, bytes) => expect(examinePdf(bytes).outcome).toBe('refused'));
});

it('takes any bytes and throws nothing', () => {
  const whole = pdfOf([CATALOG, PAGES, objectStreamOf(SCRIPT)]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(whole.length), fc.boolean(), (noise, at, within) => {
    const bytes = within ? Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)]) : Buffer.from(noise);
    expect(['pdf', 'refused']).toContain(examinePdf(bytes).outcome);
  }), { numRuns: 500 });
});

it('looks into 20 MB in bounded time, whatever they are', () => {
  const started = performance.now();
  examinePdf(pdfOf([CATALOG, PAGES, randomBytes(20 << 20)]));
  examinePdf(pdfOf([CATALOG, PAGES, Buffer.from('stream\nx\x9c'.repeat(700_000))]));
  examinePdf(pdfOf([CATALOG, PAGES, Buffer.from('<< /N /First stream\n'.repeat(100_000))]));
  expect(performance.now() - started).toBeLessThan(20_000);
});
