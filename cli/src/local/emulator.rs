//! The AWS emulator, bound to the loopback interface, with access control on and its state in the stack's folder.
//!
//! Invariant: the emulator has none of the operator's AWS settings, since its functions inherit its environment.

use std::fs;
use std::path::{Path, PathBuf};

use super::child::Child;
use super::saved::SavedState;
use crate::aws_cli::{REGION, ROOT_KEY};
use crate::error::{CliError, OrFail as _};
use crate::venv::Venv;

/// The running emulator.
pub(crate) struct Emulator {
    /// Its process.
    pub(crate) child: Child,
    /// URL of its AWS API.
    pub(crate) endpoint: String,
    folder: PathBuf,
}

impl Emulator {
    /// Starts the emulator; [`Emulator::ready`] waits until it answers.
    pub(crate) fn start(venv: &Venv, folder: &Path, port: u16) -> Result<Self, CliError> {
        let state = folder.join("state");
        let temporary = folder.join("tmp");
        for path in [&state.join("s3"), &temporary] {
            fs::create_dir_all(path)
                .or_fail(|| format!("cannot make {}", path.display()), "Choose another --dir.")?;
        }
        let path = |path: &PathBuf| path.display().to_string();
        let variables = [
            ("GATEWAY_PORT", port.to_string()),
            ("BIND_HOST", "127.0.0.1".into()),
            ("AUTH", "true".into()),
            ("IOT_MTLS_ENABLED", "0".into()),
            ("SFTP_ENABLED", "0".into()),
            ("PERSIST_STATE", "1".into()),
            ("STATE_DIR", path(&state)),
            ("S3_PERSIST", "1".into()),
            ("S3_DATA_DIR", path(&state.join("s3"))),
            ("LAMBDA_EXECUTOR", "local".into()),
            ("TMPDIR", path(&temporary)),
            ("HOME", path(&temporary)),
            ("AWS_ACCESS_KEY_ID", ROOT_KEY.0.into()),
            ("AWS_SECRET_ACCESS_KEY", ROOT_KEY.1.into()),
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ("MINISTACK_REGION", REGION.into()),
            // Functions run as plain processes, never in a container engine of this machine.
            ("DOCKER_HOST", format!("unix://{}", temporary.join("no-docker").display())),
        ];
        let child = Child::start(
            "AWS emulator",
            &venv.python,
            &["ministack".into()],
            &variables,
            &folder.join("emulator.log"),
        )?;
        Ok(Self { child, endpoint: format!("http://127.0.0.1:{port}"), folder: folder.to_owned() })
    }

    /// Stops the emulator. Fails if it could not save the state of the stack.
    pub(crate) async fn stop(self) -> Result<(), CliError> {
        let saved = SavedState::of(&self.folder);
        self.child.stop().await?;
        saved.require_newer()
    }

    /// Waits until the emulator answers.
    pub(crate) async fn ready(&mut self) -> Result<(), CliError> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .build()
            .or_fail(|| "cannot make an HTTP client".into(), "")?;
        let health = format!("{}/_ministack/health", self.endpoint);
        self.child
            .answers(async || http.get(&health).send().await.is_ok_and(|answer| answer.status().is_success()))
            .await
    }
}
