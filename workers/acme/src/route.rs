//! The paths of the server.
//!
//! Invariant: a path has one spelling, and the URL of each route is made by [`AcmeUrls`], so a client signs the URL that it was
//! given. Ids that cannot be ids are no paths.

use std::fmt::Display;
use std::str::FromStr;

use http::Uri;
use pki::acme::{AcmeUrls, ChallengeType};
use workflow::acme::{AcmeAccountId, AcmeOrderId};

/// A path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AcmeRoute {
    Directory,
    NewNonce,
    NewAccount,
    NewOrder,
    RevokeCert,
    KeyChange,
    Account(AcmeAccountId),
    /// The orders of an account, those before an order if one is given.
    Orders(AcmeAccountId, Option<AcmeOrderId>),
    Order(AcmeOrderId),
    Finalize(AcmeOrderId),
    /// The chain number 0, or an alternate one.
    Certificate(AcmeOrderId, usize),
    Authorization(AcmeOrderId, usize),
    Challenge(AcmeOrderId, usize, ChallengeType),
    /// The text of a `RenewalCertId`.
    RenewalInfo(String),
}

impl AcmeRoute {
    /// The route of a request, with or without the path of the base URL: API Gateway leaves the stage out.
    pub(crate) fn of(uri: &Uri, base_path: &str) -> Option<Self> {
        let prefix = base_path.trim_end_matches('/');
        let below = uri.path().strip_prefix(prefix).filter(|rest| rest.starts_with("/acme/"));
        let path = below.unwrap_or(uri.path()).strip_prefix("/acme/")?;
        let parts: Vec<&str> = path.split('/').collect();
        // A query that a route does not have makes another URL than the one that was signed.
        let before = match uri.query() {
            None => None,
            Some(query) => Some(canonical(query.strip_prefix("before=")?)?),
        };
        let route = match parts[..] {
            ["account", account, "orders"] => return Some(Self::Orders(canonical(account)?, before)),
            _ if before.is_some() => return None,
            ["directory"] => Self::Directory,
            ["new-nonce"] => Self::NewNonce,
            ["new-account"] => Self::NewAccount,
            ["new-order"] => Self::NewOrder,
            ["revoke-cert"] => Self::RevokeCert,
            ["key-change"] => Self::KeyChange,
            ["account", account] => Self::Account(canonical(account)?),
            ["order", order] => Self::Order(canonical(order)?),
            ["order", order, "finalize"] => Self::Finalize(canonical(order)?),
            ["order", order, "certificate"] => Self::Certificate(canonical(order)?, 0),
            ["order", order, "certificate", number] => {
                Self::Certificate(canonical(order)?, canonical(number).filter(|number| *number > 0)?)
            }
            ["authorization", order, index] => Self::Authorization(canonical(order)?, canonical(index)?),
            ["authorization", order, index, challenge] => {
                let challenge = ChallengeType::ALL.into_iter().find(|one| one.name() == challenge)?;
                Self::Challenge(canonical(order)?, canonical(index)?, challenge)
            }
            ["renewal-info", certificate] => Self::RenewalInfo(certificate.to_owned()),
            _ => return None,
        };
        Some(route)
    }

    /// The URL, which the client signs.
    pub(crate) fn url(&self, urls: &AcmeUrls) -> String {
        match self {
            Self::Directory => urls.directory(),
            Self::NewNonce => urls.new_nonce(),
            Self::NewAccount => urls.new_account(),
            Self::NewOrder => urls.new_order(),
            Self::RevokeCert => urls.revoke_cert(),
            Self::KeyChange => urls.key_change(),
            Self::Account(id) => urls.account(id.as_str()),
            Self::Orders(id, None) => urls.orders(id.as_str()),
            Self::Orders(id, Some(before)) => format!("{}?before={before}", urls.orders(id.as_str())),
            Self::Order(id) => urls.order(id.as_str()),
            Self::Finalize(id) => urls.finalize(id.as_str()),
            Self::Certificate(id, 0) => urls.certificate(id.as_str()),
            Self::Certificate(id, number) => urls.alternate(id.as_str(), *number),
            Self::Authorization(id, index) => urls.authorization(id.as_str(), *index),
            Self::Challenge(id, index, challenge) => urls.challenge(id.as_str(), *index, *challenge),
            Self::RenewalInfo(id) => format!("{}/{id}", urls.renewal_info()),
        }
    }
}

