//! Rules for the key usages and purposes of a profile, which the linter would refuse later.

use super::keys::PlacedValue;
use super::values::{KeyUsageName, PurposeName};
use pki::certificate::{mixes_time_stamping, restricts_agreement_wrongly};

pub(super) fn key_usages(list: &[PlacedValue<KeyUsageName>]) -> Result<(), String> {
    let names: Vec<&str> = list.iter().map(|usage| usage.value.0).collect();
    each_once(&names)?;
    if restricts_agreement_wrongly(&names) {
        let rule = "encipherOnly and decipherOnly restrict keyAgreement (RFC 5280 section 4.2.1.3)";
        return Err(format!("{rule}; write keyAgreement and at most one of them"));
    }
    Ok(())
}

pub(super) fn purposes(list: &[PlacedValue<PurposeName>]) -> Result<(), String> {
    let names: Vec<&str> = list.iter().map(|purpose| purpose.value.0.as_str()).collect();
    each_once(&names)?;
    if mixes_time_stamping(names) {
        let rule = "timeStamping is the only purpose of a certificate (RFC 3161 section 2.3)";
        return Err(format!("{rule}; write the other purposes in another profile"));
    }
    Ok(())
}

fn each_once(names: &[&str]) -> Result<(), String> {
    match names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
        Some((_, name)) => Err(format!("{name} stands twice; write it once")),
        None => Ok(()),
    }
}
