//! The pictures of both state machines, and of any other.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use askama::Template;
use proptest::prelude::*;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use workflow::ports::StateVisit;
use workflow::texts::Language;
use workflow::time_zone::TimeZone;

use super::super::assets::Paths;
use super::routes::{Frame, Point};
use super::*;

const MACHINES: [Machine; 2] = [Machine::Request, Machine::Revocation];
/// Maximum size of a picture, in bytes.
const MOST: usize = 25 * 1024;

/// picture.html in a page of its own.
#[derive(Template)]
#[template(
    source = "<!doctype html><html lang=\"{{ site.language.code() }}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>t</title><link rel=\"stylesheet\" href=\"countersign.css\"><main><section class=\"card\">{% include \"picture.html\" %}</section></main>",
    ext = "html"
)]
struct PicturePage {
    site: Site,
    picture: StateMachinePicture,
}

fn site(language: Language) -> Site {
    Site {
        base: "/".into(),
        assets: Paths::below("/"),
        language,
        time_zone: TimeZone::UTC,
        only_lang: String::new(),
        also_lang: String::new(),
        others: Vec::new(),
        keeps_draft: false,
    }
}

/// Visits of these states, one minute each; the last is not left. An error follows a colon.
fn visits(states: &[&str]) -> Vec<StateVisit> {
    let start = time::macros::datetime!(2026-01-01 12:00:00 UTC);
    let at = |index: usize| start + Duration::minutes(i64::try_from(index).unwrap());
    let visit = |(index, text): (usize, &&str)| {
        let (state, error) =
            text.split_once(':').map_or((*text, None), |(state, error)| (state, Some(error)));
        StateVisit {
            state: state.into(),
            entered: at(index),
            left: (index + 1 < states.len()).then(|| at(index + 1)),
            error: error.map(str::to_owned),
        }
    };
    states.iter().enumerate().map(visit).collect()
}

const WAITING: [&str; 5] = ["Validate", "Persist", "Covered", "NotifyReceived", "AwaitApproval"];
const REFUSED: [&str; 4] = ["Validate:Request.Refused: no", "RecordRefusal", "NotifyRefused", "Refused"];
const FAILED: [&str; 10] = [
    "Validate",
    "Persist",
    "Covered",
    "NotifyReceived",
    "AwaitApproval",
    "Decided",
    "Sign:Step.Exhausted: no key",
    "RecordFailure",
    "NotifyFailed",
    "Failed:Step.Exhausted: no key",
];

fn picture(machine: Machine, states: &[&str], is_running: bool) -> StateMachinePicture {
    StateMachinePicture::of(&site(Language::English), machine, &visits(states), is_running)
}

/// Writes pages to look at into the folder that COUNTERSIGN_LOOK names.
#[test]
fn pages_of_pictures_can_be_rendered() {
    let states: [(&str, Machine, &[&str], bool, Language); 5] = [
        ("waiting", Machine::Request, &WAITING, true, Language::English),
        ("refused", Machine::Request, &REFUSED, false, Language::Japanese),
        ("failed", Machine::Request, &FAILED, false, Language::English),
        ("stopped", Machine::Request, &WAITING, false, Language::English),
        ("revocation", Machine::Revocation, &["RecordRevocation", "PublishCrl"], true, Language::English),
    ];
    for (name, machine, states, is_running, language) in states {
        let site = site(language);
        let picture = StateMachinePicture::of(&site, machine, &visits(states), is_running);
        let page = PicturePage { site, picture }.render().unwrap();
        assert_well_formed(page.split_once("<svg").unwrap().1.split_once("</svg>").unwrap().0);
        assert!(!page.contains("style="), "the Content-Security-Policy forbids it");
        if let Some(folder) = std::env::var_os("COUNTERSIGN_LOOK") {
            std::fs::write(std::path::Path::new(&folder).join(format!("{name}.html")), page).unwrap();
        }
    }
}

#[test]
fn a_picture_of_each_machine() {
    insta::assert_snapshot!("request", by_lines(&picture(Machine::Request, &WAITING, true)));
    let revocation =
        ["RecordRevocation", "PublishCrl", "NotifyRevoked:Step.Exhausted: no", "NoticeFailed:Notice.Failed"];
    insta::assert_snapshot!("revocation", by_lines(&picture(Machine::Revocation, &revocation, false)));
}

fn by_lines(picture: &StateMachinePicture) -> String {
    let mut text = picture.svg.to_string().replace("><", ">\n<");
    for step in &picture.steps {
        let left = step.left.as_ref().map(|left| left.people.as_str());
        let _ = write!(
            text,
            "\n{} {:?} {} {left:?} {:?}",
            step.state, step.word, step.entered.people, step.error
        );
    }
    text
}

