/** An event as a producer writes it, after the contract of the topic in `packages/wire`. Built here, never read by the tap in this form. */
export interface StreamEvent {
  readonly v: 1;
  readonly id: string;
  readonly kind: 'message' | 'call' | 'login';
  readonly type: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly from: string;
  readonly to: readonly string[];
  readonly group?: string | undefined;
  readonly ip?: string | undefined;
  readonly port?: number | undefined;
  readonly device?: string | undefined;
  readonly size?: number | undefined;
  readonly call?: StreamCall | undefined;
  /** UTF-8 text of one JSON value: what the tap must never look into. */
  readonly payload?: Buffer | undefined;
}

export interface StreamCall {
  readonly id?: string | undefined;
  readonly creator: string;
  readonly media?: 'audio' | 'video' | undefined;
  readonly participants?: readonly string[] | undefined;
}

export const ENCODINGS = ['json', 'protobuf'] as const;
export type Encoding = (typeof ENCODINGS)[number];
