// Properties of the modules of the pages with keys. Node.js has WebCrypto as browsers have it, and a crypto of its own, which judges.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import net from "node:net";
import { pathToFileURL } from "node:url";

const folder = pathToFileURL(process.argv[2]);
const load = (name) => import(new URL(`${name}.js`, folder));
const der = await load("der");
const { readNames } = await load("names");
const { ecdsaToDer, makeKey, publicKeyOf, signWith } = await load("keys");
const { makeCsr } = await load("csr");
const { decrypt, DecryptionError, encrypt, wrongPassphrase } = await load("pbes2");
const { encryptKey, keyFile, KeyFileError, openKeyFile } = await load("pkcs8");
const { pemBlocks, toPem } = await load("pem");
const { filesInZip } = await load("zip");
const { makePkcs12 } = await load("pkcs12");
const { holdsPrivateKey, holdsPrivateKeyBytes } = await load("private-key");

const seed = Number(process.env.SEED ?? crypto.randomInt(2 ** 31));
console.log(`SEED=${seed}`);
let state = seed;
/** A number below `most` (mulberry32). */
const below = (most) => {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * most);
};
const octets = (most) => Uint8Array.from({ length: below(most + 1) }, () => below(256));
const pick = (list) => list[below(list.length)];
const times = async (count, work) => {
  for (let turn = 0; turn < count; turn++) await work(turn);
};
const buffer = (one) => Buffer.from(one);
const spki = (key) => crypto.createPublicKey(key).export({ type: "spki", format: "der" });

/** DER with one octet changed, cut off, or made longer. */
const damaged = (whole) => {
  const copy = Uint8Array.from(whole);
  if (below(3) === 0) return copy.subarray(0, below(copy.length));
  if (below(3) === 0) return der.concat(copy, octets(4));
  copy[below(copy.length)] ^= 1 << below(8);
  return copy;
};

