//! The form of a submission, read to a [`NewRequest`].
//!
//! Invariant: every field is searched for a private key before all other checks, and a value with a private key is
//! dropped here: no page and no row ever contains one.

use http::HeaderMap;
use pki::issuer::Issuer;
use time::OffsetDateTime;
use uuid::Uuid;
use workflow::approval::credentials::StandingByCredential;
use workflow::approval::opened::OpenedRequest;
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::policy::Policy;
use workflow::request::Request;
use workflow::request::input::{missing, private_key};
use workflow::request::intake::{
    self, CheckedRequest, InputError, NewRequest, Preview, ReplacedRequest, SubmissionPart,
};
use workflow::requester::Requester;
use workflow::secret::Secret;
use workflow::texts::{Language, Message};

use crate::http::fields::Fields;

/// The values of the form, without private keys: the page may show them again.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubmissionForm {
    pub(crate) email: String,
    pub(crate) comment: String,
    pub(crate) csr_content: String,
    pub(crate) profile: String,
    /// The id of the request that it renews.
    pub(crate) replaces: String,
    /// The key of a link to that request; proves that the requester has it.
    pub(crate) replaces_key: Option<Secret<String>>,
    /// The request that it renews, opened by this key.
    pub(crate) replaced: Option<ReplacedRequest>,
    /// The standing approval that the credential of a program opened.
    pub(crate) standing: Option<StandingByCredential>,
    idempotency_key: String,
}

/// An error of one field.
#[derive(Clone, Debug)]
pub(crate) struct FieldError {
    pub(crate) field: &'static str,
    pub(crate) finding: Finding,
}

impl SubmissionForm {
    /// The values of an earlier request, to submit them again; its CSR only if that was not the problem.
    pub(crate) fn again(request: &Request) -> Self {
        SubmissionForm {
            email: request.email().to_string(),
            comment: request.comment().to_owned(),
            csr_content: request
                .csr_content()
                .filter(|_| request.may_reuse_csr())
                .unwrap_or_default()
                .to_owned(),
            profile: request.profile().to_owned(),
            ..Self::default()
        }
    }

    /// The values of an earlier request, to renew its certificate: all but the CSR, since the key is to be a new one.
    pub(crate) fn renewing(opened: OpenedRequest, now: OffsetDateTime) -> Self {
        let OpenedRequest { request, key, .. } = opened;
        SubmissionForm {
            csr_content: String::new(),
            replaces: request.id().to_string(),
            replaces_key: Some(Secret::new(key.expose().to_owned())),
            ..Self::again(&request)
        }
        .with_replaced(Some(ReplacedRequest { request, at: now }))
    }

    /// Sets the request that it renews.
    pub(crate) fn with_replaced(self, replaced: Option<ReplacedRequest>) -> Self {
        Self { replaced, ..self }
    }

    /// Sets the standing approval that a credential opened.
    pub(crate) fn under(self, standing: Option<StandingByCredential>) -> Self {
        Self { standing, ..self }
    }

