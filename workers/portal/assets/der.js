// DER (X.690), as far as CSRs, PKCS#8, PKCS#12 and certificates need it. Everything is a Uint8Array.
//
// Invariant: the reader takes only definite lengths in their shortest form, and never reads behind the end.

/** Thrown by the readers for octets that are not DER. */
export class DerError extends Error {}

/** Several pieces, one behind the other. */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** An element with this tag around the parts. */
export function element(tag, ...parts) {
  const content = concat(...parts);
  if (content.length < 128) return concat(Uint8Array.of(tag, content.length), content);
  const digits = [];
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return concat(Uint8Array.of(tag, 0x80 | digits.length, ...digits), content);
}

export const sequence = (...parts) => element(0x30, ...parts);
export const octetString = (octets) => element(0x04, octets);
/** A BIT STRING without unused bits. */
export const bitString = (octets) => element(0x03, Uint8Array.of(0), octets);
export const nothing = () => element(0x05);
export const utf8String = (text) => element(0x0c, new TextEncoder().encode(text));
export const bmpString = (text) => element(0x1e, utf16(text));
/** `[number]` around whole elements. */
export const explicit = (number, ...parts) => element(0xa0 | number, ...parts);
/** `[number]` in place of the tag of a primitive element. */
export const implicit = (number, content) => element(0x80 | number, content);

/** A SET OF. X.690 section 11.6: its elements are in ascending order of their octets. */
export function setOf(...parts) {
  const ascending = (a, b) => {
    for (let at = 0; at < Math.min(a.length, b.length); at++) if (a[at] !== b[at]) return a[at] - b[at];
    return a.length - b.length;
  };
  return element(0x31, ...parts.sort(ascending));
}

/** An INTEGER that is not negative: a number, or its octets with the most significant one first. */
export function integer(value) {
  const digits = [];
  if (typeof value === "number") for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  const octets = typeof value === "number" ? Uint8Array.from(digits) : value;
  const first = octets.findIndex((octet) => octet !== 0);
  const significant = first < 0 ? Uint8Array.of(0) : octets.subarray(first);
  // A leading 1 bit would make it negative.
  return element(0x02, significant[0] < 0x80 ? significant : concat(Uint8Array.of(0), significant));
}

/** An OBJECT IDENTIFIER, from its dotted numbers. */
export function oid(dotted) {
  const [first, second, ...arcs] = dotted.split(".").map(Number);
  const octets = [40 * first + second, ...arcs].flatMap((arc) => {
    const groups = [arc % 128];
    for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128)) groups.unshift(128 | rest % 128);
    return groups;
  });
  return element(0x06, Uint8Array.from(octets));
}

/** UTF-16 of a text, the high octet first. */
export function utf16(text) {
  const octets = new Uint8Array(2 * text.length);
  for (let at = 0; at < text.length; at++) {
    octets[2 * at] = text.charCodeAt(at) >> 8;
    octets[2 * at + 1] = text.charCodeAt(at) & 0xff;
  }
  return octets;
}

/** The first element: its tag, its content, the whole of it, and what is behind it. */
export function read(octets) {
  if (octets.length < 2 || (octets[0] & 0x1f) === 0x1f) throw new DerError("no element");
  let [length, start] = [octets[1], 2];
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count === 0 || count > 4 || octets.length < 2 + count) throw new DerError("no length");
    length = octets.subarray(2, 2 + count).reduce((sum, octet) => sum * 256 + octet, 0);
    if (length < 0x80 || octets[2] === 0) throw new DerError("not the shortest length");
    start += count;
  }
  const end = start + length;
  if (end > octets.length) throw new DerError("cut off");
  return { tag: octets[0], content: octets.subarray(start, end), whole: octets.subarray(0, end), rest: octets.subarray(end) };
}

/** The elements of a content. */
export function readAll(content) {
  const elements = [];
  for (let rest = content; rest.length; rest = elements.at(-1).rest) elements.push(read(rest));
  return elements;
}

/** The elements in the one element of these octets, which has to have this tag. */
export function inside(octets, tag = 0x30) {
  const outer = read(octets);
  if (outer.tag !== tag || outer.rest.length) throw new DerError(`not one element with tag ${tag}`);
  return readAll(outer.content);
}

/** The number in an INTEGER that is not negative and fits into 53 bits. */
export function readNumber({ tag, content }) {
  if (tag !== 0x02 || content.length < 1 || content.length > 7 || content[0] >= 0x80) throw new DerError("no small number");
  const number = content.reduce((sum, octet) => sum * 256 + octet, 0);
  if (!Number.isSafeInteger(number)) throw new DerError("no small number");
  return number;
}

/** The dotted numbers of an OBJECT IDENTIFIER. */
export function readOid({ tag, content }) {
  if (tag !== 0x06 || !content.length || content.at(-1) >= 0x80) throw new DerError("no object identifier");
  const arcs = [0];
  for (const octet of content) {
    arcs.push(arcs.pop() * 128 + (octet & 0x7f));
    if (octet < 0x80) arcs.push(0);
  }
  const [first, ...more] = arcs.slice(0, -1);
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - 40 * root, ...more].join(".");
}