#[test]
fn a_picture_is_small() {
    for (machine, states) in [(Machine::Request, FAILED.as_slice()), (Machine::Revocation, &["PublishCrl"])] {
        let size = picture(machine, states, false).svg.to_string().len();
        assert!(size < MOST, "{machine:?}: {size} bytes");
    }
}

#[test]
fn every_state_and_every_transition_of_the_definitions_is_in_the_picture() {
    for (machine, definition) in [
        (Machine::Request, include_str!("../../../../../statemachine.asl.json")),
        (Machine::Revocation, include_str!("../../../../../infra/revocation.asl.json")),
    ] {
        let svg = picture(machine, &[], true).svg.to_string();
        let Chart { graph, drawing } = machine.chart();
        let definition: Value = serde_json::from_str(definition).unwrap();
        let states = definition["States"].as_object().unwrap();
        assert_eq!(graph.states.len(), states.len());
        let mut pairs = BTreeSet::new();
        for (name, state) in states {
            assert_eq!(svg.matches(&format!(">{name}</text>")).count(), 1, "{name}");
            let lists = ["Choices", "Catch"].iter().flat_map(|field| state[field].as_array()).flatten();
            let next = [&state["Next"], &state["Default"]].into_iter().chain(lists.map(|one| &one["Next"]));
            pairs.extend(next.filter_map(Value::as_str).map(|to| (name.as_str(), to)));
        }
        let name = |state: usize| graph.states[state].name.as_str();
        let drawn: BTreeSet<_> = graph.transitions.iter().map(|one| (name(one.from), name(one.to))).collect();
        assert_eq!(drawn, pairs);
        assert_eq!(graph.transitions.len(), pairs.len(), "one line for each pair");
        assert_eq!(
            svg.matches("class=\"way").count(),
            drawing.bundles.len() + 1,
            "one arrow a bundle, and the start"
        );
        let bundled: usize = drawing.bundles.iter().map(|bundle| bundle.ways.len()).sum();
        assert_eq!(bundled, pairs.len());
        assert_sound(graph, drawing);
    }
}

/// The corners of the lines from one corner to the next.
fn legs(route: &[Point]) -> impl Iterator<Item = (Point, Point)> {
    route.windows(2).map(|leg| (leg[0], leg[1]))
}

/// The overlap of two ranges; negative if they are apart.
fn overlap(one: (i32, i32), other: (i32, i32)) -> i32 {
    one.0.max(one.1).min(other.0.max(other.1)) - one.0.min(one.1).max(other.0.min(other.1))
}

#[test]
fn lines_of_different_bundles_run_apart() {
    for machine in MACHINES {
        let Chart { graph, drawing } = machine.chart();
        let legs = drawing.bundles.iter().enumerate().flat_map(|(bundle, one)| {
            let routes = one.ways.iter().map(|way| &drawing.routes[*way]);
            routes.flat_map(move |route| legs(route).map(move |leg| (bundle, leg)))
        });
        let legs: Vec<_> = legs.collect();
        for (one, (a, b)) in &legs {
            for (other, (c, d)) in legs.iter().filter(|(other, _)| other != one) {
                let upon = if a.x == b.x && c.x == d.x {
                    (a.x - c.x).abs() < 5 && overlap((a.y, b.y), (c.y, d.y)) > 0
                } else {
                    a.y == b.y && c.y == d.y && (a.y - c.y).abs() < 5 && overlap((a.x, b.x), (c.x, d.x)) > 0
                };
                let name = |bundle: &usize| {
                    let way = &graph.transitions[drawing.bundles[*bundle].ways[0]];
                    format!("{} -> {}", graph.states[way.from].name, graph.states[way.to].name)
                };
                assert!(!upon, "{machine:?}: {} and {}: {a:?} {b:?} {c:?} {d:?}", name(one), name(other));
            }
        }
    }
}

