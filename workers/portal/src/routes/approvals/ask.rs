//! POST `/approvals/{key}` with the decision `ask`: a question to the requester. It decides nothing.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use workflow::approval::VoteError;
use workflow::approval::question::{MAX_QUESTIONS, QuestionError};
use workflow::approval::questions::AskingError;
use workflow::approval::voting::ResolvedLink;
use workflow::finding::Code;
use workflow::texts::Message;

use super::passkeys;
use crate::http::client_addr::ClientAddr;
use crate::http::fields::Fields;
use crate::http::negotiate::ResponseFormat;
use crate::http::problem::Problem;
use crate::locale::Locale;
use crate::pages::{self, ReviewPage};
use crate::routes::questions::words;
use crate::state::Portal;

pub(super) async fn ask(
    portal: &Portal,
    format: ResponseFormat,
    locale: &Locale,
    client: &ClientAddr,
    mut resolved: ResolvedLink,
    fields: &Fields,
) -> Result<Response, Problem> {
    let (id, approver) = (resolved.request.id(), resolved.link.approver.clone());
    let asked = match words(fields, "question", "finding-give-question") {
        Ok(text) => {
            resolved.ensure_votable()?;
            let by = client.as_approver(&approver);
            portal.questions().ask(id, &approver, &text, &by).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match (asked, format) {
        (Ok((_, number)), ResponseFormat::Json) => {
            Ok(Json(serde_json::json!({ "requestId": id, "number": number })).into_response())
        }
        (Err(problem), ResponseFormat::Json) => Err(problem),
        (asked, ResponseFormat::Page) => {
            let problem = match asked {
                Ok((approval, _)) => {
                    resolved.approval = approval;
                    None
                }
                Err(problem) if problem.code == Code::TryAgain => return Err(problem),
                Err(problem) => Some(problem),
            };
            let voting = portal.voting();
            let content = voting.content(&resolved.request).await?;
            let review = voting.review(resolved, content).await?;
            let passkeys = passkeys(portal, &review).await?;
            let page = ReviewPage::new(portal, locale, &review, &passkeys);
            Ok(match problem {
                None => pages::page(StatusCode::OK, locale.language, &page.after_question()),
                Some(problem) => {
                    let typed = fields.typed("question");
                    let page = page.with_question_problem(&problem, &typed);
                    pages::page(problem.status, locale.language, &page)
                }
            })
        }
    }
}

impl From<AskingError> for Problem {
    fn from(error: AskingError) -> Self {
        let refused = |message: Message| Problem::new(Code::BadRequest, message);
        match error {
            AskingError::NoApproval | AskingError::Question(QuestionError::NotAnApprover) => {
                Problem::no_such_link()
            }
            AskingError::Question(QuestionError::Decided(outcome)) => {
                VoteError::AlreadyDecided(outcome).into()
            }
            AskingError::Question(QuestionError::Withdrawn) => VoteError::Withdrawn.into(),
            AskingError::Question(QuestionError::Expired) => VoteError::Expired.into(),
            AskingError::Question(QuestionError::TooMany) => {
                refused(Message::new("problem-question-too-many").with("most", MAX_QUESTIONS))
            }
            AskingError::Question(QuestionError::NoSuchQuestion) => {
                refused(Message::new("problem-question-none"))
            }
            AskingError::Question(QuestionError::Answered) => {
                Problem::new(Code::AlreadyDecided, "problem-question-answered")
            }
            AskingError::Port(error) => error.into(),
        }
    }
}
