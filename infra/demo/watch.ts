import type { Deployment } from '../deployment.ts';

const EVERY_MS = 1_000;

interface Status {
  readonly partitions: readonly number[];
  readonly lagEvents: number;
  readonly examinedThrough: string | null;
  readonly hold: string | null;
}

const examinedOf = (metrics: string): number => {
  const found = /^penreg_tap_events_examined_total\S* (\d+)/m.exec(metrics);
  return found?.[1] === undefined ? 0 : Number(found[1]);
};

/** What the operator would see: throughput, lag, hold. Nothing that tells what matched. */
export const watchTaps = ({ taps }: Deployment, show: (line: string) => void): { readonly stop: () => void } => {
  let before: { readonly examined: number; readonly at: number } | null = null;
  const look = async (): Promise<void> => {
    let examined = 0;
    let lag = 0;
    const states: string[] = [];
    for (const [name, tap] of taps) {
      try {
        const [status, metrics] = await Promise.all([fetch(`${tap.address}/status`).then((r) => r.json() as Promise<Status>), fetch(`${tap.address}/metrics`).then((r) => r.text())]);
        examined += examinedOf(metrics);
        lag += status.lagEvents;
        states.push(`${name} ${status.hold === null ? 'reads' : `holds (${status.hold})`} ${status.partitions.length} partitions`);
      } catch {
        states.push(`${name} does not answer`);
      }
    }
    const rate = before === null ? 0 : Math.max(0, (examined - before.examined) / ((Date.now() - before.at) / 1_000));
    before = { examined, at: Date.now() };
    show(`${examined} events examined, ${Math.round(rate)}/s, ${lag} behind; ${states.join('; ')}`);
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  return { stop: () => clearInterval(timer) };
};