/// Frames are apart and inside the picture; each line leads from its state to its next one and passes no other.
fn assert_sound(graph: &StateGraph, drawing: &Drawing) {
    let inside = |x: i32, y: i32| (0..=drawing.width).contains(&x) && (0..=drawing.height).contains(&y);
    let sides = |frame: &Frame| ((frame.x, frame.x + frame.width), (frame.y, frame.y + frame.height));
    for (index, frame) in drawing.frames.iter().enumerate() {
        let (x, y) = sides(frame);
        assert!(inside(x.0, y.0) && inside(x.1, y.1), "{frame:?}");
        for other in &drawing.frames[index + 1..] {
            let (other_x, other_y) = sides(other);
            assert!(overlap(x, other_x) < 0 || overlap(y, other_y) < 0, "{frame:?} and {other:?}");
        }
    }
    for (way, route) in graph.transitions.iter().zip(&drawing.routes) {
        let (from, to) = (sides(&drawing.frames[way.from]), sides(&drawing.frames[way.to]));
        let (first, last) = (route.first().unwrap(), route.last().unwrap());
        assert!(first.y == from.1.1 && from.0.0 < first.x && first.x < from.0.1, "{way:?} {route:?}");
        assert!(last.y == to.1.0 && to.0.0 < last.x && last.x < to.0.1, "{way:?} {route:?}");
        for (a, b) in legs(route) {
            assert!((a.x == b.x) != (a.y == b.y), "{way:?}: a line is straight: {route:?}");
            assert!(inside(a.x, a.y) && inside(b.x, b.y), "{way:?} {route:?}");
            for frame in &drawing.frames {
                let (x, y) = sides(frame);
                // A line touches the edges of its own two frames.
                let is_through = overlap((a.x, b.x), x) >= 0 && overlap((a.y, b.y), y) > 0
                    || overlap((a.x, b.x), x) > 0 && overlap((a.y, b.y), y) >= 0;
                assert!(!is_through, "{way:?} passes {frame:?}: {route:?}");
            }
        }
    }
}

