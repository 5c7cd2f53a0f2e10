import type { Agency, LegalRequest } from '@penreg/domain';
import { createAccessStore, type StoredAccount, type StoredToken } from './access.ts';
import { createActs } from './acts.ts';
import { createAgencyStore } from './agencies.ts';
import { createAuditLog } from './audit.ts';
import { createDocuments } from './documents.ts';
import { assertDurable } from './durability.ts';
import { createFoundings } from './founding.ts';
import { keysOf } from './keys.ts';
import { Lane } from './lane.ts';
import { Link } from './link.ts';
import type { RegistryOptions } from './options.ts';
import type { StoredOrder } from './order-life.ts';
import { createPaperStore, type OrderPaper } from './order-papers.ts';
import { READABLE_MS } from './order-desk.ts';
import { createOrderStore } from './orders.ts';
import type { Registry } from './ports.ts';
import { createRequestStore } from './requests.ts';
import { deadlineIn } from './retry.ts';
import { createLookup, createSealer } from './sealing.ts';
import { createStanding } from './standing.ts';
import { createTapBoard } from './tap-board.ts';
import { createWriter } from './writer.ts';

/**
 * Connects in the background; `ready()` tells when. Closed by `close()`.
 *
 * Reads and acts have a connection each, so that a long list does not stand before a stop.
 */
export const openRegistry = (options: RegistryOptions): Registry => {
  const { deployment, promiseMs = 250, actTimeoutMs = 5_000, lead = 3_000 } = options;
  const keys = keysOf(deployment);
  const sealer = createSealer(deployment, options.sealingKey);
  const lookup = createLookup(deployment, options.lookupKey);
  const reads = new Link(options, { timeoutMs: 5_000 });
  const acts = new Link(options, { timeoutMs: 5_000 });
  const lane = new Lane();

  let durable: Promise<{ readonly waitAof: boolean }> | null = null;
  const hasWaitAof = async (): Promise<boolean> => {
    durable ??= assertDurable(acts).catch((error: unknown) => {
      durable = null;
      throw error;
    });
    return (await durable).waitAof;
  };
  const writer = createWriter(acts, keys, sealer, hasWaitAof);
  const settings = { deployment, promiseMs, actTimeoutMs, lead };
  const doing = createActs(sealer, writer, lane, settings);
  const orders = createDocuments<StoredOrder>(reads, keys, sealer, doing, 'orders', 'penreg/order-document/1');
  const requests = createDocuments<LegalRequest>(reads, keys, sealer, doing, 'requests', 'penreg/request/1');
  const agencies = createDocuments<Agency>(reads, keys, sealer, doing, 'agencies', 'penreg/agency/1');
  const papers = createDocuments<OrderPaper>(reads, keys, sealer, doing, 'documents', 'penreg/document/1');
  const accounts = createDocuments<StoredAccount>(reads, keys, sealer, doing, 'accounts', 'penreg/account/1');
  const tokens = createDocuments<StoredToken>(reads, keys, sealer, doing, 'tokens', 'penreg/token/1');
  return {
    orders: createOrderStore(reads, keys, orders, doing, lookup, createFoundings(requests, papers, lookup), { ...settings, readable: options.readableMs ?? READABLE_MS }),
    requests: createRequestStore(requests, agencies, papers, doing, lookup),
    agencies: createAgencyStore(agencies, doing),
    papers: createPaperStore(papers, doing, lookup),
    audit: createAuditLog(reads, keys, sealer, writer, lane, () => deadlineIn(actTimeoutMs)),
    taps: createTapBoard(reads, keys),
    access: createAccessStore(doing, accounts, tokens),
    standing: createStanding(reads, keys, sealer, lead),
    async head() {
      const { logHead, auditHead } = await writer.look();
      return { epoch: logHead?.seq ?? 0, hash: logHead?.hash ?? null, audit: auditHead };
    },
    async ready() {
      await acts.ready();
      await hasWaitAof();
    },
    async close() {
      acts.close();
      reads.close();
    },
  };
};
