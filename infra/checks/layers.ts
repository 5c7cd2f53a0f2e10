/** What each part of the tree may import. The one statement of it; ARCHITECTURE.md points here. */

export interface Layer {
  /** Folder, from the project's root. */
  readonly folder: string;
  /** Names of penreg packages, without `@penreg/`. */
  readonly mayImport: readonly string[];
}

const SERVICES_MAY = ['domain', 'evidence', 'wire', 'kafka', 'platform', 'registry', 'records', 'returns', 'trust'];
const EVERYTHING = [...SERVICES_MAY, 'testkit', 'cli', 'infra', 'order-activation', 'metadata-consumer', 'reporting'];

/** Lowest first. A package that is not listed may not exist. */
export const LAYERS: readonly Layer[] = [
  { folder: 'packages/domain', mayImport: [] },
  { folder: 'packages/evidence', mayImport: ['domain'] },
  { folder: 'packages/wire', mayImport: ['domain'] },
  { folder: 'packages/kafka', mayImport: ['domain'] },
  { folder: 'packages/platform', mayImport: ['domain'] },
  { folder: 'packages/trust', mayImport: ['domain', 'evidence', 'platform'] },
  { folder: 'packages/returns', mayImport: ['domain', 'evidence'] },
  { folder: 'packages/registry', mayImport: ['domain', 'evidence'] },
  { folder: 'packages/records', mayImport: ['domain', 'evidence'] },
  { folder: 'packages/testkit', mayImport: SERVICES_MAY },
  { folder: 'packages/cli', mayImport: ['domain', 'evidence', 'platform', 'registry', 'records'] },
  { folder: 'services/order-activation', mayImport: SERVICES_MAY },
  { folder: 'services/metadata-consumer', mayImport: SERVICES_MAY },
  { folder: 'services/reporting', mayImport: SERVICES_MAY },
  { folder: 'infra', mayImport: EVERYTHING },
  { folder: 'test', mayImport: EVERYTHING },
];

/** Tests of a package may start real parts, read their addresses and generate traffic, whatever the package itself may do. */
export const TESTS_MAY_IMPORT = ['infra', 'testkit'];

/** Clients of the parts: which folders may talk to a part at all. Tests may, to look at what was done. */
export const CLIENTS: Readonly<Record<string, readonly string[]>> = {
  '@clickhouse/client': ['packages/records', 'infra', 'test'],
  'ioredis': ['packages/registry', 'infra', 'test'],
  'kafkajs': ['packages/kafka', 'packages/testkit', 'infra', 'test'],
};

/** Where SQL may stand. */
export const SQL_FOLDERS = ['packages/records', 'infra', 'test'];

/** Where the environment may be read: configuration comes from there and from nowhere else. */
export const ENVIRONMENT_FOLDERS = ['packages/platform', 'infra', 'test'];

/** Refuses kafkajs' debug switches, which it reads when it loads: before there is a configuration. */
export const ENVIRONMENT_EXCEPTIONS = ['packages/kafka/src/seam.ts', 'packages/kafka/src/connection.ts'];

/** What a package of laws may use of the platform: neither a clock nor anything that reads or writes. */
export const PURE_FOLDERS = ['packages/domain'];
