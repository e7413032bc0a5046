//! The processor that the functions run on, and whether the workers were built for it.
//!
//! Lambda starts a binary for another processor only to see it die: `exec format error` at each message.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::build;
use crate::error::{CliError, OrFail as _};

/// A value of the parameter Architecture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Processor {
    Arm64,
    X86,
}

impl Processor {
    /// Reads the parameter.
    pub(super) fn of(architecture: &str) -> Result<Self, CliError> {
        match architecture {
            "arm64" => Ok(Self::Arm64),
            "x86_64" => Ok(Self::X86),
            other => Err(CliError::new(
                format!("there is no Architecture {other}"),
                "It is arm64 or x86_64; nothing was built.",
            )),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }

    /// Refuses workers in `target/lambda` that were built for another processor.
    pub(super) fn check(self, repository: &Path) -> Result<(), CliError> {
        for worker in build::names(repository)? {
            let file = repository.join("target/lambda").join(&worker).join("bootstrap");
            let mut head = Vec::new();
            File::open(&file)
                .and_then(|file| file.take(20).read_to_end(&mut head))
                .or_fail(|| format!("cannot read {}", file.display()), "Did cargo lambda build it?")?;
            let found = machine(&head);
            if found != Some(self) {
                let found = found.map_or("something else than a Linux binary", Self::name);
                return Err(CliError::new(
                    format!(
                        "the worker {worker} was built for {found}, and the stack runs on {}",
                        self.name()
                    ),
                    format!(
                        "Nothing was uploaded. Remove target/lambda and try again, or deploy with --parameter Architecture={}.",
                        if self == Self::Arm64 { "x86_64" } else { "arm64" }
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// The processor of a binary of 64 bits, little-endian.
fn machine(head: &[u8]) -> Option<Processor> {
    // System V ABI, "ELF Header": e_ident has the magic number, the class (2: 64 bits) and the order of bytes (1: little-endian);
    // e_machine is at offset 18. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
    if !head.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    match head.get(18..20)? {
        [0xB7, 0] => Some(Processor::Arm64),
        [0x3E, 0] => Some(Processor::X86),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn elf(machine: u8) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01\x01".to_vec();
        head.resize(16, 0);
        head.extend([3, 0, machine, 0]);
        head.resize(64, 0);
        head
    }

    #[test]
    fn a_worker_for_another_processor_is_refused_before_the_upload() {
        let folder = tempfile::tempdir().unwrap();
        let repository = folder.path();
        for worker in ["persist", "sign"] {
            fs::create_dir_all(repository.join("workers").join(worker)).unwrap();
            fs::write(repository.join("workers").join(worker).join("Cargo.toml"), "").unwrap();
            fs::create_dir_all(repository.join("target/lambda").join(worker)).unwrap();
        }
        let put = |worker: &str, content: &[u8]| {
            fs::write(repository.join("target/lambda").join(worker).join("bootstrap"), content).unwrap();
        };
        let told = |processor: Processor| processor.check(repository).unwrap_err().to_string();
        put("persist", &elf(0xB7));
        assert!(told(Processor::Arm64).contains("cannot read"));
        put("sign", &elf(0xB7));
        assert!(Processor::Arm64.check(repository).is_ok());
        put("sign", &elf(0x3E));
        let of_sign = told(Processor::Arm64);
        assert!(of_sign.contains("sign was built for x86_64, and the stack runs on arm64"), "{of_sign}");
        assert!(of_sign.contains("--parameter Architecture=x86_64"), "{of_sign}");
        assert!(told(Processor::X86).contains("persist was built for arm64"));
        for other in [&b"\xcf\xfa\xed\xfe"[..], b"", &elf(0x28), &elf(0xB7)[..19]] {
            put("sign", other);
            assert!(told(Processor::Arm64).contains("something else"), "{other:?}");
        }
    }

    #[test]
    fn the_test_itself_runs_on_a_processor_that_is_recognised() {
        let this = fs::read(std::env::current_exe().unwrap()).unwrap();
        let expected = if cfg!(target_arch = "aarch64") { Processor::Arm64 } else { Processor::X86 };
        assert_eq!(machine(&this), cfg!(target_os = "linux").then_some(expected));
    }

    #[test]
    fn an_unknown_processor_is_refused() {
        assert_eq!(Processor::of("x86_64").unwrap(), Processor::X86);
        assert!(Processor::of("riscv64").unwrap_err().to_string().contains("arm64 or x86_64"));
    }
}
