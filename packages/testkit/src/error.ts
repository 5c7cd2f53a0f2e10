export type TestkitErrorCode =
  /** A traffic file that cannot be read as one. */
  | 'traffic-file'
  /** The plain reader of a topic ended without having reached the end. */
  | 'topic-reader'
  /** The broker refused or lost events for longer than a replay may take. */
  | 'replay'
  /** An HTTP API answered otherwise than with success. */
  | 'api';

export class TestkitError extends Error {
  readonly code: TestkitErrorCode;

  constructor(code: TestkitErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TestkitError';
    this.code = code;
  }
}
