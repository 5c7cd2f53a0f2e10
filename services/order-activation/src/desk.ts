import type { Deficiency, Identifier, OrderBody, OrderId, UtcMs } from '@penreg/domain';
import { ApiError, type ApiProblem, type Identity } from '@penreg/platform';
import { MAX_REENTRIES, type Acted, type By, type DeskStep, type OrderDocument, type OrderStore } from '@penreg/registry';
import type { RosterFile } from '@penreg/trust';
import type { z } from 'zod';
import type { AccountDirectory } from './directory/directory.ts';
import { newOrderId } from './order-id.ts';
import { identifierOf, toChildRequest, toOrderBody, type OrderRequest } from './order-request.ts';
import type { Orders, Seen } from './orders.ts';
import { withRegistry } from './registry-errors.ts';
import { mustSee, visibilityOf } from './visibility.ts';

export interface DeskDeps {
  readonly store: OrderStore;
  readonly orders: Pick<Orders, 'show'>;
  readonly roster: RosterFile;
  readonly deployment: string;
  readonly directory: Pick<AccountDirectory, 'resolve'>;
  /** Everything for which the law and the provider's policy refuse an order. */
  readonly deficienciesOf: (body: OrderBody) => Promise<readonly Deficiency[]>;
  readonly now: () => UtcMs;
}

/** `version`: of the order's document as they looked at it. */
type On<T = unknown> = T & { readonly version: number };

/** An order's paper life: what people do to it without signing. Each act is done to the version its author looked at. */
export interface Desk {
  readonly draft: (who: Identity, request: OrderRequest) => Promise<Seen>;
  /** An order that follows this one, prefilled from it: an order of its own, with a reference and documents of its own. */
  readonly extend: (who: Identity, orderId: OrderId, how: { readonly relation: NonNullable<OrderBody['relation']>; readonly changes: Readonly<Record<string, unknown>> }) => Promise<Seen>;
  /** What it follows and what follows it, as far as they may see that. */
  readonly relatives: (who: Identity, orderId: OrderId) => Promise<readonly OrderDocument[]>;
  readonly amend: (who: Identity, orderId: OrderId, how: On<{ readonly order: OrderRequest }>) => Promise<Seen>;
  /** Throws `refused` with everything for which the law or a policy refuses it. */
  readonly submit: (who: Identity, orderId: OrderId, how: On) => Promise<Seen>;
  readonly reject: (who: Identity, orderId: OrderId, how: On<Parameters<OrderStore['reject']>[1]>) => Promise<Seen>;
  /** Notes, escalation, challenges, legal holds, closing. */
  readonly step: (who: Identity, orderId: OrderId, version: number, step: DeskStep) => Promise<Seen>;
  /** Throws `refused` where what an approver read from the paper is not what stands in the order; it says how many, never which. */
  readonly reenter: (who: Identity, orderId: OrderId, how: On<{ readonly identifiers: readonly Identifier[] }>) => Promise<Seen>;
}

/** Rules of form that span fields, in the words of the request: there the jurisdiction is its id. */
const inRequest = (field: string): string => field.replace(/^jurisdiction\.id$/, 'jurisdiction');
const toProblems = (error: z.ZodError): readonly ApiProblem[] => error.issues.map(({ path, message }) => ({ field: inRequest(path.join('.')) || 'body', rule: message }));

const PRECISE = { citation: '18 U.S.C. § 3123(b)(1)(C), policy/account' } as const;
const UNCLEAR = {
  unknown: { rule: "the provider's directory knows no account of this identifier", ...PRECISE, cure: 'an identifier of an account of this provider' },
  ambiguous: { rule: 'it stands for more than one account, and an order names exactly one', ...PRECISE, cure: 'the account, or an identifier of it alone' },
} as const;

/** What others did since, so that who lost knows what to look at. */
const changesSince = ({ history }: OrderDocument, version: number): readonly ApiProblem[] => [
  { field: 'version', rule: `this order is at version ${history.length} now, not ${version}: look at it again` },
  ...history.slice(version).map(({ act, personId, at }) => ({ field: 'version', rule: `${act} by ${personId} at ${new Date(at).toISOString()}` })),
];

