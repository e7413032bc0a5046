// The list of mails, looked at every few seconds: new mails are put on top of it, and nothing else moves. Focus and place stay.
const PAUSE = 3000;
/** The language of the page, in the form that the server writes times in. */
const LOCALE = "en-GB";
const list = document.getElementById("mails");
/** True if the last look had no answer. */
let failed = false;

/** Writes the times in the zone of the reader; the one of the mailbox stays as a hint. */
function localTimes(part) {
  const format = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  for (const time of part.querySelectorAll("time")) {
    time.title = time.textContent;
    time.textContent = new Date(time.dateTime).toLocaleString(LOCALE, format);
  }
}

/** Puts the mails of `page` that are not shown yet on top of the list. Returns their subjects, the newest first. */
function putOnTop(page) {
  const fresh = [...page.querySelectorAll("#mails > li")].filter((mail) => !document.getElementById(mail.id));
  for (const mail of fresh) localTimes(mail);
  list.prepend(...fresh);
  document.getElementById("summary").textContent = page.getElementById("summary").textContent;
  const newest = document.getElementById("newest");
  // A link that has the focus stays; the next look replaces it.
  if (!newest.contains(document.activeElement)) newest.replaceChildren(...page.getElementById("newest").childNodes);
  return fresh.map((mail) => mail.querySelector("a").textContent);
}

/** Looks once. Says what is new, or, where somebody asked, that nothing is. */
async function look(asked) {
  const news = document.getElementById("news");
  try {
    const answer = await fetch(location.pathname);
    if (!answer.ok) throw new Error(String(answer.status));
    const subjects = putOnTop(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (subjects.length > 0) news.textContent = `New: ${subjects.join("; ")}`;
    else if (asked) news.textContent = "No new mail.";
    else if (failed) news.textContent = "";
    failed = false;
  } catch {
    // Said once, not every few seconds.
    if (asked || !failed) news.textContent = "The local stack doesn't answer.";
    failed = true;
  }
}

localTimes(document);
if (list) {
  document.getElementById("again").addEventListener("click", (event) => {
    event.preventDefault();
    look(true);
  });
  const next = async () => {
    if (!document.hidden) await look(false);
    setTimeout(next, PAUSE);
  };
  setTimeout(next, PAUSE);
}
