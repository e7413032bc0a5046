// PEM (RFC 7468), and base64.

/** Base64 of octets. */
export function toBase64(octets) {
  let text = "";
  for (let at = 0; at < octets.length; at += 8192) text += String.fromCharCode(...octets.subarray(at, at + 8192));
  return btoa(text);
}

/** A PEM block with lines of 64 digits. */
export function toPem(label, der) {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** The blocks of a text, each with its label and its octets; what is between them is left out, as is a block that is not base64. */
export function pemBlocks(text) {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g);
  return [...blocks].flatMap(([, label, body]) => {
    try {
      return [{ label, der: Uint8Array.from(atob(body.replace(/\s/g, "")), (digit) => digit.charCodeAt(0)) }];
    } catch {
      return [];
    }
  });
}
