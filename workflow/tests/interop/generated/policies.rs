//! Policies with every field of the policy language in random combinations.
//!
//! Invariant: a policy is TOML that can be read; whether it may come into force is for `Policy::parse` to say.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::Union;
use toml::{Table, Value};
use workflow::testing::policy_keys;

/// A policy, and its features.
#[derive(Clone, Debug)]
pub(crate) struct GeneratedPolicy {
    pub(crate) text: String,
    /// Its fields with a value from a list below, or by name.
    pub(crate) features: BTreeSet<String>,
}

/// A field of the language, and its values.
type Field = (&'static str, BoxedStrategy<Value>);

const KEYS: [&str; 5] = ["rsa", "ec-p256", "ec-p384", "ec-p521", "ed25519"];
pub(crate) const KEY_USAGES: [&str; 7] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "encipherOnly",
    "decipherOnly",
];
/// By name, and by number: serverAuth, smartcard logon, and one that nobody knows.
pub(crate) const PURPOSES: [&str; 10] = [
    "serverAuth",
    "clientAuth",
    "codeSigning",
    "emailProtection",
    "timeStamping",
    "ipsecIKE",
    "documentSigning",
    "1.3.6.1.5.5.7.3.1",
    "1.3.6.1.4.1.311.20.2.2",
    "1.2.3.4",
];
/// Web addresses, and texts that are none.
const ADDRESSES: [&str; 14] = [
    "http://pki.example.com/ca.crl",
    "http://pki.example.com:8080/a%20b.cer?x=1&y=%2F",
    "https://pki.example.com",
    "http://192.0.2.1/ca.crl",
    "http://[2001:db8::1]/ca.crl",
    "http://pki/ca.crl",
    "http://localhost:8080/ca.crl",
    "http://pki.example.com/a b",
    "http:pki.example.com/ca.crl",
    "http:///pki.example.com/ca.crl",
    "http://pki.ex%61mple.com/",
    "http://pki.example.com/%zz",
    "http://pki.example.com/[a]",
    "http://user@pki.example.com/",
];
/// Types of attributes, as people write them, with a value in their bounds.
pub(crate) const ATTRIBUTES: [(&str, &str); 24] = [
    ("O", "Example GmbH"),
    ("OU", "Plattform für alles"),
    ("C", "DE"),
    ("L", "München"),
    ("ST", "Bayern"),
    ("STREET", "Hauptstraße 1"),
    ("SN", "Müller"),
    ("GN", "Alice"),
    ("initials", "A"),
    ("generationQualifier", "Jr"),
    ("serialNumber", "A-1 (2)"),
    ("title", "Dr"),
    ("postalCode", "80331"),
    ("dnQualifier", "x1"),
    ("pseudonym", "ali"),
    ("DC", "example"),
    ("UID", "alice"),
    ("emailAddress", "pki@example.com"),
    ("2.5.4.15", "Private Organization"),
    ("2.5.4.97", "NTRDE-HRB 1234"),
    ("2.5.4.41", "Alice Müller"),
    ("1.3.6.1.4.1.311.60.2.1.3", "DE"),
    ("1.3.6.1.5.5.7.9.4", "DE"),
    ("1.2.3.4", "of nobody"),
];

/// Values that fit few types.
fn odd_values() -> BoxedStrategy<String> {
    let length = select(vec![1_usize, 2, 3, 40, 41, 63, 64, 65, 128, 129, 255, 256, 257]);
    prop_oneof![
        length.prop_map(|length| "a".repeat(length)),
        select(vec![
            "", "Germany", "de", "D1", "ü", "😀", "a_b", "a\\,b", "\\ a", "#0500", "#0c0161", "#02012a"
        ])
        .prop_map(str::to_owned),
    ]
    .boxed()
}

/// Subjects of which most break one rule.
const WHOLE_SUBJECTS: [&str; 14] = [
    "DC=example,DC=com",
    "O=Example,DC=com,DC=example",
    "DC=example",
    "DC=d1,DC=example",
    "DC=example,DC=d1",
    "DC=a_b,DC=com",
    "C=Germany",
    "O=Example,C=DEU",
    "C=DE,C=AT",
    "O=A,O=B",
    "OU=A+OU=B",
    "emailAddress=pki@example.com",
    "O=a23456789 123456789 123456789 123456789 123456789 123456789 12345",
    "serialNumber=a_b",
];

