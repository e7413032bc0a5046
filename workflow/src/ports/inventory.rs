//! Lists of certificates by one property, in the table of names.
//!
//! Invariant: an entry says only where a certificate stands in a list; whoever reads it takes everything else from the row of the
//! request. Entries are written by whoever enters the names of a certificate, before its row says that it is issued, and are never
//! taken away: a row may say "revoked" or "ended", and an entry whose row has no certificate is passed over. Decision 0158.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::approver_set::PlusTags;
use crate::email::Email;
use crate::ids::RequestId;
use crate::timestamp::rfc3339;
use pki::name::Name;

/// A list of certificates. Its key in the table is no name: no name begins with `@`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateList {
    /// By each of their names.
    Names,
    /// By each of their DNS names, read from its end: `com.example.www`. So the names of a domain are neighbours.
    Domains,
    /// Of a person, by the end of the certificates.
    Requester(Email),
    /// Of a profile, by the end of the certificates.
    Profile(String),
    /// Of an issuer, by the end of the certificates: its key identifier, hex.
    Issuer(String),
}

impl CertificateList {
    /// The key in the table of names. All addresses of one person have the same one, as
    /// [`Requests::registered_by`](super::Requests::registered_by) counts them.
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Names => "@names".to_owned(),
            Self::Domains => "@domains".to_owned(),
            Self::Requester(email) => format!("@requester/{}", PlusTags::Same.person(email)),
            Self::Profile(profile) => format!("@profile/{profile}"),
            Self::Issuer(key_identifier) => format!("@issuer/{key_identifier}"),
        }
    }

    /// True if the entries are in the order of names; otherwise they are in that of ends.
    #[must_use]
    pub fn is_by_name(&self) -> bool {
        matches!(self, Self::Names | Self::Domains)
    }
}

/// The text under which [`CertificateList::Domains`] has a DNS name, or the end of one: its labels in reverse order. The asterisk of a
/// wildcard is the last one.
#[must_use]
pub fn domain_order(name: &str) -> String {
    name.split('.').rev().collect::<Vec<_>>().join(".")
}

/// A certificate in a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListedCertificate {
    /// The name in the order of the list; empty in a list by end. In the list of all certificates by their end, the status of the request.
    pub under: String,
    /// The end of the certificate, UTC.
    pub not_after: OffsetDateTime,
    /// Its request.
    pub id: RequestId,
}

/// A text that is not a [`ListedCertificate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no entry of a list of certificates")]
pub struct ListedCertificateError;

/// Sorts after the text before it ends: no name has a character below it.
const SEPARATOR: char = '\t';

impl fmt::Display for ListedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.under.is_empty() {
            write!(f, "{}{SEPARATOR}", self.under)?;
        }
        write!(f, "{}{SEPARATOR}{}", rfc3339(self.not_after), self.id)
    }
}

impl FromStr for ListedCertificate {
    type Err = ListedCertificateError;

