//! Approving and issuing, checked in every order of events that the bounds allow (docs/decisions/0134).
//!
//! The model has one request, two executions, three voters of whom one leaves the policy or stands in for another, a
//! withdrawal, the end of the approval period, two processes at a time, and one fault at any moment. A state holds numbers
//! of real rows and approvals; the real rules change them (`world.rs`). Another model has a request under a standing approval, which an
//! operator may end at any moment (`standing.rs`). What happens between the rules is told again here,
//! effect by effect (`effects.rs`): a worker that changes the order of its effects has to be changed there too.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test may.

mod approving;
mod checker;
mod effects;
mod properties;
mod standing;
mod state;
mod values;
mod work;
mod world;

use approving::Approving;
use checker::{Space, explore};
use effects::Mutation;
use state::Action;
use values::Staff;
use world::World;

fn space(
    staff: Staff,
    faults: u8,
    mutation: Option<Mutation>,
    sought: Option<&'static str>,
) -> Space<Action> {
    let space = explore(&Approving::new(&World::new(staff), faults, mutation), sought);
    println!("{staff:?}, {faults} faults, {mutation:?}: {} states, {} steps", space.states, space.steps);
    println!("ends: {:?}", space.ends);
    for broken in &space.broken {
        println!("not so: {}", broken.property);
        broken.trace.iter().for_each(|step| println!("    {step:?}"));
    }
    space
}

fn assert_holds(space: &Space<Action>) {
    assert_holds_with_ends(space, &["delivered", "expired", "failed", "refused", "rejected", "withdrawn"]);
}

fn assert_holds_with_ends(space: &Space<Action>, ends: &[&'static str]) {
    let broken: Vec<&str> = space.broken.iter().map(|one| one.property).collect();
    let mut new = broken.iter().filter(|property| !properties::GAPS.contains(property));
    assert_eq!(new.next(), None, "the trace is above");
    assert!(space.ends.keys().eq(ends), "{:?}", space.ends);
}

#[test]
fn every_property_holds_whatever_fails_once() {
    let space = space(Staff::Leaver, 1, None, None);
    assert_holds(&space);
    // A smaller space would show that a part of the model is never reached.
    assert!(space.states > 800_000, "{}", space.states);
    for gap in properties::GAPS {
        let is_found = space.broken.iter().any(|one| one.property == gap);
        assert!(is_found, "holds now, so it is no gap any more: {gap}");
    }
}

#[test]
fn each_run_visits_the_same_states() {
    let one = || {
        // The smallest whole space.
        let space = space(Staff::Leaver, 1, Some(Mutation::NoHousekeeping), None);
        (space.states, space.steps, format!("{:?}", space.broken))
    };
    assert_eq!(one(), one());
}

#[test]
fn every_property_holds_with_a_stand_in() {
    let space = space(Staff::StandIn, 0, None, None);
    assert_holds(&space);
    assert!(space.states > 140_000, "{}", space.states);
}

#[test]
fn every_property_holds_under_a_standing_approval_whatever_fails_once() {
    let space = space(Staff::Standing, 1, None, None);
    assert_holds_with_ends(&space, &["delivered", "failed", "refused"]);
    assert!(space.states > 1_000, "{}", space.states);
}

#[test]
fn signing_without_the_standing_approval_is_found() {
    assert_found(Staff::Standing, Mutation::CoverageIgnored, 0, properties::COUNTED);
}

#[test]
fn counting_a_certificate_twice_is_found() {
    assert_found(Staff::Standing, Mutation::CountedUnconditionally, 1, properties::COUNTED);
}

fn assert_found(staff: Staff, mutation: Mutation, faults: u8, property: &'static str) {
    let space = space(staff, faults, Some(mutation), Some(property));
    assert!(space.broken.iter().any(|one| one.property == property), "not found: {property}");
}

#[test]
fn signing_without_coverage_is_found() {
    assert_found(Staff::Leaver, Mutation::CoverageIgnored, 0, properties::COVERED);
}

#[test]
fn two_serials_by_an_unconditional_write_are_found() {
    assert_found(Staff::Leaver, Mutation::SerialReservedUnconditionally, 0, properties::ONE_CERTIFICATE);
}

#[test]
fn counting_votes_of_people_who_left_is_found() {
    for staff in [Staff::Leaver, Staff::StandIn] {
        assert_found(staff, Mutation::VotesOfFormerApproversCounted, 0, properties::ENOUGH_VOTES);
    }
}

#[test]
fn replacing_a_certificate_is_found() {
    assert_found(Staff::Leaver, Mutation::CertificateOverwritten, 0, properties::CERTIFICATE_STAYS);
}

#[test]
fn a_request_without_housekeeping_is_found() {
    assert_found(Staff::Leaver, Mutation::NoHousekeeping, 1, properties::EVERY_REQUEST_ENDS);
}
