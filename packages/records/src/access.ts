/** How ClickHouse is reached. */
export interface ClickHouseAccess {
  /** `http://host:port` or `https://host:port`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** Milliseconds until one request is given up; 30,000 unless told. */
  readonly requestTimeoutMs?: number;
}