/// Reads a part of a path that has one spelling.
fn canonical<T: FromStr + Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|read: &T| read.to_string() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
    const ORDER: &str = "0123456789ab0123456789abcdef0123456789abcdef";

    fn route(path: &str) -> Option<AcmeRoute> {
        AcmeRoute::of(&path.parse().unwrap(), "/live/")
    }

    fn paths() -> Vec<String> {
        let mut paths: Vec<String> = [
            "directory",
            "new-nonce",
            "new-account",
            "new-order",
            "revoke-cert",
            "key-change",
            "renewal-info/aYhba4dG.AIdlQyE",
        ]
        .map(str::to_owned)
        .into();
        paths.extend([format!("account/{ACCOUNT}"), format!("account/{ACCOUNT}/orders")]);
        paths.push(format!("account/{ACCOUNT}/orders?before={ORDER}"));
        paths.extend(
            ["", "/finalize", "/certificate", "/certificate/1"].map(|rest| format!("order/{ORDER}{rest}")),
        );
        paths.extend(
            ["0", "99", "0/http-01", "0/dns-01", "1/tls-alpn-01"]
                .map(|rest| format!("authorization/{ORDER}/{rest}")),
        );
        paths
    }

    #[test]
    fn each_path_is_one_route_with_and_without_the_stage_and_its_url_is_the_one_that_was_given() {
        let urls = AcmeUrls::new("https://pki.example.com/live/acme");
        let paths = paths();
        let mut seen = Vec::new();
        for path in &paths {
            let found = route(&format!("/acme/{path}")).unwrap_or_else(|| panic!("{path}"));
            assert_eq!(route(&format!("/live/acme/{path}")).as_ref(), Some(&found));
            assert_eq!(found.url(&urls), format!("https://pki.example.com/live/acme/{path}"));
            assert!(!seen.contains(&found), "{path}");
            seen.push(found);
        }
        assert_eq!(seen.len(), 19);
    }

    #[test]
    fn other_paths_are_none() {
        for path in [
            "/",
            "/acme",
            "/acme/",
            "/acme/directory/",
            "/acme//directory",
            "/directory",
            "/live/live/acme/directory",
            "/acme/directory?before=x",
            "/acme/new-order?",
            "/acme/account/x",
            "/acme/order/..",
            "/acme/unknown",
        ] {
            assert_eq!(route(path), None, "{path}");
        }
        for path in [
            format!("order/{ORDER}/certificate/0"),
            format!("order/{ORDER}/certificate/01"),
            format!("order/{ACCOUNT}"),
            format!("order/{}", ORDER.to_uppercase()),
            format!("authorization/{ORDER}/+1"),
            format!("authorization/{ORDER}/0/dns-02"),
            format!("account/{ACCOUNT}?before={ORDER}"),
            format!("account/{ACCOUNT}/orders?before=1"),
            format!("account/{ACCOUNT}/orders?after={ORDER}"),
        ] {
            assert_eq!(route(&format!("/acme/{path}")), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_path_that_is_read_is_the_path_of_its_url(path in "/acme/[a-z0-9/.+%-]{0,80}", known in 0..19_usize, tail in "[a-z0-9/]{0,3}") {
            let urls = AcmeUrls::new("https://pki.example.com/acme");
            for path in [path, format!("/acme/{}{tail}", paths()[known])] {
                if let Some(found) = route(&path) {
                    prop_assert_eq!(found.url(&urls), format!("https://pki.example.com{path}"));
                }
            }
        }
    }
}
