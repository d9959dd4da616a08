import {
  Composer,
  Lexer,
  LineCounter,
  Parser,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Document,
  type CST,
  type Node,
  type Pair,
} from 'yaml';
import { quoted, visible, type SpecPath } from './path.js';

const MAX_DEPTH = 64;
const MAX_TOKENS = 200_000;
const MAX_TOKEN_LENGTH = 65_536;
const MAX_ALIASES = 100;
const MAX_ISSUES = 100;

/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A YAML text as plain data, what is wrong with it, and where things stand in it. */
export interface ParsedYaml {
  readonly value: unknown;
  /** Syntax problems, with their places. When there are any, `value` is undefined. */
  readonly syntax: readonly { message: string; place: Place }[];
  /** Where the value of this path stands, or its key; what is not there is placed at its nearest parent's key. */
  place(path: SpecPath, at?: 'key'): Place;
}

/**
 * Parses YAML 1.2 (core schema) for people's own files, narrowly: one document, text keys, no merge keys, no tags but the
 * core ones, no duplicate keys, at most 100 uses of aliases, 64 levels, 200,000 tokens. Warnings are problems.
 *
 * @param wanted what an empty text should have been
 */
export function parseYaml(text: string, wanted = 'a spec'): ParsedYaml {
  const lines = new LineCounter();
  const tokens = tokenise(text, lines);
  if ('message' in tokens) return broken([{ message: tokens.message, place: placeOf(lines, tokens.offset) }]);

  const [document, second] = compose(tokens.tokens, text.length);
  if (!document) return broken([{ message: `found no document, want ${wanted}`, place: { line: 1, column: 1 } }]);

  const faults = [...document.errors, ...document.warnings].map((fault) => ({
    message: faultMessage(fault.message),
    offset: fault.pos[0],
  }));
  if (second) faults.push({ message: 'found a second document, want one', offset: second.range[0] });
  const version = document.directives?.yaml;
  if (version?.explicit === true && version.version !== '1.2') {
    faults.push({ message: `found YAML ${version.version}, want 1.2 (no %YAML line is needed)`, offset: 0 });
  }
  const plain = new PlainReader();
  const value = faults.length === 0 ? plain.read(document.contents) : undefined;
  faults.push(...plain.faults);
  if (faults.length > 0) {
    return broken(
      faults.slice(0, MAX_ISSUES).map(({ message, offset }) => ({ message, place: placeOf(lines, offset) })),
    );
  }
  return { value, syntax: [], place: (path, at) => placeOf(lines, offsetOf(document, plain, path, at)) };
}

/**
 * Cuts the text into tokens with a bound on nesting, because the composer recurses: 40 kB of brackets can end the whole
 * process (not throw) on Node 20. Lexer and parser keep a stack of their own and do not recurse.
 */
function tokenise(text: string, lines: LineCounter): { tokens: CST.Token[] } | { message: string; offset: number } {
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    count += 1;
    const offset = parser.offset;
    if (count > MAX_TOKENS) return { message: `found more than ${MAX_TOKENS} tokens, want fewer`, offset };
    if (lexeme.length > MAX_TOKEN_LENGTH) {
      return { message: `found a text of ${lexeme.length} characters, want at most ${MAX_TOKEN_LENGTH}`, offset };
    }
    tokens.push(...parser.next(lexeme));
    // One level of the text is one entry of the stack, below it the document and above it, mostly, a scalar: this keeps
    // the composer safe, and the reader below counts exactly.
    if (parser.stack.length > MAX_DEPTH + 2)
      return { message: `found more than ${MAX_DEPTH} levels, want fewer`, offset };
  }
  tokens.push(...parser.end());
  return { tokens };
}

