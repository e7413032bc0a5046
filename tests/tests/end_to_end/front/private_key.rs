//! Private keys in the form, in headless Chromium: with JavaScript they stay in the browser, without it the server
//! refuses them.
//!
//! Invariant: the browser's only way to the network is a proxy that records. An empty record proves nothing, so each test
//! also finds something in it that was sent.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use end_to_end::{
    Browser, BrowserTraffic, Exchange, PATIENCE, SecretPieces, Stack, Submission, contains, csr_for,
    eventually, joined, key_and_csr_for, needed, unique_host,
};

use super::browser::PROGRAMS;
use super::settled;
use crate::APPROVER;

const WARNING: &str = "form .banner[role=alert]";
const SEND: &str = "form button.primary";
const CHECK: &str = "form button[formaction]";

/// A key and its forms.
struct SecretKey {
    pem: String,
    der: Vec<u8>,
}

impl SecretKey {
    fn new() -> Self {
        let pem = key_and_csr_for(&["key.example.com"]).0;
        let body: String = pem.lines().filter(|line| !line.contains("-----")).collect();
        let der = STANDARD_NO_PAD.decode(body.trim_end_matches('=')).unwrap();
        Self { pem, der }
    }

    fn base64_of_pem(&self) -> String {
        STANDARD_NO_PAD.encode(&self.pem)
    }

    fn kubernetes_secret(&self) -> String {
        let data = self.base64_of_pem();
        format!("apiVersion: v1\nkind: Secret\ntype: kubernetes.io/tls\ndata:\n  tls.key: {data}\n")
    }

    /// The secret number of the key.
    fn scalar(&self) -> &[u8] {
        // RFC 5915 section 3: version 1, then an octet string of 32 octets.
        let before = [0x02, 0x01, 0x01, 0x04, 0x20];
        let at = self.der.windows(before.len()).position(|octets| octets == before).unwrap() + before.len();
        &self.der[at..at + 32]
    }

    /// Pieces of the secret number, in every encoding of these tests.
    fn pieces(&self) -> SecretPieces {
        let mut pieces = SecretPieces::default();
        pieces.add(self.scalar());
        pieces
    }

    fn is_in(&self, traffic: &BrowserTraffic) -> bool {
        let pieces = self.pieces();
        traffic.exchanges().iter().any(|exchange| pieces.are_in(&exchange.octets))
    }
}

/// A browser, and its traffic.
struct Visit {
    browser: Browser,
    traffic: BrowserTraffic,
    base: String,
}

/// Drops a file of this text onto the form.
const DROP: &str = "
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([arguments[0]], 'key.pem'));
    document.querySelector('form').dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));";

impl Visit {
    async fn start(programs: &[PathBuf; 2], with_scripts: bool) -> Self {
        let traffic = BrowserTraffic::record().await;
        let browser = Browser::start_through(programs, with_scripts, &traffic.url()).await;
        let base = Stack::shared().await.portal().base;
        Self { browser, traffic, base }
    }

    /// Opens an empty form and fills in an address, which is returned.
    async fn open_form(&self) -> String {
        let email = Submission::of("").email;
        self.open("").await;
        self.browser.fill("#email", &email).await;
        email
    }

    async fn open(&self, path: &str) {
        self.browser.page.goto(&format!("{}{path}", self.base)).await.unwrap();
        settled::instrument(&self.browser).await;
    }

    /// Replaces the text of a field by way of the clipboard.
    async fn paste(&self, css: &str, text: &str) {
        const CONTROL: char = '\u{e009}';
        let source = "const source = document.createElement('textarea'); source.id = 'source';\
                      source.value = arguments[0]; document.body.append(source)";
        self.browser.page.execute(source, vec![text.into()]).await.unwrap();
        self.browser.fill("#source", &format!("{CONTROL}ac")).await;
        self.browser.fill(css, &format!("{CONTROL}av")).await;
        let removed = "document.getElementById('source').remove()";
        self.browser.page.execute(removed, Vec::new()).await.unwrap();
        // A field of one line has no line breaks.
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(dense(&self.value(css).await), dense(text), "pasted");
    }

