//! `countersign people`: the passkeys of approvers.

use workflow::approval::enrolment::may_enrol;
use workflow::approval::passkey::Passkey;
use workflow::approval::sign_in::ProviderKey;
use workflow::aws::DynamoPeople;
use workflow::console::ConsoleInvitation;
use workflow::email::Email;
use workflow::enrolment::{Enrolment, EnrolmentProof};
use workflow::ports::{Clock as _, LinkSecrets as _, PeopleWriter as _, SystemClock};
use workflow::timestamp::rfc3339;

use crate::arguments;
use crate::confirm::confirmed;
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions};
use crate::policy;
use crate::stack::{Stack, StackSelector, whoami};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum PeopleCommand {
    /// Lists the passkeys of approvers, and the recorded keys of the identity provider
    List {
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Removes the passkeys of a person, who can then set up a first one again
    Remove {
        /// Address of the person
        #[arg(value_parser = arguments::address)]
        address: Email,
        /// Remove only the passkey with this id, or with one that begins so
        #[arg(long, value_name = "ID")]
        passkey: Option<String>,
        /// Remove without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Prints the link with which somebody who approves nothing sets up a passkey for the console
    Invite {
        /// Address of the person, as [console] of the policy lists it
        #[arg(value_parser = arguments::address)]
        address: Email,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Vouches for a new passkey, as an operator
    Vouch {
        /// The link that the page of the new passkey shows, or its end
        enrolment: String,
        /// Vouch without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
}

/// Runs `countersign people`.
pub(crate) async fn run(command: PeopleCommand) -> Result<(), CliError> {
    match command {
        PeopleCommand::List { output, which } => list(&which.find().await?, &output).await,
        PeopleCommand::Remove { address, passkey, yes, which } => {
            remove(&which.find().await?, &address, passkey.as_deref(), yes).await
        }
        PeopleCommand::Invite { address, which } => invite(&which.find().await?, &address).await,
        PeopleCommand::Vouch { enrolment, yes, which } => vouch(&which.find().await?, &enrolment, yes).await,
    }
}

fn people(stack: &Stack) -> DynamoPeople {
    DynamoPeople::new(&stack.sdk, &stack.people_table)
}

async fn all(stack: &Stack) -> Result<Vec<Passkey>, CliError> {
    let mut all = people(stack).all().await.or_fail(|| "cannot read the passkeys".into(), "")?;
    all.sort_by(|one, other| (&one.person, one.added_at).cmp(&(&other.person, other.added_at)));
    Ok(all)
}

async fn list(stack: &Stack, output: &OutputOptions) -> Result<(), CliError> {
    let all = all(stack).await?;
    if output.is_json() {
        return output.print(&Document::new(), &all);
    }
    let row = |passkey: &Passkey| {
        vec![
            Cell::text(passkey.person.as_str()),
            Cell::text(passkey.credential_id.to_string()),
            Cell::since(passkey.added_at),
            Cell::text(passkey.vouched_by.join(", ")),
        ]
    };
    let headings = ["PERSON", "PASSKEY", "ADDED", "VOUCHED BY"];
    let document = Document::list(&headings, all.iter().map(row).collect(), "No passkeys.");
    let keys = people(stack).all_provider_keys().await;
    let mut keys = keys.or_fail(|| "cannot read the keys of identity providers".into(), "")?;
    keys.sort_by(|one, other| (&one.issuer, one.first_seen).cmp(&(&other.issuer, other.first_seen)));
    let row = |key: &ProviderKey| {
        vec![
            Cell::text(key.issuer.as_str()),
            Cell::text(key.thumbprint().unwrap_or_default()),
            Cell::since(key.first_seen),
            Cell::since(key.last_seen),
        ]
    };
    let headings = ["IDENTITY PROVIDER", "KEY", "FIRST SEEN", "LAST SEEN"];
    output.print(&document.table(&headings, keys.iter().map(row).collect()), &all)
}

async fn remove(stack: &Stack, address: &Email, passkey: Option<&str>, yes: bool) -> Result<(), CliError> {
    let person = policy::in_force(stack).await?.plus_tags().person(address);
    let mut own: Vec<Passkey> = all(stack).await?;
    let wanted = |one: &Passkey| passkey.is_none_or(|id| one.credential_id.to_string().starts_with(id));
    own.retain(|one| one.person == person && wanted(one));
    if own.is_empty() {
        return Err(CliError::new(
            format!("{person} has no such passkey"),
            "See them with: countersign people list.",
        ));
    }
    let ids: Vec<String> = own.iter().map(|one| one.credential_id.to_string()).collect();
    confirmed(
        &format!(
            "Remove {} of {person}? Requests that it approved and that have no certificate yet will fail.",
            ids.join(", ")
        ),
        yes,
    )?;
    for one in &own {
        people(stack).remove(one).await.or_fail(|| "cannot remove the passkey".into(), "Try again.")?;
        println!("Removed {} of {person}.", one.credential_id);
    }
    Ok(())
}

/// The link is no secret of its own: the code in the mail to the address decides.
async fn invite(stack: &Stack, address: &Email) -> Result<(), CliError> {
    let policy = policy::in_force(stack).await?;
    let listed = policy.console().into_iter().flat_map(|rules| rules.people());
    let person =
        listed.into_iter().find(|one| policy.plus_tags().same_person(one, address)).ok_or_else(|| {
            CliError::new(
                format!("[console] of the policy does not list {address}"),
                "Add the address to operators or auditors, activate the policy, and invite again.",
            )
        })?;
    let invitation = ConsoleInvitation::of(person.clone(), SystemClock.now());
    let links = stack.links()?;
    let secret = links.secret().await.or_fail(|| "cannot read the link secret".into(), "")?;
    println!("{}", stack.base_url()?.console_invitation(&invitation.seal(secret)));
    eprintln!("It works until {}. Send it to {person}.", rfc3339(invitation.until));
    Ok(())
}

async fn vouch(stack: &Stack, text: &str, yes: bool) -> Result<(), CliError> {
    let text = text.rsplit_once("enrolment=").map_or(text, |(_, end)| end);
    let text = text.split('&').next().unwrap_or_default();
    let enrolment = Enrolment::from_link_text(text).ok_or_else(|| {
        CliError::new("this is no link of a new passkey", "Copy all of it from the page of the new passkey.")
    })?;
    let base_url = stack.base_url()?;
    let id = enrolment.id(base_url.as_str());
    let policy = policy::in_force(stack).await?;
    let person = policy.plus_tags().person(&enrolment.address);
    if !may_enrol(&policy, &person, SystemClock.now()) {
        return Err(CliError::new(
            format!("the policy does not list {} as an approver or stand-in", enrolment.address),
            "List the address in the policy first: countersign policy set FILE.",
        ));
    }
    confirmed(
        &format!("Vouch for the passkey of {}, fingerprint {id}? Ask the person first.", enrolment.address),
        yes,
    )?;
    let proof = EnrolmentProof::Operator(whoami());
    let proven = people(stack).prove(&id, &proof, SystemClock.now()).await;
    proven.or_fail(|| "cannot vouch for the passkey".into(), "Try again.")?;
    // Sign looks at the enrolment again when the code arrives, or is typed again.
    println!(
        "Vouched. The passkey is added once its code is typed. If the person typed it already, they type it again."
    );
    Ok(())
}
