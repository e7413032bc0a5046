//! The picture as SVG.
//!
//! Invariant: elements and attributes are literals of this file and numbers; every text is escaped. There is no `style`
//! attribute, which the Content-Security-Policy forbids: classes have their style in countersign.css.

use std::fmt::{self, Write as _};

use askama::filters::{Escaper, Html, HtmlSafe};

use super::asl::{StateGraph, StateKind};
use super::labels::shortened;
use super::routes::{Bundle, Drawing, Frame, Point};
use super::taken::{StepMark, StepsTaken};

/// Radius of the corners of lines.
const BEND: i32 = 6;
/// How far a line goes on after it has joined another one, so that its bend shows where it leads.
const JOINED: i32 = 8;
/// How far the corners of a choice are cut, and the distance of the two borders of an end.
const CUT: i32 = 14;
const BORDERS: i32 = 5;
/// How far the middle of a sign is outside of its state, which leaves room for the name.
const OUT: i32 = 4;

/// An SVG image in HTML.
pub(crate) struct SvgImage(String);

impl fmt::Display for SvgImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for SvgImage {}

/// The texts of a picture.
pub(super) struct PictureTexts<'a> {
    /// Begins the ids of its elements; unique in a page.
    pub(super) prefix: &'static str,
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    /// The word below the name of a state with this mark.
    pub(super) word: &'a dyn Fn(StepMark) -> Option<String>,
}

/// Writes literals, numbers and escaped texts; nothing else fits.
struct SvgWriter(String);

impl SvgWriter {
    fn literal(&mut self, literal: &'static str) -> &mut Self {
        self.0.push_str(literal);
        self
    }

    fn number(&mut self, number: i32) -> &mut Self {
        // Writing to a string does not fail.
        let _ = write!(self.0, "{number}");
        self
    }

    fn text(&mut self, text: &str) -> &mut Self {
        // XML has no notation for control characters.
        let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
        let _ = Html.write_escaped_str(&mut self.0, &text);
        self
    }

    /// ` name="number"`, with the name and its punctuation as the literal.
    fn attribute(&mut self, name: &'static str, number: i32) -> &mut Self {
        self.literal(" ").literal(name).literal("=\"").number(number).literal("\"")
    }

    fn command(&mut self, command: &'static str, point: Point) -> &mut Self {
        self.literal(command).number(point.x).literal(" ").number(point.y)
    }

    /// A line through these points with round bends.
    fn line(&mut self, points: &[Point]) {
        let Some(first) = points.first() else { return };
        self.command("M", *first);
        for index in 1..points.len() {
            let (before, corner) = (points[index - 1], points[index]);
            let Some(after) = points.get(index + 1) else {
                self.command("L", corner);
                break;
            };
            // Two bends share what is between them.
            let share = |length: i32, is_end: bool| if is_end { length } else { length / 2 };
            let to = share(length(before, corner), index == 1);
            let from = share(length(corner, *after), index + 2 == points.len());
            let radius = BEND.min(to).min(from);
            self.command("L", toward(corner, before, radius));
            self.command("Q", corner).command(" ", toward(corner, *after, radius));
        }
    }

    fn rectangle(&mut self, frame: &Frame, inset: i32, radius: i32) {
        self.literal("<rect")
            .attribute("x", frame.x + inset)
            .attribute("y", frame.y + inset)
            .attribute("width", frame.width - 2 * inset)
            .attribute("height", frame.height - 2 * inset)
            .attribute("rx", radius)
            .literal("/>");
    }
}

fn length(one: Point, other: Point) -> i32 {
    (one.x - other.x).abs() + (one.y - other.y).abs()
}

/// The point at a distance from `from`, in the direction of `to`, which is straight above, below or beside it.
fn toward(from: Point, to: Point, distance: i32) -> Point {
    let (x, y) = ((to.x - from.x).signum(), (to.y - from.y).signum());
    Point { x: from.x + x * distance, y: from.y + y * distance }
}

