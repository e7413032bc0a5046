// What makes the pages more pleasant. Each of them works without it.
import { holdsPrivateKey, holdsPrivateKeyBytes } from "./private-key.js";

const language = document.documentElement.lang;
const locale = navigator.languages.find((tag) => tag.split("-")[0] === language) ?? language;
const MOMENT = { year: "numeric", month: "long", day: "numeric", hour: "numeric", minute: "2-digit", timeZoneName: "short" };
const SPANS = [["day", 86400], ["hour", 3600], ["minute", 60]];

// The main part as it came, before anything here changed it.
let main = document.getElementById("main");
let served = main.outerHTML;
enhance(main);
setInterval(() => showTimes(main), 60000);

// After a refused submission the summary is read out first.
document.getElementById("problems")?.focus();

const form = document.querySelector("form[data-preview]");
if (form) enhanceForm(form);

if (main.querySelector("[data-refresh]")) watch();

// What every page gets, and every part that takes the place of another one.
function enhance(part) {
  showTimes(part);
  addCopyButtons(part);
  for (const guarded of part.querySelectorAll("form")) keepPrivateKeys(guarded);
}

// Times in the page's language, the reader's own way to write it, and their own time zone, with its name, and how far they are
// away, unless the page says how many days are left; the time in the zone of the policy stays in the tooltip.
function showTimes(part) {
  for (const time of part.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.title ||= time.textContent;
    let text = at.toLocaleString(locale, MOMENT);
    if (!time.closest("[data-times=absolute]")) text += language === "ja" ? `、${distance(at)}` : ` (${distance(at)})`;
    if (time.textContent !== text) time.textContent = text;
  }
}

function distance(at) {
  const seconds = (at - Date.now()) / 1000;
  for (const [unit, size] of SPANS) {
    const count = Math.trunc(seconds / size);
    if (count) return new Intl.RelativeTimeFormat(locale).format(count, unit);
  }
  return new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(0, "second");
}

// A button behind each element with `data-copy`, which says what the element holds: buttons may be listed without their surroundings.
// Without a clipboard, as on a page that did not come by HTTPS, there is none.
function addCopyButtons(part) {
  if (!navigator.clipboard) return;
  for (const source of part.querySelectorAll("[data-copy]")) {
    const copy = document.getElementById("copy").content.firstElementChild.cloneNode(true);
    const [button, said] = copy.children;
    button.querySelector(".unseen").textContent = source.dataset.copy;
    const say = (text) => {
      for (const other of document.querySelectorAll(".copy [role=status]")) other.textContent = "";
      said.textContent = text;
    };
    button.addEventListener("click", () =>
      navigator.clipboard.writeText(source.textContent.trim()).then(
        () => say(said.dataset.copied),
        () => {
          getSelection().selectAllChildren(source);
          say(said.dataset.selected);
        },
      ),
    );
    source.after(copy);
  }
}

