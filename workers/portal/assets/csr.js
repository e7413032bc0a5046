// Certificate signing requests (PKCS#10, RFC 2986).

import { bitString, explicit, integer, oid, sequence, setOf } from "./der.js";
import { signWith } from "./keys.js";
import { subjectAltName, subjectOf } from "./names.js";
import { toPem } from "./pem.js";

/** The CSR for these names, signed with the key, as PEM. */
export async function makeCsr(key, names) {
  // RFC 2985 section 5.4.2, extensionRequest. The attributes are a SET OF behind [0], which is one set of one element.
  const extensions = sequence(oid("1.2.840.113549.1.9.14"), setOf(sequence(subjectAltName(names))));
  const info = sequence(integer(0), subjectOf(names), key.publicKey, explicit(0, extensions));
  const { algorithm, value } = await signWith(key, info);
  return toPem("CERTIFICATE REQUEST", sequence(info, algorithm, bitString(value)));
}
