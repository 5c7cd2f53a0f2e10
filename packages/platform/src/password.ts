import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Cost of a guess: 32 MiB and about a tenth of a second (OWASP's figures for scrypt). Kept with each hash, so that it can be raised. */
const COST = { ln: 15, r: 8, p: 3 } as const;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const ENCODED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/;

interface Cost {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

const derive = (password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    // One spelling, however it was typed: NFKC.
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r }, (error, key) => (error === null ? resolve(key) : reject(error)));
  });

/** `$scrypt$ln=…,r=…,p=…$salt$hash`: all that is kept of a password. */
export const isPasswordHash = (text: string): boolean => ENCODED.test(text);

export const hashPassword = async (password: string): Promise<string> => {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, COST);
  return `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$${salt.toString('base64url')}$${hash.toString('base64url')}`;
};

/** What is compared with where there is nobody of that name: it takes as long, and is no password's hash. */
const NOBODY = { cost: COST, salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) };

/** Whether a password is the one of this hash; null = of nobody, which takes as long to say no. */
export const isPassword = async (password: string, encoded: string | null): Promise<boolean> => {
  const match = encoded === null ? null : ENCODED.exec(encoded);
  const [, ln, r, p, salt = '', hash = ''] = match ?? [];
  const known = match === null ? NOBODY : { cost: { ln: Number(ln), r: Number(r), p: Number(p) }, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') };
  const given = await derive(password, known.salt, known.cost);
  return timingSafeEqual(given, known.hash) && match !== null;
};
