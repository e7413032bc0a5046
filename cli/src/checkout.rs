//! The checkout in use, and the folder of its local stack.

use std::path::{Path, PathBuf};

/// The variable with the name of a stack on AWS.
pub(crate) const STACK_VARIABLE: &str = "COUNTERSIGN_STACK";
/// The variable with the folder of the local stack.
pub(crate) const DIR_VARIABLE: &str = "COUNTERSIGN_DIR";

/// A variable of the environment; an empty one counts as unset.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The name of a stack on AWS if no option gives one.
pub(crate) fn usual_stack() -> String {
    variable(STACK_VARIABLE).unwrap_or_else(|| "countersign".to_owned())
}

/// Returns the folder of the local stack: `dir`, else that of the environment, else `.local` in the repository.
pub(crate) fn folder(dir: Option<&Path>) -> PathBuf {
    let of_environment = || variable(DIR_VARIABLE).map(PathBuf::from);
    dir.map(Path::to_owned)
        .or_else(of_environment)
        .map_or_else(|| repository().join(".local"), |dir| std::path::absolute(&dir).unwrap_or(dir))
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