/// Fails on what is not well-formed XML: tags that are not closed in order, attributes without quotes, stray marks.
fn assert_well_formed(rest_of_svg: &str) {
    let text = format!("<svg{rest_of_svg}</svg>").replace("</svg></svg>", "</svg>");
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('<') {
            let (tag, behind) = after.split_once('>').expect("a tag ends");
            rest = behind;
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(name));
                continue;
            }
            let is_empty = tag.ends_with('/');
            let tag = tag.trim_end_matches('/');
            let (name, mut attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase()), "{tag}");
            let mut names = BTreeSet::new();
            while !attributes.is_empty() {
                let (name, value) = attributes.split_once("=\"").expect("an attribute has a value");
                let (value, behind) = value.split_once('"').expect("a value ends");
                assert!(name.trim_start().bytes().all(|b| b.is_ascii_alphabetic() || b == b'-'), "{tag}");
                assert!(!value.contains(['<', '&']), "{tag}");
                assert!(names.insert(name.trim().to_owned()), "twice: {tag}");
                attributes = behind;
            }
            if !is_empty {
                open.push(name);
            }
            continue;
        }
        let length = rest.find('<').unwrap_or(rest.len());
        let (words, behind) = rest.split_at(length);
        rest = behind;
        assert!(!words.contains(|c: char| c.is_control() || matches!(c, '>' | '"' | '\'')), "{words:?}");
        for piece in words.split('&').skip(1) {
            let (entity, _) = piece.split_once(';').expect("an entity ends");
            assert!(entity.strip_prefix('#').is_some_and(|code| code.parse::<u32>().is_ok()), "{entity}");
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn the_place_is_said_in_words() {
    let place = |machine, states: &[&str], is_running| picture(machine, states, is_running).place;
    let request = Machine::Request;
    assert_eq!(place(request, &[], true), "No step has begun yet.");
    assert_eq!(place(request, &[], false), "The steps aren't known. Their history is kept for 90 days.");
    assert_eq!(place(request, &["Validate"], true), "Now at the first step, Validate.");
    assert_eq!(
        place(request, &WAITING, true),
        "Now at AwaitApproval, after Validate, Persist, Covered, NotifyReceived."
    );
    assert_eq!(place(request, &WAITING[..2], false), "Stopped at Persist, after Validate.");
    assert_eq!(
        place(request, &REFUSED, false),
        "Ended at Refused, after Validate, RecordRefusal, NotifyRefused. Ended with an error: Validate."
    );
    let failed = place(request, &FAILED, false);
    assert!(failed.ends_with("NotifyFailed. Ended with an error: Sign."), "{failed}");
    let japanese = StateMachinePicture::of(&site(Language::Japanese), request, &visits(&WAITING), true);
    assert!(japanese.place.starts_with("現在は AwaitApproval です。"), "{}", japanese.place);
}

#[test]
fn marks_are_signs_and_words() {
    let words = |states: &[&str], is_running| -> Vec<Option<String>> {
        let picture = picture(Machine::Request, states, is_running);
        picture.steps.into_iter().map(|step| step.word).collect()
    };
    let word = |text: &str| Some(text.to_owned());
    assert_eq!(words(&WAITING[..2], true), [None, word("now")]);
    assert_eq!(words(&WAITING[..2], false), [None, word("stopped")]);
    assert_eq!(words(&REFUSED, false), [word("refused"), None, None, None]);
    assert_eq!(words(&["Validate", "Sign:States.Timeout"], false), [None, word("timed out")]);
    assert_eq!(words(&["Sign:Step.Exhausted", "Unknown"], false), [word("failed"), None]);
    let svg = picture(Machine::Request, &FAILED, false).svg.to_string();
    assert_eq!(svg.matches("state done").count(), 8);
    assert_eq!(svg.matches("state failed").count(), 2);
    assert_eq!(svg.matches("class=\"sign").count(), FAILED.len());
    assert_eq!(svg.matches(">failed</text>").count(), 2);
    assert_eq!(svg.matches(" taken\" marker-end").count(), FAILED.len() - 1);
}

/// A definition with names of any kind, and transitions to any state or to none.
fn definitions() -> impl Strategy<Value = (String, usize)> {
    let name = prop_oneof![
        3 => "[A-Z][A-Za-z]{0,15}",
        1 => "[<>&\"'/= a-z\u{0}-\u{1f}\u{202e}]{1,80}",
        1 => "[\u{3040}-\u{30ff}\u{4e00}-\u{9fff}]{1,80}",
        1 => "\\PC{1,80}",
        1 => Just("</svg><script>alert(1)</script>".to_owned()),
    ];
    let kinds = prop::sample::select(vec!["Task", "Pass", "Choice", "Succeed", "Fail", "Map", "", "None"]);
    let way = || any::<prop::sample::Index>();
    let state = (
        kinds,
        prop::option::of(way()),
        prop::collection::vec(way(), 0..4),
        prop::collection::vec(way(), 0..4),
    );
    let states = prop::collection::vec((name, state), 0..14);
    (states, way()).prop_map(|(states, start)| {
        let mut names: Vec<String> = states.iter().map(|(name, _)| name.clone()).collect();
        names.push("Unknown state".into());
        let of = |way: &prop::sample::Index| names[way.index(names.len())].clone();
        let ways = |ways: &[prop::sample::Index]| -> Vec<Value> {
            ways.iter().map(|way| json!({ "ErrorEquals": ["States.ALL"], "Next": of(way) })).collect()
        };
        let mut all = serde_json::Map::new();
        for (name, (kind, next, choices, catch)) in &states {
            let mut state = json!({ "Type": kind, "Choices": ways(choices), "Catch": ways(catch) });
            match next {
                Some(next) => state["Next"] = of(next).into(),
                None => state["End"] = true.into(),
            }
            all.insert(name.clone(), state);
        }
        let count = all.len();
        (json!({ "StartAt": of(&start), "States": all }).to_string(), count)
    })
}

#[test]
fn what_is_no_definition_has_no_picture_and_no_panic() {
    for text in ["", "[]", "{\"States\": 1}", "{\"States\": {\"A\": {\"Type\": \"Task\", \"Next\": 3}}}"] {
        assert!(StateGraph::parse(text).is_err(), "{text}");
        let chart = Chart::of(text);
        let picture = StateMachinePicture::in_chart(
            &site(Language::English),
            Machine::Request,
            &chart,
            &visits(&WAITING),
            true,
        );
        assert!(picture.svg.to_string().ends_with("</svg>"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_definition_has_a_sound_picture((definition, count) in definitions(), route in prop::collection::vec(any::<prop::sample::Index>(), 0..9), is_running: bool) {
        let chart = Chart::of(&definition);
        prop_assert_eq!(chart.graph.states.len(), count, "{}", definition);
        assert_sound(&chart.graph, &chart.drawing);
        let visits: Vec<StateVisit> = route
            .iter()
            .filter(|_| count > 0)
            .map(|state| StateVisit {
                state: chart.graph.states[state.index(count)].name.clone(),
                entered: OffsetDateTime::UNIX_EPOCH,
                left: None,
                error: (state.index(3) == 0).then(|| "<b>&".repeat(200)),
            })
            .collect();
        for language in Language::ALL {
            let site = site(language);
            let picture = StateMachinePicture::in_chart(&site, Machine::Request, &chart, &visits, is_running);
            let svg = picture.svg.to_string();
            assert_well_formed(svg.strip_prefix("<svg").unwrap());
            prop_assert!(!svg.contains("<script"));
            prop_assert_eq!(svg.matches("<text").count() - svg.matches("class=\"word\"").count(), count);
            let page = PicturePage { site, picture }.render().unwrap();
            prop_assert!(!page.contains("<script") && !page.contains("<b>"));
        }
        prop_assert_eq!(Chart::of(&definition).drawing.routes, chart.drawing.routes, "the layout is always the same");
    }
}