/** The first documents of the stream. */
function compose(tokens: readonly CST.Token[], length: number): Document.Parsed[] {
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    resolveKnownTags: false,
    stringKeys: true,
    // Checked below with a set: the library compares every pair of keys.
    uniqueKeys: false,
    prettyErrors: false,
  });
  const { stackTraceLimit } = Error;
  try {
    // A text of nothing but mistakes makes an error object of each: without their stacks that takes a tenth of the time.
    Error.stackTraceLimit = 0;
    return [...composer.compose(tokens, true, length)].slice(0, 2);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** Turns nodes into plain data: aliases are counted, cycles and doubled keys found, before anything is copied. */
class PlainReader {
  readonly faults: { message: string; offset: number }[] = [];
  private readonly anchors = new Map<string, Node>();
  private readonly targets = new Map<Node, Node>();
  private readonly open = new Set<Node>();
  private aliases = 0;

  read(node: unknown): unknown {
    if (isAlias(node)) return this.readAlias(node);
    if (isScalar(node)) {
      this.anchor(node);
      return node.value;
    }
    if (!isMap(node) && !isSeq(node)) return null;
    this.anchor(node);
    if (this.open.size >= MAX_DEPTH) return this.fault(node, `found more than ${MAX_DEPTH} levels, want fewer`);
    this.open.add(node);
    const value = isMap(node) ? this.readMap(node.items) : node.items.map((item) => this.read(item));
    this.open.delete(node);
    return value;
  }

  /** The node itself, or the node that it stands for. */
  resolved(node: unknown): unknown {
    return isAlias(node) ? this.targets.get(node) : node;
  }

  private readMap(items: readonly Pair[]): Record<string, unknown> {
    const result: Record<string, unknown> = {};
    const seen = new Set<string>();
    for (const { key, value } of items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (!isScalar(key)) this.fault(key, 'found a key that is not text, want text');
      else if (name === '<<') this.fault(key, 'found a merge key "<<", want the keys written out');
      else if (name === '__proto__') this.fault(key, 'found the key "__proto__", want another name');
      else if (seen.has(name)) this.fault(key, `found the key ${quoted(name)} a second time, want it once`);
      else result[name] = this.read(value);
      seen.add(name);
    }
    return result;
  }

  private readAlias(alias: Node & { source: string }): unknown {
    const target = this.anchors.get(alias.source);
    if (!target) return this.fault(alias, `found *${alias.source}, want an anchor &${alias.source} before it`);
    if (this.open.has(target)) return this.fault(alias, `found *${alias.source} inside itself, want it outside`);
    this.aliases += 1;
    if (this.aliases > MAX_ALIASES) {
      if (this.aliases === MAX_ALIASES + 1) this.fault(alias, `found more than ${MAX_ALIASES} aliases, want fewer`);
      return null;
    }
    this.targets.set(alias, target);
    return this.read(target);
  }

  private anchor(node: Node & { anchor?: string }): void {
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
  }

  private fault(node: unknown, message: string): null {
    const range = (node as Partial<Node> | null)?.range;
    if (this.faults.length < MAX_ISSUES) this.faults.push({ message: visible(message), offset: range?.[0] ?? 0 });
    return null;
  }
}

/** Offset of a path's value or key; walks as far as the document goes. */
function offsetOf(document: Document, plain: PlainReader, path: SpecPath, at?: 'key'): number {
  let node: unknown = document.contents;
  let keyOffset = offset(node) ?? 0;
  for (const [index, part] of path.entries()) {
    node = plain.resolved(node);
    let child: unknown;
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === part);
      if (!pair) return keyOffset;
      keyOffset = offset(pair.key) ?? keyOffset;
      if (at === 'key' && index === path.length - 1) return keyOffset;
      child = pair.value;
    } else if (isSeq(node) && typeof part === 'number' && part < node.items.length) {
      child = node.items[part];
      keyOffset = offset(child) ?? keyOffset;
    } else {
      return keyOffset;
    }
    node = child;
  }
  // A missing value has an empty range behind its key; a block of keys starts at its own first key: the key says more.
  const scalar = isScalar(node) || isAlias(node);
  return scalar && !isEmpty(node) ? (offset(node) ?? keyOffset) : keyOffset;
}

function offset(node: unknown): number | undefined {
  return (node as Partial<Node> | null)?.range?.[0];
}

function isEmpty(node: unknown): boolean {
  const range = (node as Partial<Node>).range;
  return !range || range[0] === range[1];
}

function placeOf(lines: LineCounter, position: number): Place {
  const { line, col } = lines.linePos(position);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function faultMessage(message: string): string {
  const short = message.length > 200 ? `${message.slice(0, 197)}...` : message;
  return visible(`not YAML that can be read: ${short}`);
}

function broken(syntax: ParsedYaml['syntax']): ParsedYaml {
  return { value: undefined, syntax, place: () => ({ line: 1, column: 1 }) };
}
