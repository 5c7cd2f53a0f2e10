import type { RegistryOptions } from './options.ts';
import type { Registry } from './ports.ts';

/** Connects in the background; `ready()` tells when. Closed by `close()`. */
export const openRegistry = (_options: RegistryOptions): Registry => {
  throw new Error('not written yet');
};
