export { tokenIdOf, type AccessStore, type Account, type Credential, type KnownAccount, type KnownToken, type ServiceToken } from './access.ts';
export { REGISTRY_ERROR_CODES, RegistryError, type RegistryErrorCode } from './error.ts';
export type { RegistryConnection, RegistryOptions, TapFeedOptions } from './options.ts';
export {
  HOLD_REASONS,
  type Acted,
  type By,
  type AuditEntry,
  type AuditLog,
  type AuditVerdict,
  type FeedAlarm,
  type FeedHold,
  type FeedRefusal,
  type FeedTrust,
  type HistoryEntry,
  type HoldReason,
  type LogHead,
  type Obeys,
  type OrderDocument,
  type OrderStore,
  type Registry,
  type RegistryView,
  type Standing,
  type TapBoard,
  type TapFeed,
  type TapHeartbeat,
} from './ports.ts';
export { openRegistry } from './registry.ts';
export { MAX_REENTRIES } from './order-draft.ts';
export type { DeskStep } from './order-desk.ts';
export { openTapFeed } from './feed.ts';
export { openCopyPages } from './copy-pages.ts';
export { createObeyed, type Obeyed } from './obeyed.ts';
export { rebuildRegistry, type RebuildOptions } from './rebuild.ts';
export type { AgencyStore } from './agencies.ts';
export type { OrderPaper, PaperStore } from './order-papers.ts';
export type { Actor, RequestStore } from './requests.ts';
export { ORDER_ACTS, ORDER_STATES, type OrderAct, type OrderState } from './transitions.ts';
