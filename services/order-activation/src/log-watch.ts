import { LogWalk, type LogVerdict, type Roster } from '@penreg/evidence';
import type { AuditLog } from '@penreg/registry';

/** Whether both logs are whole, without walking them from their beginnings each time. */
export interface LogWatch {
  /** Walks on from where the last look ended. */
  look(): Promise<LogVerdict>;
}

/** After this the walk starts over: what was altered behind it would otherwise never show. */
const OVER_MS = 600_000;

export const createLogWatch = (audit: Pick<AuditLog, 'pages'>, roster: () => Roster): LogWatch => {
  let walk = new LogWalk({ roster: roster() });
  let began = performance.now();
  let looking: Promise<LogVerdict> | null = null;

  const on = async (): Promise<LogVerdict> => {
    if (performance.now() - began > OVER_MS || !walk.end().ok) {
      walk = new LogWalk({ roster: roster() });
      began = performance.now();
    }
    for await (const page of audit.pages(walk.next, true)) if (walk.take(page) !== null) break;
    return walk.end();
  };
  return {
    look: () =>
      (looking ??= on().finally(() => {
        looking = null;
      })),
  };
};
