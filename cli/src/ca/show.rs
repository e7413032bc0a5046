//! `ca show`: the certificate in force, the place of its key, and earlier certificates.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::chain::{CertificateInfo, Chain, day};
use super::keys::{Keys, Role, name_of};
use super::root_list;
use super::status::CaStatus;
use crate::error::{CliError, OrFail as _};
use crate::stack::Stack;
use crate::table;

/// Runs `ca show`. Fails if the CA cannot sign.
pub(super) async fn run(stack: &Stack, as_json: bool) -> Result<(), CliError> {
    let status = CaStatus::of(stack).await?;
    let now = OffsetDateTime::now_utc();
    let trouble = status.trouble().or_else(|| status.current.as_ref().and_then(|chain| chain.unfit(now)));
    let before = earlier(&status);
    let revoked = match &status.current {
        Some(chain) => root_list::revoked(stack, chain, &status.filed).await?,
        None => BTreeSet::new(),
    };
    if as_json {
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
        let text = serde_json::to_string_pretty(&shown).or_fail(|| "cannot write JSON".into(), "")?;
        println!("{text}");
    } else if let Some(chain) = &status.current {
        print!("{}", text(stack, chain, &before, &revoked, now));
    }
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

fn text(
    stack: &Stack,
    chain: &Chain,
    before: &[&Chain],
    revoked: &BTreeSet<String>,
    now: OffsetDateTime,
) -> String {
    let own = chain.own();
    let mut rows = vec![
        ["Subject".to_owned(), chain.issuer.subject()],
        ["Issued by".to_owned(), if own.is_root { "itself (a root)".into() } else { own.issued_by.clone() }],
        ["Serial".to_owned(), own.serial.clone()],
        ["Valid".to_owned(), valid(own, now)],
        ["Key".to_owned(), format!("{}, in {}", own.key, Keys::of(stack).place(Role::Issuer))],
        ["Key identifier".to_owned(), chain.issuer.key_identifier()],
        ["SHA-256".to_owned(), own.sha256.clone()],
        ["Path length".to_owned(), own.path_length.map_or("no limit".into(), |most| most.to_string())],
        ["May issue for".to_owned(), names(own)],
    ];
    for facts in chain.certificates.iter().skip(1) {
        rows.push([
            "Above it".to_owned(),
            format!("{}, {}, SHA-256 {}", facts.subject, valid(facts, now), facts.sha256),
        ]);
    }
    for reservation in chain.reservations() {
        rows.push(["Warning".to_owned(), reservation]);
    }
    for chain in before {
        rows.push([
            "Before it".to_owned(),
            format!(
                "{}{}, {}, key identifier {}, SHA-256 {}",
                if revoked.contains(&chain.own().sha256) { "revoked: " } else { "" },
                chain.issuer.subject(),
                valid(chain.own(), now),
                chain.issuer.key_identifier(),
                chain.own().sha256
            ),
        ]);
    }
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    table::aligned(&["CA", name_of(stack)], &rows)
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
