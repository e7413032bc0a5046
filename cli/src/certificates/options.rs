//! The options of the lists of certificates.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use time::OffsetDateTime;
use workflow::email::Email;
use workflow::store::CertificateState;

use super::cursor::ListCursor;
use crate::arguments;

/// The most certificates of one answer: all of them are in memory.
const MAX_LIMIT: i64 = 10_000;

/// The property by which the certificates are chosen.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Which")]
#[group(id = "property", multiple = false)]
pub(crate) struct PropertyOptions {
    /// Only with a name that is this or begins so: a DNS name, an address or another name of a certificate
    #[arg(long, value_name = "PREFIX", value_parser = arguments::name_prefix)]
    pub(super) name: Option<String>,
    /// Only with a DNS name below this domain
    #[arg(long, value_name = "DOMAIN", value_parser = arguments::domain)]
    pub(super) below: Option<String>,
    /// Only of this requester, with or without a part after a plus sign
    #[arg(long, value_name = "ADDRESS", alias = "email", value_parser = arguments::address)]
    pub(super) requester: Option<Email>,
    /// Only with this profile
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Only of the CA with this key identifier, or its beginning, as ca show prints it
    #[arg(long, value_name = "KEYID", value_parser = arguments::key_identifier)]
    pub(super) issuer: Option<String>,
}

/// The options of `certificates list`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which")]
pub(crate) struct CertificateListOptions {
    #[command(flatten)]
    pub(super) property: PropertyOptions,
    /// Only in this state
    #[arg(long, value_name = "STATE", value_parser = states())]
    pub(super) state: Option<CertificateState>,
    /// Only valid ones that end within this time, as in 12h or 30d
    #[arg(long, value_name = "TIME", conflicts_with = "state", value_parser = arguments::length)]
    pub(super) expiring: Option<Duration>,
    /// Only requested since this time: 12h or 30d ago, a day as in 2026-11-30, or a time as in 2026-11-30T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = arguments::since)]
    #[arg(conflicts_with_all = ["property", "state", "expiring"])]
    pub(super) since: Option<OffsetDateTime>,
    /// Maximum number of certificates in the list
    #[arg(long, default_value_t = 50, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MAX_LIMIT))]
    pub(super) limit: u32,
    /// Go on where a list ended, with its other options
    #[arg(long, value_name = "CURSOR")]
    pub(super) after: Option<ListCursor>,
}

/// The options of `certificates expiring`.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Which")]
pub(crate) struct ExpiringOptions {
    /// Time until the end, as in 12h or 30d
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = arguments::length)]
    within: Duration,
    #[command(flatten)]
    property: PropertyOptions,
    /// Maximum number of certificates in the list
    #[arg(long, default_value_t = 1000, allow_negative_numbers = true)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MAX_LIMIT))]
    limit: u32,
    /// Go on where a list ended, with its other options
    #[arg(long, value_name = "CURSOR")]
    after: Option<ListCursor>,
}

impl From<ExpiringOptions> for CertificateListOptions {
    fn from(ExpiringOptions { within, property, limit, after }: ExpiringOptions) -> Self {
        Self { property, state: None, expiring: Some(within), since: None, limit, after }
    }
}

/// Reads a state.
fn states() -> impl TypedValueParser<Value = CertificateState> {
    let state = |text: String| CertificateState::ALL.into_iter().find(|state| state.as_str() == text);
    PossibleValuesParser::new(CertificateState::ALL.map(CertificateState::as_str))
        .try_map(move |text| state(text).ok_or("no state"))
}

#[cfg(test)]
pub(super) mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct ListParser {
        #[command(flatten)]
        options: CertificateListOptions,
    }

    /// The options of `certificates list`, or what it says of them.
    pub(in super::super) fn options(line: &str) -> Result<CertificateListOptions, String> {
        let words = std::iter::once("list").chain(line.split_whitespace());
        ListParser::try_parse_from(words).map(|parsed| parsed.options).map_err(|error| error.to_string())
    }

    #[test]
    fn one_property_chooses_the_list() {
        let all = [
            "--name www",
            "--below example.com",
            "--requester a@example.com",
            "--profile server",
            "--issuer ab12",
        ];
        for one in all {
            options(one).unwrap();
            for other in all.iter().filter(|other| **other != one) {
                let said = options(&format!("{one} {other}")).unwrap_err();
                assert!(said.contains("cannot be used with"), "{one} {other}: {said}");
            }
            for with in ["--state revoked", "--expiring 30d"] {
                options(&format!("{one} {with}")).unwrap();
            }
            let said = options(&format!("{one} --since 30d")).unwrap_err();
            assert!(said.contains("'--since <TIME>' cannot be used with"), "{said}");
        }
        assert_eq!(
            options("--email a@example.com").unwrap().property.requester.unwrap().as_str(),
            "a@example.com"
        );
    }

    #[test]
    fn only_valid_certificates_end_soon() {
        let said = options("--expiring 30d --state ended").unwrap_err();
        assert!(said.contains("'--expiring <TIME>' cannot be used with '--state <STATE>'"), "{said}");
        let said = options("--state gone").unwrap_err();
        assert!(said.contains("[possible values: valid, ended, revoked]"), "{said}");
        for state in CertificateState::ALL {
            assert_eq!(options(&format!("--state {}", state.as_str())).unwrap().state, Some(state));
        }
    }

    #[test]
    fn a_limit_and_a_cursor_have_bounds() {
        for limit in ["0", "-1", "10001"] {
            let said = options(&format!("--limit {limit}")).unwrap_err();
            assert!(said.contains(&format!("{limit} is not in 1..")), "{said}");
        }
        let said = options("--after nowhere").unwrap_err();
        assert!(said.contains("not a place in a list"), "{said}");
    }
}
