import { setTimeout as sleep } from 'node:timers/promises';
import { OrderBodySchema, type Act, type Envelope, type OrderBody, type Role, type Statement, type StatementOf } from '@penreg/domain';
import { composeStatement, signStatement, statementsOf, type KeyPair } from '@penreg/evidence';
import { acceptRequest } from './accept-request.ts';
import { TestkitError } from './error.ts';

/** Somebody who can call the APIs and sign. */
export interface TestPerson {
  readonly personId: string;
  readonly roles: readonly Role[];
  readonly token: string;
  readonly key: KeyPair;
}

/** What `POST /orders` takes, as far as tests care. */
export interface OrderRequest {
  readonly agencyReference: string;
  readonly targets: readonly string[];
  readonly direction: OrderBody['direction'];
  readonly kinds: readonly string[];
  readonly fields: readonly string[];
  readonly start: number;
  readonly until: number;
  readonly analysts: readonly string[];
  readonly test?: boolean;
}

/** An order as the API shows it to somebody who sees all of it. */
export interface OrderView {
  readonly orderId: string;
  readonly version: number;
  readonly state: string;
  readonly reentered: boolean;
  readonly bodyHash: string;
  readonly body: OrderBody | null;
  readonly approval: Envelope | null;
  readonly activation: Envelope | null;
  readonly restrictions: readonly { readonly envelope: Envelope; readonly epoch: number; readonly published: number }[] | null;
  readonly resumeApproval: Envelope | null;
  readonly resumptions: readonly { readonly approval: Envelope; readonly activation: Envelope; readonly epoch: number; readonly published: number }[] | null;
  readonly suspensions: readonly { readonly nonce: string }[];
  readonly publication: { readonly epoch: number; readonly published: number } | null;
}

export interface OrdersClient {
  /** Drafts it and submits it. */
  create(proposer: TestPerson, request: OrderRequest): Promise<OrderView>;
  show(person: TestPerson, orderId: string): Promise<OrderView>;
  /** Reads its identifiers from the paper first: those this client created it with, unless others are given. */
  approve(approver: TestPerson, orderId: string, identifiers?: OrderBody['identifiers']): Promise<OrderView>;
  /** `start` is brought forward to the moment of signing where it lies before it. */
  activate(activator: TestPerson, orderId: string, start: number): Promise<OrderView>;
  narrow(person: TestPerson, orderId: string, params: StatementOf<'narrow'>['params']): Promise<OrderView>;
  end(person: TestPerson, orderId: string, at: number): Promise<OrderView>;
  stop(person: TestPerson, orderId: string): Promise<OrderView>;
  suspend(person: TestPerson, orderId: string, at: number): Promise<OrderView>;
  /** Lifts every suspension that is open, by these two people. */
  resume(approver: TestPerson, activator: TestPerson, orderId: string): Promise<OrderView>;
}

export interface OrdersClientSettings {
  /** Of the order-activation service. */
  readonly url: string;
  /** Who verify and review what orders rest on. */
  readonly reviewers: readonly [TestPerson, TestPerson];
  readonly rosterVersion?: number;
  /** How long a call is repeated while the service cannot do its work; 0 = not at all. */
  readonly patienceMs?: number;
}

const RETRY_MS = 300;

/** A call that may be repeated: the service was not there, or said that it could not. */
class Unavailable extends Error {}

const call = async (url: string, token: string, method: string, body?: unknown): Promise<unknown> => {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    throw new Unavailable('no answer', { cause });
  }
  const text = await response.text();
  if (response.status >= 500 || response.status === 429) throw new Unavailable(`${response.status} ${text}`);
  if (!response.ok) throw new TestkitError('api', `${method} ${new URL(url).pathname}: ${response.status} ${text}`);
  return JSON.parse(text);
};

const signAs = <A extends Act>(person: TestPerson, role: Role, body: OrderBody, act: A, params: StatementOf<A>['params'], prev: Statement | null, rosterVersion: number, signedAt = Date.now()): Envelope => {
  const { personId, key } = person;
  const signer = { personId, keyId: key.keyId, role, rosterVersion };
  return signStatement(composeStatement(body, act, params, signer, { prev, signedAt }), key.privateKey);
};

