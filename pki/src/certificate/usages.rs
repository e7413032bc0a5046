//! Which key usages a key can have, and which purposes they serve.
//!
//! Invariant: policy, evaluation and linter all ask here, so that granted usages pass the linter.

use crate::key::KeyKind;

/// True if a key of this kind can have the key usage: RFC 4055 section 1.2 for RSA, RFC 8813 section 3 for EC, RFC 9295
/// section 3 for Ed25519.
#[must_use]
pub fn key_can(kind: KeyKind, usage: &str) -> bool {
    let agrees = matches!(kind, KeyKind::EcP256 | KeyKind::EcP384 | KeyKind::EcP521);
    match usage {
        "keyEncipherment" | "dataEncipherment" => matches!(kind, KeyKind::Rsa { .. }),
        "keyAgreement" | "encipherOnly" | "decipherOnly" => agrees,
        _ => true,
    }
}

/// RFC 5280 section 4.2.1.3: encipherOnly and decipherOnly each restrict keyAgreement, and have no meaning together.
#[must_use]
pub fn restricts_agreement_wrongly(usages: &[&str]) -> bool {
    let (enciphers, deciphers) = (usages.contains(&"encipherOnly"), usages.contains(&"decipherOnly"));
    (enciphers && deciphers) || ((enciphers || deciphers) && !usages.contains(&"keyAgreement"))
}

/// The key usages of which a purpose needs one: RFC 5280 section 4.2.1.12, RFC 4945 section 5.1.3.2 for ipsecIKE, RFC
/// 9336 section 3 for documentSigning. `None` if any will do.
fn usages_for(purpose: &str) -> Option<&'static [&'static str]> {
    Some(match purpose {
        "serverAuth" => &["digitalSignature", "keyEncipherment", "keyAgreement"],
        "clientAuth" => &["digitalSignature", "keyAgreement"],
        "codeSigning" => &["digitalSignature"],
        "emailProtection" => &["digitalSignature", "nonRepudiation", "keyEncipherment", "keyAgreement"],
        "timeStamping" | "OCSPSigning" | "ipsecIKE" | "documentSigning" => {
            &["digitalSignature", "nonRepudiation"]
        }
        _ => return None,
    })
}

/// RFC 5280 section 4.2.1.12: true if a purpose is consistent with the key usages; without one the certificate must not
/// be used at all.
#[must_use]
pub fn serve_a_purpose<'a>(usages: &[&str], purposes: impl IntoIterator<Item = &'a str>) -> bool {
    let mut purposes = purposes.into_iter().peekable();
    let serves = |purpose| usages_for(purpose).is_none_or(|all| all.iter().any(|one| usages.contains(one)));
    !usages.is_empty() && (purposes.peek().is_none() || purposes.any(serves))
}

const TIME_STAMPING: &str = "timeStamping";

/// RFC 3161 section 2.3: true if the purposes make extendedKeyUsage critical.
#[must_use]
pub(super) fn has_critical_purpose(purposes: &[String]) -> bool {
    purposes.iter().any(|purpose| purpose == TIME_STAMPING)
}

/// RFC 3161 section 2.3: timeStamping is the only purpose. True if there are others beside it.
#[must_use]
pub fn mixes_time_stamping<'a>(purposes: impl IntoIterator<Item = &'a str>) -> bool {
    let (stamping, others): (Vec<_>, Vec<_>) =
        purposes.into_iter().partition(|purpose| *purpose == TIME_STAMPING);
    !stamping.is_empty() && !others.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_key_has_its_usages() {
        let of = |kind| crate::csr::KEY_USAGES.into_iter().filter(|usage| key_can(kind, usage)).count();
        assert_eq!(of(KeyKind::Rsa { bits: 2048 }), 6);
        assert_eq!(of(KeyKind::EcP256), 7);
        assert_eq!(of(KeyKind::Ed25519), 4);
    }

    #[test]
    fn restrictions_of_agreement_need_agreement() {
        assert!(restricts_agreement_wrongly(&["encipherOnly"]));
        assert!(restricts_agreement_wrongly(&["keyAgreement", "encipherOnly", "decipherOnly"]));
        assert!(!restricts_agreement_wrongly(&["keyAgreement", "decipherOnly"]));
        assert!(!restricts_agreement_wrongly(&["digitalSignature"]));
    }

    #[test]
    fn one_consistent_purpose_is_enough() {
        assert!(serve_a_purpose(&["keyEncipherment"], ["clientAuth", "serverAuth"]));
        assert!(!serve_a_purpose(&["keyEncipherment"], ["clientAuth"]));
        assert!(serve_a_purpose(&["dataEncipherment"], []));
        assert!(serve_a_purpose(&["dataEncipherment"], ["1.2.3.4"]));
        assert!(!serve_a_purpose(&[], []));
    }

    #[test]
    fn time_stamping_stands_alone() {
        assert!(mixes_time_stamping(["serverAuth", "timeStamping"]));
        assert!(!mixes_time_stamping(["timeStamping"]) && !mixes_time_stamping(["serverAuth", "clientAuth"]));
    }
}
