export const HIT_TARGETS = 1_000;

/** A target that the events name. Digits only, like nearly every account, and of the length of all others. */
export const hitAccount = (index: number): string => `1202555${String(index).padStart(4, '0')}`;
/** A target that nobody writes to, and a stranger that nobody targets: the same look, other numbers. */
const idleAccount = (index: number): string => `1646${String(index).padStart(7, '0')}`;
export const stranger = (index: number): string => `1303${String(index).padStart(7, '0')}`;

/** The target list of a given size: the thousand that the events name, filled up with others of the same shape. */
export const targetsOf = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => (i < HIT_TARGETS ? hitAccount(i) : idleAccount(i)));