function enhanceForm(form) {
  const text = form.elements.csrContent;
  const file = form.elements.csrFile;
  const panel = document.getElementById("preview");
  const said = document.getElementById("checked");
  const help = document.getElementById("csr-help");
  let pending = 0;
  let asked = 0;

  // Only what the preview needs; the form is neither sent nor changed. Empty if there is nothing to preview.
  const values = () => {
    if (!text.value.trim() || [text.value, form.elements.email.value].some(holdsPrivateKey)) return "";
    const all = new FormData(form);
    const needed = ["csrContent", "email", "profile", "replaces", "replacesKey"].filter((name) => all.get(name));
    return new URLSearchParams(needed.map((name) => [name, all.get(name)])).toString();
  };
  let checked = panel.childElementCount ? values() : "";
  let shown = "";
  let unmark = () => {};

  // Neither replaced nor read out while it stays the same.
  const show = (part, sentence = "") => {
    const html = part?.outerHTML ?? "";
    if (html === shown && panel.childElementCount === (part ? 1 : 0)) return;
    shown = html;
    panel.replaceChildren(...(part ? [document.adoptNode(part)] : []));
    enhance(panel);
    unmark();
    unmark = markFields(panel);
    said.textContent = sentence;
  };
  const preview = async () => {
    const turn = ++asked;
    const body = values();
    if (body === checked) return;
    checked = body;
    if (!body) return show();
    try {
      const headers = { Accept: "text/html", "Content-Type": "application/x-www-form-urlencoded" };
      const answer = await fetch(form.dataset.preview, { method: "POST", body, headers });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (turn !== asked) return;
      if (help && page.getElementById("csr-help")?.open) help.open = true;
      // What is missing elsewhere in the form is no news while it is being filled in.
      const part = answer.ok ? page.querySelector("#preview > *") : page.getElementById("problems");
      if (!part) return show();
      // Another part of the page may have the same ids.
      const heading = part.querySelector("h2");
      for (const name of ["id", "role", "tabindex", "aria-labelledby"]) part.removeAttribute(name);
      heading.removeAttribute("id");
      show(part, part.dataset.said ?? heading.textContent);
    } catch {
      if (turn !== asked) return;
      checked = "";
      show();
    }
  };
  const soon = () => {
    clearTimeout(pending);
    pending = setTimeout(preview, 400);
  };

  // The warning about a dropped file, which is not taken: there is nothing to clear. Not in the panel, which the next preview
  // replaces.
  let refused;
  const refuse = () => {
    refused = privateKeyWarning();
    refused.querySelector(".actions").remove();
    panel.before(refused);
    refused.focus();
  };

  const take = async (chosen) => {
    refused?.remove();
    if (!chosen || chosen.size > 128 * 1024) return;
    const bytes = new Uint8Array(await chosen.arrayBuffer());
    if (holdsPrivateKeyBytes(bytes)) {
      // A chosen file stays chosen, with the warning at its field.
      if (chosen !== file.files[0]) refuse();
      return;
    }
    file.value = "";
    // 0x30 begins all DER.
    if (bytes[0] === 0x30) text.value = btoa(String.fromCharCode(...bytes)).replace(/.{64}/g, "$&\n");
    else text.value = new TextDecoder(encoding(bytes)).decode(bytes);
    text.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const encoding = ([first, second]) =>
    first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";

  text.addEventListener("input", soon);
  form.addEventListener("change", (event) => {
    if (event.target === file) take(file.files[0]);
    else if (event.target.name === "profile" || event.target.name === "email") soon();
  });
  // Dragged text goes where the browser puts it. Without the field for a file, the CSR is made in the page.
  for (const kind of ["dragover", "dragleave", "drop"])
    form.addEventListener(kind, (event) => {
      const hasFile = file && event.dataTransfer.types.includes("Files");
      form.classList.toggle("dropping", hasFile && kind === "dragover");
      if (!hasFile) return;
      event.preventDefault();
      if (kind === "drop") take(event.dataTransfer.files[0]);
    });
  // A form that came filled in, such as that of an earlier request.
  if (!panel.childElementCount && !document.getElementById("problems")) void preview();
}

// Ties the errors in a part of the page to the fields that their links name. Returns what undoes it.
function markFields(part) {
  const undo = [...part.querySelectorAll('a[href^="#"]')].map((link, number) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field?.closest("form")) return () => {};
    const before = ["aria-invalid", "aria-describedby"].map((name) => [name, field.getAttribute(name)]);
    link.id = `live-${number}`;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", `${before[1][1] ?? ""} ${link.id}`.trim());
    return () => {
      for (const [name, value] of before) value === null ? field.removeAttribute(name) : field.setAttribute(name, value);
    };
  });
  return () => undo.reverse().forEach((one) => one());
}

function privateKeyWarning() {
  return document.getElementById("private-key-warning").content.firstElementChild.cloneNode(true);
}

