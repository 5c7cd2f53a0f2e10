import { SecretSchema } from '@penreg/platform';
import { z } from 'zod';
import { demoDirectory } from './demo-directory.ts';
import type { AccountDirectory } from './directory.ts';
import { openFileDirectory } from './file-directory.ts';
import { openHttpDirectory } from './http-directory.ts';

/** Where identifiers are resolved to accounts. */
export const DirectoryConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('file'), file: z.string().min(1) }),
  z.strictObject({
    kind: z.literal('http'),
    url: z.string().regex(/^https:\/\/|^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/|$)/, 'https, or http on this machine'),
    token: SecretSchema,
    timeoutMs: z.int().min(100).max(30_000).default(5_000),
  }),
  /** Only beside a roster made for a demonstration. */
  z.strictObject({ kind: z.literal('demo') }),
]);

export const openDirectory = (config: z.output<typeof DirectoryConfigSchema>): AccountDirectory => {
  switch (config.kind) {
    case 'file':
      return openFileDirectory(config.file);
    case 'http':
      return openHttpDirectory(config);
    case 'demo':
      return demoDirectory;
  }
};
