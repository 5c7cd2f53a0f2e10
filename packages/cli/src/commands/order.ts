import { wordsOf } from '@penreg/evidence';
import type { Command } from 'commander';
import { ConfirmationsAnswer, OrderAnswer, OrderListAnswer, RelativesAnswer } from '../api.ts';
import { callJson } from '../client.ts';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import { writeNewJson } from '../json-file.ts';
import type { Settings } from '../settings.ts';
import { fingerprint, listOf, tableOf } from '../table.ts';
import { plain } from '../console.ts';

const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

export const orderPath = (id: string, rest = ''): string => {
  if (!/^[0-9a-f-]{36}$/.test(id)) throw new CliError('usage', 'an order is named by its id, a UUID as penreg order list shows it');
  return `/orders/${id}${rest}`;
};

export const orderLines = (order: OrderAnswer): readonly string[] => [
  plain(order.sentence),
  '',
  ...listOf([
    ['order', order.orderId],
    ['state', order.state],
    ['version', `${order.version}${order.body === null ? '' : `, body ${order.body.version}`}`],
    ['proposed by', order.body?.proposer],
    ['court', order.body?.court],
    ['docket', order.body?.docket],
    ['agency', order.body === null ? undefined : `${order.body.agency}, reference ${order.body.agencyReference}`],
    ['basis', order.body?.legalBasis],
    ['window as written', order.body === null ? undefined : `${order.body.window.asWritten} (${order.body.window.zone})`],
    ['in force', order.inForce === null ? 'not yet' : `${instant(order.inForce.from)} until ${instant(order.inForce.until)}`],
    ['collects', order.segments.length < 2 ? undefined : order.segments.map((s) => `${instant(s.from)} until ${instant(s.until)}`).join('; ')],
    ['suspended', order.suspensions.length === 0 ? undefined : order.suspensions.map((s) => `${s.reason}, from ${instant(s.at)}`).join('; ')],
    ['lapses', order.lapsesAt === null ? undefined : instant(order.lapsesAt)],
    ['stopped', order.inForce?.stoppedAt == null ? undefined : instant(order.inForce.stoppedAt)],
    ['analysts', order.analysts.join(', ') || 'none'],
    ['hash', fingerprint(order.bodyHash)],
    ['in words', wordsOf(order.bodyHash)],
  ]),
  ...(order.findings === null || order.findings.length === 0
    ? []
    : [
        '',
        ...tableOf(order.findings, [
          { heading: 'FINDING', of: (f) => f.field },
          { heading: 'OF BODY', of: (f) => f.version, right: true },
          { heading: 'BY', of: (f) => f.by },
          { heading: 'WHAT IS WRONG', of: (f) => f.text },
        ]),
      ]),
  ...(deskLinesOf(order).length === 0
    ? []
    : [
        '',
        ...tableOf(deskLinesOf(order), [
          { heading: 'DESK', of: (d) => d.what },
          { heading: 'BY', of: (d) => d.by },
          { heading: 'AT', of: (d) => instant(d.at) },
          { heading: 'SAID', of: (d) => d.text },
        ]),
      ]),
  ...(order.statements.length === 0
    ? []
    : [
        '',
        ...tableOf(order.statements, [
          { heading: 'ACT', of: (s) => s.act },
          { heading: 'BY', of: (s) => s.personId },
          { heading: 'AS', of: (s) => s.role },
          { heading: 'SIGNED', of: (s) => instant(s.signedAt) },
          { heading: 'PUBLISHED', of: (s) => instant(s.published) },
          { heading: 'EPOCH', of: (s) => s.epoch, right: true },
        ]),
      ]),
];

interface DeskLine {
  readonly what: string;
  readonly by: string;
  readonly at: number;
  readonly text: string;
}

/** Everything on the desk of an order, one line each; challenges and holds with the number by which they are named. */
const deskLinesOf = ({ desk }: OrderAnswer): readonly DeskLine[] =>
  desk === null
    ? []
    : [
        ...(desk.escalation === null ? [] : [{ ...desk.escalation, what: 'escalated', text: desk.escalation.reason }]),
        ...desk.challenges.map((c, i) => ({ ...c, what: `challenge ${i + 1}`, text: `${c.what}, ${c.reference}: ${c.outcome?.outcome ?? 'open'}` })),
        ...desk.holds.map((h, i) => ({ ...h, what: `hold ${i + 1}`, text: `${h.reference}: ${h.lifted !== null ? 'lifted' : h.lifting !== null ? 'one of two has lifted it' : 'stands'}` })),
        ...desk.notes.map((n) => ({ ...n, what: 'note', text: n.text })),
      ];

