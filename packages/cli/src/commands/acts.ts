import { ACTS, KindsSchema, FieldsSchema, ORDER_DIRECTIONS, OrderBodySchema, SUSPEND_REASONS, TargetsSchema, EnvelopeSchema, type Act, type StatementOf, type Statement } from '@penreg/domain';
import { statementsOf } from '@penreg/evidence';
import type { Command } from 'commander';
import type { z } from 'zod';
import { OrderAnswer, RosterAnswer } from '../api.ts';
import { callJson } from '../client.ts';
import { print } from '../console.ts';
import { CliError } from '../error.ts';
import { readJsonFrom, writeNewJson } from '../json-file.ts';
import { readKeyFile, type PersonKey } from '../key-file.ts';
import { reenter } from '../reentry.ts';
import type { Settings } from '../settings.ts';
import { confirm, present, readInstant, readStopReason, recomputeHash, roleFor, signAct, type Presented, type SigningRequest } from '../signing.ts';
import { orderLines, orderPath } from './order.ts';

interface ActOptions {
  readonly key: string;
  readonly yes?: boolean;
  readonly start?: string;
  readonly at?: string;
  readonly until?: string;
  readonly reason?: string;
  readonly targetsFile?: string;
  readonly reentryFile?: string;
  readonly direction?: string;
  readonly kinds?: string[];
  readonly fields?: string[];
}

interface OfflineOptions extends ActOptions {
  readonly body: string;
  readonly out: string;
  readonly person?: string;
  readonly role?: string;
  readonly rosterVersion: number;
}

const parsed = <S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new CliError('usage', `not ${what}`, result.error.issues.map((issue) => `${issue.path.join('.') || what}: ${issue.message}`));
};

/** What an act says, from the command line; lists of accounts only from a file. */
const paramsOf = async <A extends Act>(act: A, options: ActOptions, settings: Settings, presented: Presented, now: number): Promise<StatementOf<A>['params']> => {
  const at = options.at === undefined ? now : readInstant(options.at, now);
  const read = async (): Promise<StatementOf<Act>['params']> => {
    switch (act) {
      case 'activate':
        return { start: options.start === undefined ? Math.max(now, presented.body.window.start) : Math.max(now, readInstant(options.start, now)) };
      case 'end':
        return { at };
      case 'suspend':
        return { at, reason: SUSPEND_REASONS.find((reason) => reason === options.reason) ?? fail(`a reason is one of: ${SUSPEND_REASONS.join(', ')}`) };
      case 'approve-resume':
        return { suspensions: [...presented.suspensions] };
      case 'resume':
        return { start: options.start === undefined ? now : Math.max(now, readInstant(options.start, now)), suspensions: [...presented.suspensions] };
      case 'stop':
        return { reason: readStopReason(options.reason ?? '') };
      case 'narrow': {
        const { targetsFile, direction, kinds, fields, until } = options;
        if (targetsFile === '-') fail('targets come from a file here; standard input is where you confirm');
        const params = {
          at,
          ...(targetsFile === undefined ? {} : { targets: parsed(TargetsSchema, await readJsonFrom(settings.io, targetsFile), 'a list of accounts') }),
          ...(direction === undefined ? {} : { direction: ORDER_DIRECTIONS.find((d) => d === direction) ?? fail(`a direction is one of: ${ORDER_DIRECTIONS.join(', ')}`) }),
          ...(kinds === undefined ? {} : { kinds: parsed(KindsSchema, kinds, 'a list of kinds') }),
          ...(fields === undefined ? {} : { fields: parsed(FieldsSchema, fields.filter((f) => f !== 'none'), 'a list of fields') }),
          ...(until === undefined ? {} : { until: readInstant(until, now) }),
        };
        if (Object.keys(params).length === 1) throw new CliError('usage', 'say what remains: --targets-file, --direction, --kinds, --fields or --until');
        return params;
      }
      default:
        return {};
    }
  };
  return (await read()) as StatementOf<A>['params'];
};

const fail = (message: string): never => {
  throw new CliError('usage', message);
};

/** The statement an act follows: an approval none, an activation its approval, as a resumption does, all else whatever was said last. */
const predecessorOf = (act: Act, order: OrderAnswer): Statement | null => {
  if (act === 'approve') return null;
  if (act === 'activate') return order.approval?.statement ?? fail('this order has not been approved');
  if (act === 'resume') return order.resumeApproval?.statement ?? fail('nobody has approved that this order is resumed');
  const { approval, activation, restrictions, resumptions } = order;
  if (approval === null || activation === null) return fail('this order has not been activated');
  return statementsOf({ approval, activation, restrictions: (restrictions ?? []).map((r) => ({ ...r, published: 0 })), resumptions: (resumptions ?? []).map((r) => ({ ...r, published: 0 })) }).at(-1) ?? null;
};

