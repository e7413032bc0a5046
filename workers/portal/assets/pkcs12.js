// PKCS#12 files (RFC 7292) with a private key and its certificates.
//
// Both forms encrypt with PBES2: AES-256, and PBKDF2 with HMAC-SHA-256. They differ in the MAC over the file:
// - `modern`: HMAC-SHA-256 with the key derivation of RFC 7292 appendix B, which today's programs read;
// - `pbmac1`: PBMAC1 of RFC 9579, whose key is as hard to guess as that of the encryption; for programs of 2024 and later.

import { bmpString, concat, explicit, implicit, integer, nothing, octetString, oid, sequence, setOf, utf16 } from "./der.js";
import { encryptKey } from "./pkcs8.js";
import { encrypt, hmacSha256, pbkdf2, ROUNDS } from "./pbes2.js";

/** The rounds of the key derivation of RFC 7292: each is a call of WebCrypto, so that more of them take seconds. */
const MAC_ROUNDS = 10_000;
const DATA = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA = "1.2.840.113549.1.7.6";
const KEY_BAG = "1.2.840.113549.1.12.10.1.2";
const CERTIFICATE_BAG = "1.2.840.113549.1.12.10.1.3";
const SHA_256 = "2.16.840.1.101.3.4.2.1";

/**
 * The file. `privateKey` is PKCS#8, `certificates` are DER with that of the key first, and `form` is `modern` or `pbmac1`.
 */
export async function makePkcs12({ privateKey, certificates, name, passphrase, form }) {
  const attributes = setOf(
    attribute("1.2.840.113549.1.9.20", bmpString(name)),
    // localKeyId: the same octets at the key and at its certificate.
    attribute("1.2.840.113549.1.9.21", octetString(Uint8Array.of(1))),
  );
  const shown = certificates.map((certificate, place) => certificateBag(certificate, place === 0 ? [attributes] : []));
  const key = sequence(oid(KEY_BAG), explicit(0, await encryptKey(privateKey, passphrase)), attributes);
  const safes = sequence(await encryptedSafe(sequence(...shown), passphrase), data(sequence(key)));
  return sequence(integer(3), data(safes), await macData[form](safes, passphrase));
}

const attribute = (type, value) => sequence(oid(type), setOf(value));

const certificateBag = (certificate, attributes) =>
  sequence(
    oid(CERTIFICATE_BAG),
    explicit(0, sequence(oid("1.2.840.113549.1.9.22.1"), explicit(0, octetString(certificate)))),
    ...attributes,
  );

/** RFC 5652 section 4. */
const data = (content) => sequence(oid(DATA), explicit(0, octetString(content)));

/** RFC 5652 section 8. */
async function encryptedSafe(content, passphrase) {
  const { algorithm, encrypted } = await encrypt(content, passphrase);
  const info = sequence(oid(DATA), algorithm, implicit(0, encrypted));
  return sequence(oid(ENCRYPTED_DATA), explicit(0, sequence(integer(0), info)));
}

const macData = {
  async modern(octets, passphrase) {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = await pkcs12Key(passphrase, salt, MAC_ROUNDS);
    const digest = sequence(sequence(oid(SHA_256), nothing()), octetString(await hmac(key, octets)));
    return sequence(digest, octetString(salt), integer(MAC_ROUNDS));
  },
  async pbmac1(octets, passphrase) {
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const key = await pbkdf2(passphrase, salt, ROUNDS, "SHA-256", 256);
    // RFC 9579 section 4: the length of the key has to be there.
    const derivation = sequence(octetString(salt), integer(ROUNDS), integer(32), hmacSha256());
    const parameters = sequence(sequence(oid("1.2.840.113549.1.5.12"), derivation), hmacSha256());
    const algorithm = sequence(oid("1.2.840.113549.1.5.14"), parameters);
    // The salt and the rounds of MacData have no use here; the rounds are the default, which DER leaves out.
    return sequence(sequence(algorithm, octetString(await hmac(key, octets))), octetString(new TextEncoder().encode("NOT USED")));
  },
};

async function hmac(key, octets) {
  const handle = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  key.fill(0);
  return new Uint8Array(await crypto.subtle.sign("HMAC", handle, octets));
}

/** RFC 7292 appendix B.2 for a key of 32 octets, which one block of SHA-256 gives. */
export async function pkcs12Key(passphrase, salt, rounds) {
  const block = 64;
  const filled = (octets) => {
    const whole = new Uint8Array(block * Math.ceil(octets.length / block));
    return whole.map((_, at) => octets[at % octets.length]);
  };
  // ID 3: a key for a MAC. The passphrase ends with a zero.
  const purpose = new Uint8Array(block).fill(3);
  let key = concat(purpose, filled(salt), filled(concat(utf16(passphrase), Uint8Array.of(0, 0))));
  for (let round = 0; round < rounds; round++) key = await crypto.subtle.digest("SHA-256", key);
  return new Uint8Array(key);
}
