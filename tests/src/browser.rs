//! Headless Chromium, driven through ChromeDriver.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{ChildGuard, PATIENCE, eventually};

/// A fresh browser with a profile of its own.
pub struct Browser {
    /// The page.
    pub page: Client,
    // Dropped in this order: the driver ends its browser, then the profile goes.
    _driver: ChildGuard,
    _folder: TempDir,
}

impl Browser {
    /// Starts ChromeDriver on a free port, and Chromium.
    pub async fn start(programs: &[PathBuf; 2], with_scripts: bool) -> Self {
        Self::start_with(programs, with_scripts, &[]).await
    }

    /// Like `start`, with all requests sent through an HTTP proxy, loopback too.
    pub async fn start_through(programs: &[PathBuf; 2], with_scripts: bool, proxy: &str) -> Self {
        let options = [format!("--proxy-server={proxy}"), "--proxy-bypass-list=<-loopback>".to_owned()];
        Self::start_with(programs, with_scripts, &options).await
    }

    /// Like `start`, with further options of Chromium.
    pub async fn start_with(
        [chromium, driver]: &[PathBuf; 2],
        with_scripts: bool,
        further: &[String],
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (process, port) = start_driver(driver, &folder.path().join("chromedriver.log")).await;
        let profile = folder.path().join("profile");
        let Value::Object(capabilities) = capabilities(
            &chromium.display().to_string(),
            &profile.display().to_string(),
            with_scripts,
            further,
        ) else {
            unreachable!("an object")
        };
        let page = ClientBuilder::rustls()
            .unwrap()
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        Self { page, _driver: process, _folder: folder }
    }

    /// Waits for an element and returns it.
    pub async fn element(&self, css: &str) -> fantoccini::elements::Element {
        let found = self
            .page
            .wait()
            .at_most(PATIENCE)
            .every(Duration::from_millis(50))
            .for_element(Locator::Css(css))
            .await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.page.source().await.unwrap_or_default()),
        }
    }

    /// Types into a field.
    pub async fn fill(&self, css: &str, text: &str) {
        self.element(css).await.send_keys(text).await.unwrap();
    }

    /// Presses what changes the page that is open. For what leads to another page, there is `leave`.
    pub async fn press(&self, css: &str) {
        self.element(css).await.click().await.unwrap();
    }

    /// Presses a button or follows a link that leads to another page, and waits until the page that was open is gone:
    /// WebDriver may answer the click before the next page comes, so what is read then may still be the page before.
    pub async fn leave(&self, css: &str) {
        let before = self.element("html").await;
        self.press(css).await;
        Self::gone(before).await;
    }

    /// Like `leave`, by a key that is typed into a field.
    pub async fn leave_by(&self, css: &str, key: &str) {
        let before = self.element("html").await;
        self.fill(css, key).await;
        Self::gone(before).await;
    }

    async fn gone(before: fantoccini::elements::Element) {
        eventually("the page to be left", PATIENCE, async || match before.tag_name().await {
            Err(error) if error.is_stale_element_reference() => Some(()),
            Ok(_) | Err(_) => None,
        })
        .await;
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.page.clone().close().await.unwrap();
    }
}

/// ChromeDriver and its port. ChromeDriver takes a free IPv6 port and then the same IPv4 port; if that one is in use,
/// it reports it and ends, and is started again.
async fn start_driver(program: &Path, log: &Path) -> (ChildGuard, u16) {
    let mut process = ChildGuard::start(program, &["--port=0"], log);
    let port = eventually("ChromeDriver to say its port", PATIENCE, async || {
        let has_ended = process.ended().is_some();
        let text = std::fs::read_to_string(log).unwrap_or_default();
        if has_ended {
            assert!(text.contains("port not available"), "ChromeDriver ended: {text}");
            process = ChildGuard::start(program, &["--port=0"], log);
            return None;
        }
        let (_, rest) = text.split_once("started successfully on port ")?;
        rest.split_once('.')?.0.parse::<u16>().ok()
    })
    .await;
    (process, port)
}

fn capabilities(chromium: &str, profile: &str, with_scripts: bool, further: &[String]) -> Value {
    let profile = format!("--user-data-dir={profile}");
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=390,844",
        &profile,
    ];
    let arguments: Vec<&str> = arguments.into_iter().chain(further.iter().map(String::as_str)).collect();
    let mut options = json!({ "binary": chromium, "args": arguments });
    if !with_scripts {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    json!({ "browserName": "chrome", "goog:chromeOptions": options })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn a_driver_whose_port_was_taken_is_started_again() {
        let folder = tempfile::tempdir().unwrap();
        let driver = folder.path().join("driver");
        let script = r#"#!/bin/sh
mkdir "$0.tried" 2>/dev/null && echo 'IPv4 port not available. Exiting...' && exit 1
echo 'ChromeDriver was started successfully on port 4321.'
exec tail -f /dev/null
"#;
        std::fs::write(&driver, script).unwrap();
        std::fs::set_permissions(&driver, std::fs::Permissions::from_mode(0o755)).unwrap();
        let (_, port) = start_driver(&driver, &folder.path().join("log")).await;
        assert_eq!(port, 4321);
    }
}
