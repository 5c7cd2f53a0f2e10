/** When a caller has waited long enough. */
export interface Deadline {
  passed(): boolean;
}

export const deadlineIn = (ms: number): Deadline => {
  const end = performance.now() + ms;
  return { passed: () => performance.now() >= end };
};

const MAX_PAUSE_MS = 60;

/** Waits a little, longer with each attempt and never the same, so that two who collide do not collide again. */
export const backOff = async (attempt: number): Promise<void> => {
  const ms = Math.random() * Math.min(2 ** attempt, MAX_PAUSE_MS);
  await new Promise((resolve) => setTimeout(resolve, ms));
};
