// Passkeys: setting one up, and signing a decision with one. Without this script the pages say what is missing.
"use strict";

const utf8 = new TextEncoder();
const toText = (octets) =>
  btoa(String.fromCharCode(...new Uint8Array(octets))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const toOctets = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

// SHA-256 over fields, each after its length in octets (64 bits, big endian): docs/passkeys.md.
async function framedHash(fields) {
  const parts = fields.flatMap((field) => {
    const octets = utf8.encode(field);
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(octets.length));
    return [new Uint8Array(length.buffer), octets];
  });
  return crypto.subtle.digest("SHA-256", await new Blob(parts).arrayBuffer());
}

const known = (form) =>
  form.dataset.credentials
    .split(" ")
    .filter((id) => id)
    .map((id) => ({ type: "public-key", id: toOctets(id) }));

async function create(form) {
  const address = form.dataset.address;
  const made = await navigator.credentials.create({
    publicKey: {
      challenge: toOctets(form.dataset.challenge),
      rp: { id: form.dataset.party, name: "Countersign" },
      user: { id: await crypto.subtle.digest("SHA-256", utf8.encode(address)), name: address, displayName: address },
      // ES256, EdDSA, RS256
      pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: { userVerification: "required", residentKey: "preferred" },
      attestation: "none",
      excludeCredentials: known(form),
    },
  });
  form.elements.clientDataJSON.value = toText(made.response.clientDataJSON);
  form.elements.attestationObject.value = toText(made.response.attestationObject);
}

async function sign(form, fields) {
  const got = await navigator.credentials.get({
    publicKey: {
      challenge: await framedHash(fields),
      rpId: form.dataset.party,
      allowCredentials: known(form),
      userVerification: "required",
    },
  });
  form.elements.credential.value = toText(got.rawId);
  form.elements.authenticatorData.value = toText(got.response.authenticatorData);
  form.elements.clientDataJSON.value = toText(got.response.clientDataJSON);
  form.elements.signature.value = toText(got.response.signature);
  if (form.elements.userHandle) form.elements.userHandle.value = toText(got.response.userHandle ?? new ArrayBuffer(0));
}

const uses = {
  new: create,
  // Without credentials, the authenticator finds the account itself.
  console: (form) => sign(form, ["countersign console 1", form.dataset.base, form.elements.nonce.value]),
  vouch: (form) =>
    sign(form, ["countersign vouch 1", form.dataset.base, form.dataset.id, form.elements.nonce.value]),
  vote: (form, decision) => {
    // As the server reads it: no white space at the ends.
    const reason = form.elements.reason.value.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
    form.elements.reason.value = reason;
    const { base, request, binds } = form.dataset;
    const { digest, nonce } = form.elements;
    const fields = ["countersign vote 1", base, request, binds, digest.value, decision, reason, nonce.value];
    return sign(form, fields);
  },
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const said = form.querySelector("[data-said]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const buttons = [...document.querySelectorAll("button[type=submit]")];
    said.hidden = true;
    for (const button of buttons) button.disabled = true;
    try {
      await uses[form.dataset.passkey](form, event.submitter?.value);
      if (event.submitter?.name) {
        const chosen = document.createElement("input");
        Object.assign(chosen, { type: "hidden", name: event.submitter.name, value: event.submitter.value });
        form.append(chosen);
      }
      form.submit();
    } catch (error) {
      said.textContent = `${form.dataset.failed} (${error.name})`;
      said.hidden = false;
      for (const button of buttons) button.disabled = false;
    }
  });
}
