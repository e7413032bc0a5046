use proptest::prelude::*;
use time::macros::datetime;

use super::*;

fn trail() -> (RequestId, Vec<Event>, ChainHead) {
    let id = RequestId::random();
    let alice: Email = "alice@example.com".parse().unwrap();
    let at = datetime!(2026-01-01 12:00:00.5 UTC);
    let mut head = ChainHead::default();
    let by = Origin::caller(Actor::requester(&alice), Some("192.0.2.1".into()));
    let mut events = append(
        &mut head,
        id,
        vec![PendingEvent::new(EventKind::Submitted, at).with_digest("d".repeat(64))],
        &by,
    );
    let entries = vec![
        PendingEvent::new(EventKind::Stored, at),
        PendingEvent::new(EventKind::Mailed, at).with_detail("received"),
        PendingEvent::new(EventKind::Asked, at),
    ];
    events.extend(append(&mut head, id, entries, &Origin::worker("persist")));
    (id, events, head)
}

#[test]
fn an_untouched_trail_is_whole_also_after_a_journey_through_json() {
    let (id, events, head) = trail();
    assert_eq!(verify(id, &events, &head), []);
    let json = serde_json::to_string(&events).unwrap();
    let events: Vec<Event> = serde_json::from_str(&json).unwrap();
    assert_eq!(verify(id, &events, &head), []);
    assert_eq!(verify(id, &[], &ChainHead::default()), []);
}

/// A hash of version 0.1.0; computed by Python's hashlib.
#[test]
fn an_event_has_the_known_hash() {
    let alice: Email = "alice@example.com".parse().unwrap();
    let origin = Origin::caller(Actor::approver(&alice), Some("192.0.2.1".into()));
    let vote = PendingEvent::new(EventKind::Voted, datetime!(2026-01-01 12:00 UTC))
        .with_digest("d".repeat(64))
        .with_detail("approve");
    let id = "5c1b0d9e-8f5a-4b7e-9d0c-2a6f3e4b1c7d".parse().unwrap();
    let mut head = ChainHead::default();
    append(&mut head, id, vec![vote], &origin);
    assert_eq!(head.hash, "33fa4caf6f26262419317afb3c855cf85b371456db47b4a07370297c172d925e");
}

/// The names in tables and exports.
#[test]
fn the_names_are_those_in_rows() {
    let names = "submitted confirmed stored asked covered viewed voted withdrawn decided question_asked question_answered links_renewed escalated reserved signed granted credential_made logged mailed \
                 not_mailed delivered refused rejected withdrawal_recorded expired failed restarted retried downloaded revocation_accepted revoked revocation_listed revocation_restarted end_asked operated grant_ended";
    assert_eq!(EventKind::ALL.map(EventKind::as_str).join(" "), names);
}

#[test]
fn every_alteration_is_found() {
    let (id, events, head) = trail();
    type Alteration = fn(&mut Event);
    let alterations: [Alteration; 8] = [
        |event| event.event = EventKind::Voted,
        |event| event.at += time::Duration::SECOND,
        |event| event.actor = Actor::worker("sign"),
        |event| event.source = None,
        |event| event.digest = Some("e".repeat(64)),
        |event| event.detail = Some("x".into()),
        |event| event.previous = "0".repeat(64),
        |event| event.hash = "0".repeat(64),
    ];
    for (number, alter) in alterations.iter().enumerate() {
        let mut altered = events.clone();
        alter(&mut altered[0]);
        assert_ne!(verify(id, &altered, &head), [], "alteration {number}");
    }
    for place in 0..events.len() {
        let mut shorter = events.clone();
        shorter.remove(place);
        assert_ne!(verify(id, &shorter, &head), [], "event {place} taken away");
    }
    assert_ne!(verify(RequestId::random(), &events, &head), []);
}

#[test]
fn an_event_made_anew_with_a_fitting_hash_does_not_follow() {
    let (id, mut events, head) = trail();
    events[1].actor = Actor::worker("portal");
    events[1].hash = events[1].computed_hash();
    assert_eq!(verify(id, &events, &head), [AuditError::Unlinked(3)]);
    let last = events.len() - 1;
    let (_, mut events, head) = trail_of(id);
    events[last].detail = Some("x".into());
    events[last].hash = events[last].computed_hash();
    assert_eq!(verify(id, &events, &head), [AuditError::Replaced(4)]);
}

fn trail_of(id: RequestId) -> (RequestId, Vec<Event>, ChainHead) {
    let (_, events, _) = trail();
    let mut head = ChainHead::default();
    let entries = events.into_iter().map(|event| PendingEvent::new(event.event, event.at)).collect();
    let events = append(&mut head, id, entries, &Origin::worker("persist"));
    (id, events, head)
}

proptest! {
    #[test]
    fn fields_cannot_run_into_each_other(a in ".{0,8}", b in ".{0,8}", c in ".{0,8}", d in ".{0,8}") {
        let (_, events, _) = trail();
        let of = |digest: &str, detail: &str| {
            let event = Event {
                digest: Some(digest.to_owned()),
                detail: Some(detail.to_owned()),
                ..events[0].clone()
            };
            event.computed_hash()
        };
        prop_assert_eq!(of(&a, &b) == of(&c, &d), (&a, &b) == (&c, &d));
    }

    #[test]
    fn any_trail_is_checked_without_a_panic(numbers in proptest::collection::vec(any::<u64>(), 0..6)) {
        let (id, events, head) = trail();
        let odd: Vec<Event> =
            numbers.iter().map(|number| Event { number: *number, ..events[0].clone() }).collect();
        let _ = verify(id, &odd, &head);
    }
}