/// A subject in RFC 4514 text: a few attributes, mostly with a value of their own.
fn subjects() -> BoxedStrategy<Value> {
    let part = (select(ATTRIBUTES.to_vec()), proptest::option::weighted(0.3, odd_values()))
        .prop_map(|((name, value), odd)| format!("{name}={}", odd.unwrap_or_else(|| value.to_owned())));
    let joined = proptest::collection::vec((part, proptest::bool::weighted(0.15)), 1..5).prop_map(|parts| {
        let mut text = String::new();
        for (at, (part, is_joined)) in parts.iter().enumerate() {
            let separator = match (at, is_joined) {
                (0, _) => "",
                (_, true) => "+",
                (_, false) => ", ",
            };
            text.push_str(separator);
            text.push_str(part);
        }
        Value::from(text)
    });
    let whole = select(WHOLE_SUBJECTS.to_vec()).prop_map(Value::from);
    prop_oneof![2 => joined, 1 => whole].boxed()
}

fn strings(all: &[&str]) -> Value {
    all.iter().copied().map(Value::from).collect::<Vec<_>>().into()
}

/// A list of some of these, in their order; now and then one of them twice.
fn some_of(all: &'static [&'static str], most: usize) -> BoxedStrategy<Value> {
    (subsequence(all, 1..=most), proptest::bool::weighted(0.03))
        .prop_map(|(mut chosen, is_twice)| {
            chosen.extend(chosen.first().copied().filter(|_| is_twice));
            strings(&chosen)
        })
        .boxed()
}

fn one_of<T: Clone + Into<Value> + std::fmt::Debug + 'static>(all: &[T]) -> BoxedStrategy<Value> {
    select(all.to_vec()).prop_map(Into::into).boxed()
}

fn purposes() -> BoxedStrategy<Value> {
    let alone = one_of(&[strings(&["timeStamping"])]);
    prop_oneof![7 => some_of(&PURPOSES, 3), 2 => alone, 1 => one_of(&[strings(&[])])].boxed()
}

/// Rules on names by kind, mostly generous.
fn names() -> BoxedStrategy<Value> {
    let kinds = [
        ("dns", &["*", "example.com", ".example.com"][..], "secret.example.com"),
        ("ip", &["0.0.0.0/0", "10.0.0.0/8", "::/0"], "10.9.0.0/16"),
        ("email", &["*", "example.com"], "mallory@example.com"),
        (
            "uri",
            &[
                "spiffe://example.org",
                "https://www.example.com",
                "https://www.example.com:8443",
                "amqps://mq.example.com",
                "http://192.0.2.1",
            ],
            "spiffe://example.org/secret",
        ),
    ];
    let mut all = Just(Table::new()).boxed();
    for (kind, allow, deny) in kinds {
        let rules = (subsequence(allow, 1..=allow.len()), proptest::bool::weighted(0.3)).prop_map(
            move |(allow, has_deny)| {
                let mut rules = Table::from_iter([("allow".to_owned(), strings(&allow))]);
                if has_deny {
                    rules.insert("deny".to_owned(), strings(&[deny]));
                }
                Value::from(rules)
            },
        );
        all = with(all, 0.85, (kind, rules.boxed()));
    }
    all.prop_map(Value::from).boxed()
}

/// The table with a field more, in some cases.
fn with(table: BoxedStrategy<Table>, likely: f64, (name, value): Field) -> BoxedStrategy<Table> {
    (table, proptest::option::weighted(likely, value))
        .prop_map(move |(mut table, value)| {
            table.extend(value.map(|value| (name.to_owned(), value)));
            table
        })
        .boxed()
}

/// The fields of a profile and of `[defaults]`, apart from approvers.
fn settings(likely: f64) -> BoxedStrategy<Table> {
    let requesters = Table::from_iter([("domains".to_owned(), strings(&["example.com"]))]);
    let escalation =
        Table::from_iter([("after".to_owned(), "1h".into()), ("group".to_owned(), "platform".into())]);
    let descriptions = Table::from_iter([("ja".to_owned(), "サーバー".into())]);
    let standing = Table::from_iter([("max".to_owned(), "90d".into()), ("most".to_owned(), 500.into())]);
    let fields: Vec<Field> = vec![
        ("description", one_of(&["Servers", "Dienste für alle"])),
        ("descriptions", Just(descriptions.into()).boxed()),
        ("keys", some_of(&KEYS, 5)),
        ("rsa_min_bits", one_of(&[2048_i64, 3072, 1024])),
        ("key_usage", some_of(&KEY_USAGES, 4)),
        ("extended_key_usage", purposes()),
        ("validity_days", one_of(&[1_i64, 90, 365, 36_500])),
        ("max_names", one_of(&[3_i64, 100, 250])),
        ("wildcards", one_of(&[true, false])),
        ("drop_unusable_names", one_of(&[true, false])),
        (
            "ungranted",
            Union::new_weighted(vec![(4, one_of(&["ignored"])), (1, one_of(&["refused"]))]).boxed(),
        ),
        ("subject", subjects()),
        ("identity", one_of(&["mail", "passkey"])),
        ("limit", one_of(&["30d", "2h"])),
        ("reminders", one_of(&[Value::from(vec!["1h"])])),
        ("escalation", one_of(&[Value::from(escalation)])),
        ("requesters", one_of(&[Value::from(vec![Value::from(requesters)])])),
        ("standing", one_of(&[Value::from(standing)])),
    ];
    fields.into_iter().fold(Just(Table::new()).boxed(), |table, field| with(table, likely, field))
}

