//! `/approvals/{key}?passkey=set-up`: an approver sets a passkey up, and types the code from the mail.
//!
//! A query in place of a path: a page of an approver has relative links alone, which cannot name a path below its own without
//! the key.
//!
//! Invariant: nothing is stored here. The page carries the enrolment, whose code is for exactly this one; Sign adds the
//! passkey.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use pki::base64url::Base64Url;
use pki::webauthn::register;
use serde::Serialize;
use workflow::approval::enrolment::{CODE_LIFETIME, EnrolmentNeeds, needs};
use workflow::approval::passkey::{NotProven, Passkey};
use workflow::approval::voting::ResolvedLink;
use workflow::email::Email;
use workflow::enrolment::{
    Enrolment, EnrolmentCode, EnrolmentId, EnrolmentMessage, EnrolmentProof, enrolment_challenge,
};
use workflow::finding::Code;
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::policy::Policy;
use workflow::request::input::missing;
use workflow::texts::Message;

use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::passkey_fields::{octets, refused, unreadable};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, PasskeyPage, PasskeyStage};
use crate::state::Portal;

/// An enrolment, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnrolmentAnswer {
    /// Carries the enrolment to the next call.
    enrolment: String,
    id: EnrolmentId,
    /// What it still needs: `code`, `another-approver`, `own-or-others`, `nothing`.
    needs: &'static str,
    /// For those who vouch, if somebody has to.
    #[serde(skip_serializing_if = "Option::is_none")]
    vouch_link: Option<String>,
}

/// Who sets a passkey up.
pub(in crate::routes) struct PasskeyOwner {
    /// The address, as the policy has it.
    pub(in crate::routes) address: Email,
    /// The request of the link on whose page it begins.
    pub(in crate::routes) request: RequestId,
    /// The path of the page that the person came for; `None` for the review that the address of the page shows.
    pub(in crate::routes) back: Option<String>,
}

impl PasskeyOwner {
    /// The approver of a link.
    pub(super) fn of(resolved: &ResolvedLink) -> Self {
        Self { address: resolved.link.approver.clone(), request: resolved.request.id(), back: None }
    }
}

/// True if the fields are for this page, and not for a vote.
pub(super) fn is_set_up(fields: &Fields) -> bool {
    ["attestationObject", "enrolment"].iter().any(|name| fields.text(name).is_ok_and(|text| text.is_some()))
}

/// GET: the person's passkeys, and the way to a new one.
pub(in crate::routes) async fn show(
    portal: &Portal,
    locale: &Locale,
    owner: &PasskeyOwner,
) -> Result<Response, Problem> {
    let (_, existing) = known(portal, owner).await?;
    let page = PasskeyPage::new(portal, locale, &owner.address, &existing, PasskeyStage::Begin)
        .leading_back(owner.back.as_deref());
    Ok(pages::page(StatusCode::OK, locale.language, &page))
}

