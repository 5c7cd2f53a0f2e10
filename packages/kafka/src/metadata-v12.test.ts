import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMetadataResponse, encodeMetadataRequest } from './metadata-v12.ts';
import { KafkaError } from './kafka-error.ts';

const ID = '0b1c2d3e4f5061728394a5b6c7d8e9fa';
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s|\|.*$/gm, ''), 'hex');

/** Field by field after Kafka's MetadataResponse.json, version 12. */
const response = ({ error = '0000', name = '03 7431', id = ID, tags = '00', brokerTags = '00' } = {}): Buffer =>
  hex(`
    ${tags}                       | header: tagged fields
    00000000                      | throttle_time_ms
    02                            | brokers: one
    00000001                      |   node_id
    0a 3132372e302e302e31         |   host: 127.0.0.1
    00004e84                      |   port
    00                            |   rack: null
    ${brokerTags}                 |   tagged fields
    04 616263                     | cluster_id: abc
    00000001                      | controller_id
    02                            | topics: one
    ${error}                      |   error_code
    ${name}                       |   name: t1
    ${id}                         |   topic_id
    00                            |   is_internal
    03                            |   partitions: two
    0000 00000000 00000001 00000000 02 00000001 02 00000001 01 00
    0000 00000001 00000001 00000000 02 00000001 02 00000001 01 00
    80000000 00                   |   authorized operations, tagged fields
    00                            | tagged fields
  `);

describe('metadata v12', () => {
  test('golden bytes of the request', () => {
    expect(encodeMetadataRequest('t1').toString('hex')).toBe('00' + '02' + '0'.repeat(32) + '03' + '7431' + '00' + '00' + '00' + '00');
  });

  test('a name of 127 bytes and more has a length of two bytes', () => {
    expect(encodeMetadataRequest('x'.repeat(200)).subarray(18, 20).toString('hex')).toBe('c901');
  });

  test('the id and the number of partitions', () => {
    expect(decodeMetadataResponse(response(), 't1')).toEqual({ errorCode: 0, topicId: ID, partitions: 2 });
  });

  test('an error is told, not thrown', () => expect(decodeMetadataResponse(response({ error: '0003' }), 't1').errorCode).toBe(3));

  test('tagged fields of a newer broker are skipped', () => {
    expect(decodeMetadataResponse(response({ tags: '02 00 03 aabbcc 05 00', brokerTags: '01 81 01 02 ffff'.replace('81 01', '8101') }), 't1').topicId).toBe(ID);
  });

  test('another topic than the one asked for', () => expect(() => decodeMetadataResponse(response(), 't2')).toThrowError(expect.objectContaining({ code: 'malformed-response' })));

  test('cut off anywhere before the number of partitions', () => {
    const whole = response();
    const needed = whole.indexOf(Buffer.from(ID, 'hex')) + 16 + 2;
    for (let length = 0; length < needed; length++) expect(() => decodeMetadataResponse(whole.subarray(0, length), 't1')).toThrowError(KafkaError);
  });

  test('any bytes give an answer or a KafkaError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMetadataResponse(Buffer.from(bytes), 't1');
        } catch (error) {
          expect(error).toBeInstanceOf(KafkaError);
        }
      }),
    );
  });
});
