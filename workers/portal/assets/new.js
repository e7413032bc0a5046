// The page /new: makes a key and a CSR, and lets the form go once the encrypted key was downloaded.
//
// Invariant: no field of the form ever holds a key or a passphrase. The private key leaves `makeKey` only to be encrypted, and is
// then overwritten; what stays in memory is a handle that signs and cannot be exported.

import { makeCsr } from "./csr.js";
import { canKeep, forgetUnclaimed, keep } from "./kept.js";
import { canMake, hasWebCrypto, makeKey, sha256 } from "./keys.js";
import { readNames } from "./names.js";
import { clearErrors, fileStem, offerFile, showError, showPassphrases, text, withdrawFile } from "./page.js";
import { wrongPassphrase } from "./pbes2.js";
import { encryptKey, keyFile } from "./pkcs8.js";

const part = (id) => document.getElementById(id);

if (hasWebCrypto()) start();
else {
  part("no-crypto").hidden = false;
  part("no-crypto").focus();
}

function start() {
  const [make, form, names, link] = [part("make"), part("request"), part("typed-names"), part("key-link")];
  const [passphrase, again, keepBox] = [part("passphrase"), part("passphrase-again"), part("keep")];
  const csr = form.elements.csrContent;
  const submit = form.querySelector("button[type=submit].primary");
  /** The key: its handle, its digest, whether its file was downloaded. */
  let made;
  let isBusy = false;

  /** The code of what is missing before the form may be sent. */
  const missing = () => {
    if (!made) return "need-key";
    if (!csr.value) return "need-request";
    return made.isDownloaded ? undefined : "need-download";
  };

  const refresh = () => {
    const code = missing();
    submit.disabled = code !== undefined;
    part("why").textContent = code ? text(code) : "";
    part("choose").hidden = made !== undefined;
    part("made").hidden = made === undefined;
    part("make-button").textContent = text(made ? "button-again" : "button-first");
    part("make-button").disabled = isBusy;
    // Nothing is left to make until the names change.
    part("make-button").hidden = made !== undefined && csr.value !== "";
  };

  const setCsr = (value) => {
    csr.value = value;
    // The preview of the form follows its field.
    csr.dispatchEvent(new Event("input", { bubbles: true }));
    refresh();
  };

  const profile = () => document.querySelector("input[name=profile]:checked, input[name=profile][type=hidden]");
  const kind = () => document.querySelector("input[name=kind]:checked");

  /** Offers the kinds of key that the profile allows and the browser makes. */
  const offerKinds = async () => {
    const { kinds, rsa } = profile().dataset;
    part("rsa-bits").textContent = rsa;
    const offered = [];
    for (const choice of document.querySelectorAll("[data-kind]")) {
      choice.hidden = !kinds.split(" ").includes(choice.dataset.kind);
      if (!choice.hidden && !(await canMake(choice.dataset.kind))) choice.hidden = true;
      const input = choice.querySelector("input");
      if (choice.hidden) input.checked = false;
      else offered.push(input);
    }
    if (!kind() && offered.length) offered[0].checked = true;
    part("no-kind").hidden = offered.length > 0;
  };

  /** The typed names; `undefined` after an error. */
  const typedNames = () => {
    const typed = readNames(names.value);
    if (typed.wrong.length) showError(names, "wrong-names", typed.wrong.slice(0, 10).join(" "));
    else if (!typed.names.length) showError(names, "no-names");
    else return typed.names;
  };

  const isGoodPassphrase = () => {
    const wrong = wrongPassphrase(passphrase.value);
    if (wrong) showError(passphrase, `passphrase-${wrong}`);
    else if (passphrase.type === "password" && passphrase.value !== again.value) showError(again, "passphrase-differs");
    else return true;
    return false;
  };

  const keepKey = async (digest, encrypted) => {
    try {
      await keep(digest, encrypted);
      part("kept").textContent = text("is-kept");
    } catch {
      part("kept").textContent = text("not-kept");
    }
    part("kept").hidden = false;
  };

  const makeNewKey = async (first) => {
    const { privateKey, ...key } = await makeKey(kind().value, Number(profile().dataset.rsa));
    let encrypted;
    try {
      encrypted = await encryptKey(privateKey, passphrase.value);
    } finally {
      privateKey.fill(0);
    }
    passphrase.value = again.value = "";
    made = { key, digest: await sha256(key.publicKey), isDownloaded: false };
    offerFile(link, `${fileStem(first.text)}-key.pem`, keyFile(encrypted));
    part("kept").hidden = true;
    if (keepBox.checked) await keepKey(made.digest, encrypted);
  };

  const run = async () => {
    clearErrors(make);
    const wanted = typedNames();
    if (!wanted || (!made && (!kind() || !isGoodPassphrase()))) return;
    isBusy = true;
    part("progress").textContent = text("working");
    refresh();
    const isNew = !made;
    try {
      if (isNew) await makeNewKey(wanted[0]);
      setCsr(await makeCsr(made.key, wanted));
      part("progress").textContent = text(isNew ? "is-made" : "is-updated");
    } catch (error) {
      part("progress").textContent = `${text("failed")} (${error.name})`;
    }
    isBusy = false;
    refresh();
    if (isNew && made) link.focus();
  };

  const discard = async () => {
    const digest = made?.digest;
    made = undefined;
    withdrawFile(link);
    part("progress").textContent = "";
    setCsr("");
    passphrase.focus();
    if (digest && canKeep()) await forgetUnclaimed(digest).catch(() => undefined);
  };

  link.addEventListener("click", () => {
    if (!made) return;
    made.isDownloaded = true;
    refresh();
  });
  part("make-button").addEventListener("click", () => void run());
  part("discard").addEventListener("click", () => void discard());
  // The names are in the CSR; the profile is a field of the form, and the preview depends on it.
  names.addEventListener("input", () => csr.value && setCsr(""));
  for (const choice of document.querySelectorAll("input[name=profile]"))
    choice.addEventListener("change", () => {
      void offerKinds();
      if (csr.value) setCsr(csr.value);
    });
  part("again-field").hidden = false;
  make.querySelector("[data-shows]").addEventListener("change", ({ target }) => (part("again-field").hidden = target.checked));
  form.addEventListener("submit", (event) => missing() && event.preventDefault());
  // A file that is dropped here is no request: the form of the first page takes those.
  for (const name of ["dragover", "drop"])
    form.addEventListener(
      name,
      (event) => {
        event.preventDefault();
        event.stopImmediatePropagation();
      },
      { capture: true },
    );
  if (!canKeep()) {
    keepBox.disabled = true;
    part("no-store").hidden = false;
  }
  showPassphrases(make, part("make-button"));
  // A browser may have filled in what was here before a reload.
  csr.value = "";
  make.hidden = false;
  void offerKinds();
  refresh();
}
