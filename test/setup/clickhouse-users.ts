import { randomBytes } from 'node:crypto';
import type { ClickHouseUser } from '@penreg/infra';
import { roleGrants } from '@penreg/records';
import type { Login } from './test-parts.ts';

const login = (username: string): Login => ({ username, password: randomBytes(12).toString('hex') });

/** The four users of a test run. Test databases are made as the tests go, so rights are given on the pattern of their names. */
export const clickHouseUsers = (): { logins: { admin: Login; sink: Login; reader: Login; copy: Login }; users: readonly ClickHouseUser[] } => {
  const logins = { admin: login('admin'), sink: login('sink'), reader: login('reader'), copy: login('copy') };
  const rights = roleGrants('penreg*');
  const quiet = { log_queries: 0 };
  return {
    logins,
    users: [
      { name: logins.admin.username, password: logins.admin.password, grants: 'all' },
      { name: logins.sink.username, password: logins.sink.password, grants: rights.sink, settings: quiet },
      { name: logins.reader.username, password: logins.reader.password, grants: rights.reader, settings: quiet },
      { name: logins.copy.username, password: logins.copy.password, grants: rights.copy, settings: quiet },
    ],
  };
};
