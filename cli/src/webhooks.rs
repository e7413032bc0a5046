//! `countersign webhooks`: addresses and secrets of the receivers that the policy names.
//!
//! Invariant: an address is read from standard input and never printed: whoever has it can post. A signing secret is printed
//! once, when it is made. Both are one SecureString parameter for each receiver.

use std::io::{BufRead as _, IsTerminal as _};

use aws_sdk_ssm::types::{Parameter, ParameterType};
use serde::Serialize;
use time::OffsetDateTime;
use workflow::aws::HttpsCaller;
use workflow::notices::{ChatMessage, ReceiverAddress, ReceiverParameter, SigningSecret};
use workflow::policy::Policy;
use workflow::ports::{Headers, WebhookCaller as _};
use workflow::receiver::{NoReceiverName, ReceiverKind, ReceiverName};
use workflow::timestamp::rfc3339;

use crate::confirm::confirmed;
use crate::error::{CliError, OrFail as _};
use crate::output::{Cell, Document, OutputOptions};
use crate::policy;
use crate::stack::{Stack, StackSelector};

/// The subcommands.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum WebhooksCommand {
    /// Sets the address of a receiver, read from standard input
    Set {
        /// Name of the receiver, as in [notices] of the policy
        #[arg(value_parser = name)]
        name: ReceiverName,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Makes a new signing secret for a webhook, and prints it; the one before it still signs
    Secret {
        /// Name of the receiver
        #[arg(value_parser = name)]
        name: ReceiverName,
        /// Make none, and let only the newest one sign
        #[arg(long)]
        drop_former: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Lists the receivers, without their addresses
    List {
        #[command(flatten)]
        output: OutputOptions,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Removes the address and the secrets of a receiver
    Remove {
        /// Name of the receiver
        #[arg(value_parser = name)]
        name: ReceiverName,
        /// Remove without asking
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        which: StackSelector,
    },
    /// Sends a test message to a receiver, from this machine
    Test {
        /// Name of the receiver
        #[arg(value_parser = name)]
        name: ReceiverName,
        #[command(flatten)]
        which: StackSelector,
    },
}

fn name(text: &str) -> Result<ReceiverName, String> {
    text.parse().map_err(|error: NoReceiverName| error.to_string())
}

/// Runs `countersign webhooks`.
pub(crate) async fn run(command: WebhooksCommand) -> Result<(), CliError> {
    match command {
        WebhooksCommand::Set { name, which } => set(&which.find().await?, &name).await,
        WebhooksCommand::Secret { name, drop_former, which } => {
            secret(&which.find().await?, &name, drop_former).await
        }
        WebhooksCommand::List { output, which } => list(&which.find().await?, &output).await,
        WebhooksCommand::Remove { name, yes, which } => remove(&which.find().await?, &name, yes).await,
        WebhooksCommand::Test { name, which } => test(&which.find().await?, &name).await,
    }
}

/// The parameters of the receivers of a stack.
struct ReceiverStore<'a> {
    ssm: aws_sdk_ssm::Client,
    stack: &'a Stack,
}

impl<'a> ReceiverStore<'a> {
    fn of(stack: &'a Stack) -> Self {
        Self { ssm: aws_sdk_ssm::Client::new(&stack.sdk), stack }
    }

    fn path(&self, name: &ReceiverName) -> String {
        format!("{}/{name}", self.stack.receiver_parameters())
    }

    fn read(&self, name: &str, parameter: &Parameter) -> Result<ReceiverParameter, CliError> {
        let value = parameter.value().unwrap_or_default();
        ReceiverParameter::read(value, self.stack.is_local()).map_err(|why| {
            CliError::new(
                format!("cannot read the parameter of {name}: {why}"),
                format!("Set it again: countersign webhooks set {name}."),
            )
        })
    }

    async fn find(&self, name: &ReceiverName) -> Result<Option<ReceiverParameter>, CliError> {
        let answer = self.ssm.get_parameter().name(self.path(name)).with_decryption(true).send().await;
        match answer {
            Ok(answer) => answer.parameter.map(|one| self.read(name.as_str(), &one)).transpose(),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
                Ok(None)
            }
            Err(error) => Err(error).or_fail(|| format!("cannot read the parameter of {name}"), ""),
        }
    }

    async fn get(&self, name: &ReceiverName) -> Result<ReceiverParameter, CliError> {
        let unset = || {
            CliError::new(
                format!("{name} has no address"),
                format!("Set it with: countersign webhooks set {name}."),
            )
        };
        self.find(name).await?.ok_or_else(unset)
    }

    async fn put(&self, name: &ReceiverName, parameter: &ReceiverParameter) -> Result<(), CliError> {
        self.ssm
            .put_parameter()
            .name(self.path(name))
            .value(parameter.expose())
            .r#type(ParameterType::SecureString)
            .overwrite(true)
            .send()
            .await
            .or_fail(|| format!("cannot store the address of {name}"), "Try again.")?;
        Ok(())
    }

    async fn all(&self) -> Result<Vec<(String, Parameter)>, CliError> {
        let path = self.stack.receiver_parameters();
        let pages = self.ssm.get_parameters_by_path().path(&path).with_decryption(true).into_paginator();
        let found: Result<Vec<_>, _> = pages.send().collect().await;
        let found = found.or_fail(|| format!("cannot read the parameters below {path}"), "")?;
        let found = found.into_iter().flat_map(|page| page.parameters.unwrap_or_default());
        let named = |one: Parameter| Some((one.name()?.rsplit('/').next()?.to_owned(), one));
        Ok(found.filter_map(named).collect())
    }
}

