import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pickPort, startKafka } from '@penreg/infra';
import type { KafkaPart } from '@penreg/infra';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTopicAdmin } from '../index.ts';
import type { KafkaConnection } from '../index.ts';
import { eventually, isAtEnd, newTopic, openAdmin, produce, record, rejection } from './testing.ts';

/** A broker with a second listener: TLS, and a user name and password. */
let dir = '';
let kafka: KafkaPart;
let secure: KafkaConnection;

/** A certificate for 127.0.0.1, signed by a CA of its own. */
const certify = (name: string): { readonly ca: string; readonly keyAndCertificate: string } => {
  const at = (file: string): string => join(dir, `${name}-${file}`);
  const openssl = (...args: string[]): unknown => execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('ca.key'), '-out', at('ca.pem'), '-days', '2', '-subj', `/CN=${name}`);
  openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key.pem'), '-out', at('request.pem'), '-subj', '/CN=broker');
  writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl('x509', '-req', '-in', at('request.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at('ext'), '-out', at('certificate.pem'));
  writeFileSync(at('both.pem'), readFileSync(at('key.pem'), 'utf8') + readFileSync(at('certificate.pem'), 'utf8'));
  return { ca: readFileSync(at('ca.pem'), 'utf8'), keyAndCertificate: at('both.pem') };
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'penreg-security-'));
  const [port, controllerPort, securePort] = [await pickPort(), await pickPort(), await pickPort()];
  const { ca, keyAndCertificate } = certify('right');
  kafka = await startKafka({
    dir: join(dir, 'broker'),
    port,
    controllerPort,
    report: () => undefined,
    properties: {
      'listeners': `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort},SASL_SSL://127.0.0.1:${securePort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port},SASL_SSL://127.0.0.1:${securePort}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyAndCertificate,
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.sasl_ssl.plain.sasl.jaas.config': 'org.apache.kafka.common.security.plain.PlainLoginModule required user_tap="right";',
    },
  });
  secure = { brokers: [`127.0.0.1:${securePort}`], ssl: { ca: [ca] }, sasl: { mechanism: 'plain', username: 'tap', password: 'right' }, outageLimitMs: 500, requestTimeoutMs: 2_000 };
}, 120_000);

afterAll(async () => {
  await kafka.kill();
  await rm(dir, { recursive: true, force: true });
});

test('topics are described, read and committed over TLS with a password', async () => {
  const topic = await newTopic(await openAdmin([kafka.address]));
  await produce(topic, 5, { addresses: [kafka.address] });
  const admin = await openTopicAdmin(secure);
  expect((await admin.describe(topic)).partitions).toBe(1);
  const { seen, commit, crashes } = await record({ topic, ...secure });
  await eventually('the end', () => isAtEnd(seen));
  await commit('over TLS');
  expect(await admin.committed(`group-${topic}`, topic)).toEqual([{ offset: 5n, metadata: 'over TLS' }]);
  expect(crashes).toEqual([]);
  await admin.disconnect();
});

test('a broker whose certificate another CA signed is not spoken to', async () => {
  const stranger = certify('wrong').ca;
  expect(await rejection(openTopicAdmin({ ...secure, ssl: { ca: [stranger] } }))).toMatchObject({ code: 'unavailable' });
  expect(await rejection(openTopicAdmin({ ...secure, ssl: true }))).toMatchObject({ code: 'unavailable' });
});

test('where TLS was asked for, a plain listener is no substitute; and the other way round', async () => {
  expect(await rejection(openTopicAdmin({ ...secure, brokers: [kafka.address] }))).toMatchObject({ code: 'unavailable' });
  expect(await rejection(openTopicAdmin({ ...secure, ssl: undefined }))).toBeInstanceOf(Error);
}, 30_000);

test('a wrong password is refused by its name, at once', async () => {
  const before = performance.now();
  const wrong = { ...secure, outageLimitMs: 60_000, sasl: { mechanism: 'plain', username: 'tap', password: 'wrong' } } as const;
  const error = await rejection(openTopicAdmin(wrong));
  expect(error).toMatchObject({ code: 'refused', facts: { kafka: 'SASL_AUTHENTICATION_FAILED' } });
  expect(JSON.stringify(error) + error.message).not.toContain('wrong');
  expect(performance.now() - before).toBeLessThan(5_000);
});
