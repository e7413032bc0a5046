//! The form of a standing approval, read to a [`NewStandingRequest`].
//!
//! Invariant: as for a CSR, a value with a private key is dropped here, and no page and no row ever contains one.

use http::HeaderMap;
use pki::issuer::Issuer;
use workflow::email::Email;
use workflow::finding::{Code, Finding};
use workflow::policy::Policy;
use workflow::request::Request;
use workflow::request::input::{missing, private_key};
use workflow::request::intake::{CheckedRequest, NewStandingRequest};
use workflow::requester::Requester;
use workflow::standing::StandingTerms;
use workflow::texts::{Language, Message};

use super::submission::{FieldError, idempotency_key, in_order};
use crate::http::fields::Fields;

/// The values of the form, without private keys: the page may show them again.
#[derive(Clone, Debug, Default)]
pub(crate) struct TermsForm {
    pub(crate) email: String,
    pub(crate) comment: String,
    pub(crate) profile: String,
    /// The names as they came, separated by blanks, commas or line breaks.
    pub(crate) names: String,
    pub(crate) days: String,
    pub(crate) certificates: String,
    idempotency_key: String,
}

impl TermsForm {
    /// The values of an earlier request, to submit them again.
    pub(crate) fn again(request: &Request) -> Self {
        let terms = request.terms();
        Self {
            email: request.email().to_string(),
            comment: request.comment().to_owned(),
            profile: request.profile().to_owned(),
            names: terms.map(|terms| terms.names_as_text().join(" ")).unwrap_or_default(),
            days: terms.map(|terms| terms.days().to_string()).unwrap_or_default(),
            certificates: terms.map(|terms| terms.certificates().to_string()).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Reads the fields; an unreadable field is an error.
    pub(crate) fn read(fields: &Fields, headers: &HeaderMap) -> (Self, Vec<FieldError>) {
        let (mut errors, mut leaks) = (Vec::new(), Vec::new());
        let mut clean = |field: &'static str, text: Result<Option<String>, Finding>| {
            let text = text.unwrap_or_else(|finding| {
                errors.push(FieldError { field, finding });
                None
            });
            let text = text.unwrap_or_default();
            match private_key(field, &text) {
                Some(finding) => {
                    leaks.push(FieldError { field, finding });
                    String::new()
                }
                None => text,
            }
        };
        let text =
            |field: &'static str| fields.text(field).map(|text| text.map(|text| text.trim().to_owned()));
        let form = Self {
            email: clean("email", text("email")),
            comment: clean("comment", text("comment")).replace("\r\n", "\n").replace('\r', "\n"),
            profile: clean("profile", text("profile")),
            names: clean("names", fields.words("names")),
            days: clean("days", fields.digits("days")),
            certificates: clean("certificates", fields.digits("certificates")),
            idempotency_key: clean("names", Ok(Some(idempotency_key(fields, headers)))),
        };
        leaks.append(&mut errors);
        (form, leaks)
    }

    /// True if nothing is in a field.
    pub(crate) fn is_blank(&self, field: &str) -> bool {
        match field {
            "email" => self.email.is_empty(),
            "comment" => self.comment.is_empty(),
            "profile" => self.profile.is_empty(),
            "names" => self.names.is_empty(),
            "days" => self.days.is_empty(),
            "certificates" => self.certificates.is_empty(),
            _ => false,
        }
    }

    /// The whole submission, checked. `errors` are those of [`TermsForm::read`].
    ///
    /// # Errors
    /// `errors`, and every error of every part, the main one first.
    pub(crate) fn check(
        &self,
        policy: &Policy,
        issuer: Option<&Issuer>,
        language: Language,
        errors: Vec<FieldError>,
    ) -> Result<CheckedRequest, Vec<FieldError>> {
        let email = match self.email.as_str() {
            "" => Err(missing("email", "finding-give-email")),
            text => text.parse::<Email>(),
        };
        let optional = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let new = NewStandingRequest {
            requester: email.map(Requester::Person),
            comment: self.comment.clone(),
            terms: self.terms(),
            profile: optional(&self.profile),
            language,
            idempotency_key: optional(&self.idempotency_key),
        };
        in_order(new.check(policy, issuer), errors)
    }

    /// The terms.
    ///
    /// # Errors
    /// Every finding; one about days or certificates names its field.
    fn terms(&self) -> Result<StandingTerms, Vec<Finding>> {
        let (days, certificates) = (number("days", &self.days), number("certificates", &self.certificates));
        let names = self.names.split_whitespace().map(str::to_owned).collect();
        // With 1 in place of a number that cannot be read, the other parts are checked all the same.
        let terms =
            StandingTerms::of(names, *days.as_ref().unwrap_or(&1), *certificates.as_ref().unwrap_or(&1));
        let unreadable: Vec<Finding> = days.err().into_iter().chain(certificates.err()).collect();
        match terms {
            Ok(terms) if unreadable.is_empty() => Ok(terms),
            other => Err(other.err().into_iter().flatten().chain(unreadable).collect()),
        }
    }
}

fn number(field: &'static str, text: &str) -> Result<u32, Finding> {
    text.parse().map_err(|_| {
        let detail = Message::new("finding-terms-number").with("field", field);
        Finding::refused(Code::BadRequest, detail, Message::new("finding-terms-zero-advice"))
    })
}