    async fn value(&self, css: &str) -> String {
        self.browser.element(css).await.prop("value").await.unwrap().unwrap()
    }

    /// Presses each of the buttons, and asserts that the form stays here, with the warning in focus; then clears the
    /// field by the button of the warning.
    async fn stays(&self, what: &str, field: &str, buttons: &[&str]) {
        let url = self.browser.page.current_url().await.unwrap();
        let posted = self.posts().len();
        let warning = self.browser.element(WARNING).await.text().await.unwrap();
        assert!(warning.to_lowercase().contains("private key"), "{what}: {warning}");
        let is_invalid = self.browser.element(field).await.attr("aria-invalid").await.unwrap();
        assert_eq!(is_invalid.as_deref(), Some("true"));
        for button in buttons {
            self.browser.press(button).await;
            self.warning_has_focus(what).await;
            self.settle().await;
            assert_eq!(self.browser.page.current_url().await.unwrap(), url, "{what}");
        }
        assert_eq!(self.posts().len(), posted, "{what} was sent");
        self.browser.press(&format!("{WARNING} button")).await;
        assert_eq!(self.value(field).await, "", "{what} is cleared");
        self.no_warning().await;
        assert_eq!(self.browser.element(field).await.attr("aria-invalid").await.unwrap(), None);
    }

    async fn warning_has_focus(&self, what: &str) {
        eventually(&format!("{what}: the warning to have the focus"), PATIENCE, async || {
            let focused = self.browser.page.active_element().await.ok()?.attr("role").await.ok()??;
            (focused == "alert").then_some(())
        })
        .await;
    }

    async fn no_warning(&self) {
        eventually("the warning to go", PATIENCE, async || {
            let found = self.browser.page.find_all(fantoccini::Locator::Css(WARNING)).await.ok()?;
            found.is_empty().then_some(())
        })
        .await;
    }

    /// Waits for everything that the page has begun.
    async fn settle(&self) {
        settled::settle(&self.browser).await;
    }

    /// Every POST to the portal so far. A browser has calls of its own.
    fn posts(&self) -> Vec<Exchange> {
        let is_ours =
            |sent: &Exchange| sent.method == "POST" && sent.octets.starts_with(self.base.as_bytes());
        self.traffic.exchanges().into_iter().filter(is_ours).collect()
    }

    async fn accepted(&self) {
        self.browser.element("[data-status]").await;
    }

    async fn end(self, key: &SecretKey) {
        assert!(!key.is_in(&self.traffic), "a piece of the key left the browser");
        self.browser.close().await;
    }
}

#[tokio::test]
async fn a_pasted_private_key_stays_in_the_browser() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let visit = Visit::start(&programs, true).await;
    let (key, csr) = (SecretKey::new(), csr_for(&[&unique_host()]));
    let [text, comment] = ["#csrContent", "#comment"];
    for (what, field, pasted) in [
        ("PEM", text, key.pem.clone()),
        ("PEM behind a request", text, format!("{csr}{}", key.pem)),
        ("base64 of PEM", comment, key.base64_of_pem()),
        ("hexadecimal digits", comment, hex::encode(&key.der)),
        ("a secret of Kubernetes", text, key.kubernetes_secret()),
    ] {
        visit.open_form().await;
        visit.paste(field, &pasted).await;
        visit.stays(what, field, &[SEND, CHECK]).await;
    }
    // With a request in place of the key, the form can be sent.
    let email = visit.open_form().await;
    visit.paste(text, &key.pem).await;
    visit.stays("PEM", text, &[SEND]).await;
    visit.paste(text, &csr).await;
    visit.browser.element("#preview section:not(.bad)").await;
    visit.browser.leave(SEND).await;
    visit.accepted().await;
    assert_eq!(Stack::shared().await.rows_of(&email).len(), 1);
    let line = csr.lines().nth(2).unwrap();
    let sent = visit.traffic.exchanges();
    for path in ["/requests/preview", "/requests"] {
        let has_line = sent
            .iter()
            .any(|one| one.path.ends_with(path) && contains(&joined(&one.octets), line.as_bytes()));
        assert!(has_line, "{path} is not recorded");
    }
    visit.end(&key).await;
}