async fn set(stack: &Stack, name: &ReceiverName) -> Result<(), CliError> {
    let input = std::io::stdin();
    if input.is_terminal() {
        eprintln!("Paste the address of {name}, then press Enter:");
    }
    let mut line = String::new();
    input.lock().read_line(&mut line).or_fail(|| "cannot read the address".into(), "")?;
    let address = ReceiverAddress::parse(&line, stack.is_local()).map_err(|error| {
        CliError::new(format!("the address of {name} cannot be used: {error}"), "Nothing was changed.")
    })?;
    let parameters = ReceiverStore::of(stack);
    // One that cannot be read has no secrets to keep.
    let secrets = parameters.find(name).await.ok().flatten().map(|one| one.secrets).unwrap_or_default();
    let parameter = ReceiverParameter { address, secrets };
    parameters.put(name, &parameter).await?;
    println!("{name} is at {} now.", parameter.address.host());
    let policy = policy::in_force(stack).await?;
    match policy.receiver(name).map(|receiver| receiver.kind) {
        None => {
            eprintln!("The policy in force has no [notices.{name}], so it is told nothing yet.");
        }
        Some(ReceiverKind::Webhook) if parameter.secrets.is_empty() => {
            eprintln!("It needs a signing secret: countersign webhooks secret {name}.");
        }
        Some(_) => {}
    }
    Ok(())
}

async fn secret(stack: &Stack, name: &ReceiverName, drop_former: bool) -> Result<(), CliError> {
    let parameters = ReceiverStore::of(stack);
    let mut parameter = parameters.get(name).await?;
    if drop_former {
        parameter.secrets.truncate(1);
        parameters.put(name, &parameter).await?;
        eprintln!("Only the newest secret of {name} signs now.");
        return Ok(());
    }
    let new = SigningSecret::random()
        .ok_or_else(|| CliError::new("the operating system gave no random numbers", "Try again."))?;
    parameter.rotate(new.clone());
    parameters.put(name, &parameter).await?;
    println!("{}", new.expose());
    if parameter.secrets.len() > 1 {
        eprintln!(
            "The former secret still signs, too. When the receiver has the new one: countersign webhooks secret {name} --drop-former."
        );
    }
    Ok(())
}

/// A receiver for people and programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListedReceiver {
    name: String,
    /// As the policy says; `None` if it does not name the receiver.
    kind: Option<ReceiverKind>,
    /// `None` without an address.
    host: Option<String>,
    secrets: usize,
    events: Vec<&'static str>,
}

