//! The HTML of the mailbox page.

use std::fmt::Write as _;

use time::OffsetDateTime;
use time::macros::format_description;

use super::Caught;

/// Content-Security-Policy of the pages: their own style and the frame with a mail's HTML.
pub(super) const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// Content-Security-Policy of a mail's HTML: styles and inline images, no scripts, no network.
pub(super) const FRAMED_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox; frame-ancestors 'self'";

const HEAD: &str = "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'>\
<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #8884;border-radius:.5rem;padding:1rem}\
iframe{width:100%;height:34rem;border:1px solid #8884;border-radius:.5rem;background:#fff}dt{font-weight:600}dd{margin:0 0 .4rem}</style>";

/// Returns the page with all mails.
pub(super) fn list(mails: &[Caught]) -> String {
    let mut html = format!("{HEAD}<meta http-equiv=refresh content=5><title>Mailbox</title><h1>Mailbox</h1>");
    if mails.is_empty() {
        html.push_str("<p>No mail yet. This page reloads every five seconds.</p>");
        return html;
    }
    html.push_str("<p>Mails of the local stack, newest first. None of them was sent.</p><table><tr><th>When<th>To<th>Subject</tr>");
    for mail in mails {
        let files = match mail.attachments.len() {
            0 => String::new(),
            _ => format!(
                " ({})",
                mail.attachments.iter().map(|file| escaped(&file.name)).collect::<Vec<_>>().join(", ")
            ),
        };
        // Writing to a String cannot fail.
        let _ = write!(
            html,
            "<tr><td>{}<td>{}<td><a href='/_mailbox/{}'>{}</a>{files}</tr>",
            clock(mail),
            escaped(&mail.to),
            escaped(&mail.id),
            escaped(&mail.subject),
        );
    }
    html.push_str("</table>");
    html
}

/// Returns the page of one mail.
pub(super) fn view(mail: &Caught) -> String {
    let id = escaped(&mail.id);
    let subject = escaped(&mail.subject);
    let mut html = format!(
        "{HEAD}<title>{subject}</title><p><a href='/_mailbox/'>All mails</a></p><h1>{subject}</h1>\
         <dl><dt>From<dd>{}<dt>To<dd>{}<dt>When<dd>{}</dl>",
        escaped(&mail.from),
        escaped(&mail.to),
        clock(mail),
    );
    for (number, file) in mail.attachments.iter().enumerate() {
        let name = escaped(&file.name);
        let _ = write!(
            html,
            "<p><a href='/_mailbox/{id}/attachments/{number}'>Download {name}</a> ({} bytes)</p>",
            file.bytes.len()
        );
    }
    let _ = write!(html, "<h2>Text</h2><pre>{}</pre>", linked(&mail.text));
    if mail.html.is_some() {
        let _ = write!(
            html,
            "<h2>HTML</h2><iframe title='The HTML part of the mail' sandbox='allow-popups allow-popups-to-escape-sandbox' src='/_mailbox/{id}/html'></iframe>"
        );
    }
    html
}

/// Returns a mail's HTML for the frame; its links open in a new tab.
pub(super) fn framed(html: &str) -> String {
    format!("<!doctype html><base target=_blank>{html}")
}

fn clock(mail: &Caught) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    OffsetDateTime::from(mail.at).format(format).map_or_else(|_| String::new(), |text| format!("{text}Z"))
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
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_and_its_links_are_links() {
        assert_eq!(
            linked("See <http://localhost:8080/a?b=1&c=2>."),
            "See &lt;<a href=\"http://localhost:8080/a?b=1&amp;c=2\" rel=noreferrer>http://localhost:8080/a?b=1&amp;c=2</a>&gt;."
        );
        assert_eq!(linked("<script>alert('x')</script>"), "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;");
        assert_eq!(linked("http://"), "<a href=\"http://\" rel=noreferrer>http://</a>");
    }
}
