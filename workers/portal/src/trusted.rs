//! The roots that clients have to trust: of the issuer in force, and of former issuers that have not ended.
//!
//! Invariant: read from the bucket once a minute at most in each process, since the page is public and the bucket is listed
//! for it.

use std::sync::{Arc, Mutex, PoisonError};

use pki::certificate::Certificate;
use pki::issuer::Issuer;
use time::{Duration, OffsetDateTime};
use workflow::ids::IssuerId;
use workflow::ports::PortError;

use crate::state::Portal;

/// How long the roots are kept.
const MAX_AGE: Duration = Duration::MINUTE;

/// A root, and the issuers below it.
pub(crate) struct TrustedRoot {
    pub(crate) certificate: Certificate,
    /// The subjects of the issuers, unless the root itself issues.
    pub(crate) issuers: Vec<String>,
    /// The latest end of the issuers.
    pub(crate) not_after: OffsetDateTime,
    /// `ca.pem`: an issuer and the certificates above it, the root last.
    pub(crate) chain_pem: String,
    /// The number of certificates in it.
    pub(crate) chain_length: usize,
    pub(crate) is_in_force: bool,
}

/// The roots as they were a moment ago.
#[derive(Default)]
pub(crate) struct RecentRoots(Mutex<Option<(OffsetDateTime, Arc<[TrustedRoot]>)>>);

impl RecentRoots {
    /// The roots, that of the issuer in force first; none before there is a CA.
    ///
    /// # Errors
    /// [`PortError`] of the bucket.
    pub(crate) async fn read(&self, portal: &Portal) -> Result<Arc<[TrustedRoot]>, PortError> {
        let now = portal.clock.now();
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent =
            kept().as_ref().filter(|(at, _)| now - *at < MAX_AGE).map(|(_, roots)| Arc::clone(roots));
        if let Some(roots) = recent {
            return Ok(roots);
        }
        let roots: Arc<[TrustedRoot]> = match portal.issuers.in_force(&IssuerId::DEFAULT).await? {
            Some(in_force) => roots_of(&in_force, portal.issuers.all().await?, now).into(),
            // It is not kept: there may be one at any time.
            None => return Ok(Arc::new([])),
        };
        *kept() = Some((now, Arc::clone(&roots)));
        Ok(roots)
    }
}

/// The roots above these issuers, without the former ones that have ended.
fn roots_of(in_force: &Issuer, all: Vec<Issuer>, now: OffsetDateTime) -> Vec<TrustedRoot> {
    let current = in_force.chain_digest();
    let mut former: Vec<Issuer> =
        all.into_iter().filter(|one| one.chain_digest() != current && one.not_after() > now).collect();
    former.sort_by_key(|one| std::cmp::Reverse(one.not_after()));
    let mut roots: Vec<TrustedRoot> = Vec::new();
    for issuer in std::iter::once(in_force).chain(&former) {
        let Some(root) = issuer.root_der().and_then(|der| Certificate::from_der(der).ok()) else { continue };
        let below = (issuer.chain_length() > 1).then(|| issuer.subject());
        match roots.iter_mut().find(|one| one.certificate == root) {
            Some(known) => {
                known.not_after = known.not_after.max(issuer.not_after());
                if let Some(subject) = below.filter(|subject| !known.issuers.contains(subject)) {
                    known.issuers.push(subject);
                }
            }
            None => roots.push(TrustedRoot {
                certificate: root,
                issuers: below.into_iter().collect(),
                not_after: issuer.not_after(),
                chain_pem: issuer.chain_pem().to_owned(),
                chain_length: issuer.chain_length(),
                is_in_force: issuer.chain_digest() == current,
            }),
        }
    }
    roots
}

#[cfg(test)]
mod tests {
    use pki::certificate::to_pem;
    use pki::testing::{CaMaker, TestKey};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-06-01 0:00 UTC);

    fn maker(name: &str, days: i64) -> CaMaker {
        CaMaker::new(TestKey::EcP256).named(name).valid(NOW - Duration::DAY, NOW + Duration::days(days))
    }

    #[test]
    fn issuers_below_one_root_are_listed_with_it_once() {
        let root = maker("Root", 900);
        let root_pem = to_pem(&root.root_der());
        let below = |name| to_pem(&maker(name, 90).der_below(&root)) + &root_pem;
        let [old, new] = ["Old", "New"].map(|name| Issuer::from_pem(&below(name)).unwrap());
        let roots = roots_of(&new, vec![old.clone(), new.clone()], NOW);
        let [only] = roots.as_slice() else { panic!("{} roots", roots.len()) };
        assert_eq!(only.issuers, ["CN=New", "CN=Old"]);
        assert_eq!((only.certificate.subject(), only.chain_length, only.is_in_force), ("CN=Root", 2, true));
        assert_eq!(only.chain_pem, new.chain_pem());
        assert_eq!(only.not_after, NOW + Duration::days(90));
    }

    #[test]
    fn former_roots_follow_until_they_end() {
        let made = |(name, days)| Issuer::from_pem(&maker(name, days).self_signed().certificate_pem).unwrap();
        let [first, second, third] = [("First", 10), ("Second", 20), ("Third", 900)].map(made);
        let all = vec![first, second, third.clone()];
        let subjects = |now| -> Vec<String> {
            let roots = roots_of(&third, all.clone(), now);
            assert!(roots.iter().all(|root| root.is_in_force == (root.certificate.subject() == "CN=Third")));
            assert!(roots.iter().all(|root| root.issuers.is_empty()));
            roots.iter().map(|root| root.certificate.subject().to_owned()).collect()
        };
        assert_eq!(subjects(NOW), ["CN=Third", "CN=Second", "CN=First"]);
        assert_eq!(subjects(NOW + Duration::days(15)), ["CN=Third", "CN=Second"]);
        // The one in force is listed even then: the operators have to see it.
        assert_eq!(subjects(NOW + Duration::days(950)), ["CN=Third"]);
    }
}
