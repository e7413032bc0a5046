//! The pages of passkeys: setting one up, and vouching for somebody's.

use askama::Template;
use pki::base64url::Base64Url;
use workflow::approval::enrolment::EnrolmentNeeds;
use workflow::approval::passkey::Passkey;
use workflow::email::Email;
use workflow::enrolment::{Enrolment, enrolment_challenge};
use workflow::texts::{Language, Message};

use super::{Instant, PasskeyData, Site, grouped};
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::state::Portal;

/// How far a new passkey is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PasskeyStage {
    /// Nothing has begun.
    Begin,
    /// The code was mailed.
    Code,
    /// Others have to vouch.
    Others(usize),
    /// The person's own passkey, or so many others, have to vouch.
    OwnOrOthers(usize),
    /// It is being added.
    Done,
}

impl PasskeyStage {
    pub(crate) fn of(needs: EnrolmentNeeds) -> Self {
        match needs {
            EnrolmentNeeds::Nothing => Self::Done,
            EnrolmentNeeds::Code => Self::Code,
            EnrolmentNeeds::AnotherApprover => Self::Others(1),
            EnrolmentNeeds::OwnOrOthers(others) => Self::OwnOrOthers(others),
        }
    }
}

#[derive(Template)]
#[template(path = "passkey.html")]
pub(crate) struct PasskeyPage {
    site: Site,
    stage: PasskeyStage,
    address: String,
    data: PasskeyData,
    /// The challenge of a new passkey, base64url.
    challenge: String,
    /// True if the host is one of API Gateway, which another stack does not have.
    is_borrowed_host: bool,
    /// The times at which the passkeys were added.
    added: Vec<Instant>,
    /// The text that carries the enrolment.
    enrolment: String,
    /// The enrolment's id in groups, to compare with those who vouch.
    id: String,
    /// The link for those who vouch.
    vouch_link: String,
    /// Leads back to the page that the person came for.
    back: String,
    problem: Option<String>,
}

impl PasskeyPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        address: &Email,
        existing: &[Passkey],
        stage: PasskeyStage,
    ) -> Self {
        let site = Site::of(portal, locale);
        let challenge = enrolment_challenge(portal.base_url.as_str(), address);
        Self {
            stage,
            address: address.to_string(),
            data: PasskeyData::of(portal, existing),
            challenge: Base64Url(challenge.to_vec()).to_string(),
            is_borrowed_host: portal.base_url.is_of_aws(),
            added: existing.iter().map(|passkey| site.instant(passkey.added_at)).collect(),
            enrolment: String::new(),
            id: String::new(),
            vouch_link: String::new(),
            back: format!("?decide=1{}", site.also_lang),
            problem: None,
            site,
        }
    }

    /// Leads back to this path in place of the review, if one is given.
    pub(crate) fn leading_back(mut self, path: Option<&str>) -> Self {
        if let Some(path) = path {
            self.back = format!("{path}{}", self.site.only_lang);
        }
        self
    }

    /// Adds the enrolment, and the link for those who vouch, which is shown once the code was right.
    pub(crate) fn with_enrolment(
        mut self,
        portal: &Portal,
        enrolment: &Enrolment,
        vouch_link: Option<String>,
    ) -> Self {
        self.id = grouped(enrolment.id(portal.base_url.as_str()).as_str());
        self.enrolment = enrolment.to_link_text();
        self.vouch_link = vouch_link.unwrap_or_default();
        self
    }

    pub(crate) fn with_problem(mut self, problem: &Problem, language: Language) -> Self {
        self.problem = Some(problem.detail(language));
        self
    }

    fn is(&self, stage: &str) -> bool {
        stage
            == match self.stage {
                PasskeyStage::Begin => "begin",
                PasskeyStage::Code => "code",
                PasskeyStage::Others(_) | PasskeyStage::OwnOrOthers(_) => "vouch",
                PasskeyStage::Done => "done",
            }
    }

    /// Who has to vouch.
    fn who_vouches(&self) -> String {
        match self.stage {
            PasskeyStage::OwnOrOthers(others) => {
                self.site.say(Message::new("passkey-own-or-others").with("others", others))
            }
            _ => self.site.text("passkey-another-approver"),
        }
    }
}

#[derive(Template)]
#[template(path = "vouch.html")]
pub(crate) struct VouchPage {
    site: Site,
    enrolment: String,
    /// The key of the link.
    key: String,
    /// The id, in groups.
    id: String,
    /// The id, as the script needs it.
    plain_id: String,
    /// Whose passkey it is.
    address: String,
    voucher: String,
    data: PasskeyData,
    base: String,
    is_done: bool,
}

impl VouchPage {
    pub(crate) fn new(
        portal: &Portal,
        locale: &Locale,
        enrolment: &Enrolment,
        key: &str,
        voucher: Option<&Email>,
        passkeys: &[Passkey],
    ) -> Self {
        let id = enrolment.id(portal.base_url.as_str());
        Self {
            site: Site::of(portal, locale),
            enrolment: enrolment.to_link_text(),
            key: key.to_owned(),
            id: grouped(id.as_str()),
            plain_id: id.to_string(),
            address: enrolment.address.to_string(),
            voucher: voucher.map(ToString::to_string).unwrap_or_default(),
            data: PasskeyData::of(portal, passkeys),
            base: portal.base_url.to_string(),
            is_done: false,
        }
    }

    /// The answer to the POST.
    pub(crate) fn thanks(mut self, portal: &Portal, locale: &Locale) -> Self {
        self.site = Site::of_form(portal, locale);
        self.is_done = true;
        self
    }
}
