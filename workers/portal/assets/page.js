// What the pages with keys share: texts, errors at fields, passphrases that can be shown, files to download.

/** The text of the page for a code, in the reader's language. */
export function text(code) {
  const texts = document.getElementById("texts").content;
  return texts.querySelector(`[data-text="${code}"]`).textContent;
}

/** Shows an error at a field, which gets the focus. */
export function showError(field, code, detail = "") {
  const error = document.getElementById(`${field.id}-error`);
  error.textContent = `${text(code)} ${detail}`.trim();
  error.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

/** Takes the errors of all fields away. */
export function clearErrors(root) {
  for (const error of root.querySelectorAll("p.error")) error.hidden = true;
  for (const field of root.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** Each box `data-shows` shows the passphrases with these ids; in a passphrase, Enter presses the button. */
export function showPassphrases(root, button) {
  for (const field of root.querySelectorAll("input[type=password]"))
    field.addEventListener("keydown", ({ key, isComposing }) => key === "Enter" && !isComposing && button.click());
  for (const box of root.querySelectorAll("[data-shows]"))
    box.addEventListener("change", () => {
      for (const id of box.dataset.shows.split(" ")) document.getElementById(id).type = box.checked ? "text" : "password";
    });
}

/** Puts a file behind a link, in place of the one before. The browser writes it: nothing is sent. */
export function offerFile(link, name, content) {
  withdrawFile(link);
  link.href = URL.createObjectURL(new Blob([content], { type: "application/octet-stream" }));
  link.download = name;
}

/** Takes the file behind a link away. */
export function withdrawFile(link) {
  if (link.href) URL.revokeObjectURL(link.href);
  link.removeAttribute("href");
}

/** The first name of a certificate, as the beginning of a file name. */
export const fileStem = (name) => name.replace(/^\*\./, "").replace(/[^A-Za-z0-9.-]+/g, "_").slice(0, 100) || "certificate";
