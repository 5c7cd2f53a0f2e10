/** How an event's bytes are to be read: after the `content-type` record header, JSON when it is absent. */
export type Encoding = 'json' | 'protobuf' | 'unknown';

export const CONTENT_TYPE_HEADER = 'content-type';
export const JSON_CONTENT_TYPE = 'application/json';
export const PROTOBUF_CONTENT_TYPE = 'application/x-protobuf';

/**
 * The encoding that a media type names; parameters (`; charset=utf-8`) and case are ignored.
 * Anything else is `unknown`: nobody can say whether a target is in it.
 */
export const encodingOf = (contentType: string): Encoding => {
  const type = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (type === JSON_CONTENT_TYPE) return 'json';
  if (type === PROTOBUF_CONTENT_TYPE) return 'protobuf';
  return 'unknown';
};
