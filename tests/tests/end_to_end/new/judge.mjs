// pkijs opens what the pages made: a CSR, a key file and a PKCS#12 file.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [passphrase, folder, host, kind] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const pkijs = require("pkijs");
pkijs.setEngine("node", new pkijs.CryptoEngine({ name: "node", crypto: crypto.webcrypto }));

const pem = (name) => Buffer.from(readFileSync(name, "utf8").replace(/-----[^-]+-----/, "").replace(/-----[^]*/, ""), "base64");
const buffer = (octets) => new Uint8Array(octets).slice().buffer;
const password = buffer(Buffer.from(passphrase));

const csr = pkijs.CertificationRequest.fromBER(buffer(pem("request.csr")));
// pkijs has no Ed25519.
if (kind !== "ed25519") assert.equal(await csr.verify(), true);
const public_ = Buffer.from(csr.subjectPublicKeyInfo.toSchema().toBER());
const certificate = pkijs.Certificate.fromBER(buffer(pem("fullchain.pem")));
assert.ok(public_.equals(Buffer.from(certificate.subjectPublicKeyInfo.toSchema().toBER())));

const opened = async (der) => {
  const shrouded = pkijs.PKCS8ShroudedKeyBag.fromBER(der);
  await shrouded.parseInternalValues({ password });
  return Buffer.from(shrouded.parsedValue.toSchema().toBER());
};
const key = pem("key.pem");
assert.ok((await opened(buffer(pem("encrypted.pem")))).equals(key));
await assert.rejects(async () => {
  const shrouded = pkijs.PKCS8ShroudedKeyBag.fromBER(buffer(pem("encrypted.pem")));
  await shrouded.parseInternalValues({ password: buffer(Buffer.from("another passphrase")) });
});

const pfx = pkijs.PFX.fromBER(buffer(readFileSync("modern.p12")));
await pfx.parseInternalValues({ password, checkIntegrity: true });
const { authenticatedSafe } = pfx.parsedValue;
await authenticatedSafe.parseInternalValues({ safeContents: [{ password }, { password }] });
const bags = authenticatedSafe.parsedValue.safeContents.flatMap(({ value }) => value.safeBags);
const names = new Set(bags.flatMap(({ bagAttributes }) => bagAttributes ?? []).map(({ values }) => values[0].valueBlock.value ?? ""));
assert.ok(names.has(host), [...names].join());
const keys = [];
for (const { bagId, bagValue } of bags) {
  if (bagId !== "1.2.840.113549.1.12.10.1.2") continue;
  await bagValue.parseInternalValues({ password });
  keys.push(Buffer.from(bagValue.parsedValue.toSchema().toBER()));
}
assert.ok(keys.length === 1 && keys[0].equals(key));
const certificates = bags.filter(({ bagId }) => bagId === "1.2.840.113549.1.12.10.1.3");
assert.ok(Buffer.from(certificates[0].bagValue.parsedValue.toSchema().toBER()).equals(pem("fullchain.pem")));

// pkijs reads PBMAC1 as any MAC, and computes none: this is RFC 9579 once more, by the crypto of Node.js.
const newer = pkijs.PFX.fromBER(buffer(readFileSync("pbmac1.p12")));
const { digestAlgorithm, digest } = newer.macData.mac;
assert.equal(digestAlgorithm.algorithmId, "1.2.840.113549.1.5.14");
const [derivation, scheme] = digestAlgorithm.algorithmParams.valueBlock.value;
const [salt, rounds, length, prf] = derivation.valueBlock.value[1].valueBlock.value;
const hmacSha256 = "1.2.840.113549.2.9";
for (const { valueBlock } of [scheme, prf]) assert.equal(valueBlock.value[0].valueBlock.toString(), hmacSha256);
assert.equal(rounds.valueBlock.valueDec, 600_000);
assert.equal(length.valueBlock.valueDec, 32);
const macKey = crypto.pbkdf2Sync(passphrase, Buffer.from(salt.valueBlock.valueHexView), 600_000, 32, "sha256");
const safes = Buffer.from(newer.authSafe.content.valueBlock.valueHexView);
const mac = crypto.createHmac("sha256", macKey).update(safes).digest();
assert.ok(mac.equals(Buffer.from(digest.valueBlock.valueHexView)));
console.log("agreed");
