import { windowEnd } from '@penreg/domain';
import { createOrdersClient, type OrdersClient, type OrderView, type Traffic } from '@penreg/testkit';
import type { Deployment } from '../deployment.ts';
import { demoOrders, type DemoOrder } from './orders.ts';

export interface MadeOrder extends DemoOrder {
  readonly orderId: string;
}

export interface DemoPeople {
  /** Proposes, approves and activates each order, as three different people. */
  makeOrders(traffic: Traffic, run: string): Promise<readonly MadeOrder[]>;
  /** One person is enough to end or stop. */
  end(order: MadeOrder): Promise<void>;
  show(orderId: string): Promise<OrderView>;
}

/** The legal zone of the court that the demonstration's orders come from. */
const ZONE = 'America/Los_Angeles';
const ANALYST = 'analyst-1';

/** The demonstration's legal staff: they work through the same HTTP API and sign with the same code as `penreg`. */
export const demoPeople = (deployment: Deployment): DemoPeople => {
  const client: OrdersClient = createOrdersClient({ url: deployment.urls.orderActivation, reviewers: [deployment.person('reviewer-1'), deployment.person('reviewer-2')], patienceMs: 10_000 });
  const person = (id: string) => deployment.person(id);
  return {
    async makeOrders(traffic, run) {
      const made: MadeOrder[] = [];
      for (const [index, order] of demoOrders(traffic).entries()) {
        const start = Date.now() - 60_000;
        const request = { ...order.request, agencyReference: `DEMO-${run}-${index + 1}`, start, until: windowEnd(start, { count: order.days, unit: 'days' }, ZONE), analysts: [ANALYST] };
        const { orderId } = await client.create(person('proposer-1'), request);
        await client.approve(person('approver-1'), orderId);
        await client.activate(person('activator-1'), orderId, Date.now());
        made.push({ ...order, orderId });
      }
      return made;
    },
    async end({ orderId, ends }) {
      if (ends?.how === 'stop') await client.stop(person('approver-2'), orderId);
      else await client.end(person('approver-2'), orderId, Date.now());
    },
    show: (orderId) => client.show(person('approver-2'), orderId),
  };
};
