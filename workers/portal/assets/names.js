// Names of a certificate as people type them, read to the GeneralNames of RFC 5280 section 4.2.1.6.
//
// Invariant: each word becomes one name, or is returned as wrong. Which names the policy allows is the server's to say.

import { implicit, octetString, oid, sequence, setOf, utf8String } from "./der.js";

/** X.520, upper bound of a common name. */
const MAX_COMMON_NAME = 64;
const TAGS = { email: 1, dns: 2, uri: 6, ip: 7 };

/** The names in a text, each once, and the words that are none. Blanks, commas and semicolons separate them, as on /commands. */
export function readNames(typed) {
  const names = new Map();
  const wrong = [];
  for (const word of typed.split(/[\s,;]+/).filter(Boolean)) {
    const name = readName(word);
    if (name) names.set(`${name.kind} ${name.text}`, name);
    else wrong.push(word);
  }
  return { names: [...names.values()], wrong };
}

function readName(word) {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(word)) return ascii("uri", word);
  if (word.includes("@")) return /^[^@]+@[^@]+$/.test(word) ? ascii("email", word) : undefined;
  if (/^\d+(\.\d+){3}$/.test(word)) return ipv4(word);
  if (word.includes(":")) return ipv6(word);
  return host(word);
}

function ascii(kind, text) {
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  return { kind, text, octets: new TextEncoder().encode(text) };
}

function ipv4(text) {
  const parts = text.split(".");
  const fits = (part) => Number(part) < 256 && String(Number(part)) === part;
  return parts.every(fits) ? { kind: "ip", text, octets: Uint8Array.from(parts, Number) } : undefined;
}

function ipv6(word) {
  if (!/^[0-9a-f:.]+$/i.test(word)) return undefined;
  // The URL parser of the browser checks it and writes it without a dotted part.
  const text = hostOf(`[${word}]`)?.slice(1, -1);
  if (text === undefined) return undefined;
  const [before, after] = text.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = after ? Array(8 - before.length - after.length).fill("0") : [];
  const groups = [...before, ...zeros, ...(after ?? [])].map((group) => parseInt(group, 16));
  return { kind: "ip", text, octets: Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])) };
}

function host(word) {
  const [wildcard, rest] = word.startsWith("*.") ? ["*.", word.slice(2)] : ["", word];
  // Only what needs IDNA goes through the URL parser, which would read 1.2 as an address.
  const plain = /^[\x21-\x7e]+$/.test(rest) ? rest.toLowerCase() : hostOf(rest);
  if (!plain || plain.length + wildcard.length > 253) return undefined;
  if (!plain.split(".").every((label) => /^[a-z0-9_-]{1,63}$/.test(label))) return undefined;
  return ascii("dns", wildcard + plain);
}

function hostOf(text) {
  try {
    const url = new URL(`http://${text}/`);
    // Nothing but a host: no port, path or user.
    return url.href === `http://${url.hostname}/` ? url.hostname : undefined;
  } catch {
    return undefined;
  }
}

/** The subject: the first host name or address that fits as the common name, as on /commands. Empty without one. */
export function subjectOf(names) {
  const first = names.find(({ kind, text }) => (kind === "dns" || kind === "ip") && text.length <= MAX_COMMON_NAME);
  return first ? sequence(setOf(sequence(oid("2.5.4.3"), utf8String(first.text)))) : sequence();
}

/** The extension subjectAltName. */
export function subjectAltName(names) {
  const general = names.map(({ kind, octets }) => implicit(TAGS[kind], octets));
  return sequence(oid("2.5.29.17"), octetString(sequence(...general)));
}