/// POST with the answer of an authenticator: has the code mailed. POST with a code: has the passkey added.
pub(in crate::routes) async fn set_up(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    owner: &PasskeyOwner,
    fields: &Fields,
) -> Result<Response, Problem> {
    let (policy, existing) = known(portal, owner).await?;
    let begun = fields.text("enrolment")?;
    let outcome = match &begun {
        None => begin(portal, owner, fields).await.map(|enrolment| (enrolment, EnrolmentNeeds::Code)),
        Some(text) => confirm(portal, owner, &policy, &existing, text, fields).await,
    };
    let page = |stage, enrolment: Option<(&Enrolment, Option<String>)>| {
        let page = PasskeyPage::new(portal, locale, &owner.address, &existing, stage)
            .leading_back(owner.back.as_deref());
        match enrolment {
            Some((enrolment, vouch_link)) => page.with_enrolment(portal, enrolment, vouch_link),
            None => page,
        }
    };
    // The link is given after the right code only. It lets its holder ask which approvers have passkeys.
    let vouch_link = match &outcome {
        Ok((_, EnrolmentNeeds::Nothing | EnrolmentNeeds::Code)) | Err(_) => None,
        Ok((enrolment, EnrolmentNeeds::AnotherApprover | EnrolmentNeeds::OwnOrOthers(_))) => {
            let key = portal.links.secret().await?.vouch_key(&enrolment.id(portal.base_url.as_str()));
            Some(portal.base_url.vouch(enrolment, &key))
        }
    };
    match (outcome, format) {
        (Ok((enrolment, needs)), ResponseFormat::Json) => {
            let id = enrolment.id(portal.base_url.as_str());
            let needs = name_of(needs);
            let answer = EnrolmentAnswer { enrolment: enrolment.to_link_text(), id, needs, vouch_link };
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
        (Ok((enrolment, needs)), ResponseFormat::Page) => {
            let page = page(PasskeyStage::of(needs), Some((&enrolment, vouch_link)));
            Ok(pages::page(StatusCode::ACCEPTED, locale.language, &page))
        }
        (Err(problem), ResponseFormat::Page)
            if matches!(problem.code, Code::PasskeyRefused | Code::MissingField) =>
        {
            let enrolment = begun.as_deref().and_then(Enrolment::from_link_text);
            let stage = if enrolment.is_some() { PasskeyStage::Code } else { PasskeyStage::Begin };
            let page = page(stage, enrolment.as_ref().map(|one| (one, None)))
                .with_problem(&problem, locale.language);
            Ok(pages::page(problem.status, locale.language, &page))
        }
        (Err(problem), _) => Err(problem),
    }
}

/// The policy, and the passkeys of the person.
async fn known(portal: &Portal, owner: &PasskeyOwner) -> Result<(Arc<Policy>, Vec<Passkey>), Problem> {
    let policy = portal.policies.current().await?;
    let person = policy.plus_tags().person(&owner.address);
    let existing = portal.people.passkeys(&person).await?;
    Ok((policy, existing))
}

/// Reads the new passkey, and has notify mail the code for it.
async fn begin(portal: &Portal, owner: &PasskeyOwner, fields: &Fields) -> Result<Enrolment, Problem> {
    let (client_data, attestation) =
        (octets(fields, "clientDataJSON")?, octets(fields, "attestationObject")?);
    let party = portal.base_url.relying_party().ok_or(NotProven::NoDomain)?;
    let address = &owner.address;
    let challenge = enrolment_challenge(portal.base_url.as_str(), address);
    let new = register(&party, &challenge, client_data.octets(), attestation.octets())
        .map_err(|error| refused(Message::new("problem-passkey-new").with("why", error.to_string())))?;
    let enrolment = Enrolment {
        address: address.clone(),
        credential_id: Base64Url(new.credential_id),
        public_key: Base64Url(new.key.cose().to_vec()),
        counter: new.counter,
    };
    let message = EnrolmentMessage { enrolment: enrolment.clone(), code: None, vouch: None };
    portal.notify_queue.recheck(&RecheckMessage::enrolment(owner.request, message)).await?;
    Ok(enrolment)
}

/// Checks a code, and has Sign check it again and add the passkey.
async fn confirm(
    portal: &Portal,
    owner: &PasskeyOwner,
    policy: &Policy,
    existing: &[Passkey],
    begun: &str,
    fields: &Fields,
) -> Result<(Enrolment, EnrolmentNeeds), Problem> {
    let wrong = || refused(Message::new("problem-passkey-code"));
    let enrolment = Enrolment::from_link_text(begun);
    let enrolment = enrolment.filter(|enrolment| enrolment.address == owner.address);
    let enrolment = enrolment.ok_or_else(unreadable)?;
    let code = fields.text("code")?.ok_or_else(|| missing("code", "finding-give-code"))?;
    let code = EnrolmentCode::parse(&code).ok_or_else(wrong)?;
    let id = enrolment.id(portal.base_url.as_str());
    let mailed_at = portal.people.code(&id, &code.digest(&id)).await?;
    if mailed_at.is_none_or(|at| portal.clock.now() >= at + CODE_LIFETIME) {
        return Err(wrong());
    }
    let message = EnrolmentMessage { enrolment: enrolment.clone(), code: Some(code), vouch: None };
    portal.sign_queue.recheck(&RecheckMessage::enrolment(owner.request, message)).await?;
    let mut proofs = portal.people.proofs(&id).await?;
    proofs.push(EnrolmentProof::Code);
    let needs = needs(policy, &enrolment, existing, &proofs);
    Ok((enrolment, needs))
}

fn name_of(needs: EnrolmentNeeds) -> &'static str {
    match needs {
        EnrolmentNeeds::Nothing => "nothing",
        EnrolmentNeeds::Code => "code",
        EnrolmentNeeds::AnotherApprover => "another-approver",
        EnrolmentNeeds::OwnOrOthers(_) => "own-or-others",
    }
}
