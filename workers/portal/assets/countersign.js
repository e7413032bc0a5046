// What makes the pages more pleasant. Each of them works without it.
"use strict";

// Times in the page's language, the reader's own way to write it, and their own time zone; the UTC time stays in the tooltip.
const language = document.documentElement.lang;
const locale = navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
for (const time of document.querySelectorAll("time[datetime]")) {
  const at = new Date(time.dateTime);
  if (Number.isNaN(at.getTime())) continue;
  time.title = time.textContent;
  time.textContent = at.toLocaleString(locale, { dateStyle: "long", timeStyle: "short" });
}

// After a refused submission the summary is read out first.
document.getElementById("problems")?.focus();

const form = document.querySelector("form[data-preview]");
if (form) enhanceForm(form);

const standing = document.querySelector("[data-refresh]");
if (standing) watch(standing);

function enhanceForm(form) {
  const text = form.elements.csrContent;
  const file = form.elements.csrFile;
  const panel = document.getElementById("preview");
  let pending = 0;
  let asked = 0;

  const preview = async () => {
    const turn = ++asked;
    if (!text.value.trim()) return panel.replaceChildren();
    if (/PRIVATE KEY-|PuTTY-User-Key-File/i.test(text.value)) return panel.replaceChildren(privateKeyWarning());
    // Only what the preview needs; the form is neither sent nor changed.
    const body = new URLSearchParams({ csrContent: text.value, email: form.elements.email.value });
    const profile = new FormData(form).get("profile");
    if (profile) body.set("profile", profile);
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body, headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== asked) return;
      // What is missing elsewhere in the form is no news while it is being filled in.
      const shown = answer.ok ? page.getElementById("preview") : page.getElementById("problems");
      if (!shown) return panel.replaceChildren();
      shown.removeAttribute("id");
      shown.removeAttribute("role");
      shown.removeAttribute("tabindex");
      panel.replaceChildren(document.adoptNode(shown));
    } catch {
      if (turn === asked) panel.replaceChildren();
    }
  };
  // A private key does not even leave the browser.
  const privateKeyWarning = () => document.getElementById("private-key-warning").content.cloneNode(true);
  const soon = () => {
    clearTimeout(pending);
    pending = setTimeout(preview, 400);
  };

  const take = async (chosen) => {
    if (!chosen || chosen.size > 128 * 1024) return;
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    file.value = "";
    // 0x30 begins all DER; a number right after it (0x02) begins a private key, never a request.
    if (bytes[0] === 0x30) {
      const inner = bytes[1] < 0x80 ? 2 : 2 + (bytes[1] & 0x7f);
      if (bytes[inner] === 0x02) return panel.replaceChildren(privateKeyWarning());
      text.value = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, "$&\n");
    } else {
      text.value = new TextDecoder(encoding(bytes)).decode(bytes);
    }
    soon();
  };
  const encoding = ([first, second]) =>
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";

  text.addEventListener("input", soon);
  form.addEventListener("change", (event) => {
    if (event.target === file) take(file.files[0]);
    else if (event.target.name === "profile" || event.target.name === "email") soon();
  });
  const hover = (on) => (event) => {
    event.preventDefault();
    form.classList.toggle("dropping", on);
  };
  form.addEventListener("dragover", hover(true));
  form.addEventListener("dragleave", hover(false));
  form.addEventListener("drop", (event) => {
    hover(false)(event);
    take(event.dataTransfer.files[0]);
  });
}

// Looks at the status, and shows the page anew only when it has changed.
function watch(standing) {
  const seconds = Number(standing.dataset.refresh);
  const look = async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).status !== standing.dataset.status) return location.reload();
    } catch {
      // Off-line for a while: look again later.
    }
    setTimeout(look, seconds * 1000);
  };
  setTimeout(look, Math.min(seconds, 2) * 1000);
}