const properties = {
  async "what is written is read back, and what is no DER is refused with one error"() {
    await times(2000, () => {
      const number = below(2 ** 31) * pick([1, 2 ** 20]);
      assert.equal(der.readNumber(der.read(der.integer(number))), number);
      const arcs = [pick([0, 1, 2]), below(40), ...Array.from({ length: below(6) }, () => below(2 ** 31))].join(".");
      assert.equal(der.readOid(der.read(der.oid(arcs))), arcs);
      const content = octets(pick([0, 5, 127, 128, 255, 256, 70_000]));
      const element = der.read(der.concat(der.octetString(content), Uint8Array.of(1, 2)));
      assert.ok(buffer(element.content).equals(buffer(content)) && element.rest.length === 2);
      const magnitude = octets(40);
      const read = der.read(der.integer(magnitude)).content;
      const hex = (one) => buffer(one).toString("hex").replace(/^0+/, "");
      assert.equal(hex(read), hex(magnitude));
      assert.ok(read[0] < 0x80 && (read.length === 1 || read[0] !== 0 || read[1] >= 0x80), "the shortest form");
    });
    let refused = 0;
    await times(5000, () => {
      try {
        const walk = (content, depth) => der.readAll(content).forEach((one) => one.tag & 0x20 && depth < 20 && walk(one.content, depth + 1));
        walk(octets(60), 0);
      } catch (error) {
        assert.ok(error instanceof der.DerError, error);
        refused++;
      }
    });
    assert.ok(refused > 1000, `${refused}`);
  },

  async "every word is a name or wrong, and addresses are what Node.js takes for addresses"() {
    const signs = [..."abcxyz0123456789.-_:*@/[]%ü例 \u202e\0"];
    const counts = { name: 0, wrong: 0 };
    await times(20_000, () => {
      const word = Array.from({ length: 1 + below(12) }, () => pick(signs)).join("");
      const { names, wrong } = readNames(word);
      const words = word.split(/[\s,;]+/).filter(Boolean);
      assert.ok(names.length + wrong.length <= words.length && (words.length === 0 || names.length + wrong.length > 0), word);
      for (const { kind, octets: value } of names)
        assert.ok(kind === "ip" ? value.length === 4 || value.length === 16 : value.every((one) => one > 0x20 && one < 0x7f), word);
      counts.name += names.length;
      counts.wrong += wrong.length;
    });
    assert.ok(counts.name > 1000 && counts.wrong > 1000, JSON.stringify(counts));
    await times(5000, () => {
      const four = Array.from({ length: 4 }, () => below(300)).join(".");
      assert.equal(readNames(four).names[0]?.kind === "ip", net.isIPv4(four), four);
      const groups = Array.from({ length: 8 }, () => pick([0, 0, below(65_536)]));
      const full = groups.map((group) => group.toString(16)).join(":");
      const short = new URL(`http://[${full}]/`).hostname.slice(1, -1);
      const expected = groups.flatMap((group) => [group >> 8, group & 255]);
      for (const text of [full, short, full.toUpperCase()]) assert.deepEqual([...readNames(text).names[0].octets], expected, text);
    });
    const of = (text) => readNames(text).names.map(({ kind, text }) => `${kind} ${text}`);
    assert.deepEqual(of("WWW.Example.com, 例え.jp;*.b.example 1.2.3 a@b.example spiffe://x/y ::1 ::ffff:1.2.3.4 www.example.com"), [
      "dns www.example.com", "dns xn--r8jz45g.jp", "dns *.b.example", "dns 1.2.3", "email a@b.example", "uri spiffe://x/y", "ip ::1",
      "ip ::ffff:102:304",
    ]);
    assert.deepEqual(readNames("a..b -:- 256.1.1.1 01.1.1.1 a@ @b fe80::1%eth0 www.example.com:443 http:x/y").names, []);
  },

  async "a signature of ECDSA is one that OpenSSL verifies, whatever zeros it begins with"() {
    for (const kind of ["ec-p256", "ec-p384"]) {
      const key = await makeKey(kind);
      const open = crypto.createPublicKey({ key: buffer(key.publicKey), type: "spki", format: "der" });
      await times(600, async () => {
        const message = octets(100);
        const { value } = await signWith(key, message);
        assert.ok(crypto.verify(kind === "ec-p256" ? "sha256" : "sha384", message, open, value), kind);
      });
    }
    assert.equal(buffer(ecdsaToDer(Uint8Array.of(0, 0x80, 0, 1))).toString("hex"), "300702020080020101");
  },

  async "a key file is opened by Node.js and by us with its passphrase and with no other"() {
    for (const kind of ["ec-p256", "ec-p384", "rsa", "ed25519"]) {
      const { privateKey, publicKey } = await makeKey(kind, 2048);
      const passphrase = "pass phrase of 'some' length";
      const encrypted = await encryptKey(privateKey, passphrase);
      const theirs = crypto.createPrivateKey({ key: keyFile(encrypted), format: "pem", passphrase });
      assert.ok(spki(theirs).equals(buffer(publicKey)), kind);
      for (const file of [encrypted, buffer(keyFile(encrypted))]) {
        assert.ok(buffer(await openKeyFile(file, passphrase)).equals(buffer(privateKey)), kind);
        await assert.rejects(openKeyFile(file, "another one"), { code: "wrong-passphrase" });
        await assert.rejects(openKeyFile(file, ""), { code: "needs-passphrase" });
      }
    }
  },

  async "what OpenSSL encrypts is opened, or refused by its code"() {
    const { privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-521" });
    const plain = privateKey.export({ type: "pkcs8", format: "der" });
    for (const cipher of ["aes-256-cbc", "aes-128-cbc"]) {
      const file = buffer(privateKey.export({ type: "pkcs8", format: "pem", cipher, passphrase: "é secret" }));
      assert.ok(buffer(await openKeyFile(file, "é secret")).equals(plain), cipher);
    }
    for (const cipher of ["aes-192-cbc", "des-ede3-cbc"]) {
      const file = buffer(privateKey.export({ type: "pkcs8", format: "pem", cipher, passphrase: "secret" }));
      await assert.rejects(openKeyFile(file, "secret"), { code: "unsupported-encryption" }, cipher);
    }
    const sec1 = buffer(privateKey.export({ type: "sec1", format: "pem" }));
    for (const file of [sec1, pemBlocks(sec1.toString())[0].der]) await assert.rejects(openKeyFile(file, "x"), { code: "other-format" });
    for (const file of [buffer(""), buffer("hello"), spki(privateKey), buffer(toPem("CERTIFICATE", plain))])
      await assert.rejects(openKeyFile(file, "x"), { code: "no-key-file" });
  },

  async "any octets end in a key or in a code, quickly"() {
    const { privateKey } = crypto.generateKeyPairSync("ed25519");
    const plain = privateKey.export({ type: "pkcs8", format: "der" });
    const { algorithm, encrypted } = await encrypt(plain, "passphrase", 10);
    const file = der.sequence(algorithm, der.octetString(encrypted));
    const codes = new Map();
    await times(3000, async () => {
      const given = pick([octets(80), damaged(file), damaged(plain), damaged(buffer(keyFile(file)))]);
      // A damaged number of rounds may be large, and is not what is tested here.
      if (buffer(given).includes(buffer(algorithm)) === false && given[0] === 0x30 && given.length > 90) return;
      const code = await openKeyFile(given, "passphrase").then(
        () => "a key",
        (error) => {
          assert.ok(error instanceof KeyFileError, error);
          return error.code;
        },
      );
      codes.set(code, (codes.get(code) ?? 0) + 1);
    });
    assert.ok(codes.get("no-key-file") > 100 && codes.get("a key") > 100, JSON.stringify([...codes]));
    // Rounds that would take minutes are refused before they begin.
    for (const rounds of [0, 10_000_001, 2 ** 40]) {
      const prf = der.sequence(der.oid("1.2.840.113549.2.9"), der.nothing());
      const derivation = der.sequence(
        der.oid("1.2.840.113549.1.5.12"),
        der.sequence(der.octetString(octets(8)), der.integer(rounds), prf),
      );
      const cipher = der.sequence(der.oid("2.16.840.1.101.3.4.1.42"), der.octetString(new Uint8Array(16)));
      const slow = der.sequence(der.oid("1.2.840.113549.1.5.13"), der.sequence(derivation, cipher));
      await assert.rejects(decrypt(slow, encrypted, "passphrase"), { code: "unsupported-encryption" }, `${rounds}`);
    }
    await times(300, async () => {
      const plainText = octets(200);
      const made = await encrypt(plainText, "passphrase", 1 + below(50));
      assert.ok(buffer(await decrypt(made.algorithm, made.encrypted, "passphrase")).equals(buffer(plainText)));
      await assert.rejects(
        decrypt(der.sequence(der.oid("1.2.840.113549.1.5.13"), damaged(made.algorithm)), made.encrypted, "passphrase"),
        DecryptionError,
      );
    });
  },

  async "the public half of a private key is that of OpenSSL, for every kind that browsers have"() {
    const keys = [
      ...["P-256", "P-384", "P-521"].map((namedCurve) => crypto.generateKeyPairSync("ec", { namedCurve })),
      crypto.generateKeyPairSync("ed25519"),
      crypto.generateKeyPairSync("rsa", { modulusLength: 2056 }),
    ];
    for (const { privateKey } of keys) {
      const found = await publicKeyOf(privateKey.export({ type: "pkcs8", format: "der" }));
      assert.ok(buffer(found).equals(spki(privateKey)), privateKey.asymmetricKeyType);
    }
    for (const other of [crypto.generateKeyPairSync("x25519"), crypto.generateKeyPairSync("ec", { namedCurve: "secp256k1" })])
      assert.equal(await publicKeyOf(other.privateKey.export({ type: "pkcs8", format: "der" })), undefined);
    await assert.rejects(publicKeyOf(octets(30)), der.DerError);
  },

  async "passphrases are judged, and files of any content are archives or errors"() {
    assert.equal(wrongPassphrase(""), "empty");
    assert.equal(wrongPassphrase("elevenchars"), "short");
    assert.equal(wrongPassphrase("twelve chars"), undefined);
    for (const one of ["pässword of length", "パスフレーズパスフレーズ", "tab\tin a passphrase", "nul\0in a passphrase"])
      assert.equal(wrongPassphrase(one), "characters", one);
    await times(3000, () => {
      const end = Buffer.alloc(22);
      end.writeUInt32LE(0x06054b50, 0);
      end.writeUInt16LE(below(3), 10);
      end.writeUInt32LE(below(80), 16);
      assert.doesNotThrow(() => {
        try {
          filesInZip(der.concat(octets(60), end));
        } catch (error) {
          if (!(error instanceof Error) || error instanceof TypeError) throw error;
        }
      });
    });
  },

  async "a CSR and a PKCS#12 file are DER that is read to its end"() {
    const key = await makeKey("ec-p256");
    await times(50, async () => {
      const { names } = readNames(Array.from({ length: 1 + below(30) }, () => `n${below(1e6)}.${"a".repeat(1 + below(60))}.example`).join(" "));
      const [{ label, der: csr }] = pemBlocks(await makeCsr(key, names));
      assert.equal(label, "CERTIFICATE REQUEST");
      const [info, , signature] = der.inside(csr);
      const open = crypto.createPublicKey({ key: buffer(key.publicKey), type: "spki", format: "der" });
      assert.ok(crypto.verify("sha256", info.whole, open, signature.content.subarray(1)));
      for (const { octets: value } of names) assert.ok(buffer(csr).includes(buffer(value)));
    });
    const { privateKey } = await makeKey("ed25519");
    for (const form of ["modern", "pbmac1"]) {
      const made = await makePkcs12({ privateKey, certificates: [octets(300), octets(9)], name: "www", passphrase: "a passphrase", form });
      const [version, , mac] = der.inside(made);
      assert.ok(der.readNumber(version) === 3 && mac.tag === 0x30, form);
      assert.ok(!buffer(made).includes(buffer(privateKey.subarray(-32))), form);
    }
  },

  async "a private key is found in every form that it is pasted in, and a CSR is none"() {
    const wrap = (text) => text.replace(/.{64}/g, "$&\n");
    const forms = [
      (one) => buffer(one).toString("base64"),
      (one) => wrap(buffer(one).toString("base64")),
      (one) => buffer(one).toString("base64url"),
      (one) => buffer(one).toString("hex"),
      (one) => encodeURIComponent(toPem("PRIVATE KEY", one)),
      (one) => JSON.stringify({ key: toPem("PRIVATE KEY", one) }),
      (one) => toPem("CERTIFICATE REQUEST", one),
    ];
    const kinds = [["ec", { namedCurve: "P-256" }], ["ed25519", {}], ["rsa", { modulusLength: 2048 }]];
    for (const [kind, options] of kinds) {
      const { privateKey } = crypto.generateKeyPairSync(kind, options);
      const der = privateKey.export({ type: "pkcs8", format: "der" });
      assert.ok(holdsPrivateKeyBytes(Uint8Array.from(der)), kind);
      for (const form of forms) assert.ok(holdsPrivateKey(form(der)), `${kind}: ${form}`);
    }
    const key = await makeKey("ec-p256");
    await times(100, async () => {
      const csr = await makeCsr(key, readNames(`n${below(1e6)}.example`).names);
      assert.ok(!holdsPrivateKey(csr), csr);
      assert.ok(!holdsPrivateKeyBytes(pemBlocks(csr)[0].der), csr);
    });
    for (const text of ["", "For the shop.", "-".repeat(100), "key".repeat(100)]) assert.ok(!holdsPrivateKey(text), text);
  },
};

let held = 0;
for (const [name, property] of Object.entries(properties)) {
  const begun = performance.now();
  await property();
  held++;
  console.log(`${name}: ${Math.round(performance.now() - begun)} ms`);
}
console.log(`held: ${held} of ${Object.keys(properties).length}`);