// Keeps a form with a private key in any field from being sent, and says so at the field. Only its reader clears it.
function keepPrivateKeys(form) {
  if (!document.getElementById("private-key-warning")) return;
  const warnings = new Map();
  const mark = (field, isKey) => {
    const warning = warnings.get(field);
    if (isKey && !warning) {
      const shown = privateKeyWarning();
      shown.querySelector("button").addEventListener("click", () => {
        field.value = "";
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.focus();
      });
      (field.closest(".field, .file") ?? field).after(shown);
      field.setAttribute("aria-invalid", "true");
      warnings.set(field, shown);
    } else if (!isKey && warning) {
      warning.remove();
      field.removeAttribute("aria-invalid");
      warnings.delete(field);
    }
    return isKey;
  };
  const isText = (field) => field.matches("textarea, input:not([type=file], [type=radio], [type=hidden])");
  const checkText = (field) => mark(field, holdsPrivateKey(field.value));
  const checkFiles = async (field) => {
    const files = await Promise.all([...field.files].map((file) => file.slice(0, 256 * 1024).arrayBuffer().catch(() => new ArrayBuffer(0))));
    return mark(field, files.some((octets) => holdsPrivateKeyBytes(new Uint8Array(octets))));
  };
  const check = (field) => {
    if (isText(field)) checkText(field);
    if (field.type === "file") void checkFiles(field);
  };
  for (const event of ["input", "change"]) form.addEventListener(event, ({ target }) => check(target));
  const named = () => [...form.elements].filter((field) => field.name);
  const stopTexts = (event) => {
    const guilty = named().filter(isText).filter(checkText)[0];
    if (!guilty) return false;
    event.preventDefault();
    warnings.get(guilty).focus();
    return true;
  };
  // Before the browser validates the fields: its own message would come first.
  for (const button of form.elements) if (button.type === "submit") button.addEventListener("click", stopTexts);
  let cleared = false;
  form.addEventListener("submit", (event) => {
    if (stopTexts(event)) return;
    const fields = named();
    const files = fields.filter((field) => field.type === "file" && field.files.length);
    // Files are read, which takes a turn; then the form is sent again.
    if (cleared || !files.length) return;
    const { submitter } = event;
    event.preventDefault();
    void Promise.all(files.map(checkFiles)).then((found) => {
      const first = files[found.indexOf(true)];
      if (first) return warnings.get(first).focus();
      // Not before the event has ended: until then a browser ignores it.
      setTimeout(() => {
        cleared = true;
        form.requestSubmit(submitter);
        cleared = false;
      });
    });
  });
}

// Looks at the page again while the request is in progress. What has changed is shown in place and read out.
function watch() {
  const announcer = document.createElement("p");
  announcer.className = "unseen";
  announcer.setAttribute("role", "status");
  document.body.append(announcer);
  const seconds = () => Number(main.querySelector("[data-refresh]")?.dataset.refresh);
  const look = async () => {
    // Who types is not interrupted.
    if (!document.activeElement?.matches("textarea, input:not([type=radio])")) {
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (answer.ok) replaceMain(new DOMParser().parseFromString(await answer.text(), "text/html"), announcer);
      } catch {
        // Off-line for a while: look again later.
      }
    }
    if (seconds()) setTimeout(look, seconds() * 1000);
  };
  setTimeout(look, Math.min(seconds(), 2) * 1000);
}

// Puts the main part of a page into this one. The reader keeps the place, the focus, open panels and what was typed.
function replaceMain(page, announcer) {
  const next = page.getElementById("main");
  if (!next || next.outerHTML === served) return;
  served = next.outerHTML;
  const [before, place, focused] = [main, scrollY, document.activeElement];
  const said = (part) => [...part.querySelectorAll("[data-status] h1, [data-announce]")].map((one) => one.textContent.trim()).join(" ");
  const title = (panel) => panel.querySelector("summary").textContent;
  main = document.adoptNode(next);
  for (const panel of main.querySelectorAll("details"))
    panel.open ||= [...before.querySelectorAll("details[open]")].some((one) => title(one) === title(panel));
  for (const field of before.querySelectorAll("textarea, input:not([type=hidden], [type=file])")) {
    const same = counterpart(field, before);
    if (same?.type === "radio") same.checked = field.checked;
    else if (same) same.value = field.value;
  }
  before.replaceWith(main);
  document.title = page.title;
  enhance(main);
  document.dispatchEvent(new Event("replaced"));
  const focus = before.contains(focused) && (counterpart(focused, before) ?? main);
  if (focus) focus.focus({ preventScroll: true });
  scrollTo({ top: place, behavior: "instant" });
  if (said(main) !== said(before)) announcer.textContent = said(main);
}

// The control of the main part that is the same as this one of the part before.
function counterpart(control, before) {
  const kind = (one) =>
    [one.tagName, one.id, one.name, one.type === "radio" && one.value, one.getAttribute("href"), one.textContent.trim()].join(" ");
  const alike = (part) => [...part.querySelectorAll("a, button, input, textarea, summary")].filter((one) => kind(one) === kind(control));
  return alike(main)[alike(before).indexOf(control)];
}
