import { sentenceOf } from '@penreg/evidence';
import { localClock } from './clock.ts';
import { Cover, Pages, Table } from './pdf-pages.ts';
import { printed } from './pdf-rows.ts';
import type { Report, ReportForm } from './report.ts';
import { closingFacts, coverageFacts, limitFacts, orderFacts } from './summary-lines.ts';

/** For people: a cover that says what the report is and is not, then the first records, then where the rest is. No charts. */

/** Records that are printed. More of them nobody reads on paper. */
const MAX_RECORDS = 50_000;

async function* render(report: Report): AsyncGenerator<Uint8Array, void, undefined> {
  const { order, selection, provider } = report;
  const local = localClock(order.body.window.zone);
  const severalTargets = order.body.targets.length > 1 && selection.target === null;
  const pages = new Pages(`Order ${order.orderId}   Docket ${order.body.docket}   ${report.software}`);
  const table = new Table(pages);
  let records = 0;
  for await (const read of report.records) {
    records += 1;
    if (records > MAX_RECORDS) continue;
    table.add(printed(read, local, severalTargets));
    const made = pages.document.take();
    if (made.length > 0) yield made;
  }
  const closing = await report.close();
  const rest = records > MAX_RECORDS ? [`The first ${MAX_RECORDS} of ${records} records are printed.`, 'The rest is in the NDJSON, CSV, XLSX and Parquet forms of the same report.'] : [`All ${records} records are printed.`];
  table.add({ row: ['', ...rest], details: [] });
  table.flush();

  const cover = new Cover(pages);
  cover.heading(`${provider.name}: report under a court order`, 16);
  cover.paragraph(sentenceOf(order.body, order.inForce), 11);
  cover.heading('What this record does not prove');
  for (const { text } of limitFacts()) cover.paragraph(text, 9);
  cover.heading('Order');
  cover.facts(orderFacts(report).filter(({ name }) => name !== 'Sentence' && name !== 'Provider'));
  cover.heading('Completeness');
  cover.facts(coverageFacts(report));
  cover.heading('Totals and seals');
  cover.facts(closingFacts(closing));
  cover.heading('How to read the records');
  cover.paragraph(
    `${rest.join(' ')} Times are floored to the second; local time is that of ${order.body.window.zone}. Direction is that of the target. "withheld" = by the order, "invalid" = unusable in the stream, "-" = not in the stream or not of this kind of event. Device, size, group, call, media and participants stand below a row; where they do not, the order withholds them or the stream did not hold them. Record = partition and offset in the stream.`,
    9,
  );
  cover.flush();
  pages.document.finish([...cover.numbers, ...table.numbers], `Report under order ${order.orderId}`, report.software, new Date(report.generatedAt));
  yield pages.document.take();
}

export const pdf: ReportForm = { name: 'pdf', contentType: 'application/pdf', extension: 'pdf', render };