    fn from_str(text: &str) -> Result<Self, ListedCertificateError> {
        let (rest, id) = text.rsplit_once(SEPARATOR).ok_or(ListedCertificateError)?;
        let (under, end) = rest.rsplit_once(SEPARATOR).unwrap_or(("", rest));
        if under.contains(SEPARATOR) || (under.is_empty() && rest.starts_with(SEPARATOR)) {
            return Err(ListedCertificateError);
        }
        let not_after = OffsetDateTime::parse(end, &Rfc3339).map_err(|_| ListedCertificateError)?;
        let id = id.parse().map_err(|_| ListedCertificateError)?;
        let listed = Self { under: under.to_owned(), not_after, id };
        // One spelling each, so that a cursor is where its entry is.
        if listed.to_string() == text { Ok(listed) } else { Err(ListedCertificateError) }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPart {
    /// The list.
    pub list: CertificateList,
    /// The beginning of the names, in the order of the list. Not looked at in a list by end.
    pub prefix: String,
    /// The earliest end, UTC, of a list by end. Not looked at in a list by name.
    pub ends_from: Option<OffsetDateTime>,
    /// The entry after which the part begins.
    pub after: Option<ListedCertificate>,
}

/// Where a part of a list begins, for a store that goes on after an entry only if this is in the part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartStart<'a> {
    /// At its first entry.
    Beginning,
    /// After an entry, which may be gone.
    After(&'a ListedCertificate),
    /// Nowhere: the whole part is before the entry.
    Over,
}

impl ListPart {
    /// The whole list.
    #[must_use]
    pub fn all(list: CertificateList) -> Self {
        Self { list, prefix: String::new(), ends_from: None, after: None }
    }

    /// Where the part begins. An entry that was in the part may be before it now: a list of what ends from now on gets shorter.
    #[must_use]
    pub fn start(&self) -> PartStart<'_> {
        let Some(after) = &self.after else { return PartStart::Beginning };
        let (is_within, is_before) = match self.list.is_by_name() {
            true => (after.under.starts_with(&self.prefix), after.under < self.prefix),
            false => (true, self.ends_from.is_some_and(|from| after.not_after < from)),
        };
        match (is_before, is_within) {
            (true, _) => PartStart::Beginning,
            (false, true) => PartStart::After(after),
            (false, false) => PartStart::Over,
        }
    }

    /// True if no other entry of the certificate with these names comes earlier in the part. So a certificate with several names is
    /// shown once, however the part is cut into pages.
    #[must_use]
    pub fn is_first(&self, entry: &ListedCertificate, names: &[String]) -> bool {
        let domains = || names.iter().filter(|name| is_dns(name)).map(|name| domain_order(name)).collect();
        let under: Vec<String> = match self.list {
            CertificateList::Names => names.to_vec(),
            CertificateList::Domains => domains(),
            _ => return true,
        };
        let first = under.iter().filter(|under| under.starts_with(&self.prefix)).min();
        first.is_none_or(|first| entry.under <= *first)
    }
}

/// What the lists say of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct CertificateListing<'a> {
    /// Its names.
    pub names: &'a [String],
    /// Its end, UTC.
    pub not_after: OffsetDateTime,
    /// Its request.
    pub id: RequestId,
    /// The requester.
    pub requester: &'a Email,
    /// The name of the profile.
    pub profile: &'a str,
    /// The key identifier of the issuer, hex; `None` if the certificate has none.
    pub issuer: Option<&'a str>,
}

impl CertificateListing<'_> {
    /// The entries, each under its list.
    pub(super) fn entries(&self) -> Vec<(CertificateList, ListedCertificate)> {
        let under = |text: String| ListedCertificate { under: text, not_after: self.not_after, id: self.id };
        let names = self.names.iter().map(|name| (CertificateList::Names, under(name.clone())));
        let domains = self.names.iter().filter(|name| is_dns(name));
        let domains = domains.map(|name| (CertificateList::Domains, under(domain_order(name))));
        let by_end = [
            Some(CertificateList::Requester(self.requester.clone())),
            Some(CertificateList::Profile(self.profile.to_owned())),
            self.issuer.map(|issuer| CertificateList::Issuer(issuer.to_owned())),
        ];
        let by_end = by_end.into_iter().flatten().map(|list| (list, under(String::new())));
        names.chain(domains).chain(by_end).collect()
    }
}

