import { readFileSync } from 'node:fs';
import { ROLES, UtcMsSchema } from '@penreg/domain';
import { isPasswordHash, NameSchema, PlatformError, problemsOf } from '@penreg/platform';
import type { AccessStore } from '@penreg/registry';
import { z } from 'zod';

const FirstAccountsSchema = z
  .array(
    z.strictObject({
      personId: NameSchema,
      roles: z.array(z.enum(ROLES)).min(1),
      trainedUntil: UtcMsSchema.nullable(),
      passwordHash: z.string().refine(isPasswordHash, 'a password hash is $scrypt$ln=…,r=…,p=…$salt$hash'),
    }),
  )
  .min(1);

/** Makes the accounts of the file where there are none yet: somebody has to be able to let the others in. Throws `PlatformError` code `config`. */
export const makeFirstAccounts = async (file: string, access: AccessStore): Promise<void> => {
  if ((await access.accounts()).length > 0) return;
  const key = 'signIn.firstAccounts';
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new PlatformError('config', `the file of first accounts ${file} cannot be read as JSON`, [{ key, rule: 'must be a readable JSON file' }], cause);
  }
  const parsed = FirstAccountsSchema.safeParse(raw);
  if (!parsed.success) {
    const problems = problemsOf(parsed.error, key);
    throw new PlatformError('config', `the file of first accounts ${file} is not valid: ${problems.map((p) => `${p.key}: ${p.rule}`).join('; ')}`, problems);
  }
  for (const account of parsed.data) await access.putAccount(account, 'order-activation');
};
