import { RegistryError } from './error.ts';
import { pairsOf, type Link } from './link.ts';

/**
 * Asserts that the server keeps what it acknowledges (AOF on, fsynced before the answer, nothing evicted) and finds out
 * whether it can be asked to confirm a write on disk (WAITAOF, from 7.2).
 *
 * @throws RegistryError `durability`, `unavailable`
 */
export const assertDurable = async (link: Link): Promise<{ readonly waitAof: boolean }> => {
  let settings: ReadonlyMap<string, string>;
  try {
    settings = new Map([...pairsOf(await link.call('CONFIG', 'GET', 'append*')), ...pairsOf(await link.call('CONFIG', 'GET', 'maxmemory-policy'))]);
  } catch (error) {
    if (!(error instanceof RegistryError) || !error.message.endsWith('NOPERM')) throw error;
    settings = new Map(); // a user without CONFIG: WAITAOF fails where AOF is off
  }
  const waitAof = await canWait(link);
  if (settings.size === 0) {
    if (!waitAof) throw new RegistryError('durability', 'this user can neither read the server’s settings nor wait for the disk');
    return { waitAof };
  }
  if (settings.get('appendonly') !== 'yes') throw new RegistryError('durability', 'the registry must run with appendonly yes');
  if (settings.get('maxmemory-policy') !== 'noeviction') throw new RegistryError('durability', 'the registry must run with maxmemory-policy noeviction');
  // Otherwise taps could have seen an epoch that a crash takes back, and all of them would hold.
  if (settings.get('appendfsync') !== 'always') throw new RegistryError('durability', 'the registry must run with appendfsync always');
  return { waitAof };
};

const canWait = async (link: Link): Promise<boolean> => {
  try {
    await link.call('WAITAOF', 1, 0, 2_000);
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.message.endsWith(': ERR')) return false;
    throw error;
  }
};
