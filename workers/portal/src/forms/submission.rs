//! From the fields of a form to a request that may be stored, or to everything that is wrong with it, at once.
//!
//! Invariant: a private key is looked for in every field before anything else is said, and a field that holds one is
//! forgotten here; what is shown again or stored never holds one.

use http::HeaderMap;
use pki::csr::holds_private_key;
use pki::error::TextError;
use pki::issuer::Issuer;
use uuid::Uuid;
use workflow::email::Email;
use workflow::finding::{Code, Finding, quoted};
use workflow::grant::{CheckedKey, Grant};
use workflow::ids::RequestId;
use workflow::policy::evaluate;
use workflow::policy::{Policy, Profile};
use workflow::request::Request;
use workflow::requester::Requester;
use workflow::texts::Message;

use crate::http::fields::Fields;

/// The longest comment or reason, in characters.
pub(crate) const MAX_COMMENT: usize = 2_000;
/// The longest idempotency key, in characters.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// The values of the form, without private keys: fit to be shown again.
#[derive(Clone, Debug, Default)]
pub(crate) struct SubmissionForm {
    pub(crate) email: String,
    pub(crate) comment: String,
    pub(crate) csr_content: String,
    pub(crate) profile: String,
    idempotency_key: String,
}

/// An error of one field.
#[derive(Clone, Debug)]
pub(crate) struct FieldError {
    pub(crate) field: &'static str,
    pub(crate) finding: Finding,
}

/// The certificate that a CSR would become under a policy.
#[derive(Debug)]
pub(crate) struct Preview {
    /// The record that the key passed every check.
    pub(crate) checked_key: CheckedKey,
    pub(crate) profile: String,
    pub(crate) grant: Grant,
    pub(crate) findings: Vec<Finding>,
}

/// A request that may be stored.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) id: RequestId,
    pub(crate) email: Email,
    pub(crate) preview: Preview,
}

impl SubmissionForm {
    /// The values of an earlier request, to submit them again.
    pub(crate) fn again(request: &Request) -> Self {
        SubmissionForm {
            email: request.email().to_string(),
            comment: request.comment().to_owned(),
            csr_content: request.csr_content().to_owned(),
            profile: request.profile().to_owned(),
            idempotency_key: String::new(),
        }
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
            idempotency_key: text("idempotencyKey"),
            csr_content: String::new(),
        };
        if let Some(key) = headers.get("idempotency-key") {
            // RFC 8941 section 3.3.3: the header's value may be written as a quoted string.
            form.idempotency_key =
                String::from_utf8_lossy(key.as_bytes()).trim().trim_matches('"').to_owned();
        }
        let dense = |text: &str| text.split_whitespace().collect::<String>();
        let differ = !pasted.is_empty() && !chosen.is_empty() && dense(&pasted) != dense(&chosen);
        let mut forget = |text: &mut String, field| {
            if let Some(finding) = private_key(text) {
                text.clear();
                errors.insert(0, FieldError { field, finding });
            }
        };
        let (mut pasted, mut chosen) = (pasted, chosen);
        forget(&mut form.email, "email");
        forget(&mut form.comment, "comment");
        forget(&mut form.profile, "profile");
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

    /// What would be issued under `policy` by `issuer`.
    ///
    /// # Errors
    /// Everything that is wrong with the CSR and the profile.
    pub(crate) fn preview(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
    ) -> Result<Preview, Vec<FieldError>> {
        // A malformed address counts as none: the policy then warns instead of refusing.
        let requester = self.email.parse::<Email>().ok().map(Requester::Person);
        let named = Some(self.profile.as_str()).filter(|name| !name.is_empty());
        let profile = policy.profile(named).map_err(|finding| vec![FieldError { field: "profile", finding }]);
        let csr = if self.csr_content.is_empty() {
            Err(vec![FieldError {
                field: "csrContent",
                finding: missing("csrContent", "finding-give-request"),
            }])
        } else {
            evaluate::read(&self.csr_content, None).map_err(|refusal| field_errors("csrContent", refusal.0))
        };
        match (csr, profile) {
            (Ok((csr, checked_key)), Ok(profile)) => {
                let verdict = evaluate::verdict(policy, issuer, &csr, profile, requester.as_ref());
                match verdict.grant {
                    Some(grant) => Ok(Preview {
                        profile: profile.name().to_owned(),
                        checked_key,
                        grant,
                        findings: verdict.findings,
                    }),
                    None => Err(field_errors("csrContent", verdict.findings)),
                }
            }
            (csr, profile) => Err(csr.err().into_iter().chain(profile.err()).flatten().collect()),
        }
    }

