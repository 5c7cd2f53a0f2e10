/** The coverage table read by plain HTTP and joined by hand: what of the topic was examined, whatever a report says of it. */

export interface ExaminedRange {
  readonly partition: number;
  readonly from: bigint;
  readonly to: bigint;
}

interface Store {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
}

export const readExamined = async ({ url, username, password, database }: Store): Promise<readonly ExaminedRange[]> => {
  const query = `SELECT toString(p) AS partition, toString(f) AS "from", toString(t) AS "to" FROM ${database}.coverage ARRAY JOIN interval_partitions AS p, interval_froms AS f, interval_tos AS t FORMAT JSONEachRow`;
  const response = await fetch(url, { method: 'POST', body: query, headers: { 'X-ClickHouse-User': username, 'X-ClickHouse-Key': password } });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { partition: string; from: string; to: string })
    .map(({ partition, from, to }) => ({ partition: Number(partition), from: BigInt(from), to: BigInt(to) }));
};

/** Offsets below `end` that no range holds, as text; `[]` when each partition was examined from 0 to its end. */
export const holesIn = (ranges: readonly ExaminedRange[], ends: ReadonlyMap<number, bigint>): readonly string[] => {
  const holes: string[] = [];
  for (const [partition, end] of ends) {
    let reached = 0n;
    const mine = ranges.filter((range) => range.partition === partition).sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
    for (const { from, to } of mine) {
      if (from > reached) holes.push(`${partition}:[${reached}, ${from})`);
      if (to > reached) reached = to;
    }
    if (reached < end) holes.push(`${partition}:[${reached}, ${end})`);
  }
  return holes;
};
