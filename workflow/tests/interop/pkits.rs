//! The lists of NIST's test suite PKITS, read by `pki::crl`. They come with the PyPI package cryptography_vectors.
//!
//! Invariant: a list is read, and by the right key, unless the table says why not. The suite's sections 4.4 (basic lists), 4.14
//! (distribution points) and 4.15 (deltas) have most of the lists that are not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pki::certificate::Certificate;
use pki::crl::{Crl, CrlReadError, RevocationReason};
use pki::issuer::Issuer;

use crate::panel::{Missing, skip, text};
use crate::venv;

/// What becomes of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Read, and signed by the CA of its name.
    Signed,
    Malformed,
    Unsupported,
    /// Read, but not signed by this CA.
    NotSigned,
    /// Read; the certificate is no CA certificate that Countersign takes.
    NoIssuer,
}
use Outcome::{Malformed, NoIssuer, NotSigned, Signed, Unsupported};

/// The lists that are not `Signed`: section, file without `CRL.crl`, outcome.
const OTHERS: [(&str, &str, Outcome); 39] = [
    // DSA; the keys of CAs are RSA, EC or Ed25519.
    ("4.1", "DSACA", NoIssuer),
    ("4.1", "DSAParametersInheritedCA", NoIssuer),
    // The name in the list has another encoding than the subject, which RFC 5280 section 7.1 compares by its letters. The
    // names in lists that are written here are the issuer's byte for byte, and so are those that are read.
    ("4.3", "RolloverfromPrintableStringtoUTF8StringCA", NotSigned),
    // Its signature has an unused bit.
    ("4.4", "BadCRLSignatureCA", Malformed),
    ("4.4", "BadCRLIssuerNameCA", NotSigned),
    ("4.4", "WrongCRLCA", NotSigned),
    ("4.4", "UnknownCRLExtensionCA", Unsupported),
    ("4.4", "TwoCRLsCABad", NotSigned),
    // Signed by a key that is not the one of the CA's certificates.
    ("4.4", "SeparateCertificateandCRLKeys", NotSigned),
    ("4.4", "SeparateCertificateandCRLKeysCA2", NotSigned),
    ("4.5", "BasicSelfIssuedOldKeyCA", NotSigned),
    ("4.5", "BasicSelfIssuedCRLSigningKeyCA", NotSigned),
    // No CA.
    ("4.6", "MissingbasicConstraintsCA", NoIssuer),
    ("4.6", "basicConstraintsCriticalcAFalseCA", NoIssuer),
    ("4.6", "basicConstraintsNotCriticalcAFalseCA", NoIssuer),
    // Without keyCertSign, or without cRLSign.
    ("4.7", "keyUsageCriticalkeyCertSignFalseCA", NoIssuer),
    ("4.7", "keyUsageNotCriticalkeyCertSignFalseCA", NoIssuer),
    ("4.7", "keyUsageCriticalcRLSignFalseCA", NotSigned),
    ("4.7", "keyUsageNotCriticalcRLSignFalseCA", NotSigned),
    // The name of its distribution point is relative to the issuer's.
    ("4.14", "distributionPoint2CA", Unsupported),
    ("4.14", "onlyContainsUserCertsCA", Unsupported),
    ("4.14", "onlyContainsCACertsCA", Unsupported),
    ("4.14", "onlyContainsAttributeCertsCA", Malformed),
    ("4.14", "onlySomeReasonsCA1compromise", Unsupported),
    ("4.14", "onlySomeReasonsCA1otherreasons", Unsupported),
    ("4.14", "onlySomeReasonsCA2CRL1.crl", Unsupported),
    ("4.14", "onlySomeReasonsCA2CRL2.crl", Unsupported),
    ("4.14", "onlySomeReasonsCA3compromise", Unsupported),
    ("4.14", "onlySomeReasonsCA3otherreasons", Unsupported),
    ("4.14", "onlySomeReasonsCA4compromise", Unsupported),
    ("4.14", "onlySomeReasonsCA4otherreasons", Unsupported),
    ("4.14", "indirectCRLCA1", Unsupported),
    ("4.14", "indirectCRLCA3cRLIssuer", Unsupported),
    ("4.14", "indirectCRLCA4cRLIssuer", Unsupported),
    ("4.14", "indirectCRLCA5", Unsupported),
    ("4.15", "deltaCRLIndicatorNoBaseCA", Unsupported),
    ("4.15", "deltaCRLCA1delta", Unsupported),
    ("4.15", "deltaCRLCA2delta", Unsupported),
    ("4.15", "deltaCRLCA3delta", Unsupported),
];

