export { startKafka, type KafkaOptions, type KafkaPart } from './embedded/kafka.ts';
export { startRedis, type RedisOptions, type RedisPart } from './embedded/redis.ts';
export { startClickHouse, usersXml, type ClickHouseOptions, type ClickHousePart, type ClickHouseUser } from './embedded/clickhouse.ts';
export type { Part } from './embedded/part.ts';
export { pickPort } from './embedded/ports.ts';
export { InfraError, type InfraErrorCode } from './embedded/error.ts';