/// `approvers` and `quorum`, or `approval`.
fn deciders() -> BoxedStrategy<Table> {
    let by_address = Table::from_iter([
        ("approvers".to_owned(), strings(&["alice@example.com", "bob@example.com"])),
        ("quorum".to_owned(), 2.into()),
    ]);
    let line = Table::from_iter([("group".to_owned(), "platform".into())]);
    let by_group = Table::from_iter([("approval".to_owned(), Value::from(vec![Value::from(line)]))]);
    select(vec![by_address, by_group]).boxed()
}

fn publication() -> BoxedStrategy<Value> {
    let list = || {
        let address = prop_oneof![3 => select(&ADDRESSES[..5]), 1 => select(&ADDRESSES[..])];
        proptest::collection::vec(address, 1..3).prop_map(|all| strings(&all)).boxed()
    };
    let fields: [Field; 3] = [("crl", list()), ("issuer", list()), ("ocsp", list())];
    let all = fields.into_iter().fold(Just(Table::new()).boxed(), |table, field| with(table, 0.5, field));
    // Shards are of the stack's own list, which addresses of another one take the place of.
    let shards = select(vec![Value::from(1), Value::from(2), Value::from(1_000)]).boxed();
    with(all, 0.2, ("list_shards", shards)).prop_map(Value::from).boxed()
}

/// Who may revoke, and for which reasons.
fn revocation() -> BoxedStrategy<Value> {
    let reasons = || {
        let reasons = ["keyCompromise", "superseded", "cessationOfOperation", "privilegeWithdrawn"];
        subsequence(reasons.to_vec(), 0..=reasons.len()).prop_map(|all| strings(&all)).boxed()
    };
    let fields: [Field; 3] = [("requester", reasons()), ("approver", reasons()), ("key_holder", reasons())];
    let all = fields.into_iter().fold(Just(Table::new()).boxed(), |table, field| with(table, 0.5, field));
    all.prop_map(Value::from).boxed()
}

fn lifecycle() -> BoxedStrategy<Value> {
    let remind = [strings(&[]), strings(&["1d"]), strings(&["30d", "7d"])];
    let fields: [Field; 3] = [
        ("remind", one_of(&remind)),
        ("escalate_to", one_of(&["pki-team@example.com"])),
        ("renewal", one_of(&[renewal()])),
    ];
    let all = fields.into_iter().fold(Just(Table::new()).boxed(), |table, field| with(table, 0.5, field));
    all.prop_map(Value::from).boxed()
}

/// Rules on renewals, which decide nothing about a first request.
fn renewal() -> Value {
    Table::from_iter([
        ("approvals".to_owned(), 1.into()),
        ("within".to_owned(), "14d".into()),
        ("same_key".to_owned(), "warn".into()),
        ("supersede_after".to_owned(), "7d".into()),
    ])
    .into()
}

/// Somebody who stands in for an approver by address, or for one by group: the other is not an approver then, which is a
/// mistake.
fn stand_ins() -> BoxedStrategy<Value> {
    let entry = |person: &str, until: &str| {
        let fields = [("for", person), ("by", "dave@example.com"), ("from", "2026-12-20"), ("until", until)];
        Value::from(vec![Value::from(Table::from_iter(
            fields.map(|(key, value)| (key.to_owned(), Value::from(value))),
        ))])
    };
    let people = ["alice@example.com", "carol@example.com"];
    let usual = people.map(|person| entry(person, "2027-01-06"));
    let reversed = entry(people[0], "2026-12-19");
    prop_oneof![9 => one_of(&usual), 1 => one_of(&[reversed])].boxed()
}