/// Lists whose certificate has another name.
const ISSUERS: [(&str, &str); 9] = [
    ("TrustAnchorRoot", "TrustAnchorRootCertificate"),
    ("TwoCRLsCAGood", "TwoCRLsCACert"),
    ("TwoCRLsCABad", "TwoCRLsCACert"),
    ("NameOrderCA", "NameOrderingCACert"),
    ("PoliciesP123subsubCAP2P2", "PoliciesP123subsubCAP12P2Cert"),
    ("SeparateCertificateandCRLKeys", "SeparateCertificateandCRLKeysCertificateSigningCACert"),
    ("SeparateCertificateandCRLKeysCA2", "SeparateCertificateandCRLKeysCA2CertificateSigningCACert"),
    ("BasicSelfIssuedCRLSigningKeyCRLCert", "BasicSelfIssuedCRLSigningKeyCACert"),
    ("BasicSelfIssuedOldKeySelfIssuedCert", "BasicSelfIssuedOldKeyCACert"),
];

type Found = Result<Option<RevocationReason>, CrlReadError>;
const REVOKED: Found = Ok(Some(RevocationReason::KeyCompromise));

/// What a list says about a certificate: the file of the certificate without `.crt`, that of the list, the answer.
const ENTRIES: [(&str, &str, Found); 13] = [
    ("InvalidRevokedCATest2EE", "RevokedsubCA", Ok(None)),
    ("RevokedsubCACert", "GoodCA", REVOKED),
    ("InvalidRevokedEETest3EE", "GoodCA", REVOKED),
    ("ValidCertificatePathTest1EE", "GoodCA", Ok(None)),
    ("ValidTwoCRLsTest7EE", "TwoCRLsCAGood", Ok(None)),
    ("ValidTwoCRLsTest7EE", "TwoCRLsCABad", REVOKED),
    ("InvalidUnknownCRLEntryExtensionTest8EE", "UnknownCRLEntryExtensionCA", Err(CrlReadError::Unsupported)),
    ("ValidLongSerialNumberTest16EE", "LongSerialNumberCA", Ok(None)),
    ("ValidLongSerialNumberTest17EE", "LongSerialNumberCA", Ok(None)),
    ("InvalidLongSerialNumberTest18EE", "LongSerialNumberCA", REVOKED),
    ("InvalidSeparateCertificateandCRLKeysTest20EE", "SeparateCertificateandCRLKeys", REVOKED),
    ("ValiddistributionPointTest1EE", "distributionPoint1CA", Ok(None)),
    ("InvaliddistributionPointTest2EE", "distributionPoint1CA", REVOKED),
];

/// The folder of the suite.
fn suite() -> Result<PathBuf, Missing> {
    let mut command = Command::new(venv::python()?);
    let output =
        command.args(["-c", "import cryptography_vectors as v; print(v.__path__[0])"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    Ok(PathBuf::from(text(&output).trim()).join("x509/PKITS_data"))
}

/// The name of a list without what most have at the end.
fn short(file: &str) -> &str {
    file.strip_suffix("CRL.crl").unwrap_or(file)
}

fn outcome(suite: &Path, file: &str) -> Outcome {
    let crl = match Crl::from_der(fs::read(suite.join("crls").join(file)).unwrap()) {
        Ok(crl) => crl,
        Err(CrlReadError::Unsupported) => return Unsupported,
        Err(_) => return Malformed,
    };
    let name = ISSUERS.iter().find(|(list, _)| *list == short(file));
    let name = name.map_or_else(|| format!("{}Cert", short(file)), |(_, name)| (*name).to_owned());
    let der = fs::read(suite.join("certs").join(format!("{name}.crt")));
    let pem = pem::encode(&pem::Pem::new("CERTIFICATE", der.unwrap_or_else(|_| panic!("{file}: no {name}"))));
    match Issuer::from_pem(&pem) {
        Ok(issuer) if crl.verify(&issuer).is_ok() => Signed,
        Ok(_) => NotSigned,
        Err(_) => NoIssuer,
    }
}

#[test]
fn the_lists_of_pkits_are_read_or_refused_as_the_table_says() {
    let suite = match suite() {
        Ok(suite) => suite,
        Err(missing) => return skip("PKITS", &missing, false),
    };
    let files = fs::read_dir(suite.join("crls")).unwrap();
    let files: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let mut counts = BTreeMap::new();
    let mut faults = Vec::new();
    for file in &files {
        let found = outcome(&suite, file);
        let expected = OTHERS.iter().find(|(_, name, _)| *name == short(file));
        let (section, expected) = expected.map_or(("", Signed), |(section, _, outcome)| (*section, *outcome));
        *counts.entry(found).or_insert(0) += 1;
        if found != expected {
            faults.push(format!("{section} {file}: {found:?}, not {expected:?}"));
        }
    }
    for (certificate, list, expected) in ENTRIES {
        let der = fs::read(suite.join("certs").join(format!("{certificate}.crt"))).unwrap();
        let serial = Certificate::from_der(der).unwrap().serial().clone();
        let crl = fs::read(suite.join("crls").join(format!("{list}CRL.crl"))).unwrap();
        let found = Crl::from_der(crl).and_then(|crl| crl.reason_of(&serial));
        if found != expected {
            faults.push(format!("{certificate} on the list {list}: {found:?}, not {expected:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let expected = [(Signed, 134), (Malformed, 2), (Unsupported, 20), (NotSigned, 10), (NoIssuer, 7)];
    assert_eq!(counts, BTreeMap::from(expected), "of {} lists", files.len());
}
