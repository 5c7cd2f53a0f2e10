import type { Console } from './console.ts';

const LIVE_MS = 100;
const QUIET_MS = 2_000;
const BAR = 30;

/** Says how far something is: on the same line of a terminal, every other second elsewhere. */
export interface Progress {
  readonly tell: (text: string) => void;
  readonly clear: () => void;
}

export const progressOn = (io: Console): Progress => {
  const live = io.err.isTTY === true;
  let last = Number.NEGATIVE_INFINITY;
  return {
    tell: (text) => {
      const now = performance.now();
      if (now - last < (live ? LIVE_MS : QUIET_MS)) return;
      last = now;
      io.err.write(live ? `\r\u001b[K${text}` : `${text}\n`);
    },
    clear: () => void (live && io.err.write('\r\u001b[K')),
  };
};

/** `[#########---------------------]  30 %` */
export const bar = (percent: number): string => {
  const full = Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${String(percent).padStart(3)} %`;
};

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
