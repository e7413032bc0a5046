// The key file on the status page: with the certificate it becomes a PKCS#12 or PEM file, in the page.
//
// Invariant: nothing is sent but the request for certificate.zip. The private key is decrypted for one file, and then overwritten.

import { certificatesIn, publicKeyOfCertificate } from "./certificate.js";
import { DerError } from "./der.js";
import { canKeep, forget, keptFor } from "./kept.js";
import { hasWebCrypto, publicKeyOf, sha256 } from "./keys.js";
import { clearErrors, fileStem, offerFile, showError, showPassphrases, text, withdrawFile } from "./page.js";
import { wrongPassphrase } from "./pbes2.js";
import { makePkcs12 } from "./pkcs12.js";
import { KeyFileError, openKey, openKeyFile } from "./pkcs8.js";
import { filesInZip } from "./zip.js";

/** The largest file that is taken for a key. */
const MAX_FILE_OCTETS = 256 * 1024;
const part = (id) => document.getElementById(id);

begin();
// While the request is in progress, the page shows news by a new main part.
document.addEventListener("replaced", begin);

function begin() {
  const section = part("key-file");
  if (section) void start(section, section.dataset);
}

async function start(section, { id, key, zip, name }) {
  let kept;
  /** The files of certificate.zip, fetched once. */
  let bundle;
  try {
    kept = canKeep() ? await keptFor(id, key) : undefined;
  } catch {
    // A browser without a store, as in some private windows: the file is chosen.
  }
  const showKept = () => {
    part("key-kept").hidden = !kept;
    section.hidden = !zip && !kept;
  };
  part("key-forget").addEventListener("click", async () => {
    try {
      await forget(id);
      kept = undefined;
      part("key-progress").textContent = text("is-forgotten");
    } catch {
      part("key-progress").textContent = text("not-forgotten");
    }
    // The line with the answer stays in sight.
    part("key-kept").hidden = !kept;
  });
  showKept();
  if (!zip) return;
  if (!hasWebCrypto()) {
    part("key-no-crypto").hidden = false;
    return;
  }
  const [file, passphrase, another, link] = ["key-choice", "key-passphrase", "key-another", "key-made"].map(part);
  let dropped;

  const wanted = () => section.querySelector("input[name=what]:checked").value;
  const isPkcs12 = () => wanted() === "modern" || wanted() === "pbmac1";

  const keyOctets = async () => {
    const chosen = dropped ?? file.files[0];
    if (!chosen) {
      if (kept) return kept;
      throw new KeyFileError("no-file");
    }
    if (chosen.size > MAX_FILE_OCTETS) throw new KeyFileError("no-key-file");
    return new Uint8Array(await chosen.arrayBuffer());
  };

  const fetchBundle = async () => {
    try {
      const answer = await fetch(zip, { headers: { Accept: "application/zip" } });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const files = filesInZip(new Uint8Array(await answer.arrayBuffer()));
      const chain = new TextDecoder().decode(files.get("fullchain.pem"));
      if (!certificatesIn(chain).length) throw new Error("no certificate");
      return chain;
    } catch {
      throw new KeyFileError("no-certificate");
    }
  };

  /** The file that was asked for: its name and its content. */
  const makeFile = async (privateKey) => {
    const publicKey = await publicKeyOf(privateKey);
    if (!publicKey) throw new KeyFileError("unsupported-key");
    bundle ??= await fetchBundle();
    const certificates = certificatesIn(bundle);
    if ((await sha256(publicKey)) !== (await sha256(publicKeyOfCertificate(certificates[0])))) throw new KeyFileError("other-key");
    const stem = fileStem(name);
    if (isPkcs12()) {
      const content = await makePkcs12({
        privateKey,
        certificates,
        name: stem,
        passphrase: another.value || passphrase.value,
        form: wanted(),
      });
      return [`${stem}.p12`, content];
    }
    const files = {
      bundle: () => [`${stem}-bundle.pem`, openKey(privateKey) + bundle],
      key: () => [`${stem}-key-not-encrypted.pem`, openKey(privateKey)],
      fullchain: () => [`${stem}-fullchain.pem`, bundle],
    };
    return files[wanted()]();
  };

  /** The field that an error is about. */
  const fieldOf = (code) => (code === "wrong-passphrase" || code === "needs-passphrase" ? passphrase : file);

  const run = async () => {
    clearErrors(section);
    withdrawFile(link);
    link.hidden = true;
    const wrong = isPkcs12() && wrongPassphrase(another.value || passphrase.value);
    part("key-progress").textContent = text("working");
    part("key-button").disabled = true;
    let privateKey;
    try {
      privateKey = await openKeyFile(await keyOctets(), passphrase.value);
      if (wrong) return showError(another, `passphrase-${wrong}`);
      const [fileName, content] = await makeFile(privateKey);
      offerFile(link, fileName, content);
      link.textContent = `${text("download")} ${fileName}`;
      link.hidden = false;
      part("key-progress").textContent = text("is-made");
      link.focus();
    } catch (error) {
      const code = error instanceof KeyFileError ? error.code : error instanceof DerError ? "no-key-file" : "failed";
      showError(fieldOf(code), code);
    } finally {
      privateKey?.fill(0);
      part("key-button").disabled = false;
      if (link.hidden) part("key-progress").textContent = "";
    }
  };

  part("key-button").addEventListener("click", () => void run());
  for (const choice of section.querySelectorAll("input[name=what]"))
    choice.addEventListener("change", () => {
      part("another-field").hidden = !isPkcs12();
      part("key-open-warning").hidden = wanted() !== "key" && wanted() !== "bundle";
    });
  file.addEventListener("change", () => {
    dropped = undefined;
    part("key-dropped").textContent = "";
  });
  const hover = (on) => (event) => {
    event.preventDefault();
    section.classList.toggle("dropping", on);
  };
  section.addEventListener("dragover", hover(true));
  section.addEventListener("dragleave", hover(false));
  section.addEventListener("drop", (event) => {
    hover(false)(event);
    dropped = event.dataTransfer.files[0] ?? dropped;
    part("key-dropped").textContent = dropped?.name ?? "";
  });
  showPassphrases(section, part("key-button"));
  part("key-controls").hidden = false;
}
