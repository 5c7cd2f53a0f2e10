import type { TapFeedOptions } from './options.ts';
import type { TapFeed } from './ports.ts';

/** Follows the registry for one tap. */
export const openTapFeed = (_options: TapFeedOptions): TapFeed => {
  throw new Error('not written yet');
};