pub(crate) fn policies() -> impl Strategy<Value = GeneratedPolicy> {
    let oidc = Table::from_iter([
        ("issuer".to_owned(), "https://id.example.com".into()),
        ("client_id".to_owned(), "countersign".into()),
        ("claim".to_owned(), "upn".into()),
        ("groups_claim".to_owned(), "roles".into()),
        ("scope".to_owned(), "groups roles".into()),
        ("max_age".to_owned(), "5m".into()),
        ("confidential".to_owned(), true.into()),
    ]);
    let notices = Table::from_iter([("kind".to_owned(), "slack".into())]);
    let notices = Table::from_iter([("approvers".to_owned(), notices.into())]);
    let languages = [("olivia@example.com", "en"), ("@tokyo.example.com", "ja")];
    let languages = Table::from_iter(languages.map(|(key, value)| (key.to_owned(), Value::from(value))));
    let people = Table::from_iter([
        ("plus_tags".to_owned(), "same".into()),
        ("requesters".to_owned(), "oidc".into()),
        ("shown_to_requesters".to_owned(), "full".into()),
        ("identity".to_owned(), "passkey".into()),
        ("enrol".to_owned(), "vouched".into()),
        ("language".to_owned(), "ja".into()),
        ("languages".to_owned(), languages.into()),
        ("time_zone".to_owned(), "Asia/Tokyo".into()),
        ("oidc".to_owned(), oidc.into()),
    ]);
    let console = Table::from_iter([
        ("identity".to_owned(), "passkey".into()),
        ("operators".to_owned(), strings(&["platform", "olivia@example.com"])),
        ("auditors".to_owned(), strings(&["eve@example.com"])),
    ]);
    let pki = [("oidc_group", "PKI approvers"), ("mail", "pki@example.com")];
    let pki = Table::from_iter(pki.map(|(key, value)| (key.to_owned(), Value::from(value))));
    let groups = [("platform".to_owned(), strings(&["carol@example.com"])), ("pki".to_owned(), pki.into())];
    let groups = Table::from_iter(groups);
    let top: Vec<Field> = vec![
        ("default", one_of(&["server"])),
        ("pending_limit", one_of(&[10_i64])),
        ("hourly_limit", one_of(&[10_i64])),
        ("denied_key_list", one_of(&["00".repeat(32)])),
        ("denied_keys", one_of(&[Value::from(vec!["00".repeat(32)])])),
        ("people", one_of(&[Value::from(people)])),
        ("publication", publication()),
        ("revocation", revocation()),
        ("lifecycle", lifecycle()),
        ("defaults", settings(0.1).prop_map(Value::from).boxed()),
        ("notices", one_of(&[Value::from(notices)])),
        ("stand_ins", stand_ins()),
        ("console", one_of(&[Value::from(console)])),
    ];
    let top = top.into_iter().fold(Just(Table::new()).boxed(), |table, field| with(table, 0.5, field));
    (top, settings(0.3), names(), deciders()).prop_map(move |(mut policy, mut profile, names, deciders)| {
        profile.insert("names".to_owned(), names);
        profile.extend(deciders);
        policy.insert("groups".to_owned(), groups.clone().into());
        policy
            .insert("profiles".to_owned(), Table::from_iter([("server".to_owned(), profile.into())]).into());
        let mut features = BTreeSet::new();
        collect(&mut features, "", &Value::from(policy.clone()));
        GeneratedPolicy { text: toml::to_string(&policy).unwrap(), features }
    })
}

/// The path of each field; of a list in the constants above, each value too.
fn collect(features: &mut BTreeSet<String>, path: &str, value: &Value) {
    let field = path.rsplit('.').next().unwrap_or_default();
    match value {
        Value::Table(table) => {
            for (name, value) in table {
                let inner = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                features.insert(inner.clone());
                collect(features, &inner, value);
            }
        }
        Value::Array(all) if matches!(field, "key_usage" | "extended_key_usage" | "keys") => {
            features.extend(all.iter().filter_map(Value::as_str).map(|value| format!("{field} {value}")));
        }
        Value::String(subject) if field == "subject" => {
            let types = subject.split([',', '+']).filter_map(|part| part.split_once('='));
            features.extend(types.map(|(name, _)| format!("subject {}", name.trim())));
        }
        _ => {}
    }
}

/// The features that some issued certificate must come from: every key of the policy language, and every listed value.
pub(crate) fn required() -> BTreeSet<String> {
    let tables = [
        ("", ""),
        ("people", "people."),
        ("people.oidc", "people.oidc."),
        ("publication", "publication."),
        ("revocation", "revocation."),
        ("lifecycle", "lifecycle."),
        ("lifecycle.renewal", "lifecycle.renewal."),
        ("defaults", "profiles.server."),
        ("defaults.names", "profiles.server.names."),
        ("defaults.standing", "profiles.server.standing."),
    ];
    let fields =
        tables.map(|(table, path)| policy_keys(table).into_iter().map(move |key| format!("{path}{key}")));
    let mut all: BTreeSet<String> = fields.into_iter().flatten().collect();
    all.extend(KEYS.map(|key| format!("keys {key}")));
    all.extend(KEY_USAGES.map(|usage| format!("key_usage {usage}")));
    all.extend(PURPOSES.map(|purpose| format!("extended_key_usage {purpose}")));
    all
}
