// Encryption by a passphrase: PBES2 of RFC 8018 with PBKDF2 and AES in CBC mode, and the rules for passphrases.

import { DerError, inside, integer, nothing, octetString, oid, readNumber, readOid, sequence } from "./der.js";

/** The rounds of PBKDF2, as OWASP advises for HMAC-SHA-256. */
export const ROUNDS = 600_000;
/** The most rounds that are read: a page would seem to hang with more. */
const MAX_ROUNDS = 10_000_000;
/** The fewest characters of a passphrase. */
export const MIN_PASSPHRASE = 12;

const PBES2 = "1.2.840.113549.1.5.13";
const PBKDF2 = "1.2.840.113549.1.5.12";
const AES_256_CBC = "2.16.840.1.101.3.4.1.42";
/** The ciphers that all browsers have, with the bits of their keys. */
const CIPHERS = { "2.16.840.1.101.3.4.1.2": 128, [AES_256_CBC]: 256 };
const HMAC_SHA_256 = "1.2.840.113549.2.9";
const PRFS = {
  "1.2.840.113549.2.7": "SHA-1",
  [HMAC_SHA_256]: "SHA-256",
  "1.2.840.113549.2.10": "SHA-384",
  "1.2.840.113549.2.11": "SHA-512",
};

/** Why something cannot be decrypted: `unsupported-encryption` or `wrong-passphrase`. */
export class DecryptionError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** The AlgorithmIdentifier of HMAC-SHA-256. */
export const hmacSha256 = () => sequence(oid(HMAC_SHA_256), nothing());

/**
 * What is wrong with a passphrase: `empty`, `characters` or `short`. Programs agree only about how printable ASCII becomes octets.
 */
export function wrongPassphrase(passphrase) {
  if (!passphrase) return "empty";
  if (!/^[\x20-\x7e]*$/.test(passphrase)) return "characters";
  return passphrase.length < MIN_PASSPHRASE ? "short" : undefined;
}

/** Bits of PBKDF2. */
export async function pbkdf2(passphrase, salt, iterations, hash, bits) {
  const octets = new TextEncoder().encode(passphrase);
  const key = await crypto.subtle.importKey("raw", octets, "PBKDF2", false, ["deriveBits"]);
  octets.fill(0);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "PBKDF2", salt, iterations, hash }, key, bits));
}

async function aesKey(passphrase, { salt, iterations, hash, bits }, use) {
  const octets = await pbkdf2(passphrase, salt, iterations, hash, bits);
  const key = await crypto.subtle.importKey("raw", octets, "AES-CBC", false, [use]);
  octets.fill(0);
  return key;
}

/** Encrypts with AES-256, and returns the AlgorithmIdentifier and the encrypted octets. */
export async function encrypt(plain, passphrase, iterations = ROUNDS) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const key = await aesKey(passphrase, { salt, iterations, hash: "SHA-256", bits: 256 }, "encrypt");
  const encrypted = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, plain));
  const derivation = sequence(oid(PBKDF2), sequence(octetString(salt), integer(iterations), hmacSha256()));
  const cipher = sequence(oid(AES_256_CBC), octetString(iv));
  return { algorithm: sequence(oid(PBES2), sequence(derivation, cipher)), encrypted };
}

/** Decrypts. Throws a DecryptionError. */
export async function decrypt(algorithm, encrypted, passphrase) {
  const parameters = readParameters(algorithm);
  const key = await aesKey(passphrase, parameters, "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-CBC", iv: parameters.iv }, key, encrypted));
  } catch {
    throw new DecryptionError("wrong-passphrase");
  }
}

/** The parameters of PBES2 (RFC 8018 appendix A). */
function readParameters(algorithm) {
  const unsupported = new DecryptionError("unsupported-encryption");
  try {
    const [scheme, parameters] = inside(algorithm);
    if (readOid(scheme) !== PBES2) throw unsupported;
    const [derivation, cipher] = inside(parameters.whole);
    const [derivationName, derivationParameters] = inside(derivation.whole);
    const [salt, count, ...optional] = inside(derivationParameters.whole);
    const prf = optional.find(({ tag }) => tag === 0x30);
    const [cipherName, iv] = inside(cipher.whole);
    const [iterations, bits] = [readNumber(count), CIPHERS[readOid(cipherName)]];
    // The PRF is HMAC-SHA-1 if none is named.
    const hash = prf ? PRFS[readOid(inside(prf.whole)[0])] : "SHA-1";
    const isUsable = readOid(derivationName) === PBKDF2 && bits && hash && iterations >= 1 && iterations <= MAX_ROUNDS;
    if (!isUsable || salt.tag !== 0x04 || iv?.tag !== 0x04 || iv.content.length !== 16) throw unsupported;
    return { salt: salt.content, iterations, hash, bits, iv: iv.content };
  } catch (error) {
    if (error instanceof DerError || error instanceof TypeError) throw unsupported;
    throw error;
  }
}