/** The newest statement of an order: what the next one follows. */
const lastStatement = ({ approval, activation, restrictions, resumptions, orderId }: OrderView): Statement => {
  if (approval === null || activation === null) throw new TestkitError('api', `order ${orderId} is not activated`);
  return statementsOf({ approval, activation, restrictions: [...(restrictions ?? [])], resumptions: [...(resumptions ?? [])] }).at(-1) ?? activation.statement;
};

const nonces = ({ approval, activation, restrictions, resumeApproval, resumptions }: OrderView): readonly string[] =>
  [approval, activation, resumeApproval, ...(restrictions ?? []).map(({ envelope }) => envelope), ...(resumptions ?? []).flatMap((r) => [r.approval, r.activation])].flatMap((envelope) => (envelope === null ? [] : [envelope.statement.nonce]));

/** Makes and changes orders through the real HTTP API, signing as the people would. */
export const createOrdersClient = ({ url, reviewers, rosterVersion = 1, patienceMs = 0 }: OrdersClientSettings): OrdersClient => {
  /** What the papers name, of the orders created here. */
  const papers = new Map<string, OrderBody['identifiers']>();
  /** Repeats `attempt` while the service is away; before each repetition `isDone` may say that the first one did its work. */
  const persist = async <T>(attempt: () => Promise<T>, isDone: () => Promise<T | null>): Promise<T> => {
    const giveUpAt = Date.now() + patienceMs;
    for (let tries = 0; ; tries++) {
      try {
        const done = tries === 0 ? null : await isDone();
        return done ?? (await attempt());
      } catch (error) {
        // Its first copy may have been taken although nobody heard of it; then the second one is refused.
        const unclear = tries > 0 && error instanceof TestkitError;
        if (!(error instanceof Unavailable) && !unclear) throw error;
        if (unclear) {
          const done = await isDone().catch(() => null);
          if (done !== null) return done;
          throw error;
        }
        if (Date.now() > giveUpAt) throw new TestkitError('api', `${url} did not do its work: ${(error as Error).message}`, { cause: error });
        await sleep(RETRY_MS);
      }
    }
  };
  const show = (person: TestPerson, orderId: string): Promise<OrderView> =>
    persist(
      async () => (await call(`${url}/orders/${orderId}`, person.token, 'GET')) as OrderView,
      async () => null,
    );
  /** Something nobody signs, done to the version that was looked at unless it was done already. */
  const step = (person: TestPerson, before: OrderView, name: string, body: object, isDone: (view: OrderView) => boolean): Promise<OrderView> => {
    if (isDone(before)) return Promise.resolve(before);
    const path = `${url}/orders/${before.orderId}`;
    return persist(
      async () => (await call(`${path}/${name}`, person.token, 'POST', { ...body, version: before.version })) as OrderView,
      async () => {
        const view = (await call(path, person.token, 'GET')) as OrderView;
        return isDone(view) ? view : null;
      },
    );
  };
  const act = (person: TestPerson, orderId: string, name: Act, envelope: Envelope): Promise<OrderView> => {
    const isDone = async (): Promise<OrderView | null> => {
      const view = (await call(`${url}/orders/${orderId}`, person.token, 'GET')) as OrderView;
      return nonces(view).includes(envelope.statement.nonce) ? view : null;
    };
    return persist(async () => {
      await call(`${url}/orders/${orderId}/${name}`, person.token, 'POST', { envelope });
      return show(person, orderId);
    }, isDone);
  };
  const bodyOf = ({ body, orderId }: OrderView): OrderBody => {
    if (body === null) throw new TestkitError('api', `order ${orderId} is not shown whole to this person`);
    return OrderBodySchema.parse(body);
  };
  const roleOf = (person: TestPerson): Role => {
    const role = person.roles.find((r) => r === 'approver' || r === 'activator' || r === 'proposer');
    if (role === undefined) throw new TestkitError('api', `${person.personId} has no role that restricts`);
    return role;
  };
  const restrict = async <A extends 'narrow' | 'suspend' | 'end' | 'stop'>(person: TestPerson, orderId: string, name: A, params: StatementOf<A>['params']): Promise<OrderView> => {
    const view = await show(person, orderId);
    return act(person, orderId, name, signAs(person, roleOf(person), bodyOf(view), name, params, lastStatement(view), rosterVersion));
  };

  return {
    create: async (proposer, request) => {
      const { start, until, ...rest } = request;
      const body = {
        jurisdiction: 'us-federal',
        instrument: 'pen-trap-order',
        court: 'U.S. District Court, N.D. California',
        docket: `26-mj-${request.agencyReference}`,
        agency: 'Federal Bureau of Investigation',
        legalBasis: '18 U.S.C. § 3123',
        request: null as string | null,
        applicant: { name: 'Erin Example', role: 'Special Agent' },
        certification: 'c'.repeat(64),
        offense: '18 U.S.C. § 1343, wire fraud',
        designatedOfficer: { name: 'Erin Example', agency: 'Federal Bureau of Investigation' },
        documents: ['d'.repeat(64)],
        window: { asWritten: 'sixty days from installation at most', zone: 'America/Los_Angeles', start, until },
        cadence: 'PT15M',
        retentionDays: 30,
        test: false,
        ...rest,
      };
      const isDone = async (): Promise<OrderView | null> => {
        const { orders } = (await call(`${url}/orders`, proposer.token, 'GET')) as { orders: readonly { orderId: string; docket: string | null }[] };
        const found = orders.find(({ docket }) => docket === body.docket);
        return found === undefined ? null : show(proposer, found.orderId);
      };
      const people = { proposer: proposer.token, reviewers: [reviewers[0].token, reviewers[1].token] } as const;
      const founded = body.test ? body : await persist(
            () =>
              acceptRequest(url, people, body).catch((cause: unknown) => {
                // Whatever came of the steps so far: another request is as good.
                throw new Unavailable(cause instanceof Error ? cause.message : 'no answer', { cause });
              }),
            async () => null,
          );
      const draft = await persist(async () => (await call(`${url}/orders`, proposer.token, 'POST', founded)) as OrderView, isDone);
      papers.set(draft.orderId, bodyOf(draft).identifiers);
      return step(proposer, draft, 'submit', {}, (view) => view.state !== 'draft');
    },
    show,
    approve: async (approver, orderId, identifiers = papers.get(orderId) ?? []) => {
      const paper = identifiers.map(({ kind, value }) => ({ kind, value }));
      const view = await step(approver, await show(approver, orderId), 'reentry', { identifiers: paper }, (seen) => seen.reentered);
      return act(approver, orderId, 'approve', signAs(approver, 'approver', bodyOf(view), 'approve', {}, null, rosterVersion));
    },
    activate: async (activator, orderId, start) => {
      const view = await show(activator, orderId);
      const approval = view.approval;
      if (approval === null) throw new TestkitError('api', `order ${orderId} is not approved`);
      const signedAt = Date.now();
      const params = { start: Math.max(start, signedAt) };
      return act(activator, orderId, 'activate', signAs(activator, 'activator', bodyOf(view), 'activate', params, approval.statement, rosterVersion, signedAt));
    },
    narrow: (person, orderId, params) => restrict(person, orderId, 'narrow', params),
    end: (person, orderId, at) => restrict(person, orderId, 'end', { at }),
    stop: (person, orderId) => restrict(person, orderId, 'stop', { reason: 'information-obtained' }),
    suspend: (person, orderId, at) => restrict(person, orderId, 'suspend', { at, reason: 'review' }),
    resume: async (approver, activator, orderId) => {
      const view = await show(approver, orderId);
      const suspensions = view.suspensions.map(({ nonce }) => nonce);
      const approval = signAs(approver, 'approver', bodyOf(view), 'approve-resume', { suspensions }, lastStatement(view), rosterVersion);
      await act(approver, orderId, 'approve-resume', approval);
      const signedAt = Date.now();
      return act(activator, orderId, 'resume', signAs(activator, 'activator', bodyOf(view), 'resume', { start: signedAt, suspensions }, approval.statement, rosterVersion, signedAt));
    },
  };
};

