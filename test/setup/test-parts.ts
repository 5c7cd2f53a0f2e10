/** What an integration test gets from `inject('parts')`: one shared set of real parts, all on 127.0.0.1. */
export interface TestParts {
  /** `host:port` of the broker. */
  readonly kafka: string;
  /** `redis://host:port` */
  readonly redis: string;
  readonly clickhouse: {
    readonly url: string;
    /** May do everything: creates the test's own database `penreg_<random>`. */
    readonly admin: Login;
    /** The rights of a tap, on every database whose name begins with `penreg`. */
    readonly sink: Login;
    /** The rights of the reporting service, likewise. */
    readonly reader: Login;
    /** The rights of order-activation, likewise. */
    readonly copy: Login;
  };
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

/** A running set and the way to end it. */
export interface StartedParts {
  readonly parts: TestParts;
  stop(): Promise<void>;
}

declare module 'vitest' {
  interface ProvidedContext {
    parts: TestParts;
  }
}
