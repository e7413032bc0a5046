//! `ca show`: the certificate in force, the place of its key, and earlier certificates.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::chain::{CertificateInfo, Chain, day};
use super::keys::{Keys, Role, name_of};
use super::root_list;
use super::status::CaStatus;
use crate::error::CliError;
use crate::output::{Document, FactSheet, OutputOptions};
use crate::stack::Stack;

/// Runs `ca show`. Fails if the CA cannot sign.
pub(super) async fn run(stack: &Stack, output: &OutputOptions) -> Result<(), CliError> {
    let status = CaStatus::of(stack).await?;
    let now = OffsetDateTime::now_utc();
    let trouble = status.trouble().or_else(|| status.current.as_ref().and_then(|chain| chain.unfit(now)));
    let before = earlier(&status);
    let revoked = match &status.current {
        Some(chain) => root_list::revoked(stack, chain, &status.filed).await?,
        None => BTreeSet::new(),
    };
    let shown = json!({
        "stack": name_of(stack),
        "key": {
            "keeper": if stack.ca_in_kms { "kms" } else { "secret" },
            "place": Keys::of(stack).place(Role::Issuer),
            "found": status.signer.is_some(),
            "signs": status.signs(),
        },
        "issuer": status.current.as_ref().map(|chain| described(chain.own(), &chain.issuer.subject(), now)),
        "chain": status.current.iter().flat_map(|chain| chain.certificates.iter().skip(1))
            .map(|facts| described(facts, &facts.subject, now)).collect::<Vec<_>>(),
        "reservations": status.current.as_ref().map(Chain::reservations).unwrap_or_default(),
        "previous": before.iter().map(|chain| {
            let mut shown = described(chain.own(), &chain.issuer.subject(), now);
            shown["revoked"] = revoked.contains(&chain.own().sha256).into();
            shown
        }).collect::<Vec<_>>(),
        "trouble": trouble,
    });
    let facts = status.current.as_ref().map(|chain| facts(stack, chain, &before, &revoked, now));
    output.print(&Document::new().facts(facts.unwrap_or_default()), &shown)?;
    match trouble {
        None => Ok(()),
        Some(why) => Err(CliError::new(format!("the CA of {} cannot sign: {why}", name_of(stack)), "")),
    }
}

/// Returns the stored certificates that are not in force.
fn earlier(status: &CaStatus) -> Vec<&Chain> {
    let current = status.current.as_ref().map(|chain| chain.own().sha256.clone());
    status.filed.iter().filter(|chain| Some(&chain.own().sha256) != current.as_ref()).collect()
}

fn described(facts: &CertificateInfo, subject: &str, now: OffsetDateTime) -> Value {
    json!({
        "subject": subject,
        "issuedBy": facts.issued_by,
        "serial": facts.serial,
        "notBefore": workflow::timestamp::rfc3339(facts.not_before),
        "notAfter": workflow::timestamp::rfc3339(facts.not_after),
        "daysLeft": (facts.not_after - now).whole_days(),
        "key": facts.key,
        "keyIdentifier": facts.key_identifier.as_deref().map(hex::encode),
        "sha256": facts.sha256,
        "pathLength": facts.path_length,
        "permitted": facts.permitted,
        "excluded": facts.excluded,
    })
}

fn facts(
    stack: &Stack,
    chain: &Chain,
    before: &[&Chain],
    revoked: &BTreeSet<String>,
    now: OffsetDateTime,
) -> FactSheet {
    let own = chain.own();
    let above = chain.certificates.iter().skip(1).map(|facts| {
        ("Above it", format!("{}, {}, SHA-256 {}", facts.subject, valid(facts, now), facts.sha256))
    });
    let before = before.iter().map(|chain| {
        let described = format!(
            "{}{}, {}, key identifier {}, SHA-256 {}",
            if revoked.contains(&chain.own().sha256) { "revoked: " } else { "" },
            chain.issuer.subject(),
            valid(chain.own(), now),
            chain.issuer.key_identifier(),
            chain.own().sha256
        );
        ("Before it", described)
    });
    FactSheet::new()
        .with("CA", name_of(stack))
        .with("Subject", chain.issuer.subject())
        .with("Issued by", if own.is_root { "itself (a root)" } else { own.issued_by.as_str() })
        .with("Serial", own.serial.as_str())
        .with("Valid", valid(own, now))
        .with("Key", format!("{}, in {}", own.key, Keys::of(stack).place(Role::Issuer)))
        .with("Key identifier", chain.issuer.key_identifier())
        .with("SHA-256", own.sha256.as_str())
        .with("Path length", own.path_length.map_or("no limit".into(), |most| most.to_string()))
        .with("May issue for", names(own))
        .with_all(above)
        .with_all(chain.reservations().into_iter().map(|reservation| ("Warning", reservation)))
        .with_all(before)
}

fn valid(facts: &CertificateInfo, now: OffsetDateTime) -> String {
    let left = (facts.not_after - now).whole_days();
    let left = if left < 0 { "expired".to_owned() } else { format!("{left} days left") };
    format!("{} to {} ({left})", day(facts.not_before), day(facts.not_after))
}

fn names(facts: &CertificateInfo) -> String {
    match (facts.permitted.is_empty(), facts.excluded.is_empty()) {
        (true, true) => "any name".into(),
        (false, true) => format!("{} only", facts.permitted.join(", ")),
        (true, false) => format!("any name but {}", facts.excluded.join(", ")),
        (false, false) => {
            format!("{} only, never for {}", facts.permitted.join(", "), facts.excluded.join(", "))
        }
    }
}
