// Zip archives whose files are not compressed, as certificate.zip is.

/** The files of an archive by name. Throws an Error for one that is compressed, cut off or no archive. */
export function filesInZip(octets) {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  // The end of the central directory: 22 octets, without a comment.
  const end = octets.length - 22;
  if (end < 0 || view.getUint32(end, true) !== 0x06054b50) throw new Error("no archive");
  const files = new Map();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error("no entry");
    if (view.getUint16(at + 10, true) !== 0) throw new Error("compressed");
    const [size, header] = [view.getUint32(at + 24, true), view.getUint32(at + 42, true)];
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const begin = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    if (begin + size > octets.length) throw new Error("cut off");
    files.set(new TextDecoder().decode(octets.subarray(at + 46, at + 46 + name)), octets.subarray(begin, begin + size));
    at += 46 + name + extra + comment;
  }
  return files;
}
