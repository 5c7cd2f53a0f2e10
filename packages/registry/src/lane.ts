/** Runs one piece of work at a time, urgent ones first: a stop never waits behind a queue of reads. */
export class Lane {
  readonly #urgent: (() => Promise<void>)[] = [];
  readonly #normal: (() => Promise<void>)[] = [];
  #running = false;

  async run<T>(priority: 'urgent' | 'normal', work: () => Promise<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    (priority === 'urgent' ? this.#urgent : this.#normal).push(() => work().then(resolve, reject));
    if (!this.#running) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#running = true;
    for (let next = this.#urgent.shift() ?? this.#normal.shift(); next !== undefined; next = this.#urgent.shift() ?? this.#normal.shift()) await next();
    this.#running = false;
  }
}
