//! The checkout in use, and the folder of its local stack.

use std::path::{Path, PathBuf};

/// Returns the folder of the local stack: `dir`, else `.local` in the repository.
pub(crate) fn folder(dir: Option<&Path>) -> PathBuf {
    dir.map_or_else(
        || repository().join(".local"),
        |dir| std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned()),
    )
}

/// Returns the root of the repository around the working directory, else of the repository of this build.
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
