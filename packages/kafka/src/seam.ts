import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const kafkajs = require('kafkajs') as typeof import('kafkajs');
export const { Kafka, CompressionTypes, CompressionCodecs, logLevel } = kafkajs;