export const addOrder = (program: Command, settings: () => Settings): Command => {
  const order = program.command('order').description('orders: drafted, submitted, approved, in force, ended, closed');

  order
    .command('list')
    .description('the orders you may see; never their targets')
    .option('--state <state...>', 'only those in one of these states')
    .option('--agency <text>', 'only those whose agency holds this')
    .option('--jurisdiction <id>', 'only those of this jurisdiction')
    .addHelpText('after', '\nExamples:\n  penreg order list\n  penreg order list --state draft awaiting-approval --agency FBI\n  penreg order list --json')
    .action(async (wanted: { state?: string[]; agency?: string; jurisdiction?: string }) => {
      const { io, json, orders } = settings();
      const all = await callJson(orders(), '/orders', OrderListAnswer);
      const matches = (o: (typeof all.orders)[number]): boolean =>
        (wanted.state?.includes(o.state) ?? true) && (wanted.jurisdiction === undefined || o.jurisdiction === wanted.jurisdiction) && (o.agency ?? '').toLowerCase().includes((wanted.agency ?? '').toLowerCase());
      const answer = { orders: all.orders.filter(matches) };
      if (json) print(io.out, JSON.stringify(answer));
      else if (answer.orders.length === 0) print(io.out, 'no orders');
      else
        print(
          io.out,
          ...tableOf(answer.orders, [
            { heading: 'ORDER', of: (o) => o.orderId },
            { heading: 'STATE', of: (o) => o.state },
            { heading: 'JURISDICTION', of: (o) => o.jurisdiction },
            { heading: 'DOCKET', of: (o) => o.docket },
            { heading: 'DIRECTION', of: (o) => o.direction },
            { heading: 'TARGETS', of: (o) => o.targets, right: true },
            { heading: 'FROM', of: (o) => instant(o.window.start) },
            { heading: 'UNTIL', of: (o) => instant(o.window.until) },
          ]),
        );
    });

  order
    .command('show')
    .description('one order: its sentence, scope, window, signatures')
    .argument('<id>')
    .option('--out <file>', 'also write it to a new file, for signing offline (penreg order sign)')
    .addHelpText('after', '\nExamples:\n  penreg order show 01939a3c-0000-7000-8000-00000000000a\n  penreg order show ID --out order.json')
    .action(async (id: string, options: { out?: string }) => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), orderPath(id), OrderAnswer);
      if (options.out !== undefined) {
        if (answer.body === null) throw new CliError('refused', 'your roles do not show the body of this order, so there is nothing to sign');
        writeNewJson(options.out, answer);
      }
      if (json) {
        print(io.out, JSON.stringify(answer));
        return;
      }
      const { relatives } = await callJson(orders(), orderPath(id, '/relatives'), RelativesAnswer);
      print(io.out, ...orderLines(answer), ...relatives.map((r) => `${r.is === 'parent' ? 'follows' : r.is}  ${r.orderId}  ${r.state}`));
    });

  order
    .command('confirmations')
    .description('which taps have confirmed that they hold the order, and since when it collects')
    .argument('<id>')
    .addHelpText('after', '\nExamples:\n  penreg order confirmations ID')
    .action(async (id: string) => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), orderPath(id, '/confirmations'), ConfirmationsAnswer);
      if (json) {
        print(io.out, JSON.stringify(answer));
        return;
      }
      print(io.out, ...listOf([['published', instant(answer.publication?.published ?? null)], ['epoch', answer.publication?.epoch ?? null], ['in force since', instant(answer.inForceSince)]]), '');
      if (answer.confirmations.length === 0) print(io.out, 'no tap has confirmed it yet');
      else
        print(
          io.out,
          ...tableOf(answer.confirmations, [
            { heading: 'TAP', of: (c) => c.tap },
            { heading: 'CONFIRMED', of: (c) => instant(c.at) },
            { heading: 'EPOCH', of: (c) => c.epoch, right: true },
            { heading: 'SIGNATURE', of: (c) => (c.verified ? 'holds' : 'DOES NOT HOLD') },
          ]),
        );
    });

  order
    .command('assign')
    .description('set who may read the reports of an order')
    .argument('<id>')
    .argument('[analysts...]', 'people; none takes it from everybody')
    .addHelpText('after', '\nExamples:\n  penreg order assign ID nora nils')
    .action(async (id: string, analysts: string[]) => {
      const { io, json, orders } = settings();
      const answer = await callJson(orders(), orderPath(id, '/analysts'), OrderAnswer, { method: 'PUT', body: { analysts } });
      print(io.out, json ? JSON.stringify(answer) : `analysts: ${answer.analysts.join(', ') || 'none'}`);
    });

  return order;
};