/// True if the point is on the line from `from` to `to`.
fn is_on(point: Point, (from, to): (Point, Point)) -> bool {
    let within = |one: i32, a: i32, b: i32| a.min(b) <= one && one <= a.max(b);
    within(point.x, from.x, to.x) && within(point.y, from.y, to.y)
}

/// The part of a route until it joins one of these lines, and a piece more.
fn until_joined(route: &[Point], lines: &[(Point, Point)]) -> Vec<Point> {
    let mut part: Vec<Point> = route.first().copied().into_iter().collect();
    for (index, leg) in route.windows(2).enumerate() {
        let (from, to) = (leg[0], leg[1]);
        let meets = (0..=length(from, to)).map(|distance| toward(from, to, distance));
        let Some(met) = meets.into_iter().find(|point| lines.iter().any(|line| is_on(*point, *line))) else {
            part.push(to);
            continue;
        };
        part.push(met);
        let next = if met == to { route.get(index + 2).copied() } else { Some(to) };
        part.extend(next.map(|next| toward(met, next, JOINED.min(length(met, next)))));
        break;
    }
    part.dedup();
    part
}

impl SvgImage {
    pub(super) fn of(
        graph: &StateGraph,
        drawing: &Drawing,
        taken: &StepsTaken,
        texts: &PictureTexts<'_>,
    ) -> Self {
        let mut svg = SvgWriter(String::new());
        let id = texts.prefix;
        svg.literal("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\"");
        svg.attribute("width", drawing.width).attribute("height", drawing.height);
        svg.literal(" viewBox=\"0 0 ").number(drawing.width).literal(" ").number(drawing.height);
        svg.literal("\" aria-labelledby=\"").literal(id).literal("Title\" aria-describedby=\"").literal(id);
        svg.literal("Place\"><title id=\"").literal(id).literal("Title\">").text(texts.title);
        svg.literal("</title><desc id=\"").literal(id).literal("Place\">").text(texts.description);
        svg.literal("</desc><defs>");
        tip(&mut svg, id, "Tip", "tip");
        tip(&mut svg, id, "TakenTip", "tip taken");
        svg.literal("</defs>");
        if let Some([from, to]) = drawing.start {
            svg.literal("<circle class=\"begin\"").attribute("cx", from.x).attribute("cy", from.y);
            svg.literal(" r=\"5\"/>");
            way(&mut svg, id, "way", "Tip", |svg| svg.line(&[toward(from, to, 5), to]));
        }
        for bundle in &drawing.bundles {
            let class = if bundle.is_catch { "way caught" } else { "way" };
            way(&mut svg, id, class, "Tip", |svg| joined(svg, drawing, bundle));
        }
        for (index, route) in drawing.routes.iter().enumerate().filter(|(index, _)| taken.is_taken[*index]) {
            let class = if graph.transitions[index].is_catch { "way caught taken" } else { "way taken" };
            way(&mut svg, id, class, "TakenTip", |svg| svg.line(route));
        }
        for (index, state) in graph.states.iter().enumerate() {
            let mark = taken.marks[index];
            svg.literal("<g class=\"").literal(class(mark)).literal("\">");
            let name = shortened(&state.name);
            if name != state.name {
                svg.literal("<title>").text(&super::super::shown(&state.name)).literal("</title>");
            }
            let frame = &drawing.frames[index];
            shape(&mut svg, frame, state.kind);
            let word = mark.and_then(texts.word);
            let Point { x, y } = frame.middle();
            let baseline = if word.is_some() { y - 4 } else { y + 5 };
            svg.literal("<text").attribute("x", x).attribute("y", baseline).literal(">").text(&name);
            svg.literal("</text>");
            if let Some(word) = word {
                svg.literal("<text class=\"word\"").attribute("x", x).attribute("y", y + 15).literal(">");
                svg.text(&word).literal("</text>");
            }
            if let Some(mark) = mark {
                sign(&mut svg, Point { x: frame.x - OUT, y }, mark);
            }
            svg.literal("</g>");
        }
        svg.literal("</svg>");
        Self(svg.0)
    }
}

