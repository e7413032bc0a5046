//! Screens of the browser: desktop, small phone, dark mode, zoom, forced colours; and screenshots.

use std::path::Path;

use fantoccini::wd::WebDriverCompatibleCommand;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use crate::Browser;

/// A screen size, a zoom, and colours.
#[derive(Clone, Copy)]
pub struct Look {
    /// Name in messages and file names.
    pub name: &'static str,
    /// Width in CSS pixels.
    pub width: u32,
    height: u32,
    /// Pixels of the screen in a CSS pixel.
    zoom: u32,
    dark: bool,
    forced_colors: bool,
}

const DESKTOP: Look =
    Look { name: "desktop", width: 1280, height: 800, zoom: 1, dark: false, forced_colors: false };

impl Look {
    /// The screens of which there are pictures. WCAG 2.2 section 1.4.10: 320 CSS pixels.
    pub const ALL: [Look; 3] = [
        DESKTOP,
        Look { name: "phone", width: 320, height: 640, ..DESKTOP },
        Look { name: "dark", dark: true, ..DESKTOP },
    ];
    /// More screens for checks. WCAG 2.2 section 1.4.4: text at 200 %. The other has the colours of the reader, as in the contrast
    /// themes of Windows.
    pub const CHECKED: [Look; 2] = [
        Look { name: "zoomed", width: DESKTOP.width / 2, height: DESKTOP.height / 2, zoom: 2, ..DESKTOP },
        Look { name: "forced-colors", forced_colors: true, ..DESKTOP },
    ];
}

/// A command of the Chrome DevTools Protocol, by way of ChromeDriver.
#[derive(Debug)]
struct Devtools(Value);

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.0.to_string()))
    }
}

impl Browser {
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) {
        let command = json!({ "cmd": command, "params": parameters });
        self.page.issue_cmd(Devtools(command)).await.unwrap();
    }

    async fn screen(&self, look: Look, height: u32) {
        let (width, zoom) = (look.width, look.zoom);
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": zoom, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Sets the screen for this and all later pages.
    pub async fn look(&self, look: Look) {
        self.screen(look, look.height).await;
        let scheme = if look.dark { "dark" } else { "light" };
        let forced = if look.forced_colors { "active" } else { "none" };
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "forced-colors", "value": forced },
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Sets the time zone of the reader for this and all later pages, by its IANA name.
    pub async fn time_zone(&self, name: &str) {
        self.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": name })).await;
    }

    /// Width of the content and of the viewport, in CSS pixels.
    pub async fn widths(&self) -> (u64, u64) {
        let root = "const root = document.documentElement; return [root.scrollWidth, root.clientWidth]";
        let widths = self.page.execute(root, vec![]).await.unwrap();
        (widths[0].as_u64().unwrap(), widths[1].as_u64().unwrap())
    }

    /// Writes a screenshot of the whole page.
    pub async fn picture(&self, look: Look, file: &Path) {
        let height = "return document.documentElement.scrollHeight";
        let height = self.page.execute(height, vec![]).await.unwrap().as_u64().unwrap();
        self.screen(look, u32::try_from(height).unwrap().max(look.height)).await;
        std::fs::write(file, self.page.screenshot().await.unwrap()).unwrap();
        self.screen(look, look.height).await;
    }
}
