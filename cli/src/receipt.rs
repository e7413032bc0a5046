//! `countersign receipt`: checks a receipt without access to the stack, except for its public key where that is not given.

use std::path::{Path, PathBuf};

use pki::certificate::Certificate;
use pki::tlog::NoteVerifier;
use serde_json::{Value, json};
use workflow::mail::bundle;
use workflow::transparency::{Receipt, VerifiedReceipt};

use crate::error::{CliError, OrFail as _};
use crate::log::public_keys;
use crate::output::{Document, FactSheet, OutputOptions};
use crate::stack::StackSelector;

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Checks a receipt: its signature, its place in the log, and its certificate
    Verify {
        /// The zip with certificate and receipt, or the receipt alone
        file: PathBuf,
        /// The certificate in PEM, if the file is a receipt alone
        #[arg(long, value_name = "FILE")]
        certificate: Option<PathBuf>,
        /// Public key of the log, so that no stack is asked; repeat it for former keys [default: the keys of the stack]
        #[arg(long, value_name = "KEY")]
        key: Vec<NoteVerifier>,
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign receipt`.
pub(crate) async fn run(command: ReceiptCommand) -> Result<(), CliError> {
    let ReceiptCommand::Verify { file, certificate, key, output, which } = command;
    // The file is read first: a file that cannot be read costs no call.
    let (octets, in_zip) = open(&file)?;
    let certificate = match certificate {
        Some(path) => Some(to_text(&path, read(&path)?)?),
        None => in_zip,
    };
    let keys = if key.is_empty() { public_keys(&which.find().await?).await? } else { key };
    let (document, value) = verify(&file, &octets, certificate.as_deref(), &keys)?;
    output.print(&document, &value)
}

/// The receipt, and the certificate beside it in a zip.
fn open(file: &Path) -> Result<(Vec<u8>, Option<String>), CliError> {
    let octets = read(file)?;
    if !octets.starts_with(b"PK") {
        return Ok((octets, None));
    }
    let advice = "Give the zip that the requester got, or receipt.json alone.";
    let (certificate, receipt) =
        bundle::contents(&octets).or_fail(|| format!("cannot read {}", file.display()), advice)?;
    let receipt = receipt.ok_or_else(|| {
        CliError::new(
            format!("{} has no receipt", file.display()),
            "Certificates that were delivered before there was a log have none.",
        )
    })?;
    Ok((receipt.into_bytes(), Some(certificate)))
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    std::fs::read(file).or_fail(|| format!("cannot read {}", file.display()), "")
}

fn to_text(file: &Path, octets: Vec<u8>) -> Result<String, CliError> {
    String::from_utf8(octets)
        .or_fail(|| format!("{} is not text", file.display()), "Give a certificate in PEM.")
}

/// Checks everything, and returns what the receipt says.
fn verify(
    file: &Path,
    octets: &[u8],
    certificate: Option<&str>,
    keys: &[NoteVerifier],
) -> Result<(Document, Value), CliError> {
    let doing = || format!("the receipt in {} is refused", file.display());
    let advice = "Get the file again. If it stays so, trust neither file nor certificate, and ask the operators of the CA.";
    let verified = Receipt::verify(octets, keys).or_fail(doing, advice)?;
    let compared = match certificate {
        Some(pem) => {
            let certificate = Certificate::from_pem(pem).or_fail(doing, advice)?;
            verified.is_of(&certificate).or_fail(doing, advice)?;
            "the certificate is the one of the receipt"
        }
        None => "no certificate was given to compare: give the zip, or add --certificate FILE",
    };
    let line = format!("The signature, the checkpoint and the proof are right; {compared}.");
    let value = json!({
        "receipt": verified.receipt,
        "log": verified.checkpoint.origin,
        "size": verified.checkpoint.size,
        "comparedWithCertificate": certificate.is_some(),
    });
    Ok((Document::new().facts(facts(&verified)).line(line), value))
}

/// The receipt in words.
fn facts(verified: &VerifiedReceipt) -> FactSheet {
    let (receipt, checkpoint) = (&verified.receipt, &verified.checkpoint);
    let under = receipt
        .approval
        .standing
        .map(|standing| format!("the standing approval {standing}, whose votes these are"));
    let votes = receipt.approval.votes.iter().map(|vote| {
        let proof = vote.evidence.as_ref().map_or("a link in a mail".to_owned(), |it| format!("proof {it}"));
        let people = &vote.stands_in_for;
        let absent = if people.is_empty() { String::new() } else { format!(" for {}", people.join(", ")) };
        ("Vote", format!("{} {} {}{absent}  {proof}", vote.approver, vote.decision, vote.at))
    });
    FactSheet::new()
        .with("Certificate", receipt.certificate.serial.to_string())
        .with("SHA-256", receipt.certificate.sha256.as_str())
        .with("Profile", receipt.profile.as_str())
        .with("Request", receipt.request.to_string())
        .with("Approved", format!("{}  digest {}", receipt.approval.decided, receipt.approval.digest))
        .with_some("Under", under)
        .with_all(votes)
        .with("Audit trail", format!("event {}, {}", receipt.audit.number, receipt.audit.hash))
        .with("Log", format!("{}, entry {} of {}", checkpoint.origin, receipt.log.index, checkpoint.size))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use workflow::request::Status;
    use workflow::request::audit::Origin;
    use workflow::testing::InMemoryBackend;

    use super::*;

    /// A zip, and the keys of its log.
    fn zip() -> (Vec<u8>, Vec<NoteVerifier>) {
        let backend = InMemoryBackend::new();
        let row = backend.request(backend.request_with_certificate(Status::Issued)).unwrap();
        let pem = backend.certificates().into_values().next().unwrap();
        let log = backend.certificate_log();
        let certificate = Certificate::from_pem(&pem).unwrap();
        let appended = log.append(&row, &certificate, &Origin::worker("deliver")).now_or_never().unwrap();
        let (_, receipt) = appended.unwrap();
        let zip =
            bundle::certificate_zip(&pem, backend.issuer_certificate(), row.names(), Some(&receipt)).unwrap();
        (zip, backend.stored_log_key().unwrap().verifiers())
    }

    #[test]
    fn a_zip_is_checked_with_its_certificate() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("certificate.zip");
        let (octets, keys) = zip();
        std::fs::write(&file, &octets).unwrap();
        let (receipt, certificate) = open(&file).unwrap();
        let certificate = certificate.unwrap();
        let (said, value) = verify(&file, &receipt, Some(&certificate), &keys).unwrap();
        let said = said.plain_text();
        assert_eq!(value["comparedWithCertificate"], true);
        for part in ["a•••@example.com approve", "entry 0 of 1", "the certificate is the one of the receipt"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        let alone = verify(&file, &receipt, None, &keys).unwrap().0.plain_text();
        assert!(alone.contains("no certificate was given"), "{alone}");
        let (_, other) = zip();
        let refused = verify(&file, &receipt, Some(&certificate), &other).unwrap_err().to_string();
        assert!(
            refused.contains("its signature is wrong") && refused.contains("ask the operators"),
            "{refused}"
        );
        let another = bundle::contents(&zip().0).unwrap().0;
        let refused = verify(&file, &receipt, Some(&another), &keys).unwrap_err().to_string();
        assert!(refused.contains("of another certificate"), "{refused}");
    }

    #[test]
    fn a_zip_without_a_receipt_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("certificate.zip");
        let backend = InMemoryBackend::new();
        backend.request_with_certificate(Status::Delivered);
        let pem = backend.certificates().into_values().next().unwrap();
        let zip = bundle::certificate_zip(&pem, backend.issuer_certificate(), &[], None).unwrap();
        std::fs::write(&file, zip).unwrap();
        assert!(open(&file).unwrap_err().to_string().contains("before there was a log"));
        std::fs::write(&file, b"PK and no more").unwrap();
        assert!(open(&file).unwrap_err().to_string().starts_with("cannot read"));
    }
}
