//! A call of somebody who is signed in to the console.

use std::sync::Arc;

use askama::Template;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode};
use workflow::console::ConsoleSession;
use workflow::finding::Code;
use workflow::policy::{ConsoleRole, Policy};

use super::sign_in_page;
use crate::http::cookie::OwnCookie;
use crate::http::cross_site::refuse_cross_site;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, ConsoleFrame};
use crate::state::Portal;

/// The session. `Strict`: no other site can make the browser send it. It ends with the browser, if not before.
pub(super) const SESSION: OwnCookie = OwnCookie { name: "console", same_site: "Strict", max_age: None };

/// A call within a session: who, and what they may do by the policy in force.
pub(super) struct ConsoleCall {
    pub(super) portal: Arc<Portal>,
    pub(super) policy: Arc<Policy>,
    pub(super) locale: Locale,
    pub(super) session: ConsoleSession,
    pub(super) role: ConsoleRole,
    headers: HeaderMap,
    /// The key that forms carry.
    form_key: String,
    /// The cookie, if it is to be written anew.
    cookie: Option<HeaderValue>,
}

impl FromRequestParts<Arc<Portal>> for ConsoleCall {
    /// The page for signing in, or a problem.
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Response> {
        let locale = Locale::of(&parts.method, &parts.uri, &parts.headers);
        match Self::open(portal, &locale, &parts.headers).await {
            Ok(Ok(call)) => Ok(call),
            Ok(Err(policy)) if ResponseFormat::of(&parts.headers) == ResponseFormat::Page => {
                let page = sign_in_page::page(portal, &locale, &policy, None).await;
                Err(page.unwrap_or_else(IntoResponse::into_response))
            }
            Ok(Err(_)) => Err(Problem::new(Code::SignInNeeded, "problem-console-sign-in").into_response()),
            Err(problem) => Err(problem.into_response()),
        }
    }
}

impl ConsoleCall {
    /// The call, or the policy for the page for signing in.
    ///
    /// # Errors
    /// A problem; 404 if the policy has no console.
    async fn open(
        portal: &Arc<Portal>,
        locale: &Locale,
        headers: &HeaderMap,
    ) -> Result<Result<Self, Arc<Policy>>, Problem> {
        let policy = portal.policies.current().await?;
        if policy.console().is_none() {
            return Err(Problem::no_such_page());
        }
        let (secret, now) = (portal.links.secret().await?, portal.clock.now());
        let session = SESSION
            .value(&portal.base_url, headers)
            .and_then(|text| ConsoleSession::open(&text, secret, now));
        let known = session.and_then(|session| Some((session.role(&policy)?, session)));
        let Some((role, session)) = known else { return Ok(Err(policy)) };
        let refreshed = session.refreshed(now);
        Ok(Ok(Self {
            portal: Arc::clone(portal),
            locale: locale.clone().in_zone(policy.wording().time_zone),
            role,
            headers: headers.clone(),
            form_key: session.form_key(secret),
            cookie: refreshed.and_then(|it| SESSION.header(&portal.base_url, &it.seal(secret))),
            session,
            policy,
        }))
    }

    /// The parts that every page of the console has.
    pub(super) fn frame(&self) -> ConsoleFrame {
        ConsoleFrame::new(
            self.locale.language,
            &self.session.visitor.person,
            self.role,
            self.form_key.clone(),
        )
    }

    /// The answer with a page.
    pub(super) fn page(&self, status: StatusCode, page: &impl Template) -> Response {
        self.answered(pages::page(status, self.locale.language, page))
    }

    /// The answer, with the cookie that keeps the session alive.
    pub(super) fn answered(&self, mut response: Response) -> Response {
        if let Some(cookie) = &self.cookie {
            response.headers_mut().append(SET_COOKIE, cookie.clone());
        }
        response
    }

    /// Checks that a form was sent from a page of this session.
    ///
    /// # Errors
    /// 403.
    pub(super) async fn ensure_own_form(&self, fields: &Fields) -> Result<(), Problem> {
        refuse_cross_site(&self.portal, &self.headers, "problem-console-cross-site")?;
        let secret = self.portal.links.secret().await?;
        let key = fields.text("form")?.unwrap_or_default();
        match self.session.opens_form(secret, &key) {
            true => Ok(()),
            false => {
                Err(Problem::new(Code::BadRequest, "problem-console-form").with_status(StatusCode::FORBIDDEN))
            }
        }
    }

    /// Checks that the person is an operator.
    ///
    /// # Errors
    /// 403.
    pub(super) fn ensure_operator(&self) -> Result<(), Problem> {
        match self.role {
            ConsoleRole::Operator => Ok(()),
            ConsoleRole::Auditor => {
                Err(Problem::new(Code::BadRequest, "problem-console-auditor")
                    .with_status(StatusCode::FORBIDDEN))
            }
        }
    }
}
