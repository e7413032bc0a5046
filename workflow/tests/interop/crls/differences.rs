//! What a verifier does otherwise with a list, and why.
//!
//! Invariant: a difference that is not explained here fails the test.

use crate::differences::{Difference, IssuedBy};

pub(super) const DIFFERENCES: [Difference; 9] = [
    Difference {
        mark: "l1",
        verifiers: &["NSS", "NSS libpkix"],
        kinds: &["a list after its nextUpdate"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "takes a list after its nextUpdate: RFC 5280 section 6.3.3 leaves the use of older lists to the verifier. What \
              the old list revokes is refused.",
    },
    Difference {
        mark: "l2",
        verifiers: &["NSS"],
        kinds: &["the list of another CA"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "certutil takes a certificate for which it has no list. vfychain (libpkix) refuses it if told to.",
    },
    Difference {
        mark: "l3",
        verifiers: &["NSS", "NSS libpkix"],
        kinds: &["after a rotation to a CA with the same name"],
        cell: Some("one list a name"),
        issued_by: IssuedBy::Any,
        why: "keeps one list for each name of a CA, so it cannot have the lists of two CAs with one name.",
    },
    Difference {
        mark: "l4",
        verifiers: &["GnuTLS", "Java"],
        kinds: &["after a rotation to a CA with the same name"],
        cell: Some("by chance"),
        issued_by: IssuedBy::Any,
        why: "of two lists whose issuers have one name takes either. Where both lists are in files, give the new CA another \
              name: `countersign ca rotate --subject NAME`; otherwise a revoked certificate may pass.",
    },
    Difference {
        mark: "l5",
        verifiers: &["webpki"],
        kinds: &["after a rotation to a CA with the same name"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "takes the first list with the issuer's name, and refuses if another key signed it.",
    },
    Difference {
        mark: "l6",
        verifiers: &["NSS", "NSS libpkix"],
        kinds: &["its shard"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "does not know issuingDistributionPoint, which is critical, so it takes no shard.",
    },
    Difference {
        mark: "l7",
        verifiers: &["OpenSSL", "nginx", "HAProxy", "curl"],
        kinds: &["its shard"],
        cell: Some("refuses below a root"),
        issued_by: IssuedBy::Root,
        why: "checks the whole chain, the root with it (`-crl_check_all`): no shard is for the root, so certificates that a \
              root issues are refused until the whole list is in the file too. Below an issuing CA, the root's own list answers.",
    },
    Difference {
        mark: "l8",
        verifiers: &["GnuTLS"],
        kinds: &["another shard", "a shard, for a certificate without"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "does not look at issuingDistributionPoint: any shard of the issuer is taken as the whole list.",
    },
    Difference {
        mark: "l9",
        verifiers: &["webpki"],
        kinds: &["a shard, for a certificate without"],
        cell: None,
        issued_by: IssuedBy::Any,
        why: "takes any list of the issuer for a certificate that names no address of lists. Each certificate that Countersign \
              issues names one.",
    },
];
