import type { TestProject } from 'vitest/node';
import { InfraError } from '@penreg/infra';
import { startEmbedded } from './embedded.ts';

/** Global set-up of the integration project: starts the shared parts once and hands their addresses to every test. */
const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const kind = process.env['PENREG_PARTS'] ?? 'embedded';
  const started = await (async () => {
    switch (kind) {
      case 'embedded':
        return startEmbedded();
      case 'containers':
        return (await import('./containers.ts')).startContainers();
      default:
        throw new InfraError('configuration', `PENREG_PARTS is "embedded" or "containers", not ${JSON.stringify(kind)}`);
    }
  })();
  project.provide('parts', started.parts);
  return () => started.stop();
};

export default setup;