/// The arrow at the end of a line.
fn tip(svg: &mut SvgWriter, id: &'static str, name: &'static str, class: &'static str) {
    svg.literal("<marker id=\"")
        .literal(id)
        .literal(name)
        .literal("\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\"");
    svg.literal(" markerWidth=\"11\" markerHeight=\"11\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">");
    svg.literal("<path class=\"").literal(class).literal("\" d=\"M0 0L10 5L0 10z\"/></marker>");
}

fn way(
    svg: &mut SvgWriter,
    id: &'static str,
    class: &'static str,
    tip: &'static str,
    draw: impl FnOnce(&mut SvgWriter),
) {
    svg.literal("<path class=\"").literal(class).literal("\" marker-end=\"url(#").literal(id).literal(tip);
    svg.literal(")\" d=\"");
    draw(svg);
    svg.literal("\"/>");
}

/// The lines of a bundle. The arrow is at the end of the last, which is therefore the whole one.
fn joined(svg: &mut SvgWriter, drawing: &Drawing, bundle: &Bundle) {
    let mut lines: Vec<(Point, Point)> = Vec::new();
    let mut parts: Vec<Vec<Point>> = Vec::new();
    for way in &bundle.ways {
        let part = until_joined(&drawing.routes[*way], &lines);
        lines.extend(part.windows(2).map(|leg| (leg[0], leg[1])));
        parts.push(part);
    }
    parts.iter().rev().for_each(|part| svg.line(part));
}

fn class(mark: Option<StepMark>) -> &'static str {
    match mark {
        None => "state",
        Some(StepMark::Done) => "state done",
        Some(StepMark::Now) => "state now",
        Some(StepMark::Failed | StepMark::Refused | StepMark::TimedOut) => "state failed",
        Some(StepMark::Stopped) => "state stopped",
    }
}

/// The outline of a state: by its type, so that it shows without colour.
fn shape(svg: &mut SvgWriter, frame: &Frame, kind: StateKind) {
    let (left, right) = (frame.x, frame.x + frame.width);
    let (top, bottom) = (frame.y, frame.y + frame.height);
    let y = frame.middle().y;
    match kind {
        StateKind::Task => svg.rectangle(frame, 0, 10),
        StateKind::Pass => svg.rectangle(frame, 0, 0),
        StateKind::Choice => {
            svg.literal("<path d=\"").command("M", Point { x: left, y });
            svg.command("L", Point { x: left + CUT, y: top }).literal("H").number(right - CUT);
            svg.command("L", Point { x: right, y }).command("L", Point { x: right - CUT, y: bottom });
            svg.literal("H").number(left + CUT).literal("z\"/>");
        }
        StateKind::Succeed | StateKind::Fail => {
            svg.rectangle(frame, 0, frame.height / 2);
            svg.rectangle(frame, BORDERS, frame.height / 2 - BORDERS);
        }
    }
}

/// The sign of a mark, in a circle on the left edge of the state. Drawn, since fonts may lack it or show it as an emoji.
fn sign(svg: &mut SvgWriter, at: Point, mark: StepMark) {
    svg.literal("<circle").attribute("cx", at.x).attribute("cy", at.y).literal(" r=\"11\"/>");
    let from = |x: i32, y: i32| Point { x: at.x + x, y: at.y + y };
    match mark {
        StepMark::Done => {
            svg.literal("<path class=\"sign\" d=\"").command("M", from(-5, 0)).literal("l4 4 6-8")
        }
        StepMark::Now => {
            svg.literal("<path class=\"sign full\" d=\"").command("M", from(-3, -5)).literal("l9 5-9 5z")
        }
        StepMark::Failed | StepMark::Refused | StepMark::TimedOut => {
            svg.literal("<path class=\"sign\" d=\"").command("M", from(-4, -4)).literal("l8 8m0-8l-8 8")
        }
        StepMark::Stopped => {
            svg.literal("<path class=\"sign full\" d=\"").command("M", from(-4, -4)).literal("h8v8h-8z")
        }
    };
    svg.literal("\"/>");
}
