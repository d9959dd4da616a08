/**
 * The little of XML that S3 answers need: named elements that hold text. Texts stay texts (a general parser makes the
 * number 7 of the key `007`), and entities that a document declares itself are never expanded.
 */
export function textOf(xml: string, element: string): string | undefined {
  const [first] = blocksOf(xml, element);
  return first === undefined ? undefined : unescaped(first);
}

/** What stands inside each element of this name, as it is. */
export function blocksOf(xml: string, element: string): string[] {
  const blocks: string[] = [];
  const [open, close] = [`<${element}>`, `</${element}>`];
  for (let from = xml.indexOf(open); from !== -1; from = xml.indexOf(open, from)) {
    const end = xml.indexOf(close, from);
    if (end === -1) break;
    blocks.push(xml.slice(from + open.length, end));
    from = end + close.length;
  }
  return blocks;
}

/** A map, not an object: `&constructor;` must find nothing. */
const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function unescaped(text: string): string {
  return text.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|([a-z]+));/g, (whole, hex, decimal, name) => {
    if (typeof name === 'string') return ENTITIES.get(name) ?? whole;
    const point = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number(decimal);
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
