/** Why a part could not be had or started. Messages are for a person at a terminal and say what to do. */
export type InfraErrorCode = 'missing-tool' | 'download' | 'checksum' | 'start' | 'exited' | 'no-port' | 'configuration' | 'timeout';

export class InfraError extends Error {
  readonly code: InfraErrorCode;
  constructor(code: InfraErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InfraError';
    this.code = code;
  }
}