const presentedOf = (act: Act, order: OrderAnswer): Presented => {
  if (order.body === null) throw new CliError('refused', 'your roles do not show the body of this order, so you cannot sign it');
  const prev = predecessorOf(act, order);
  // The second of two people lifts what the first has named; what is open now stands in the order.
  const suspensions = act === 'resume' && prev?.act === 'approve-resume' ? prev.params.suspensions : order.suspensions.map(({ nonce }) => nonce);
  if ((act === 'approve-resume' || act === 'resume') && suspensions.length === 0) return fail('this order is not suspended');
  return { body: order.body, claimedHash: order.bodyHash, prev, suspensions };
};

const signerOf = (act: Act, key: PersonKey, roster: RosterAnswer): { readonly personId: string; readonly role: SigningRequest<Act>['role'] } => {
  const person = roster.people.find((p) => p.keys.some((k) => k.keyId === key.keyId && k.publicKey === key.publicKey));
  if (person === undefined) throw new CliError('refused', 'the roster of this deployment does not know this key');
  if (key.personId !== null && key.personId !== person.personId) throw new CliError('unverified', `the key file says ${key.personId}, the roster says ${person.personId}`);
  return { personId: person.personId, role: roleFor(act, person.roles) };
};

const act = async <A extends Act>(name: A, id: string, options: ActOptions, settings: Settings): Promise<void> => {
  const { io, json, orders } = settings;
  const connection = orders();
  const key = readKeyFile(options.key);
  const looked = await callJson(connection, orderPath(id), OrderAnswer);
  const roster = await callJson(connection, '/roster', RosterAnswer);
  const signer = signerOf(name, key, roster);
  const order = name === 'approve' ? await reenter(io, connection, looked, options.reentryFile) : looked;
  if (order.orderId !== id || (order.body !== null && order.body.orderId !== id)) throw new CliError('unverified', 'the service sent another order than the one asked for; nothing was signed');
  const presented = presentedOf(name, order);
  const hash = recomputeHash(presented);
  const draft = { act: name, presented, key, ...signer, rosterVersion: roster.version };
  const shown = settings.now();
  present(io, hash, { ...draft, params: await paramsOf(name, options, settings, presented, shown), signedAt: shown } as SigningRequest<Act>);
  if (options.yes !== true) await confirm(io, name);
  // A person may have read for minutes: what starts "now" starts when they sign.
  const signedAt = settings.now();
  const params = await paramsOf(name, options, settings, presented, signedAt);
  const envelope = signAct({ ...draft, params, signedAt });
  const after = await callJson(connection, orderPath(id, `/${name}`), OrderAnswer, { method: 'POST', body: { envelope } });
  print(io.out, ...(json ? [JSON.stringify(after)] : orderLines(after)));
  if (!json && name === 'approve') print(io.err, '', `Next: another person activates it: penreg order activate ${id} --key FILE`);
  if (!json && name === 'activate') print(io.err, '', `Next: see the taps confirm it: penreg order confirmations ${id}`);
};

/** Signs without any service: for a machine that is on no network. */
const signOffline = async (name: Act, options: OfflineOptions, settings: Settings): Promise<void> => {
  const { io } = settings;
  const raw = await readJsonFrom(io, options.body);
  const whole = OrderAnswer.safeParse(raw);
  const presented: Presented = whole.success
    ? presentedOf(name, whole.data)
    : name === 'approve'
      ? { body: parsed(OrderBodySchema, raw, 'the body of an order'), claimedHash: null, prev: null, suspensions: [] }
      : fail(`to ${name} offline takes the file of penreg order show ID --out FILE: it holds the statement that this one follows`);
  const hash = recomputeHash(presented);
  const key = readKeyFile(options.key);
  const personId = options.person ?? key.personId ?? fail('the key file names no person; give --person');
  if (options.role === undefined && name !== 'approve' && name !== 'activate' && name !== 'approve-resume' && name !== 'resume') fail(`give --role: offline nobody knows in which of your roles you ${name}`);
  const role = roleFor(name, options.role === undefined ? ['approver', 'activator'] : [options.role]);
  const now = settings.now();
  const request = { act: name, params: await paramsOf(name, options, settings, presented, now), presented, key, personId, role, rosterVersion: options.rosterVersion, signedAt: now } as SigningRequest<Act>;
  present(io, hash, request);
  if (options.yes !== true) await confirm(io, name);
  writeNewJson(options.out, { envelope: signAct(request) });
  print(io.err, `signed; carry ${options.out} to the network and run: penreg order send ${options.out}`, name === 'approve' || name === 'approve-resume' ? 'An approval lives 72 hours.' : 'It must arrive within 15 minutes.');
};

