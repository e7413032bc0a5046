//! `ca revoke`: a former issuing CA is put on the list of its root, and taken out of the bundle of trusted CAs.

use pki::crl::RevocationReason;

use super::certificate_store::IssuerFiles;
use super::chain::Chain;
use super::publication;
use super::root_list;
use super::status::no_ca;
use crate::confirm::confirmed;
use crate::error::CliError;
use crate::progress::ProgressStep;
use crate::revocation_reason::one_of;
use crate::stack::Stack;

const REASONS: [RevocationReason; 3] =
    [RevocationReason::CaCompromise, RevocationReason::Superseded, RevocationReason::CessationOfOperation];

/// Reads a reason.
pub(super) fn reason(text: &str) -> Result<RevocationReason, String> {
    one_of(&REASONS, text)
}

/// Runs `ca revoke`: of every certificate with this key identifier, or with one that begins so.
pub(super) async fn run(
    stack: &Stack,
    key_identifier: &str,
    reason: RevocationReason,
    yes: bool,
) -> Result<(), CliError> {
    let store = IssuerFiles::of(stack);
    let (current, filed) = (store.current().await?, store.filed().await?);
    let current = current.ok_or_else(|| no_ca(stack))?;
    let named = named(&filed, &current, key_identifier)?;
    let revoked = root_list::revoked(stack, &current, &filed).await?;
    let subject = named[0].issuer.subject();
    let left: Vec<_> = named.iter().filter(|chain| !revoked.contains(&chain.own().sha256)).collect();
    if left.is_empty() {
        // An earlier run may have stopped before this.
        publication::publish_bundle(stack, &current, &filed).await?;
        println!("{subject} is revoked already. Nothing was changed.");
        return Ok(());
    }
    confirmed(
        &format!("Revoke {subject}, and with it every certificate that it issued? It can't be undone."),
        yes,
    )?;
    let step = ProgressStep::begin(format!("Revoking {subject}"));
    for chain in left {
        root_list::revoke(stack, &current, &filed, chain.own(), reason).await?;
    }
    publication::publish_bundle(stack, &current, &filed).await?;
    step.done("");
    println!("It is on the list of {}, and no longer in issuer/trust.pem.", current.top().subject);
    println!(
        "Programs that check the whole chain refuse its certificates now. For those that check a certificate alone, revoke each of them as well: countersign certificates revoke."
    );
    Ok(())
}

/// The former CAs with a key identifier, which are all of one key. Fails for the CA in force, and for one that is not below its root.
fn named<'a>(filed: &'a [Chain], current: &Chain, key_identifier: &str) -> Result<Vec<&'a Chain>, CliError> {
    let wanted = key_identifier.to_ascii_lowercase().replace(':', "");
    let named: Vec<&Chain> =
        filed.iter().filter(|chain| chain.issuer.key_identifier().starts_with(&wanted)).collect();
    let see = "See them with: countersign ca show.";
    let Some(first) = named.first() else {
        return Err(CliError::new(format!("no CA has the key identifier {key_identifier}"), see));
    };
    if named.iter().any(|chain| chain.issuer.key_identifier() != first.issuer.key_identifier()) {
        return Err(CliError::new(
            format!("more than one CA has a key identifier that begins with {wanted}"),
            see,
        ));
    }
    if first.issuer.key_identifier() == current.issuer.key_identifier() {
        return Err(CliError::new(
            format!("{} is in force", first.issuer.subject()),
            "Replace it first, with: countersign ca rotate.",
        ));
    }
    if first.certificates.len() == 1 {
        return Err(CliError::new(
            format!("{} is a root, and no list revokes a root", first.issuer.subject()),
            "Take it out of everything that trusts it.",
        ));
    }
    if first.top().der != current.top().der {
        return Err(CliError::new(
            format!("{} is not below the root in force, whose key alone is kept", first.issuer.subject()),
            "Take its root out of everything that trusts it.",
        ));
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use pki::testing::{CaMaker, TestKey};

    use super::*;

    #[test]
    fn only_a_former_ca_below_the_root_in_force_is_found() {
        let maker = |name| CaMaker::new(TestKey::EcP256).named(name);
        let (root, old_root) = (maker("Root"), maker("Old Root"));
        let (root_der, old_root_der) = (root.root_der(), old_root.root_der());
        let below = |root: &CaMaker, root_der: &Vec<u8>, name| {
            Chain::of(&[maker(name).der_below(root), root_der.clone()]).unwrap()
        };
        let (current, former) = (below(&root, &root_der, "New"), below(&root, &root_der, "Former"));
        let older = below(&old_root, &old_root_der, "Older");
        let alone = Chain::of(&[maker("Alone").root_der()]).unwrap();
        let filed = [current.clone(), former.clone(), older.clone(), alone.clone()];
        let find = |chain: &Chain| {
            named(&filed, &current, &chain.issuer.key_identifier().to_ascii_uppercase())
                .map(|found| found.len())
                .map_err(|error| error.to_string())
        };
        assert_eq!(find(&former), Ok(1));
        assert!(find(&current).unwrap_err().contains("ca rotate"));
        assert!(find(&older).unwrap_err().contains("not below the root in force"));
        assert!(find(&alone).unwrap_err().contains("is a root"));
        let refused = |text| named(&filed, &current, text).err().map(|error| error.to_string());
        assert!(refused("").is_some_and(|why| why.contains("more than one CA")));
        assert!(refused("zz").is_some_and(|why| why.contains("no CA has")));
    }
}
