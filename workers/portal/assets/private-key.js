// The search of pki/src/private_key.rs, without compressed data: the server answers for what is not found here.

const NAMES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", NewLine: "\n", Tab: "\t", plus: "+", sol: "/", equals: "=" };
const SHORT = { n: "\n", r: "\r", t: "\t", "\n": "" };

/** True if a text holds a private key. */
export function holdsPrivateKey(text) {
  return text.length >= 24 && holdsPrivateKeyBytes(new TextEncoder().encode(text));
}

/** True if octets hold a private key, in any of the forms that people paste and drop. */
export function holdsPrivateKeyBytes(bytes) {
  const waiting = [{ bytes, depth: 0 }];
  let budget = 4 * bytes.length + 65536;
  while (waiting.length) {
    const layer = waiting.pop();
    budget -= layer.bytes.length;
    if (budget < 0 || layer.depth > 8) return false;
    if (layer.bytes.length < 24) continue;
    const text = readable(layer.bytes);
    if (hasPrivateText(text) || hasPrivateStructure(layer.bytes)) return true;
    for (const bytes of [decodeBase64(text), decodeHex(text), unescapeText(text), decodeQuotedPrintable(text), withoutNuls(layer.bytes)])
      if (bytes) waiting.push({ bytes, depth: layer.depth + 1 });
  }
  return false;
}

// One character for each octet; typographic characters as ASCII.
function readable(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text.replace(/\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xef\xbb\xbf|\xc2\xad/g, "").replace(/\xe2\x80[\x93-\x95]/g, "--").replace(/\xc2\xa0|\xe3\x80\x80/g, " ");
}

