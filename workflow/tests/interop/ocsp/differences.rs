//! Differences of verifiers with answers, and the reasons.
//!
//! Invariant: a difference that is not explained here fails the test.

use crate::differences::{Difference, IssuedBy};

pub(super) const DIFFERENCES: [Difference; 3] = [
    Difference {
        mark: "o1",
        verifiers: &["GnuTLS"],
        kinds: &["good, after its nextUpdate"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "`ocsptool` shows the dates of an answer and leaves them to its user.",
    },
    Difference {
        mark: "o2",
        verifiers: &["GnuTLS"],
        kinds: &["good, by the responder of another trusted CA"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "`ocsptool` takes a responder of any CA in `--load-trust`, though RFC 6960 section 4.2.2.2 wants the issuer of the \
              certificate. Load the CAs of this certificate only.",
    },
    Difference {
        mark: "o3",
        verifiers: &["nginx (chain)", "Apache (chain)"],
        kinds: &["good: ", "after a rotation: good"],
        cell: Some("refuses below an issuing CA"),
        issued_by: IssuedBy::IssuingCa,
        why: "asks about the issuing CA too, and is answered `unauthorized`: the root above it has no responder, since its key is \
              used by `countersign ca` alone. Use `leaf`.",
    },
];
