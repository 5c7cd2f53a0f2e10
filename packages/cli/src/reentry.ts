import { IDENTIFIER_KINDS, type Identifier } from '@penreg/domain';
import { z } from 'zod';
import { OrderAnswer } from './api.ts';
import { callJson, type Connection } from './client.ts';
import { ask, print, type Console } from './console.ts';
import { CliError } from './error.ts';
import { readJsonFrom } from './json-file.ts';

const ReentrySchema = z.array(z.strictObject({ kind: z.enum(IDENTIFIER_KINDS), value: z.string().trim().min(1) })).min(1);

/** What an approver reads from the paper, from a file or one by one from a person. @throws CliError `declined` where nobody is there */
const read = async (io: Console, count: number, file: string | undefined): Promise<readonly Identifier[]> => {
  if (file !== undefined) {
    const parsed = ReentrySchema.safeParse(await readJsonFrom(io, file));
    if (!parsed.success) throw new CliError('usage', `${file} is no list of {"kind", "value"}`, parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`));
    return parsed.data;
  }
  print(io.err, `This order names ${count === 1 ? 'one identifier' : `${count} identifiers`}. Read ${count === 1 ? 'it' : 'them'} from the paper; what was entered first is shown afterwards.`);
  const identifiers: Identifier[] = [];
  for (let i = 1; i <= count; i += 1) {
    const value = await ask(io, `Identifier ${i} of ${count}: `);
    if (value === null || value === '') throw new CliError('declined', 'nobody is here to read the paper; give --reentry-file FILE');
    const said = (await ask(io, `Its kind, ${IDENTIFIER_KINDS.join(', ')} [phone]: `)) ?? '';
    const kind = IDENTIFIER_KINDS.find((known) => known === (said === '' ? 'phone' : said));
    if (kind === undefined) throw new CliError('usage', `a kind is one of: ${IDENTIFIER_KINDS.join(', ')}`);
    identifiers.push({ kind, value });
  }
  return identifiers;
};

/** The order as its approver sees it after having read its identifiers from the paper; before, they do not see for whom it is. */
export const reenter = async (io: Console, connection: Connection, order: OrderAnswer, file: string | undefined): Promise<OrderAnswer> => {
  if (order.reentered) return order;
  const identifiers = await read(io, order.identifiers, file);
  return callJson(connection, `/orders/${order.orderId}/reentry`, OrderAnswer, { method: 'POST', body: { version: order.version, identifiers } });
};