function octets(text) {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function hasPrivateText(text) {
  const blank = "[ +_\\t-]";
  const has = (pattern) => pattern.test(text);
  // An attribute (<path d="...">) is no member of the JSON beside it, and a word of a sentence or a drawing is no number.
  const number = `["']?[\\w+/-]{20}|["'][\\w+/-]+(?:["'\\r\\n\\\\=&%]|$)`;
  const member = (separator) => new RegExp(`(^|[^\\w+/-])(["']?)[dk]\\2[\\s+]{0,8}${separator}[\\s+]{0,8}(${number})`);
  return (
    has(new RegExp(`(BEGIN|END)${blank}[A-Z0-9 +_-]{0,30}PRIVATE${blank}KEY|PRIVATE${blank}KEY(${blank}BLOCK)?[ +]?--`)) ||
    has(/private[ +_-]key-{4}|PuTTY-User-Key-File|Private-Lines:|DEK-Info:|Proc-Type: 4,ENCRYPTED|openssh-key-v1\0/i) ||
    has(/priv[^:]{0,20}:[^:]{0,40}?([0-9a-f]{2}:){8}/i) ||
    (has(/(^|[^A-Za-z0-9])kty(?![A-Za-z0-9])/) && has(member(":"))) ||
    (has(/(^|[^A-Za-z0-9])kty["']?[\s+]{0,8}=/) && has(member("="))) ||
    (has(/Modulus/) && has(/InverseQ|[<:]D>/))
  );
}

// PKCS#8 plain and encrypted, PKCS#1, SEC 1 and PKCS#12 by their first elements; key stores of Java.
function hasPrivateStructure(bytes) {
  const element = (at) => {
    const first = bytes[at + 1];
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (first === undefined || count > 3) return undefined;
    let length = count ? 0 : first;
    for (let index = 0; index < count; index++) length = length * 256 + bytes[at + 2 + index];
    const start = at + 2 + count;
    return { tag: bytes[at], start, length, end: first === 0x80 ? bytes.length : start + length };
  };
  const isPasswordBased = (at) => {
    const begins = [6, undefined, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1];
    if (!begins.every((octet, index) => octet === undefined || bytes[at + index] === octet)) return false;
    const [kind, last] = [bytes[at + 9], bytes[at + 10]];
    return (kind === 5 && [1, 3, 4, 6, 10, 11, 13].includes(last)) || (kind === 12 && last === 1);
  };
  for (let at = bytes.indexOf(0x30); at >= 0; at = bytes.indexOf(0x30, at + 1)) {
    const outer = element(at);
    if (!outer) continue;
    const { start } = outer;
    if (bytes[start] === 0x30) {
      const algorithm = element(start);
      if (algorithm && isPasswordBased(algorithm.start)) return true;
    }
    if (bytes[start] !== 2 || bytes[start + 1] !== 1) continue;
    const version = bytes[start + 2];
    const next = element(start + 3);
    if (!next) continue;
    if (version <= 1 && next.tag === 0x30 && bytes[next.start] === 6 && (bytes[next.end] === 4 || next.end >= bytes.length)) return true;
    if (version <= 1 && next.tag === 2 && next.length >= 32) return true;
    if (version === 1 && next.tag === 4 && next.length >= 14 && next.length <= 72) return true;
    if (version === 3 && next.tag === 0x30 && bytes[next.start] === 6 && bytes[next.start + 9] === 7) return true;
  }
  const magic = (a, b) => bytes.some((octet, at) => octet === a && bytes[at + 1] === b && bytes[at + 2] === a && bytes[at + 3] === b);
  return magic(0xfe, 0xed) || magic(0xce, 0xce);
}

// Runs of digits, joined over the ends of lines and their prefixes.
function decodeBase64(text) {
  let [decoded, block, first, last, end] = ["", "", 0, 0, 0];
  const flush = () => {
    const digits = block.slice(0, block.length - (block.length % 4 === 1 ? 1 : 0)).replace(/-/g, "+").replace(/_/g, "/");
    if (digits.length >= 24) decoded += `${atob(digits)}\n`;
    block = "";
  };
  for (const match of text.matchAll(/[A-Za-z0-9+/_](?:[A-Za-z0-9+/_]|-(?!---)){15,}/g)) {
    const run = match[0].replace(/^\++/, "");
    const gap = match.index - end;
    const joins = gap <= 64 && text[end] !== "=" && (block.length % 4 === 0 || (last === first && run.length <= first));
    if (!joins) flush();
    if (!block) first = run.length;
    last = run.length;
    block += run;
    end = match.index + match[0].length;
  }
  flush();
  return decoded && octets(decoded);
}

function decodeHex(text) {
  const words = text.match(/(?:(?:0x|\b)[0-9a-fA-F]{2}(?:[0-9a-fA-F]{2})*[\s:,]*){1,}/g)?.filter((words) => words.length >= 32);
  const digits = words?.join("\n").replace(/0x|[^0-9a-fA-F]/g, "");
  return digits && Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

function unescapeText(text) {
  const one = (code) => String.fromCharCode(code & 0xff);
  const plain = text
    .replace(/%([0-9a-f]{2})|\\x([0-9a-f]{2})|\\u([0-9a-f]{4})|&#x([0-9a-f]{1,6});/gi, (_, ...found) => one(parseInt(found.slice(0, 4).find(Boolean), 16)))
    .replace(/&#(\d{1,7});/g, (_, code) => one(Number(code)))
    .replace(/&(\w{2,7});/g, (whole, name) => NAMES[name] ?? whole)
    .replace(/\\([nrt\n"'/\\])/g, (_, letter) => SHORT[letter] ?? letter);
  return plain !== text && octets(plain);
}

function decodeQuotedPrintable(text) {
  if (!/=\r?\n[^\r\n-]|=(3D|0[AD9]|2[0BDF]|[89A-F][0-9A-F])/.test(text)) return undefined;
  return octets(text.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, pair) => String.fromCharCode(parseInt(pair, 16))));
}

// UTF-16 of ASCII.
function withoutNuls(bytes) {
  const plain = bytes.filter((octet) => octet !== 0);
  return bytes.length - plain.length >= bytes.length / 4 && plain;
}
