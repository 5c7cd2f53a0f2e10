import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate, roleGrants } from '@penreg/records';
import { loadAccounts } from '../deployment/accounts.ts';
import { loadIdentity, type Identity } from '../deployment/identity.ts';
import { orderActivationConfig, reportingConfig, tapConfig, type Plan } from '../deployment/service-configs.ts';
import { usersXml } from '../embedded/clickhouse.ts';
import { createEventTopic, EVENT_TOPIC } from '../topics.ts';

/**
 * The two jobs of docker-compose.yml. `identity` makes people, keys, configurations and the parts' users before the
 * parts start; `schema` makes topic and tables once they run. Both change nothing the second time.
 */

const DIR = '/var/lib/penreg';
const DATABASE = 'penreg';
const REDIS_USER = 'penreg';
const HTTP_PORT = 8080;

const setting = (name: string, usual: string): string => {
  const value = process.env[name];
  return value === undefined || value === '' ? usual : value;
};

const planFor = (identity: Identity, accountsFile: string): Plan => ({
  identity,
  accountsFile,
  kafka: 'kafka:9092',
  redis: 'redis://redis:6379',
  redisLogin: { username: REDIS_USER, password: identity.secrets.redisPassword },
  clickhouse: 'http://clickhouse:8123',
  database: DATABASE,
  papers: '/var/lib/penreg-papers',
  topic: EVENT_TOPIC,
  group: `penreg-${identity.deployment}`,
  timing: { lateness: Number(setting('PENREG_LATENESS_MS', '300000')) },
  start: 'beginning',
  session: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 1_000 },
  flush: {},
  testAccounts: [],
  maxTargets: 100,
  logLevel: setting('PENREG_LOG_LEVEL', 'info'),
  httpHost: '0.0.0.0',
});

const writeConfigs = async (identity: Identity): Promise<void> => {
  const plan = planFor(identity, (await loadAccounts(DIR, identity)).file);
  const configs = {
    'tap-1': tapConfig(plan, 'tap-1', HTTP_PORT),
    'tap-2': tapConfig(plan, 'tap-2', HTTP_PORT),
    'order-activation': orderActivationConfig(plan, HTTP_PORT),
    reporting: reportingConfig(plan, HTTP_PORT),
  };
  await mkdir(join(DIR, 'config'), { recursive: true, mode: 0o700 });
  for (const [name, config] of Object.entries(configs)) {
    await writeFile(join(DIR, 'config', `${name}.json`), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
  }
};

/** Users of the parts, as hashes: other accounts of the images must be able to read these files. */
const writeUsers = async ({ secrets }: Identity): Promise<void> => {
  const grants = roleGrants(DATABASE);
  const quiet = { log_queries: 0 };
  const users = usersXml([
    { name: 'penreg_admin', password: secrets.adminPassword, grants: 'all' },
    { name: 'penreg_sink', password: secrets.sinkPassword, grants: grants.sink, settings: quiet },
    { name: 'penreg_reader', password: secrets.readerPassword, grants: grants.reader, settings: quiet },
    { name: 'penreg_copy', password: secrets.copyPassword, grants: grants.copy, settings: quiet },
  ]);
  await writeFile('/var/lib/penreg-clickhouse/penreg.xml', users, { mode: 0o644 });
  const hash = createHash('sha256').update(secrets.redisPassword).digest('hex');
  await writeFile('/var/lib/penreg-redis/users.acl', `user default off\nuser ${REDIS_USER} on #${hash} ~* &* +@all\n`, { mode: 0o644 });
};

const identity = await loadIdentity(DIR, setting('PENREG_DEPLOYMENT', 'demo'));
switch (process.argv[2]) {
  case 'identity':
    await writeConfigs(identity);
    await writeUsers(identity);
    break;
  case 'schema':
    await createEventTopic(['kafka:9092'], { partitions: Number(setting('PENREG_PARTITIONS', '3')) });
    await migrate({ url: 'http://clickhouse:8123', username: 'penreg_admin', password: identity.secrets.adminPassword, database: DATABASE });
    break;
  default:
    process.stderr.write('usage: prepare.ts identity|schema\n');
    process.exitCode = 2;
}
