// Key files: private keys in PKCS#8 (RFC 5958), encrypted with a passphrase.

import { DerError, inside, octetString, sequence } from "./der.js";
import { decrypt, DecryptionError, encrypt } from "./pbes2.js";
import { pemBlocks, toPem } from "./pem.js";

const LABEL = "PRIVATE KEY";

/** Why a file cannot be opened: `no-key-file`, `other-format`, `needs-passphrase`, or the code of a DecryptionError. */
export class KeyFileError extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** The EncryptedPrivateKeyInfo of a private key. */
export async function encryptKey(privateKey, passphrase) {
  const { algorithm, encrypted } = await encrypt(privateKey, passphrase);
  return sequence(algorithm, octetString(encrypted));
}

/** The text of a key file. */
export const keyFile = (encryptedKey) => toPem(`ENCRYPTED ${LABEL}`, encryptedKey);

/** A private key as PEM that is not encrypted. */
export const openKey = (privateKey) => toPem(LABEL, privateKey);

/**
 * The private key in a file, as PKCS#8 for the caller to erase. PEM and DER, encrypted or not. Throws a KeyFileError.
 */
export async function openKeyFile(octets, passphrase) {
  const { der, isEncrypted } = keyIn(octets);
  if (!isEncrypted) return der.slice();
  if (!passphrase) throw new KeyFileError("needs-passphrase");
  const [algorithm, encrypted] = inside(der);
  try {
    const privateKey = await decrypt(algorithm.whole, encrypted.content, passphrase);
    // One wrong passphrase in 256 leaves a padding that looks right.
    if (!isPrivateKey(privateKey)) throw new DecryptionError("wrong-passphrase");
    return privateKey;
  } catch (error) {
    throw error instanceof DecryptionError ? new KeyFileError(error.code) : error;
  }
}

function keyIn(octets) {
  // A text may begin with the octet of a SEQUENCE, which is the digit 0.
  if (elementsOf(octets).length) return keyInDer(octets);
  const blocks = pemBlocks(new TextDecoder().decode(octets));
  const block = blocks.find(({ label }) => label === LABEL || label === `ENCRYPTED ${LABEL}`);
  if (block) return keyInDer(block.der);
  // SEC 1, PKCS#1 and OpenSSH.
  throw new KeyFileError(blocks.some(({ label }) => label.endsWith(LABEL)) ? "other-format" : "no-key-file");
}

function keyInDer(der) {
  if (isPrivateKey(der)) return { der, isEncrypted: false };
  const elements = elementsOf(der).map(({ tag }) => tag);
  if (elements.length === 2 && elements[0] === 0x30 && elements[1] === 0x04) return { der, isEncrypted: true };
  // The version of SEC 1, PKCS#1 and PKCS#12.
  throw new KeyFileError(elements[0] === 0x02 ? "other-format" : "no-key-file");
}

/** True for a PrivateKeyInfo: a version, an AlgorithmIdentifier and an octet string, with or without what RFC 5958 adds. */
function isPrivateKey(der) {
  const [version, algorithm, key] = elementsOf(der).map(({ tag }) => tag);
  return version === 0x02 && algorithm === 0x30 && key === 0x04;
}

function elementsOf(der) {
  try {
    return inside(der);
  } catch (error) {
    if (error instanceof DerError) return [];
    throw error;
  }
}
