import { createHash, randomUUID } from 'node:crypto';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startPart, type Part } from './part.ts';
import { pickPort } from './ports.ts';

export interface ClickHouseUser {
  readonly name: string;
  readonly password: string;
  /** Whole statements, `GRANT SELECT ON db.* …`; `*` at the end of a database's name is a wildcard. `'all'` = everything. */
  readonly grants: readonly string[] | 'all';
  /** Settings of the user's profile. `log_queries: 0` keeps substituted parameters out of query_log. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

export interface ClickHouseOptions {
  /** Holds data, configuration and log; reused when it exists. */
  readonly dir: string;
  readonly users: readonly ClickHouseUser[];
  readonly port?: number;
  /** Native protocol. */
  readonly tcpPort?: number;
  /** The server's own limit, bytes. */
  readonly maxMemoryBytes?: number;
}

export interface ClickHousePart extends Part {
  readonly port: number;
  readonly tcpPort: number;
}

const escapeXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const NAME = /^[a-z][a-z0-9_]*$/;

const profileXml = (user: ClickHouseUser): string =>
  `<${user.name}>${Object.entries(user.settings ?? {}).map(([name, value]) => `<${name}>${escapeXml(String(value))}</${name}>`).join('')}</${user.name}>`;

const userXml = (user: ClickHouseUser): string => {
  const hash = createHash('sha256').update(user.password).digest('hex');
  const rights =
    user.grants === 'all'
      ? '<access_management>1</access_management><named_collection_control>1</named_collection_control>'
      : `<grants>${user.grants.map((grant) => `<query>${escapeXml(grant)}</query>`).join('')}</grants>`;
  return `<${user.name}><password_sha256_hex>${hash}</password_sha256_hex><networks><ip>::/0</ip></networks><profile>${user.name}</profile><quota>default</quota>${rights}</${user.name}>`;
};

/** The server's own session logs in as `default` without a password from 127.0.0.1: it may open listeners and nothing else. */
const DEFAULT_USER =
  '<default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>' +
  '<grants><query>GRANT SYSTEM START LISTEN ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants></default>';

/** A users file with these users only; a full server merges it from `users.d`. */
export const usersXml = (users: readonly ClickHouseUser[], consoleUser = ''): string => {
  for (const { name } of users) if (!NAME.test(name) || name === 'default') throw new TypeError(`not a user name: ${JSON.stringify(name)}`);
  return [
    '<clickhouse>',
    `<profiles><default/>${users.map(profileXml).join('')}</profiles>`,
    '<quotas><default/></quotas>',
    `<users>${consoleUser}${users.map(userXml).join('\n')}</users>`,
    '</clickhouse>\n',
  ].join('\n');
};

const configXml = (options: ClickHouseOptions, port: number, tcpPort: number): string => `<clickhouse>
<log-level>error</log-level><logger><console>1</console></logger>
<path>${escapeXml(options.dir)}/</path>
<users_config>${escapeXml(options.dir)}/users.xml</users_config>
<listen_host>127.0.0.1</listen_host><http_port>${port}</http_port><tcp_port>${tcpPort}</tcp_port>
<background_pool_size>4</background_pool_size><background_schedule_pool_size>16</background_schedule_pool_size>
<max_server_memory_usage>${options.maxMemoryBytes ?? 2_000_000_000}</max_server_memory_usage>
<mark_cache_size>67108864</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
<query_log><database>system</database><table>query_log</table><flush_interval_milliseconds>2000</flush_interval_milliseconds></query_log>
</clickhouse>
`;

const answersPing = async (port: number): Promise<boolean> => {
  const response = await fetch(`http://127.0.0.1:${port}/ping`, { signal: AbortSignal.timeout(2_000) });
  return (await response.text()) === 'Ok.\n';
};

/** Nothing ends this query: clickhouse-local serves for as long as it runs. */
const SERVE =
  'SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; ' +
  'SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0 FORMAT Null';

/** A ClickHouse server on 127.0.0.1. `address` is its HTTP URL. Users come from a file: there is no CREATE USER. */
export const startClickHouse = async (options: ClickHouseOptions): Promise<ClickHousePart> => {
  const port = options.port ?? (await pickPort());
  const tcpPort = options.tcpPort ?? (await pickPort());
  const { dir } = options;
  await mkdir(join(dir, 'metadata'), { recursive: true });
  const system = join(dir, 'metadata', 'system.sql');
  // Without it the system database is made anew at each start, and its tables on disk collide with the new ones.
  if (!(await stat(system).catch(() => null))) await writeFile(system, `ATTACH DATABASE _ UUID '${randomUUID()}' ENGINE = Atomic\n`);
  await writeFile(join(dir, 'users.xml'), usersXml(options.users, DEFAULT_USER), { mode: 0o600 });
  await writeFile(join(dir, 'config.xml'), configXml(options, port, tcpPort));
  const part = await startPart({
    name: 'clickhouse',
    address: `http://127.0.0.1:${port}`,
    launch: {
      program: process.execPath,
      args: [join(import.meta.dirname, 'clickhouse-server.mjs'), '--config-file', join(dir, 'config.xml'), '--query', SERVE],
      logFile: join(dir, 'clickhouse.log'),
      cwd: dir,
    },
    isReady: () => answersPing(port),
  });
  return Object.assign(part, { port, tcpPort });
};
