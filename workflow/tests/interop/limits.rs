//! Valid certificates that a verifier rejects, with the reason.
//!
//! Invariant: a refusal of a verifier that is not explained here fails the test. A newer version that has learned better does
//! not.

/// Something a verifier cannot do, or does more strictly than RFC 5280.
pub(crate) struct Limit {
    /// Its mark in docs/issuance.md.
    pub(crate) mark: &'static str,
    pub(crate) verifier: &'static str,
    /// Rows of which one of the first cells contains this.
    row: &'static str,
    /// Parts of what the verifier says, of which one is enough.
    words: &'static [&'static str],
    /// For people.
    pub(crate) why: &'static str,
}

pub(crate) const LIMITS: [Limit; 5] = [
    Limit {
        mark: "a",
        verifier: "NSS",
        row: "Ed25519",
        words: &["Unrecognized Object Identifier", "key usage inadequate", "adding certificate to database"],
        why: "does not know Ed25519 before its version 3.99. Profiles for clients that use NSS leave `ed25519` out of \
              `keys`.",
    },
    Limit {
        mark: "b",
        verifier: "Python cryptography",
        row: "root Ed25519",
        words: &["Ed25519"],
        why: "its verifier takes the list of algorithms from the Baseline Requirements of the CA/Browser Forum, section \
              7.1.3.2, in which authorities do not sign with Ed25519.",
    },
    Limit {
        mark: "c",
        verifier: "NSS",
        row: "digitalSignature only, RSA key",
        words: &["key usage inadequate"],
        why: "certutil wants keyEncipherment in the certificate of a server with an RSA key, though only the key exchange \
              that TLS 1.3 no longer has needs it (RFC 8446 section 4.4.2.2 asks for digitalSignature). The default \
              policy gives RSA keys both.",
    },
    Limit {
        mark: "d",
        verifier: "OpenSSL",
        row: "imported root without keyUsage",
        words: &["does not include key usage"],
        why: "with -x509_strict, an authority needs keyUsage (RFC 5280 section 4.2.1.3); without -x509_strict it is accepted. A \
              root made by a bare `openssl req -x509` has none: make a new one where strict verifiers matter.",
    },
    Limit {
        mark: "e",
        verifier: "Python cryptography",
        row: "imported root without keyUsage",
        words: &["missing required extension"],
        why: "the same rule as (d).",
    },
];

/// The explanation of a refusal, if there is one.
pub(crate) fn explaining(verifier: &str, row: &[String], words: &str) -> Option<&'static Limit> {
    LIMITS.iter().find(|limit| {
        limit.verifier == verifier
            && row.iter().any(|cell| cell.contains(limit.row))
            && limit.words.iter().any(|part| words.contains(part))
    })
}

/// True if a cell may say no although this version of the verifier says yes.
pub(crate) fn excuses(verifier: &str, row: &[Option<String>], cell: &str) -> bool {
    LIMITS.iter().any(|limit| {
        limit.verifier == verifier
            && row.iter().flatten().any(|cell| cell.contains(limit.row))
            && cell.starts_with(&format!("no ({})", limit.mark))
    })
}
