//! The checkout that the command works on, and the folder of its local stack.

use std::path::{Path, PathBuf};

/// The folder of the local stack that `--dir` means.
pub(crate) fn folder(dir: Option<&Path>) -> PathBuf {
    dir.map_or_else(
        || repository().join(".local"),
        |dir| std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()),
    )
}

/// The root of the repository: the one we are in, else the one this command was built from.
pub(crate) fn repository() -> PathBuf {
    let holds = |path: &Path| {
        path.join("statemachine.asl.json").is_file() && path.join("infra/template.yaml").is_file()
    };
    let here = std::env::current_dir().ok();
    let found =
        here.as_deref().and_then(|here| here.ancestors().find(|path| holds(path)).map(Path::to_owned));
    found.unwrap_or_else(|| {
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).map(Path::to_owned).unwrap_or_default()
    })
}
