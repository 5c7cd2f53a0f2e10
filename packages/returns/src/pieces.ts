/** Text is handed on in pieces of about this many characters. */
const PIECE = 64 * 1024;

/** Joins lines to pieces; what came before a fault is handed on before the fault is. */
export async function* gather(lines: AsyncIterable<string>): AsyncGenerator<string, void, undefined> {
  let piece = '';
  let fault: { readonly error: unknown } | null = null;
  try {
    for await (const text of lines) {
      piece += text;
      if (piece.length < PIECE) continue;
      yield piece;
      piece = '';
    }
  } catch (error) {
    fault = { error };
  }
  if (piece !== '') yield piece;
  if (fault !== null) throw fault.error;
}

/** One text as a stream. */
export async function* once(text: string): AsyncGenerator<string, void, undefined> {
  yield text;
}
