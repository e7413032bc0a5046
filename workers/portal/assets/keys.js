// Key pairs by WebCrypto: made, used for a signature, and recognised in PKCS#8.
//
// Invariant: no CryptoKey that this module returns can be exported.

import { DerError, inside, integer, nothing, oid, readOid, sequence } from "./der.js";

const RSA = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
const ec = (namedCurve) => ({ name: "ECDSA", namedCurve });

/**
 * The kinds of key that a page offers. `signature` is the AlgorithmIdentifier of its signatures: RFC 5758 section 3.2 (ECDSA),
 * RFC 4055 section 5 (RSA), RFC 8410 section 3 (Ed25519).
 */
const KINDS = {
  "ec-p256": { algorithm: ec("P-256"), signing: { name: "ECDSA", hash: "SHA-256" }, signature: sequence(oid("1.2.840.10045.4.3.2")) },
  "ec-p384": { algorithm: ec("P-384"), signing: { name: "ECDSA", hash: "SHA-384" }, signature: sequence(oid("1.2.840.10045.4.3.3")) },
  rsa: { algorithm: RSA, signing: RSA, signature: sequence(oid("1.2.840.113549.1.1.11"), nothing()) },
  ed25519: { algorithm: { name: "Ed25519" }, signing: { name: "Ed25519" }, signature: sequence(oid("1.3.101.112")) },
};

/** True if the browser has WebCrypto: not over plain http, except on localhost. */
export const hasWebCrypto = () => globalThis.crypto?.subtle !== undefined;

/** True if the browser makes keys of this kind. Ed25519 is younger than the others. */
export async function canMake(kind) {
  if (kind !== "ed25519") return true;
  try {
    await crypto.subtle.generateKey(KINDS.ed25519.algorithm, false, ["sign", "verify"]);
    return true;
  } catch {
    return false;
  }
}

/**
 * A new key pair: its kind, the SubjectPublicKeyInfo, the private key as PKCS#8 for the caller to encrypt and erase, and a handle
 * that signs and cannot be exported.
 */
export async function makeKey(kind, rsaBits) {
  const { subtle } = crypto;
  const { algorithm } = KINDS[kind];
  const size = kind === "rsa" ? { modulusLength: rsaBits, publicExponent: Uint8Array.of(1, 0, 1) } : {};
  const pair = await subtle.generateKey({ ...algorithm, ...size }, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await subtle.exportKey("spki", pair.publicKey));
  const privateKey = new Uint8Array(await subtle.exportKey("pkcs8", pair.privateKey));
  const handle = await subtle.importKey("pkcs8", privateKey, algorithm, false, ["sign"]);
  return { kind, publicKey, privateKey, handle };
}

/** Signs, and returns the AlgorithmIdentifier and the signature as in a certificate or a CSR. */
export async function signWith({ kind, handle }, octets) {
  const { algorithm, signing, signature } = KINDS[kind];
  const value = new Uint8Array(await crypto.subtle.sign(signing, handle, octets));
  return { algorithm: signature, value: algorithm.name === "ECDSA" ? ecdsaToDer(value) : value };
}

/** An ECDSA signature of WebCrypto, r and s at full length, as the SEQUENCE of RFC 3279 section 2.2.3. */
export function ecdsaToDer(raw) {
  const half = raw.length / 2;
  return sequence(integer(raw.subarray(0, half)), integer(raw.subarray(half)));
}

const CURVES = { "1.2.840.10045.3.1.7": "P-256", "1.3.132.0.34": "P-384", "1.3.132.0.35": "P-521" };

/** The algorithm of a private key in PKCS#8; `undefined` for one that browsers do not have. */
function algorithmOf(privateKey) {
  const [version, identifier, key] = inside(privateKey);
  if (version?.tag !== 0x02 || key?.tag !== 0x04) throw new DerError("no PKCS#8");
  const [kind, parameters] = inside(identifier.whole);
  const name = readOid(kind);
  if (name === "1.2.840.113549.1.1.1") return RSA;
  if (name === "1.3.101.112") return KINDS.ed25519.algorithm;
  const curve = name === "1.2.840.10045.2.1" && parameters?.tag === 0x06 && CURVES[readOid(parameters)];
  return curve ? ec(curve) : undefined;
}

/**
 * The SubjectPublicKeyInfo of a private key in PKCS#8; `undefined` if the browser cannot use such a key.
 * Throws a DerError if it is no PKCS#8.
 */
export async function publicKeyOf(privateKey) {
  const { subtle } = crypto;
  const algorithm = algorithmOf(privateKey);
  if (!algorithm) return undefined;
  try {
    const key = await subtle.importKey("pkcs8", privateKey, algorithm, true, ["sign"]);
    // The public members of RFC 7517, without those of the private key.
    const { kty, crv, x, y, n, e } = await subtle.exportKey("jwk", key);
    const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
    const open = await subtle.importKey("jwk", Object.fromEntries(members), algorithm, true, ["verify"]);
    return new Uint8Array(await subtle.exportKey("spki", open));
  } catch {
    return undefined;
  }
}

/** SHA-256 in lower-case hexadecimal digits: of a SubjectPublicKeyInfo, the name of a key. */
export async function sha256(octets) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
  return [...digest].map((octet) => octet.toString(16).padStart(2, "0")).join("");
}