export const createDesk = ({ store, orders, roster, deployment, directory, deficienciesOf, now }: DeskDeps): Desk => {
  const assertKnown = (analysts: readonly string[]): void => {
    const { people } = roster.current();
    const wrong = analysts.flatMap((personId, i) => (people.some((p) => p.personId === personId && p.roles.includes('analyst')) ? [] : [{ field: `analysts[${i}]`, rule: 'must be a person whom the roster gives the role analyst' }]));
    if (wrong.length > 0) throw new ApiError('refused', wrong);
  };

  /** The identifiers of a paper with their accounts. That nobody can say whose one is, is a deficiency of the paper; that the directory is away is not. */
  const resolve = async (identifiers: readonly Identifier[]): Promise<OrderBody['identifiers']> => {
    const found = await Promise.all(identifiers.map((identifier) => directory.resolve(identifier)));
    const unclear = found.flatMap(({ outcome }, i) => (outcome === 'known' ? [] : [{ field: `identifiers[${i}]`, ...UNCLEAR[outcome] }]));
    if (unclear.length > 0) throw new ApiError('refused', unclear);
    return identifiers.flatMap((identifier, i) => {
      const resolution = found[i];
      return resolution?.outcome === 'known' ? [{ ...identifier, account: resolution.account }] : [];
    });
  };

  const bodyOf = async (request: OrderRequest, orderId: OrderId, version: number, proposer: string): Promise<OrderBody> => {
    const { parent } = request;
    if (parent !== null && (await withRegistry(() => store.get(parent))) === null) throw new ApiError('refused', { field: 'parent', rule: 'there is no such order to follow' });
    const identifiers = request.identifiers === undefined ? (request.targets ?? []).map(identifierOf) : await resolve(request.identifiers);
    const made = toOrderBody(request, { deployment, orderId, version, proposer, identifiers });
    if (!made.success) throw new ApiError('bad-input', toProblems(made.error));
    return made.data;
  };

  const seenBy = (who: Identity, order: OrderDocument): Seen => ({ order, visibility: mustSee(who, order) });

  /** One act on the version they looked at. */
  const acting = async <A extends Acted>(who: Identity, orderId: OrderId, version: number, act: (by: By) => Promise<A>): Promise<A> => {
    try {
      return await withRegistry(() => act({ personId: who.personId, version }));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'conflict') throw new ApiError('conflict', changesSince((await orders.show(who, orderId)).order, version), error);
      throw error;
    }
  };

  const draft = async (who: Identity, request: OrderRequest): Promise<Seen> => {
    const body = await bodyOf(request, newOrderId(now()), 1, who.personId);
    assertKnown(request.analysts);
    const { order } = await withRegistry(() => (body.test ? store.create(body) : store.found(body)));
    return seenBy(who, request.analysts.length === 0 ? order : (await withRegistry(() => store.assign(order.orderId, request.analysts, who.personId))).order);
  };

  return {
    draft,

    extend: async (who, orderId, { relation, changes }) => {
      const request = toChildRequest((await orders.show(who, orderId)).order.body, relation, changes);
      if (!request.success) throw new ApiError('bad-input', toProblems(request.error).map((p) => ({ ...p, field: `changes.${p.field}` })));
      return draft(who, request.data);
    },

    relatives: async (who, orderId) => {
      const { body } = (await orders.show(who, orderId)).order;
      const ids = [...(body.parent === null ? [] : [body.parent]), ...(await withRegistry(() => store.following(orderId)))];
      const found = await withRegistry(() => Promise.all(ids.map((id) => store.get(id))));
      return found.filter((order) => order !== null && visibilityOf(who, order) !== 'nothing') as OrderDocument[];
    },

    amend: async (who, orderId, { version, order: request }) => {
      const { order } = await orders.show(who, orderId);
      const body = await bodyOf(request, orderId, order.body.version + 1, who.personId);
      return seenBy(who, (await acting(who, orderId, version, (by) => store.amend(body, by))).order);
    },

    submit: async (who, orderId, { version }) => {
      const { body } = (await orders.show(who, orderId)).order;
      const deficiencies = await deficienciesOf(body);
      if (deficiencies.length > 0) throw new ApiError('refused', deficiencies.map((d) => ({ ...d, field: inRequest(d.field) })));
      return seenBy(who, (await acting(who, orderId, version, (by) => store.submit(orderId, by))).order);
    },

    reject: async (who, orderId, { version, ...how }) => {
      await orders.show(who, orderId);
      return seenBy(who, (await acting(who, orderId, version, (by) => store.reject(orderId, how, by))).order);
    },

    step: async (who, orderId, version, step) => {
      await orders.show(who, orderId);
      return seenBy(who, (await acting(who, orderId, version, (by) => store.desk(orderId, step, by))).order);
    },

    reenter: async (who, orderId, { version, identifiers }) => {
      await orders.show(who, orderId);
      const { order, differing } = await acting(who, orderId, version, (by) => store.reenter(orderId, identifiers, by));
      if (differing > 0) {
        const failed = order.reentries.find((r) => r.personId === who.personId)?.failed ?? 0;
        throw new ApiError('refused', { field: 'identifiers', rule: `${differing} of what the order names differ from what you read; ${MAX_REENTRIES - failed} tries are left`, citation: 'policy/blind-re-entry', cure: 'read the paper again; where the order is wrong, push it back' });
      }
      return seenBy(who, order);
    },
  };
};