const submit = async (file: string, { io, json, orders }: Settings): Promise<void> => {
  const raw = await readJsonFrom(io, file);
  const envelope = parsed(EnvelopeSchema, typeof raw === 'object' && raw !== null && 'envelope' in raw ? raw.envelope : raw, 'a signed statement');
  const { orderId, act: name } = envelope.statement;
  const after = await callJson(orders(), orderPath(orderId, `/${name}`), OrderAnswer, { method: 'POST', body: { envelope } });
  print(io.out, ...(json ? [JSON.stringify(after)] : orderLines(after)));
};

const narrowOptions = (command: Command): Command =>
  command
    .option('--targets-file <file>', 'JSON list of the accounts that remain')
    .option('--direction <direction>', 'pen, trap or both')
    .option('--kinds <kinds...>', 'the kinds that remain')
    .option('--fields <fields...>', 'the fields that remain; none for none')
    .option('--until <instant>', 'an earlier end');

export const addActs = (order: Command, settings: () => Settings): void => {
  const online = <A extends Act>(name: A, description: string, example: string, more: (command: Command) => Command = (c) => c): void => {
    more(
      order
        .command(name)
        .description(description)
        .argument('<id>')
        .requiredOption('--key <file>', 'your key file')
        .option('--yes', 'do not ask for confirmation'),
    )
      .addHelpText('after', `\nExamples:\n  ${example}\n\nThe order is fetched, its hash is computed on this machine and shown with its sentence, and the statement\nis signed here; the private key never leaves this machine.`)
      .action((id: string, options: ActOptions) => act(name, id, options, settings()));
  };
  online('approve', 'read the identifiers from the paper, then sign an approval; not by anybody who wrote the order', 'penreg order approve ID --key ~/anna.key.json', (c) =>
    c.option('--reentry-file <file>', 'JSON of the identifiers as the paper has them, [{"kind", "value"}]; without it you are asked'),
  );
  online('activate', 'sign the activation; not by the person who approved it', 'penreg order activate ID --key ~/arno.key.json --start 2026-11-24T09:00:00-08:00', (c) =>
    c.option('--start <instant>', "when collection may start (default: now, or the order's own start)"),
  );
  online('narrow', 'take something out of the scope; it never comes back', 'penreg order narrow ID --key ~/anna.key.json --kinds message', (c) => narrowOptions(c.option('--at <instant>', 'from when on (default: now)')));
  online('suspend', 'collect nothing until two people resume', 'penreg order suspend ID --key ~/anna.key.json --reason review', (c) =>
    c.requiredOption('--reason <reason>', SUSPEND_REASONS.join(', ')).option('--at <instant>', 'from when on (default: now)'),
  );
  online('approve-resume', 'sign that a suspended order may go on; not by the person who proposed it', 'penreg order approve-resume ID --key ~/anna.key.json');
  online('resume', 'let a suspended order go on; not by the person who approved that', 'penreg order resume ID --key ~/arno.key.json', (c) =>
    c.option('--start <instant>', 'when collection may start again (default: now)'),
  );
  online('end', 'end collection at an instant of the event time', 'penreg order end ID --key ~/anna.key.json --at 2026-12-01T00:00:00Z', (c) => c.option('--at <instant>', 'when (default: now)'));
  online('stop', 'stop at once: quashed, denied, information obtained, emergency lapsed', 'penreg order stop ID --key ~/anna.key.json --reason quashed', (c) =>
    c.requiredOption('--reason <reason>', 'quashed, denied, information-obtained, emergency-lapsed or other'),
  );

  narrowOptions(
    order
      .command('sign')
      .description('sign an act offline: an order file in, a signed statement out')
      .argument('<act>', 'approve, activate, narrow, suspend, approve-resume, resume, end or stop')
      .requiredOption('--body <file>', 'the file of penreg order show ID --out FILE, or for an approval the bare body')
      .requiredOption('--key <file>', 'your key file')
      .requiredOption('--out <file>', 'where to write the signed statement; never overwrites')
      .requiredOption('--roster-version <n>', 'version of the roster in force (penreg roster show)', Number)
      .option('--person <id>', 'who signs, where the key file does not say')
      .option('--role <role>', 'the role you act in, where you have several')
      .option('--start <instant>', 'of an activation or a resumption')
      .option('--at <instant>', 'of an end, a narrowing or a suspension')
      .option('--reason <reason>', 'of a stop or a suspension')
      .option('--yes', 'do not ask for confirmation'),
  )
    .addHelpText('after', '\nExamples:\n  penreg order sign approve --body order.json --key anna.key.json --roster-version 3 --out approval.json\n  penreg order send approval.json')
    .action((name: string, options: OfflineOptions) => {
      const known = ACTS.find((a) => a === name) ?? fail(`an act is one of: ${ACTS.join(', ')}`);
      return signOffline(known, options, settings());
    });

  order
    .command('send')
    .description('send a statement that was signed offline')
    .argument('<file>', 'what penreg order sign wrote; - for standard input')
    .addHelpText('after', '\nExamples:\n  penreg order send approval.json')
    .action((file: string) => submit(file, settings()));
};
