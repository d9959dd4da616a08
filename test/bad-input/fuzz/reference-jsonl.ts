/** A value as it stands in the file: texts decoded, everything else to the letter; null for null. */
export interface ReferenceValue {
  readonly text: string | null;
  readonly kind: 'text' | 'number' | 'boolean' | 'null' | 'nested';
}

/** Reads JSON Lines in the plainest way, or gives undefined for what is none, or has what must be refused. */
export function referenceJsonl(bytes: Buffer): Map<string, ReferenceValue>[] | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text
      .split('\n')
      .filter((line) => !/^[ \t\r]*$/.test(line))
      .map((line) => rowOf(line));
  } catch (error) {
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function rowOf(line: string): Map<string, ReferenceValue> {
  const parser = new Parser(line);
  const row = parser.object(1);
  if (parser.rest !== '') throw new SyntaxError('more');
  return row;
}

class Parser {
  rest: string;

  constructor(text: string) {
    this.rest = text;
    this.space();
  }

  object(depth: number): Map<string, ReferenceValue> {
    const found = new Map<string, ReferenceValue>();
    this.take(/^\{/);
    if (this.rest.startsWith('}')) {
      this.take(/^\}/);
      return found;
    }
    for (;;) {
      const key = this.string();
      if (found.has(key)) throw new SyntaxError('twice');
      this.take(/^:/);
      found.set(key, this.value(depth + 1));
      if (this.take(/^[,}]/) === '}') return found;
    }
  }

  value(depth: number): ReferenceValue {
    const before = this.rest;
    const raw = () => before.slice(0, before.length - this.rest.length).trim();
    if (depth > 101) throw new RangeError('deep');
    if (before.startsWith('"')) return { text: this.string(), kind: 'text' };
    if (before.startsWith('{')) {
      this.object(depth);
      return { text: raw(), kind: 'nested' };
    }
    if (before.startsWith('[')) {
      this.list(depth);
      return { text: raw(), kind: 'nested' };
    }
    const word = this.take(/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?)/);
    if (word === 'null') return { text: null, kind: 'null' };
    return { text: word, kind: word === 'true' || word === 'false' ? 'boolean' : 'number' };
  }

  list(depth: number): void {
    this.take(/^\[/);
    if (this.rest.startsWith(']')) {
      this.take(/^\]/);
      return;
    }
    do this.value(depth + 1);
    while (this.take(/^[,\]]/) === ',');
  }

  string(): string {
    // eslint-disable-next-line no-control-regex
    const text = JSON.parse(this.take(/^"(?:[^"\\\u0000-\u001f]|\\.)*"/)) as string;
    if (/[\p{Cs}\0]/u.test(text)) throw new SyntaxError('not a text');
    return text;
  }

  space(): void {
    this.rest = this.rest.replace(/^[ \t\r]+/, '');
  }

  take(pattern: RegExp): string {
    const found = pattern.exec(this.rest)?.[0];
    if (found === undefined) throw new SyntaxError('unexpected');
    this.rest = this.rest.slice(found.length);
    this.space();
    return found;
  }
}
