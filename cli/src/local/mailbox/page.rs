//! The HTML of the mailbox page.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::macros::format_description;

use super::Caught;

/// Content-Security-Policy of the pages: their own style and script, and the frame with a mail's HTML.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Content-Security-Policy of a mail's HTML: styles and inline images, no scripts, no network.
pub(super) const FRAMED_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'";
/// The style sheet of the pages.
pub(super) const STYLE: &str = include_str!("mailbox.css");
/// The script of the pages.
pub(super) const SCRIPT: &str = include_str!("mailbox.js");

/// Seconds until a browser without scripts reads the list again.
const RELOAD: u32 = 30;

/// Returns a page. `head` and `main` are HTML.
fn document(title: &str, head: &str, main: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} · Mailbox</title><link rel=\"stylesheet\" href=\"/_mailbox/mailbox.css\">\n\
         <script src=\"/_mailbox/mailbox.js\" defer></script>{head}</head>\n\
         <body>\n<header><p>Local stack</p><nav aria-label=\"Pages\"><a href=\"/_mailbox/\">All mails</a><a href=\"/\">Portal</a></nav></header>\n\
         <main>\n{main}</main>\n</body>\n</html>\n"
    )
}

/// Returns the page with all mails.
pub(super) fn list(mails: &[Caught]) -> String {
    let summary = match mails.len() {
        0 => "No mail yet.".to_owned(),
        1 => "1 mail. It was not sent.".to_owned(),
        count => format!("{count} mails, newest first. None of them was sent."),
    };
    let mut main = format!(
        "<h1>Mailbox</h1>\n<p id=\"summary\">{summary}</p>\n<div id=\"newest\">{}</div>\n\
         <p class=\"look\"><a class=\"target\" id=\"again\" href=\"/_mailbox/\">Look again</a> \
         <span id=\"news\" role=\"status\"></span></p>\n<ul id=\"mails\">\n",
        newest(mails)
    );
    for mail in mails {
        let files: Vec<String> = mail.attachments.iter().map(|file| escaped(&file.name)).collect();
        let files = if files.is_empty() { String::new() } else { format!(" · {}", files.join(", ")) };
        // Writing to a String cannot fail.
        let _ = writeln!(
            main,
            "<li class=\"card\" id=\"mail-{}\"><h2><a href=\"{}\">{}</a></h2><p class=\"quiet\">To {} · {}{files}</p></li>",
            escaped(&mail.id),
            escaped(&path(mail)),
            escaped(&mail.subject),
            escaped(&mail.to),
            time(mail),
        );
    }
    main.push_str("</ul>\n");
    let reload = format!("<noscript><meta http-equiv=\"refresh\" content=\"{RELOAD}\"></noscript>");
    document("All mails", &reload, &main)
}

/// Links to the newest mail of each approver.
fn newest(mails: &[Caught]) -> String {
    let mut approvers: Vec<&str> =
        mails.iter().filter(|mail| mail.is_for_approver()).map(|mail| &*mail.to).collect();
    approvers.sort_unstable();
    approvers.dedup();
    if approvers.is_empty() {
        return String::new();
    }
    let links = approvers.iter().map(|address| {
        format!(
            "<li><a class=\"target\" href=\"/_mailbox/newest/{}\">Newest for approver {}</a></li>",
            in_path(address),
            escaped(address)
        )
    });
    format!("<nav aria-label=\"Approvers\"><ul>{}</ul></nav>", links.collect::<String>())
}

/// Returns the path of the page of a mail.
pub(super) fn path(mail: &Caught) -> String {
    format!("/_mailbox/{}", in_path(&mail.id))
}

/// Percent-encoded, as a segment of a path.
fn in_path(text: &str) -> String {
    // A plus sign of the text itself comes as %2B.
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// Returns the page of one mail.
pub(super) fn view(mail: &Caught) -> String {
    let path = escaped(&path(mail));
    let subject = escaped(&mail.subject);
    let mut main = format!(
        "<h1>{subject}</h1>\n<div class=\"card\"><dl><dt>From</dt><dd>{}</dd><dt>To</dt><dd>{}</dd><dt>Caught</dt><dd>{}</dd></dl></div>\n",
        escaped(&mail.from),
        escaped(&mail.to),
        time(mail),
    );
    if !mail.attachments.is_empty() {
        main.push_str("<ul>\n");
        for (number, file) in mail.attachments.iter().enumerate() {
            let name = escaped(&file.name);
            let _ = writeln!(
                main,
                "<li><a class=\"target\" href=\"{path}/attachments/{number}\">Download {name} ({} bytes)</a></li>",
                file.bytes.len()
            );
        }
        main.push_str("</ul>\n");
    }
    let text = format!("<pre>{}</pre>", linked(&mail.text));
    if mail.html.is_some() {
        let _ = writeln!(
            main,
            "<iframe title=\"The mail as HTML\" sandbox=\"allow-popups allow-popups-to-escape-sandbox\" src=\"{path}/html\"></iframe>\n\
             <details class=\"card\"><summary>Plain text</summary>{text}</details>"
        );
    } else {
        let _ = writeln!(main, "<div class=\"card\">{text}</div>");
    }
    document(&subject, "", &main)
}

/// Returns a mail's HTML for the frame; its links open in a new tab.
pub(super) fn framed(html: &str) -> String {
    format!("<!doctype html><base target=_blank>{html}")
}

/// The time of a mail, for people; the script writes it in their zone.
fn time(mail: &Caught) -> String {
    let at = OffsetDateTime::from(mail.at);
    let people =
        at.format(format_description!("[day padding:none] [month repr:short] [year], [hour]:[minute] UTC"));
    let machines = at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z"));
    // Formats of dates and times only, so neither fails.
    let (people, machines) = (people.unwrap_or_default(), machines.unwrap_or_default());
    format!("<time datetime=\"{machines}\">{people}</time>")
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

/// Returns the text escaped, with its http and https addresses as links.
fn linked(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(start) = [rest.find("http://"), rest.find("https://")].into_iter().flatten().min() {
        let (before, from) = rest.split_at(start);
        let end = from
            .find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\''))
            .unwrap_or(from.len());
        let address = from[..end].trim_end_matches(['.', ',', ')', ';']);
        let _ = write!(html, "{}<a href=\"{1}\" rel=noreferrer>{1}</a>", escaped(before), escaped(address));
        rest = &from[address.len()..];
    }
    html.push_str(&escaped(rest));
    html
}

#[cfg(test)]
mod tests;