fn is_dns(name: &str) -> bool {
    matches!(name.parse::<Name>(), Ok(Name::Dns(_)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn listing<'a>(names: &'a [String], requester: &'a Email, id: RequestId) -> CertificateListing<'a> {
        let not_after = datetime!(2027-01-02 03:04:05 UTC);
        CertificateListing { names, not_after, id, requester, profile: "server", issuer: Some("ab12") }
    }

    #[test]
    fn a_certificate_is_in_a_list_for_each_property_and_each_name() {
        let id: RequestId = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
        let names = ["www.example.com", "*.example.com", "10.1.2.3"].map(str::to_owned);
        let requester: Email = "Alice+ca@example.com".parse().unwrap();
        let entries = listing(&names, &requester, id).entries();
        let lines: Vec<String> = entries
            .iter()
            .map(|(list, entry)| format!("{} {entry}", list.key()).replace('\t', " "))
            .collect();
        let end = "2027-01-02T03:04:05Z 5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d";
        let expected = [
            "@names www.example.com",
            "@names *.example.com",
            "@names 10.1.2.3",
            "@domains com.example.www",
            "@domains com.example.*",
            "@requester/alice@example.com",
            "@profile/server",
            "@issuer/ab12",
        ];
        assert_eq!(lines, expected.map(|line| format!("{line} {end}")));
    }

    #[test]
    fn entries_sort_by_name_then_end_and_each_has_one_text() {
        let id = RequestId::random();
        let at = |under: &str, not_after| ListedCertificate { under: under.into(), not_after, id };
        let (early, late) = (datetime!(2026-12-31 23:59:59 UTC), datetime!(2027-01-01 0:00 UTC));
        let sorted =
            [at("a.example", early), at("a.example", late), at("a.example.com", early), at("b", early)];
        let texts: Vec<String> = sorted.iter().map(ToString::to_string).collect();
        assert!(texts.is_sorted(), "{texts:?}");
        for (entry, text) in sorted.iter().zip(&texts) {
            assert_eq!(text.parse().as_ref(), Ok(entry));
        }
        let end = rfc3339(early);
        for odd in
            ["", "\t", &end.to_string(), &format!("\t{end}\t{id}"), &format!("a\tb\t{end}\t{id}"), "a\tb\tc"]
        {
            assert_eq!(odd.parse::<ListedCertificate>(), Err(ListedCertificateError), "{odd:?}");
        }
        let other_spelling = format!("a\t2026-12-31T23:59:59+00:00\t{id}");
        assert_eq!(other_spelling.parse::<ListedCertificate>(), Err(ListedCertificateError));
    }

    #[test]
    fn a_part_goes_on_after_an_entry_of_it_alone() {
        let entry = |under: &str, day| ListedCertificate {
            under: under.to_owned(),
            not_after: datetime!(2026-12-01 0:00 UTC) + time::Duration::days(day),
            id: RequestId::random(),
        };
        let below = |after| ListPart {
            prefix: "com.example.".to_owned(),
            after: Some(after),
            ..ListPart::all(CertificateList::Domains)
        };
        let within = below(entry("com.example.www", 0));
        assert_eq!(within.start(), PartStart::After(within.after.as_ref().unwrap()));
        for before in ["com.example", "com", "com.a"] {
            assert_eq!(below(entry(before, 0)).start(), PartStart::Beginning, "{before}");
        }
        assert_eq!(below(entry("com.examplf", 0)).start(), PartStart::Over);
        let ending = |day| ListPart {
            ends_from: Some(datetime!(2026-12-01 0:00 UTC)),
            after: Some(entry("", day)),
            ..ListPart::all(CertificateList::Profile("server".to_owned()))
        };
        assert_eq!(ending(-1).start(), PartStart::Beginning);
        let within = ending(0);
        assert_eq!(within.start(), PartStart::After(within.after.as_ref().unwrap()));
    }

    #[test]
    fn a_certificate_is_shown_at_the_first_of_its_names_in_the_part() {
        let names = ["b.example.com", "a.example.org", "10.0.0.1"].map(str::to_owned);
        let shown = |list: CertificateList, prefix: &str, under: &str| {
            let part = ListPart { prefix: prefix.to_owned(), ..ListPart::all(list) };
            let entry = ListedCertificate {
                under: under.to_owned(),
                not_after: datetime!(2027-01-01 0:00 UTC),
                id: RequestId::random(),
            };
            part.is_first(&entry, &names)
        };
        let names = |prefix, under| shown(CertificateList::Names, prefix, under);
        assert!(names("", "10.0.0.1") && !names("", "a.example.org") && !names("", "b.example.com"));
        assert!(names("b", "b.example.com"), "the others are not in the part");
        let domains = |prefix, under| shown(CertificateList::Domains, prefix, under);
        assert!(domains("", "com.example.b") && !domains("", "org.example.a"));
        assert!(domains("org.", "org.example.a"));
        assert!(shown(CertificateList::Profile("server".to_owned()), "", ""));
    }

    proptest! {
        #[test]
        fn any_text_is_an_entry_of_this_text_or_none(text in "[a-z.\t:0-9TZ-]{0,80}") {
            if let Ok(entry) = text.parse::<ListedCertificate>() {
                prop_assert_eq!(entry.to_string(), text);
            }
        }
    }
}
