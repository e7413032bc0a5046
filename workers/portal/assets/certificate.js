// Certificates (RFC 5280), as far as a key file is held against them.

import { inside, readAll } from "./der.js";
import { pemBlocks } from "./pem.js";

/** The certificates in a PEM text, as DER. */
export const certificatesIn = (text) => pemBlocks(text).flatMap(({ label, der }) => (label === "CERTIFICATE" ? [der] : []));

/** The SubjectPublicKeyInfo of a certificate. */
export function publicKeyOfCertificate(certificate) {
  const [tbs] = inside(certificate);
  // Serial number, signature, issuer, validity, subject and key; in front of them a version, which is tagged.
  const fields = readAll(tbs.content).filter(({ tag }) => tag !== 0xa0);
  return fields[5].whole;
}
