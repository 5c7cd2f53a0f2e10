import { ask, print, type Console } from './console.ts';
import { CliError } from './error.ts';

const list = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== '');

type Question = (text: string, fallback?: string) => Promise<string>;

/** Asks for no more of a window than the paper's own rule needs: the service works out the rest. */
const windowFrom = async (question: Question): Promise<Record<string, unknown>> => {
  const asWritten = await question('Window as the paper says it');
  const zone = await question("Court's time zone", 'America/Los_Angeles');
  const kind = await question('Given as: dates, instants, days-from-installation', 'dates');
  switch (kind) {
    case 'dates':
      return { asWritten, zone, rule: { kind, first: await question('First day (2026-11-24)'), last: await question('Last day, included') } };
    case 'days-from-installation':
      return { asWritten, zone, rule: { kind, days: Number(await question('Days', '60')), latest: await question('Not after this day, included') }, start: await question('Intended installation (instant)') };
    default:
      return { asWritten, zone, rule: { kind }, start: await question('Start'), until: await question('Until') };
  }
};

/** Asks a person for an order, field by field. The service checks what they say. @throws CliError `declined` where nobody is there */
export const promptForOrder = async (io: Console): Promise<Record<string, unknown>> => {
  if (io.in.isTTY !== true) throw new CliError('declined', 'nobody is here to ask; give --file FILE or --file -');
  const question: Question = async (text, fallback = '') => {
    const answer = await ask(io, `${text}${fallback === '' ? '' : ` [${fallback}]`}: `);
    return answer === null || answer === '' ? fallback : answer;
  };
  print(io.err, 'A new order. Lists are separated by commas or blanks; instants carry their zone (2026-11-24T09:00:00-08:00).');
  return {
    jurisdiction: await question('Jurisdiction', 'us-federal'),
    instrument: await question('Instrument', 'pen-trap-order'),
    court: await question('Court'),
    docket: await question('Docket'),
    agency: await question('Agency'),
    agencyReference: await question("Agency's reference"),
    legalBasis: await question('Legal basis', '18 U.S.C. § 3123'),
    request: await question('Request it answers (id)'),
    applicant: { name: await question('Applicant'), role: await question("Applicant's role") },
    certification: await question('SHA-256 of the certification of relevance'),
    offense: await question('Statement of the offense'),
    designatedOfficer: { name: await question('Designated officer'), agency: await question("Officer's agency") },
    documents: list(await question('SHA-256 of each document')),
    targets: list(await question('Targets (digits without +, or account ids)')),
    direction: await question('Direction: pen (sends), trap (receives), both', 'both'),
    kinds: list(await question('Kinds: message, call, login, status', 'message, call')),
    fields: list(await question('Fields beyond the default: size, device, group, participants, groupRecipients')),
    window: await windowFrom(question),
    analysts: list(await question('Analysts')),
  };
};
