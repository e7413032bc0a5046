//! Courses of loads, and of changes that would fail them.

use super::super::grown::ACCOUNTS;
use super::*;

/// An account of ten environments, seven of which other functions hold all day.
const CROWDED: Load = Load { environments: 10, others: 7, burst: 2_000, ..ACCOUNTS[0].2 };

/// The courses of a load: messages of a batch one by one, and at the same time.
fn courses(load: Load, few: bool, change: fn(&mut StackSpec)) -> [Course; 2] {
    courses_behind(&Counted::in_template(), load, few, change)
}

/// The same, with a portal that takes submissions as fast as 17 a second.
fn fast_courses(load: Load, change: fn(&mut StackSpec)) -> [Course; 2] {
    let fast = (50.0, 100.0);
    let raised = Counted { throttle: fast, submission_throttle: fast, ..Counted::in_template() };
    courses_behind(&raised, load, false, change)
}

fn courses_behind(counted: &Counted, load: Load, few: bool, change: fn(&mut StackSpec)) -> [Course; 2] {
    let data = Data::read();
    let mut stack = StackSpec::read(&data, few);
    change(&mut stack);
    [false, true].map(|parallel| run(&data, counted, &stack, Load { parallel, ..load }))
}

#[test]
fn no_account_gives_anything_up_or_is_throttled_by_step_functions() {
    for (name, few, load) in ACCOUNTS {
        for course in courses(load, few, |_| ()) {
            assert_eq!(course.delivered, course.requests, "{name}: {course:?}");
            assert_eq!((course.given_up, course.timed_out), (0, 0), "{name}: {course:?}");
            assert_eq!(course.throttled_calls, 0, "{name}: {course:?}");
        }
    }
}

#[test]
fn the_portal_turns_nobody_away_in_a_small_account_or_while_thousands_wait() {
    for (few, load) in [(true, Load { burst: 10, ..ACCOUNTS[0].2 }), (false, ACCOUNTS[3].2)] {
        for course in courses(load, few, |_| ()) {
            assert_eq!(course.turned_away, 0, "{course:?}");
        }
    }
}

#[test]
fn a_crowded_account_needs_few_workers_at_once() {
    let given_up = |few| courses(CROWDED, few, |_| ()).map(|course| course.given_up);
    assert_eq!(given_up(true), [0, 0]);
    assert!(given_up(false).iter().all(|given_up| *given_up > 0));
}

#[test]
fn five_hundred_looks_in_a_run_throttle_other_users_of_step_functions() {
    for course in courses(ACCOUNTS[3].2, false, |stack| stack.looks = 500) {
        assert!(course.throttled_calls > 0, "{course:?}");
    }
}

#[test]
fn an_sdk_that_does_not_try_again_gives_up_what_ses_throttles() {
    let load = Load { burst: 5_000, ..ACCOUNTS[2].2 };
    let given_up = |change| fast_courses(load, change).iter().map(|course| course.given_up).max();
    assert_eq!(given_up(|_| ()), Some(0));
    assert!(given_up(|stack| stack.attempts = 1) > Some(0));
}

#[test]
fn a_state_of_a_minute_times_out_in_a_burst() {
    let minute = |stack: &mut StackSpec| stack.steps.iter_mut().for_each(|step| step.timeout = 60);
    assert!(fast_courses(ACCOUNTS[2].2, minute).iter().all(|course| course.timed_out > 0));
}
