//! Files that the browser downloads, and scripts that run before those of a page.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::{Browser, PATIENCE, eventually};

impl Browser {
    /// Stores downloads in this folder, without asking.
    pub async fn download_to(&self, folder: &Path) {
        let behavior = json!({ "behavior": "allow", "downloadPath": folder });
        self.devtools("Browser.setDownloadBehavior", behavior).await;
    }

    /// Runs a script before the scripts of every later page.
    pub async fn before_scripts(&self, source: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }

    /// Presses a link with a file, waits until it is complete in `folder`, and returns its path. Each file of a folder needs another
    /// name.
    pub async fn download(&self, css: &str, folder: &Path) -> PathBuf {
        let name = self.element(css).await.attr("download").await.unwrap().unwrap();
        self.press(css).await;
        let file = folder.join(&name);
        // Chromium writes into another file, and renames it at the end.
        eventually(&format!("the download of {name}"), PATIENCE, async || file.is_file().then_some(())).await;
        file
    }
}
