//! OpenID providers on loopback: `oidc-provider`, which is certified by the OpenID Foundation, and Canaille.
//!
//! They are installed once, from the npm registry and PyPI, into `target/`, and end with the test.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::{ChildGuard, PATIENCE, eventually, free_port, needed, npm_package, python_with, repository};

const VERSION: &str = "9.13.3";

/// The running provider.
pub struct OpenIdProvider {
    /// Its issuer identifier.
    pub issuer: String,
    _process: ChildGuard,
    _folder: TempDir,
}

impl OpenIdProvider {
    /// Starts a provider with one client, `countersign`, which is public if the secret is empty. Returns `None`, with a
    /// message, if Node.js or npm is missing.
    pub async fn start(redirect_uri: &str, secret: &str) -> Option<Self> {
        let [node] = needed([("node", "nodejs")])?;
        let module = npm_package("oidc-provider", VERSION)?;
        let port = free_port();
        let script = repository().join("tests/src/openid_provider.mjs").display().to_string();
        let arguments = [&script, &module.display().to_string(), &port.to_string(), redirect_uri, secret];
        Some(Self::of(&node, &arguments, format!("http://localhost:{port}")).await)
    }

    /// Starts Canaille with one confidential client, `countersign`, and one person. Returns `None`, with a message, if
    /// Python is missing.
    pub async fn canaille(redirect_uri: &str, secret: &str) -> Option<Self> {
        let python = python_with("openid", include_str!("openid_provider.txt"))?;
        let port = free_port();
        let script = repository().join("tests/src/openid_provider.py").display().to_string();
        let arguments = [&script, &port.to_string(), redirect_uri, secret];
        Some(Self::of(&python, &arguments, format!("http://127.0.0.1:{port}")).await)
    }

    async fn of(program: &Path, arguments: &[&str], issuer: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("provider.log");
        let mut process = ChildGuard::start(program, arguments, &log);
        eventually("the OpenID provider to start", PATIENCE, async || {
            let said = fs::read_to_string(&log).unwrap_or_default();
            assert!(process.ended().is_none(), "{said}");
            said.lines().any(|line| line == "ready").then_some(())
        })
        .await;
        Self { issuer, _process: process, _folder: folder }
    }

    /// Replaces the keys: what was signed by the former ones cannot be checked any more.
    pub async fn rotate(&self) {
        let answer = reqwest::Client::new().post(format!("{}/rotate", self.issuer)).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}
