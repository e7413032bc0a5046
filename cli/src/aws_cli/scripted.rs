//! An `aws` that a test writes: answers by rules, and records what it was asked.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::AwsCli;

/// The program: a shell script and its answers in a folder.
pub(crate) struct ScriptedAws(TempDir);

/// Gives the next answer if the arguments contain the pattern; repeats the last one.
const SCRIPT: &str = r#"cd "$(dirname "$0")"
printf '%s\n' "$*" >>calls
for rule in rule-*; do
    case "$*" in *"$(cat "$rule/pattern")"*)
        number=$(($(cat "$rule/given") + 1))
        [ -e "$rule/$number" ] || number=$((number - 1))
        echo "$number" >"$rule/given"
        case "$(cat "$rule/$number")" in
        error:*) sed 's/^error://' "$rule/$number" >&2; exit 254 ;;
        *) cat "$rule/$number"; exit 0 ;;
        esac
    esac
done
echo "no rule for: $*" >&2
exit 99
"#;

impl ScriptedAws {
    /// Rules in the order in which they are tried: a part of the arguments, and the answers. An answer that begins with `error:` is
    /// printed on standard error and ends with exit code 254, as the AWS command line does.
    pub(crate) fn new(rules: &[(&str, &[&str])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("aws.sh"), SCRIPT).unwrap();
        fs::write(folder.path().join("calls"), "").unwrap();
        for (number, (pattern, answers)) in rules.iter().enumerate() {
            let rule = folder.path().join(format!("rule-{number:03}"));
            fs::create_dir(&rule).unwrap();
            fs::write(rule.join("pattern"), pattern).unwrap();
            fs::write(rule.join("given"), "0").unwrap();
            for (number, answer) in answers.iter().enumerate() {
                fs::write(rule.join((number + 1).to_string()), answer).unwrap();
            }
        }
        Self(folder)
    }

    /// The command line that runs it.
    pub(crate) fn cli(&self) -> AwsCli {
        AwsCli {
            // Not the script itself: the kernel refuses a program that another thread still has open for writing.
            program: Path::new("/bin/sh").to_owned(),
            before: vec![self.0.path().join("aws.sh").display().to_string()],
            after: Vec::new(),
            own: false,
            variables: Vec::new(),
        }
    }

    /// The calls so far, without the options that every call has.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.0.path().join("calls")).unwrap();
        calls.lines().map(|call| call.replace(" --output json", "")).collect()
    }

    /// Position of the first call that contains `part`.
    #[track_caller]
    pub(crate) fn position(&self, part: &str) -> usize {
        let calls = self.calls();
        calls.iter().position(|call| call.contains(part)).unwrap_or_else(|| panic!("no {part} in {calls:#?}"))
    }

    /// True if there was a call that contains `part`.
    pub(crate) fn called(&self, part: &str) -> bool {
        self.calls().iter().any(|call| call.contains(part))
    }
}
