// The list of mails, looked at every few seconds: new mails are put on top of it, and nothing else moves. Focus and place stay.
const PAUSE = 3000;
const list = document.getElementById("mails");

/** Writes the times in the zone of the reader; the one of the mailbox stays as a hint. */
function localTimes(part) {
  const format = { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  for (const time of part.querySelectorAll("time")) {
    time.title = time.textContent;
    time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, format);
  }
}

/** Puts the mails of `page` that are not shown yet on top of the list. Returns their number. */
function putOnTop(page) {
  const fresh = [...page.querySelectorAll("#mails > li")].filter((mail) => !document.getElementById(mail.id));
  for (const mail of fresh) localTimes(mail);
  list.prepend(...fresh);
  document.getElementById("summary").textContent = page.getElementById("summary").textContent;
  const newest = document.getElementById("newest");
  // A link that has the focus stays; the next look replaces it.
  if (!newest.contains(document.activeElement)) newest.replaceChildren(...page.getElementById("newest").childNodes);
  return fresh.length;
}

/** Looks once. Says what is new, or, where somebody asked, that nothing is. */
async function look(asked) {
  const news = document.getElementById("news");
  try {
    const answer = await fetch(location.pathname);
    if (!answer.ok) throw new Error(String(answer.status));
    const count = putOnTop(new DOMParser().parseFromString(await answer.text(), "text/html"));
    if (count > 0) news.textContent = count === 1 ? "1 new mail." : `${count} new mails.`;
    else if (asked) news.textContent = "No new mail.";
  } catch {
    news.textContent = "The local stack doesn't answer.";
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