    /// Reads the fields; an unreadable field is an error.
    pub(crate) fn read(fields: &Fields, headers: &HeaderMap) -> (Self, Vec<FieldError>) {
        let mut errors = Vec::new();
        let mut text = |field: &'static str| match fields.text(field) {
            Ok(text) => text.unwrap_or_default().into_owned(),
            Err(finding) => {
                errors.push(FieldError { field, finding });
                String::new()
            }
        };
        let (pasted, chosen) = (text("csrContent"), text("csrFile"));
        let mut form = SubmissionForm {
            email: text("email").trim().to_owned(),
            comment: text("comment").trim().replace("\r\n", "\n").replace('\r', "\n"),
            profile: text("profile").trim().to_owned(),
            replaces: text("replaces").trim().to_owned(),
            replaces_key: Some(text("replacesKey").trim().to_owned())
                .filter(|key| !key.is_empty())
                .map(Secret::new),
            replaced: None,
            standing: None,
            idempotency_key: idempotency_key(fields, headers),
            csr_content: String::new(),
        };
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        let differ = !pasted.is_empty() && !chosen.is_empty() && dense(&pasted) != dense(&chosen);
        let mut forget = |text: &mut String, field| {
            if let Some(finding) = private_key(field, text) {
                text.clear();
                errors.insert(0, FieldError { field, finding });
            }
        };
        let (mut pasted, mut chosen) = (pasted, chosen);
        forget(&mut form.email, "email");
        forget(&mut form.comment, "comment");
        forget(&mut form.profile, "profile");
        forget(&mut form.replaces, "replaces");
        let mut key = form.replaces_key.take().map(|key| key.expose().clone()).unwrap_or_default();
        forget(&mut key, "replacesKey");
        form.replaces_key = Some(key).filter(|key| !key.is_empty()).map(Secret::new);
        forget(&mut form.idempotency_key, "csrContent");
        forget(&mut chosen, "csrFile");
        forget(&mut pasted, "csrContent");
        if differ && !pasted.is_empty() && !chosen.is_empty() {
            let finding = Finding::refused(
                Code::BadRequest,
                Message::new("finding-two-requests"),
                Message::new("finding-two-requests-advice"),
            );
            errors.push(FieldError { field: "csrContent", finding });
        }
        form.csr_content = if pasted.is_empty() { chosen } else { pasted };
        (form, errors)
    }

    /// The certificate that `issuer` would issue under `policy`. `errors` are those of [`SubmissionForm::read`].
    ///
    /// # Errors
    /// `errors`, and every error of the CSR and the profile.
    pub(crate) fn preview(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
        mut errors: Vec<FieldError>,
    ) -> Result<Preview, Vec<FieldError>> {
        // A malformed address counts as none: the policy then warns instead of refusing.
        let requester = self.email.parse::<Email>().ok().map(Requester::Person);
        let replaced = self.replaced.as_ref();
        let (csr, profile) = (&self.csr_content, self.profile());
        match intake::preview(policy, issuer, requester.as_ref(), csr, profile, replaced) {
            Ok(preview) if errors.is_empty() => Ok(preview),
            other => {
                let is_unreadable = !errors.is_empty();
                let more = other.err().into_iter().flatten();
                let more = more.filter(|one| !(is_unreadable && one.finding.code == Code::MissingField));
                errors.extend(more.map(FieldError::from));
                Err(errors)
            }
        }
    }

    /// The whole submission, checked. `errors` are those of [`SubmissionForm::read`].
    ///
    /// # Errors
    /// `errors`, and every error of every part, the main one first.
    pub(crate) fn check(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
        language: Language,
        mut errors: Vec<FieldError>,
    ) -> Result<CheckedRequest, Vec<FieldError>> {
        let new = match &self.standing {
            Some(standing) => self.new_under(standing, &mut errors),
            None => self.new_request(language),
        };
        in_order(new.check(policy, issuer), errors)
    }

    /// A request that approvers decide about.
    fn new_request(&self, language: Language) -> NewRequest {
        let email = if self.email.is_empty() {
            Err(missing("email", "finding-give-email"))
        } else {
            self.email.parse::<Email>()
        };
        NewRequest {
            requester: email.map(Requester::Person),
            comment: self.comment.clone(),
            csr_text: self.csr_content.clone(),
            profile: self.profile().map(str::to_owned),
            replaces: self.replaced.clone(),
            standing: None,
            language,
            idempotency_key: self.idempotency_key(),
        }
    }

    /// A request under a standing approval: for its requester and by its profile, unless the program names others, which are then
    /// refused. It replaces nothing (docs/decisions/0153).
    fn new_under(&self, opened: &StandingByCredential, errors: &mut Vec<FieldError>) -> NewRequest {
        if !self.replaces.is_empty() || self.replaces_key.is_some() {
            let finding = Finding::refused(
                Code::BadRequest,
                Message::new("finding-under-standing-replaces"),
                Message::new("finding-under-standing-replaces-advice"),
            );
            errors.push(FieldError { field: "replaces", finding });
        }
        let mut new = NewRequest::under(opened.standing.clone(), self.csr_content.clone(), opened.language);
        if !self.email.is_empty() {
            new.requester = self.email.parse::<Email>().map(Requester::Person);
        }
        new.profile = self.profile().map(str::to_owned).or(new.profile);
        new.comment.clone_from(&self.comment);
        new.idempotency_key = self.idempotency_key();
        new
    }

    /// True if nothing is in a field.
    pub(crate) fn is_blank(&self, field: &str) -> bool {
        match field {
            "email" => self.email.is_empty(),
            "comment" => self.comment.is_empty(),
            "csrContent" | "csrFile" => self.csr_content.is_empty(),
            "profile" => self.profile.is_empty(),
            _ => false,
        }
    }

    fn idempotency_key(&self) -> Option<String> {
        Some(self.idempotency_key.clone()).filter(|key| !key.is_empty())
    }

    /// The chosen profile, if any.
    fn profile(&self) -> Option<&str> {
        Some(self.profile.as_str()).filter(|name| !name.is_empty())
    }
}