#[tokio::test]
async fn a_private_key_stays_in_the_browser_on_every_page_with_a_field() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let visit = Visit::start(&programs, true).await;
    let key = SecretKey::new();
    let stack = Stack::shared().await;
    let asked = stack.portal().ask(&Submission::of(&csr_for(&[&unique_host()]))).await;
    let review = stack.mailbox().approval_link(&asked, APPROVER).await;
    let review = review.strip_prefix(&visit.base).unwrap();
    let decide: &[&str] = &["button[value=approve]", "button[value=reject]"];
    for (path, field, buttons) in
        [("commands", "#names", &[SEND][..]), ("mine", "#email", &[SEND]), (review, "#reason", decide)]
    {
        visit.open(path).await;
        visit.paste(field, &key.pem).await;
        visit.stays(path, field, buttons).await;
    }
    let exchanges = visit.traffic.exchanges();
    assert!(exchanges.iter().any(|one| one.path.ends_with("/commands")), "opened pages are recorded");
    visit.end(&key).await;
}

#[tokio::test]
async fn a_file_with_a_private_key_stays_in_the_browser() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let visit = Visit::start(&programs, true).await;
    let (key, csr, folder) = (SecretKey::new(), csr_for(&[&unique_host()]), tempfile::tempdir().unwrap());
    for (name, octets) in [("key.pem", key.pem.as_bytes()), ("key.der", &key.der)] {
        let file = folder.path().join(name);
        std::fs::write(&file, octets).unwrap();
        visit.open_form().await;
        visit.browser.fill("#csrFile", file.to_str().unwrap()).await;
        visit.stays(name, "#csrFile", &[SEND, CHECK]).await;
        assert_eq!(visit.value("#csrContent").await, "", "{name} is not put into the text");
    }
    visit.open_form().await;
    visit.browser.page.execute(DROP, vec![key.pem.clone().into()]).await.unwrap();
    visit.warning_has_focus("a dropped file").await;
    visit.settle().await;
    assert_eq!(visit.value("#csrContent").await, "", "the dropped file is not taken");
    let file = folder.path().join("request.csr");
    std::fs::write(&file, &csr).unwrap();
    visit.open_form().await;
    visit.browser.fill("#csrFile", file.to_str().unwrap()).await;
    visit.browser.element("#preview section:not(.bad)").await;
    visit.browser.leave(SEND).await;
    visit.accepted().await;
    visit.end(&key).await;
}

#[tokio::test]
async fn without_javascript_the_server_refuses_a_private_key() {
    let Some(programs) = needed(PROGRAMS) else { return };
    let visit = Visit::start(&programs, false).await;
    let key = SecretKey::new();
    let email = Submission::of("").email;
    visit.browser.page.goto(&visit.base).await.unwrap();
    visit.browser.fill("#email", &email).await;
    visit.browser.fill("#csrContent", &key.kubernetes_secret()).await;
    visit.browser.leave(SEND).await;
    let said = visit.browser.element("#problems").await.text().await.unwrap();
    assert!(said.contains("private key"), "{said}");
    let [post] = &visit.posts()[..] else { panic!("one form") };
    assert_eq!(post.status, 422);
    assert!(key.is_in(&visit.traffic), "the sent form is recorded");
    let portal = Stack::shared().await.portal();
    let same = Submission { email: email.clone(), ..Submission::of(&key.kubernetes_secret()) };
    portal.submit(&same).await.problem(422, "private_key_submitted");
    assert!(Stack::shared().await.rows_of(&email).is_empty());
    visit.browser.close().await;
}
