//! The picture of a state machine with the place of an execution in it, and the same in words.
//!
//! It is drawn from the definition that is deployed, so that it shows locally what the console of Step Functions shows on
//! AWS. Signs, words, shapes and the strength of lines say what colours say. Invariant: a definition always has a
//! picture, with every state and every transition; texts are escaped (the module `svg`).

use std::sync::LazyLock;

use workflow::ports::StateVisit;
use workflow::texts::Message;

use super::{Instant, Site, shown};
use asl::{StateGraph, StateKind};
use routes::Drawing;
use svg::{PictureTexts, SvgImage};
use taken::{StepMark, StepsTaken};

mod asl;
mod labels;
mod layers;
mod nets;
mod routes;
mod svg;
mod taken;

/// Maximum length of a shown error, in characters.
const MAX_ERROR: usize = 300;

static REQUEST: LazyLock<Chart> =
    LazyLock::new(|| Chart::of(include_str!("../../../../statemachine.asl.json")));
static REVOCATION: LazyLock<Chart> =
    LazyLock::new(|| Chart::of(include_str!("../../../../infra/revocation.asl.json")));

/// The state machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    /// Of requests: statemachine.asl.json.
    Request,
    /// Of revocations: infra/revocation.asl.json.
    Revocation,
}

impl Machine {
    fn chart(self) -> &'static Chart {
        match self {
            Self::Request => &REQUEST,
            Self::Revocation => &REVOCATION,
        }
    }

    /// The beginning of the ids in its picture.
    fn prefix(self) -> &'static str {
        match self {
            Self::Request => "requestSteps",
            Self::Revocation => "revocationSteps",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Request => "picture-request",
            Self::Revocation => "picture-revocation",
        }
    }
}

/// A definition, parsed and laid out.
struct Chart {
    graph: StateGraph,
    drawing: Drawing,
}

impl Chart {
    /// A definition that cannot be parsed has an empty picture; a test parses both.
    fn of(definition: &str) -> Self {
        let graph = StateGraph::parse(definition).unwrap_or_default();
        Self { drawing: Drawing::of(&graph), graph }
    }
}

/// The picture, for picture.html.
pub(crate) struct StateMachinePicture {
    pub(crate) svg: SvgImage,
    /// The name of the region in which it scrolls.
    pub(crate) label: String,
    /// Where the execution is, as a sentence.
    pub(crate) place: String,
    /// The states that the execution entered, in order.
    pub(crate) steps: Vec<PictureStep>,
}

/// A state that the execution entered.
pub(crate) struct PictureStep {
    pub(crate) state: String,
    /// What became of it; none if it succeeded.
    pub(crate) word: Option<String>,
    pub(crate) entered: Instant,
    pub(crate) left: Option<Instant>,
    pub(crate) error: Option<String>,
}

impl StateMachinePicture {
    /// The picture of an execution. `visits` is its history, empty if there is none; `is_running` until it has ended.
    pub(crate) fn of(site: &Site, machine: Machine, visits: &[StateVisit], is_running: bool) -> Self {
        Self::in_chart(site, machine, machine.chart(), visits, is_running)
    }

    fn in_chart(
        site: &Site,
        machine: Machine,
        chart: &Chart,
        visits: &[StateVisit],
        is_running: bool,
    ) -> Self {
        let taken = StepsTaken::of(&chart.graph, visits, is_running);
        let word = |mark| word(mark).map(|id| site.text(id));
        let label = site.text(machine.title());
        let place = place(site, &chart.graph, visits, &taken, is_running);
        let texts =
            PictureTexts { prefix: machine.prefix(), title: &label, description: &place, word: &word };
        let steps = visits.iter().zip(&taken.visits).map(|(visit, mark)| PictureStep {
            state: shown(&visit.state),
            word: word(*mark),
            entered: site.instant(visit.entered),
            left: visit.left.map(|at| site.instant(at)),
            error: visit.error.as_deref().map(|error| {
                let short: String = error.chars().take(MAX_ERROR).collect();
                shown(&if short.len() < error.len() { short + "…" } else { short })
            }),
        });
        Self {
            svg: SvgImage::of(&chart.graph, &chart.drawing, &taken, &texts),
            steps: steps.collect(),
            label,
            place,
        }
    }
}

/// The id of the word for a mark.
fn word(mark: StepMark) -> Option<&'static str> {
    match mark {
        StepMark::Done => None,
        StepMark::Now => Some("picture-word-now"),
        StepMark::Failed => Some("picture-word-failed"),
        StepMark::Refused => Some("picture-word-refused"),
        StepMark::TimedOut => Some("picture-word-late"),
        StepMark::Stopped => Some("picture-word-stopped"),
    }
}

/// Where the execution is, and which states ended with an error.
fn place(
    site: &Site,
    graph: &StateGraph,
    visits: &[StateVisit],
    taken: &StepsTaken,
    is_running: bool,
) -> String {
    let (Some((last, before)), Some(mark)) = (visits.split_last(), taken.visits.last()) else {
        return site.text(if is_running { "picture-waiting" } else { "picture-unknown" });
    };
    let separator = site.text("list-separator");
    let names = |visits: &mut dyn Iterator<Item = &StateVisit>| {
        visits.map(|visit| shown(&visit.state)).collect::<Vec<_>>().join(&separator)
    };
    let id = match mark {
        StepMark::Now => "picture-now",
        StepMark::Stopped => "picture-stopped",
        _ => "picture-ended",
    };
    let sentence = Message::new(id)
        .with("state", shown(&last.state))
        .with("states", names(&mut before.iter()))
        .with("steps", i64::try_from(before.len()).unwrap_or(i64::MAX));
    // The state that ends a failed execution names the error of another state.
    let is_fail =
        |name: &str| graph.state(name).is_some_and(|state| graph.states[state].kind == StateKind::Fail);
    let with_error = visits.iter().zip(&taken.visits).filter(|(visit, mark)| {
        !matches!(mark, StepMark::Done | StepMark::Now | StepMark::Stopped) && !is_fail(&visit.state)
    });
    let with_error = names(&mut with_error.map(|(visit, _)| visit));
    let mut sentences = vec![site.say(sentence)];
    if !with_error.is_empty() {
        sentences.push(site.say(Message::new("picture-errors").with("states", with_error)));
    }
    sentences.join(&site.text("picture-between"))
}

#[cfg(test)]
mod tests;