    /// The whole request.
    ///
    /// # Errors
    /// Everything that is wrong, the main thing first.
    pub(crate) fn accept(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
        mut wrong: Vec<FieldError>,
    ) -> Result<Accepted, Vec<FieldError>> {
        let reported = |wrong: &[FieldError], field: &str| wrong.iter().any(|error| error.field == field);
        let email = if self.email.is_empty() && !reported(&wrong, "email") {
            Err(missing("email", "finding-give-email"))
        } else {
            self.email.parse::<Email>()
        };
        let email = email.map_err(|finding| {
            if !reported(&wrong, "email") {
                wrong.push(FieldError { field: "email", finding });
            }
        });
        if let Some(finding) = unfit_text("comment", &self.comment) {
            wrong.push(FieldError { field: "comment", finding });
        }
        if let Some(finding) = unfit_key(&self.idempotency_key) {
            wrong.push(FieldError { field: "csrContent", finding });
        }
        let already = reported(&wrong, "csrContent") || reported(&wrong, "csrFile");
        let preview = self.preview(policy, issuer).map_err(|more| {
            // A field whose value was unreadable or forgotten is not also missing.
            wrong.extend(more.into_iter().filter(|one| !(already && one.finding.code == Code::MissingField)));
        });
        if let (Ok(email), Ok(preview)) = (&email, &preview)
            && let Ok(profile) = policy.profile(Some(&preview.profile))
            && let Some(finding) = nobody_else(profile, email)
        {
            wrong.push(FieldError { field: "profile", finding });
        }
        match (email, preview) {
            (Ok(email), Ok(preview)) if wrong.is_empty() => {
                let id = match self.idempotency_key.as_str() {
                    "" => RequestId::random(),
                    key => RequestId::from_idempotency_key(&email, key),
                };
                Ok(Accepted { id, email, preview })
            }
            _ => {
                wrong.sort_by_key(|error| rank(&error.finding));
                Err(wrong)
            }
        }
    }

    /// Whether a stored request is this one.
    pub(crate) fn is(&self, request: &Request, accepted: &Accepted) -> bool {
        request.email().same_person(&accepted.email)
            && request.comment() == self.comment
            && request.csr_content() == self.csr_content
            && request.profile() == accepted.preview.profile
    }
}

/// A fresh key for a form that is about to be shown.
pub(crate) fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

/// What is wrong with a comment or a reason.
pub(crate) fn unfit_text(field: &str, text: &str) -> Option<Finding> {
    let length = text.chars().count();
    if length > MAX_COMMENT {
        return Some(Finding::refused(
            Code::BadRequest,
            Message::new("finding-text-long")
                .with("field", field)
                .with("count", length)
                .with("most", MAX_COMMENT),
            Message::new("finding-text-long-advice"),
        ));
    }
    text.chars().any(|c| c.is_control() && c != '\n' && c != '\t').then(|| {
        Finding::refused(
            Code::BadRequest,
            Message::new("finding-text-control").with("field", field),
            Message::new("finding-text-control-advice"),
        )
    })
}

/// The finding of a private key in a text, if there is one.
pub(crate) fn private_key(text: &str) -> Option<Finding> {
    /// No private key fits into fewer characters.
    const SHORTEST: usize = 24;
    if text.len() < SHORTEST {
        return None;
    }
    holds_private_key(text).then(|| TextError::PrivateKey.into())
}

/// A field that must be there and is not; `advice` is the text that says what to give.
pub(crate) fn missing(field: &str, advice: &'static str) -> Finding {
    Finding::refused(
        Code::MissingField,
        Message::new("finding-missing").with("field", field),
        Message::new(advice),
    )
}

fn unfit_key(key: &str) -> Option<Finding> {
    (key.len() > MAX_IDEMPOTENCY_KEY || !key.bytes().all(|b| b.is_ascii_graphic())).then(|| {
        Finding::refused(
            Code::BadRequest,
            Message::new("finding-unfit-key").with("key", quoted(key)),
            Message::new("finding-unfit-key-advice").with("most", MAX_IDEMPOTENCY_KEY),
        )
    })
}

/// Nobody approves their own request, so a profile needs enough other approvers.
fn nobody_else(profile: &Profile, requester: &Email) -> Option<Finding> {
    profile.electorate_for(requester).err().map(|error| {
        tracing::warn!(%error, "nobody could decide; an operator has to add approvers to the policy");
        Finding::refused(
            Code::BadRequest,
            Message::new("finding-nobody-else").with("profile", profile.name()),
            Message::new("finding-nobody-else-advice"),
        )
    })
}

fn field_errors(field: &'static str, findings: Vec<Finding>) -> Vec<FieldError> {
    findings.into_iter().map(|finding| FieldError { field, finding }).collect()
}

/// The order in which findings are told: a leaked key first, then what is missing or malformed, then the rest.
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
