import type { UtcMs } from '@penreg/domain';
import type { PaperStore } from '@penreg/registry';
import type { PaperFiles } from './paper-files.ts';

const DAY: UtcMs = 86_400_000;

/** Removes papers that nothing rests on a day after their upload, and files that no paper needs. Resolves with how many of each. */
export const sweepPapers = async (papers: PaperStore, files: PaperFiles, service: string, now: UtcMs): Promise<{ readonly papers: number; readonly files: number }> => {
  const removed = await papers.removeUnused(now - DAY, service);
  // Asked for after the removal, so that its files go too.
  return { papers: removed, files: await files.sweep(await papers.files(), now - DAY) };
};