fn listed(policy: &Policy, set: Vec<(String, ReceiverParameter)>) -> Vec<ListedReceiver> {
    let mut all: Vec<ListedReceiver> = policy
        .receivers()
        .iter()
        .map(|receiver| ListedReceiver {
            name: receiver.name.to_string(),
            kind: Some(receiver.kind),
            host: None,
            secrets: 0,
            events: receiver.events.iter().map(|event| event.as_str()).collect(),
        })
        .collect();
    for (name, parameter) in set {
        let (host, secrets) = (Some(parameter.address.host().to_owned()), parameter.secrets.len());
        match all.iter_mut().find(|one| one.name == name) {
            Some(one) => (one.host, one.secrets) = (host, secrets),
            None => all.push(ListedReceiver { name, kind: None, host, secrets, events: Vec::new() }),
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn row(receiver: &ListedReceiver) -> Vec<String> {
    let host = match (&receiver.host, receiver.kind) {
        (Some(host), _) => host.clone(),
        (None, Some(kind)) if !kind.has_address() => "-".to_owned(),
        (None, _) => "not set".to_owned(),
    };
    let kind = receiver.kind.map_or("not in the policy", ReceiverKind::as_str);
    vec![
        receiver.name.clone(),
        kind.to_owned(),
        host,
        receiver.secrets.to_string(),
        receiver.events.join(" "),
    ]
}

async fn list(stack: &Stack, output: &OutputOptions) -> Result<(), CliError> {
    let parameters = ReceiverStore::of(stack);
    let read = |(name, one): (String, Parameter)| parameters.read(&name, &one).map(|read| (name, read));
    let set = parameters.all().await?.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let all = listed(&policy::in_force(stack).await?, set);
    let cells = all.iter().map(|one| row(one).into_iter().map(Cell::text).collect()).collect();
    let headings = ["RECEIVER", "KIND", "HOST", "SECRETS", "EVENTS"];
    output.print(&Document::list(&headings, cells, "No receivers."), &all)
}

async fn remove(stack: &Stack, name: &ReceiverName, yes: bool) -> Result<(), CliError> {
    let parameters = ReceiverStore::of(stack);
    confirmed(&format!("Remove the address and the secrets of {name}?"), yes)?;
    let removed = parameters.ssm.delete_parameter().name(parameters.path(name)).send().await;
    match removed {
        Err(error) if error.as_service_error().is_some_and(|error| error.is_parameter_not_found()) => {
            return Err(CliError::new(
                format!("{name} has no address"),
                "See them with: countersign webhooks list.",
            ));
        }
        removed => removed.or_fail(|| format!("cannot remove the address of {name}"), "Try again.")?,
    };
    println!("Removed the address and the secrets of {name}.");
    if policy::in_force(stack).await?.receiver(name).is_some() {
        eprintln!(
            "The policy in force still has [notices.{name}]: its notices fail until an address is set."
        );
    }
    Ok(())
}

async fn test(stack: &Stack, name: &ReceiverName) -> Result<(), CliError> {
    let policy = policy::in_force(stack).await?;
    let receiver = policy.receiver(name).ok_or_else(|| {
        CliError::new(
            format!("the policy in force has no [notices.{name}]"),
            "Add it with: countersign policy set FILE.",
        )
    })?;
    if !receiver.kind.has_address() {
        return Err(CliError::new(
            format!("{name} is a bus of EventBridge, which has no address"),
            "Make a rule for it, and watch what arrives.",
        ));
    }
    let parameter = ReceiverStore::of(stack).get(name).await?;
    let now = OffsetDateTime::now_utc();
    let (headers, body) = match ChatMessage::test(policy.wording().language).body(receiver.kind) {
        Some(body) => (Headers::new(), body.to_string()),
        None => signed_test(name, &parameter, now)?,
    };
    let caller = HttpsCaller::default();
    caller.post(&parameter.address, &headers, &body).await.or_fail(
        || format!("{name} did not take the message"),
        "Check the address; set it again with: countersign webhooks set.",
    )?;
    println!("{name} took a test message.");
    Ok(())
}

/// The test message of a webhook: of the type `test`, about no request.
fn signed_test(
    name: &ReceiverName,
    parameter: &ReceiverParameter,
    now: OffsetDateTime,
) -> Result<(Headers, String), CliError> {
    let id = format!("msg_test_{}", uuid::Uuid::new_v4());
    let body =
        serde_json::json!({ "id": id, "type": "test", "timestamp": rfc3339(now), "data": {} }).to_string();
    let signatures = parameter.signatures(&id, now, &body).ok_or_else(|| {
        CliError::new(
            format!("{name} has no signing secret"),
            format!("Make one with: countersign webhooks secret {name}."),
        )
    })?;
    let time = now.unix_timestamp().to_string();
    Ok((vec![("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signatures)], body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shows_what_is_missing_and_no_address() {
        let policy = "[notices.ops]\nkind = \"slack\"\nevents = [\"failed\"]\n[notices.bus]\nkind = \"eventbridge\"\nevents = [\"issued\"]\n[notices.new]\nkind = \"webhook\"\nevents = [\"issued\", \"revoked\"]\n[profiles.server]\napprovers = [\"a@example.com\"]\nnames.dns.allow = [\"*\"]\n";
        let parameter = |secrets: usize| ReceiverParameter {
            address: ReceiverAddress::parse("https://hooks.example.com/services/T0/xyz", false).unwrap(),
            secrets: (0..secrets).map(|_| SigningSecret::random().unwrap()).collect(),
        };
        let set = vec![("ops".to_owned(), parameter(0)), ("old".to_owned(), parameter(2))];
        let all = listed(&Policy::parse(policy).unwrap(), set);
        let rows: Vec<String> = all.iter().map(|one| row(one).join("|")).collect();
        let expected = [
            "bus|eventbridge|-|0|issued",
            "new|webhook|not set|0|issued revoked",
            "old|not in the policy|hooks.example.com|2|",
            "ops|slack|hooks.example.com|0|failed",
        ];
        assert_eq!(rows, expected);
        let json = serde_json::to_string(&all).unwrap();
        assert!(!json.contains("xyz") && !json.contains("whsec"), "{json}");
    }
}
