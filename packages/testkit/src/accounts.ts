/** Members of a traffic file as accounts of the event contract. The mapping is fixed, so that a test can name an account without a run. */

const digits = (value: number, width: number): string => String(value).padStart(width, '0');

/**
 * The account of a member: for nine in ten a telephone number (North America, or Great Britain with one digit more),
 * for one in ten an opaque id. Opaque ids come in pairs that differ in case only, and some are 64 characters long.
 */
export const accountOf = (member: number): string => {
  switch (member % 10) {
    case 7:
      return `447700${digits(900_000 + Math.floor(member / 10), 6)}`;
    case 8: {
      const pair = Math.floor(member / 20);
      const name = Math.floor(member / 10) % 2 === 0 ? `anna.${pair}` : `Anna.${pair}`;
      return pair % 5 === 0 ? `${name}@`.padEnd(64, 'long-opaque-account.example.') : `${name}@example.test`;
    }
    default:
      return `1202555${digits(member, 4)}`;
  }
};
