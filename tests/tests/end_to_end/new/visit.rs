//! A browser on the pages with keys, and what a requester does there.

use std::path::{Path, PathBuf};

use end_to_end::{Asked, Browser, PATIENCE, Stack, Submission, eventually};
use fantoccini::Locator;
use tempfile::TempDir;

use super::PASSPHRASE;
use crate::APPROVER;

/// A browser that stores downloads.
pub(super) struct KeyVisit {
    pub(super) browser: Browser,
    pub(super) base: String,
    downloads: TempDir,
}

impl KeyVisit {
    pub(super) async fn with(browser: Browser) -> Self {
        let downloads = tempfile::tempdir().unwrap();
        browser.download_to(downloads.path()).await;
        Self { browser, base: Stack::shared().await.portal().base, downloads }
    }

    /// Opens `/new`.
    pub(super) async fn open(&self) {
        self.browser.page.goto(&format!("{}new", self.base)).await.unwrap();
        self.shown("#make-button").await;
    }

    /// Waits until an element can be seen, and returns its text.
    pub(super) async fn shown(&self, css: &str) -> String {
        eventually(&format!("{css} to be shown"), PATIENCE, async || {
            let element = self.browser.page.find(Locator::Css(css)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(())?;
            element.text().await.ok()
        })
        .await
    }

    /// True if an element can be seen.
    pub(super) async fn is_shown(&self, css: &str) -> bool {
        match self.browser.page.find(Locator::Css(css)).await {
            Ok(element) => element.is_displayed().await.unwrap(),
            Err(_) => false,
        }
    }

    /// Waits until an element has this text in it.
    pub(super) async fn says(&self, css: &str, text: &str) {
        eventually(&format!("{css} to say {text:?}"), PATIENCE, async || {
            let said = self.browser.page.find(Locator::Css(css)).await.ok()?.text().await.ok()?;
            said.contains(text).then_some(())
        })
        .await;
    }

    /// Replaces the text of a field.
    pub(super) async fn type_into(&self, css: &str, text: &str) {
        let element = self.browser.element(css).await;
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    pub(super) async fn type_passphrases(&self, passphrase: &str, again: &str) {
        self.type_into("#passphrase", passphrase).await;
        self.type_into("#passphrase-again", again).await;
    }

    /// True if the form can be sent.
    pub(super) async fn can_send(&self) -> bool {
        self.browser.element("#request button[type=submit]").await.is_enabled().await.unwrap()
    }

    pub(super) async fn value(&self, css: &str) -> String {
        self.browser.element(css).await.prop("value").await.unwrap().unwrap()
    }

    /// Makes a key of this kind for a host, downloads it, and returns its file and the CSR.
    pub(super) async fn make(&self, kind: &str, host: &str) -> (PathBuf, String) {
        self.type_into("#typed-names", host).await;
        self.shown(&format!("[data-kind={kind}]")).await;
        self.browser.press(&format!("[data-kind={kind}] input")).await;
        self.type_passphrases(PASSPHRASE, PASSPHRASE).await;
        assert!(!self.can_send().await);
        self.says("#why", "make the key").await;
        self.browser.press("#make-button").await;
        self.shown("#key-link").await;
        self.says("#progress", "made").await;
        // The usual preview, with what would be issued.
        self.says("#preview", host).await;
        assert!(!self.can_send().await, "the key is not downloaded");
        self.says("#why", "download the encrypted key").await;
        let file = self.browser.download("#key-link", self.downloads.path()).await;
        assert!(self.can_send().await);
        assert_eq!(self.value("#passphrase").await, "", "the passphrase is not kept in the page");
        (file, self.value("#csrContent").await)
    }

    /// Sends the form, confirms and approves the request, and waits for the certificate.
    pub(super) async fn certify(&self) -> Asked {
        let stack = Stack::shared().await;
        let (portal, mailbox) = (stack.portal(), stack.mailbox());
        let email = Submission::of("").email;
        self.browser.fill("#email", &email).await;
        self.browser.leave("#request button[type=submit]").await;
        self.browser.element("[data-status]").await;
        let answered = self.browser.page.current_url().await.unwrap();
        let id = answered.path_segments().unwrap().next_back().unwrap().to_owned();
        let asked = portal.confirm(Asked { id, email, status_url: answered.to_string() }).await;
        let link = mailbox.approval_link(&asked, APPROVER).await;
        portal.decide(&link, "approve", "").await.expect(200);
        portal.until(&asked, "delivered").await;
        asked
    }

    /// Opens the status page by the mailed link.
    pub(super) async fn open_status(&self, asked: &Asked) {
        self.browser.page.goto(&asked.status_url).await.unwrap();
        self.shown("#key-file").await;
    }

    /// Chooses a key file and types its passphrase.
    pub(super) async fn choose(&self, file: &Path, passphrase: &str) {
        self.browser.fill("#key-choice", file.to_str().unwrap()).await;
        self.type_into("#key-passphrase", passphrase).await;
    }

    /// Has a file made on the status page, and downloads it.
    pub(super) async fn file(&self, what: &str) -> PathBuf {
        self.browser.press(&format!("input[name=what][value={what}]")).await;
        self.browser.press("#key-button").await;
        self.shown("#key-made").await;
        self.browser.download("#key-made", self.downloads.path()).await
    }

    /// Moves a download, so that the next one can have its name.
    pub(super) fn take(&self, file: &Path, name: &str) -> PathBuf {
        let to = self.downloads.path().join(name);
        std::fs::rename(file, &to).unwrap();
        to
    }

    /// The records of IndexedDB: their keys, and the members of each with octets as lists of numbers.
    pub(super) async fn records(&self) -> Vec<(String, serde_json::Value)> {
        const READ: &str = "
            const done = arguments[arguments.length - 1];
            const opening = indexedDB.open('countersign', 1);
            opening.onupgradeneeded = () => opening.transaction.abort();
            opening.onerror = () => done([]);
            opening.onsuccess = () => {
                const store = opening.result.transaction('keys').objectStore('keys');
                const [keys, values] = [store.getAllKeys(), store.getAll()];
                values.onsuccess = () => {
                    opening.result.close();
                    done(keys.result.map((key, at) => [key, Object.fromEntries(Object.entries(values.result[at])
                        .map(([name, value]) => [name, value instanceof Uint8Array ? [...value] : value]))]));
                };
            };";
        let found = self.browser.page.execute_async(READ, vec![]).await.unwrap();
        serde_json::from_value(found).unwrap()
    }
}
