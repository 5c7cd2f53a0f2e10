import { ClickHouseContainer } from '@testcontainers/clickhouse';
import { KafkaContainer } from '@testcontainers/kafka';
import { RedisContainer } from '@testcontainers/redis';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import { InfraError, usersXml } from '@penreg/infra';
import { clickHouseUsers } from './clickhouse-users.ts';
import type { Login, StartedParts } from './test-parts.ts';

/** The listener that clients outside the container use. */
const KAFKA_PORT = 9093;

const image = (part: 'KAFKA' | 'REDIS' | 'CLICKHOUSE', usual: string): string => process.env[`PENREG_IMAGE_${part}`] ?? usual;

const requireEngine = async (): Promise<void> => {
  try {
    await getContainerRuntimeClient();
  } catch (cause) {
    throw new InfraError('missing-tool', 'No Docker engine answers. Start one (and set DOCKER_HOST where its socket is not the usual one), or run the same suite without containers: npm test', { cause });
  }
};

const startBroker = () =>
  new KafkaContainer(image('KAFKA', 'confluentinc/cp-kafka:8.1.0'))
    .withKraft()
    .withEnvironment({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();

const startRegistry = () =>
  new RedisContainer(image('REDIS', 'redis:8'))
    .withCommand(['redis-server', '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'])
    .start();

/** The module asks for more open files than an engine inside a container may give; tests need few. */
class StoreContainer extends ClickHouseContainer {
  constructor(name: string) {
    super(name);
    this.hostConfig.Ulimits = [];
  }
}

const startStore = (users: string, admin: Login) =>
  new StoreContainer(image('CLICKHOUSE', 'clickhouse/clickhouse-server:26.7'))
    .withUsername(admin.username)
    .withPassword(admin.password)
    .withEnvironment({ CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1' })
    .withCopyContentToContainer([{ content: users, target: '/etc/clickhouse-server/users.d/penreg.xml', mode: 0o644 }])
    .start();

/**
 * The parts from the official images, or from those named by PENREG_IMAGE_KAFKA, _REDIS and _CLICKHOUSE. Ports are
 * Docker's choice. The administrator is made by the image, the other users by a file, as with the embedded server.
 */
export const startContainers = async (): Promise<StartedParts> => {
  await requireEngine();
  const { logins, users } = clickHouseUsers();
  const starts = [startBroker(), startRegistry(), startStore(usersXml(users.filter((user) => user.name !== logins.admin.username)), logins.admin)] as const;
  const stop = async (): Promise<void> => {
    const started = (await Promise.allSettled(starts)).flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    await Promise.all(started.map((container) => container.stop()));
  };
  try {
    const [kafka, redis, clickhouse] = await Promise.all(starts);
    return {
      parts: {
        kafka: `${kafka.getHost()}:${kafka.getMappedPort(KAFKA_PORT)}`,
        redis: `redis://${redis.getHost()}:${redis.getPort()}`,
        clickhouse: { url: clickhouse.getHttpUrl(), ...logins },
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
