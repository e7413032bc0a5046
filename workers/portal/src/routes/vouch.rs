//! `/people/vouch?enrolment=TEXT&key=KEY`: an approver vouches for the new passkey of another, or for a further one of their own.
//!
//! Invariant: the link has a key, so nobody else can ask which approvers have passkeys. The key proves nothing more: the passkey
//! of the person who vouches is the proof, and Sign checks it again.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use workflow::approval::enrolment::lists;
use workflow::approval::passkey::{NotProven, Passkey};
use workflow::decision::ReviewDigest;
use workflow::email::Email;
use workflow::enrolment::{Enrolment, EnrolmentMessage, Vouch};
use workflow::ids::RequestId;
use workflow::message::RecheckMessage;
use workflow::request::input::missing;

use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::passkey_fields::evidence;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, VouchPage};
use crate::state::Portal;

/// The query of the page.
#[derive(Deserialize)]
pub(crate) struct VouchQuery {
    #[serde(default)]
    enrolment: String,
    #[serde(default)]
    key: String,
    /// The address of the person who vouches.
    address: Option<String>,
}

/// GET: who the new passkey is of, and the button that vouches.
pub(crate) async fn show(
    State(portal): State<Arc<Portal>>,
    locale: Locale,
    Query(query): Query<VouchQuery>,
) -> Result<Response, Problem> {
    let enrolment = open(&portal, &query.enrolment, &query.key).await?;
    let voucher = query.address.as_deref().and_then(|text| text.trim().parse::<Email>().ok());
    let passkeys = match &voucher {
        Some(voucher) => passkeys_of(&portal, voucher).await?,
        None => Vec::new(),
    };
    let page = VouchPage::new(&portal, &locale, &enrolment, &query.key, voucher.as_ref(), &passkeys);
    Ok(pages::page(StatusCode::OK, locale.language, &page))
}

/// POST: the signature.
pub(crate) async fn vouch(
    State(portal): State<Arc<Portal>>,
    format: ResponseFormat,
    locale: Locale,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    refuse_cross_site(&portal, &headers, "problem-cross-site")?;
    let text = fields.text("enrolment")?.ok_or_else(|| missing("enrolment", "finding-give-passkey"))?;
    let key = fields.text("key")?.unwrap_or_default();
    let enrolment = open(&portal, &text, &key).await?;
    let voucher = fields.text("address")?.ok_or_else(|| missing("address", "finding-give-email"))?;
    let voucher = voucher.trim().parse::<Email>()?;
    let id = enrolment.id(portal.base_url.as_str());
    let evidence = evidence(&fields, ReviewDigest::from_text(id.as_str()))?;
    let evidence = evidence.ok_or(NotProven::NoEvidence)?;
    let vouch = Vouch { voucher: voucher.clone(), evidence };
    let passkeys = passkeys_of(&portal, &voucher).await?;
    vouch.check(&portal.base_url, &id, &passkeys)?;
    let message = EnrolmentMessage { enrolment: enrolment.clone(), code: None, vouch: Some(vouch) };
    portal.sign_queue.recheck(&RecheckMessage::enrolment(RequestId::random(), message)).await?;
    Ok(match format {
        ResponseFormat::Json => (StatusCode::ACCEPTED, Json(serde_json::json!({ "id": id }))).into_response(),
        ResponseFormat::Page => {
            let page = VouchPage::new(&portal, &locale, &enrolment, &key, Some(&voucher), &passkeys);
            let page = page.thanks(&portal, &locale);
            pages::page(StatusCode::ACCEPTED, locale.language, &page)
        }
    })
}

/// The enrolment of a link, if its key is right.
async fn open(portal: &Portal, text: &str, key: &str) -> Result<Enrolment, Problem> {
    let enrolment = Enrolment::from_link_text(text).ok_or_else(Problem::no_such_link)?;
    let id = enrolment.id(portal.base_url.as_str());
    match portal.links.secret().await?.opens_vouch(&id, key) {
        true => Ok(enrolment),
        false => Err(Problem::no_such_link()),
    }
}

/// The passkeys of an approver whom the policy lists; none for anybody else, who may not vouch.
async fn passkeys_of(portal: &Portal, voucher: &Email) -> Result<Vec<Passkey>, Problem> {
    let policy = portal.policies.current().await?;
    let person = policy.plus_tags().person(voucher);
    match lists(&policy, &person) {
        true => Ok(portal.people.passkeys(&person).await?),
        false => Ok(Vec::new()),
    }
}