/// The idempotency key of a submission: the header, or the hidden field.
pub(super) fn idempotency_key(fields: &Fields, headers: &HeaderMap) -> String {
    match headers.get("idempotency-key") {
        // RFC 8941 section 3.3.3: the value may be a quoted string.
        Some(key) => String::from_utf8_lossy(key.as_bytes()).trim().trim_matches('"').to_owned(),
        // Nobody types it, so no reader could mend what is wrong with it.
        None => fields.text("idempotencyKey").ok().flatten().unwrap_or_default().into_owned(),
    }
}

/// The checked submission, or all errors, the main one first. `errors` are those of reading the fields.
pub(super) fn in_order(
    checked: Result<CheckedRequest, Vec<InputError>>,
    mut errors: Vec<FieldError>,
) -> Result<CheckedRequest, Vec<FieldError>> {
    match checked {
        Ok(checked) if errors.is_empty() => Ok(checked),
        other => {
            let is_reported = |error: &FieldError| {
                let same =
                    |field: &str| error.field == field || (error.field, field) == ("csrContent", "csrFile");
                errors.iter().any(|earlier| same(earlier.field))
            };
            // The value of an unreadable or dropped field is not also missing.
            let more = other.err().into_iter().flatten().map(FieldError::from);
            let more: Vec<FieldError> =
                more.filter(|one| !(one.finding.code == Code::MissingField && is_reported(one))).collect();
            errors.extend(more);
            errors.sort_by_key(|error| rank(&error.finding));
            Err(errors)
        }
    }
}

impl From<InputError> for FieldError {
    fn from(error: InputError) -> Self {
        let field = match error.input {
            SubmissionPart::Requester => "email",
            SubmissionPart::Comment => "comment",
            SubmissionPart::Profile => "profile",
            SubmissionPart::Replaces => "replaces",
            SubmissionPart::Terms => match error.finding.field() {
                Some("days") => "days",
                Some("certificates") => "certificates",
                Some("profile") => "profile",
                _ => "names",
            },
            SubmissionPart::Standing => "grant",
            // The idempotency key is a hidden field without a place of its own on the page.
            SubmissionPart::Csr | SubmissionPart::IdempotencyKey => "csrContent",
        };
        FieldError { field, finding: error.finding }
    }
}

/// A new idempotency key for a form.
pub(crate) fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

/// The order of the findings: a leaked key first, then missing or malformed fields, then the others.
fn rank(finding: &Finding) -> u8 {
    match finding.code {
        Code::PrivateKeySubmitted => 0,
        Code::MissingField => 1,
        Code::BadRequest => 2,
        Code::BadEmail => 3,
        Code::UnknownProfile => 4,
        _ if finding.is_refusal() => 5,
        _ => 6,
    }
}
