export { compose, type OrderActivation } from './compose.ts';
export { OrderActivationConfigSchema, type OrderActivationConfig } from './config.ts';
export { newOrderId } from './order-id.ts';
