use std::sync::Arc;

use super::*;
use crate::mail_kind::MailKind;
use crate::ports::{Clock as _, Requests, Saved};
use crate::request::audit::Origin;
use crate::request::{Request, Status};
use crate::testing::World;

/// A request that nobody has mailed about, as it was read, and how many calls that took.
fn known(world: &Arc<World>) -> (Request, usize) {
    let request = world.request(world.request_at(Status::PendingApproval)).unwrap();
    (request, world.calls().len())
}

async fn mail(world: &Arc<World>, known: &Request, kind: MailKind) -> Request {
    let now = world.now();
    let note = |row: &mut Request| {
        row.mailed(&kind, now);
    };
    update_known_request(&**world, known, &Origin::worker("test"), note).await.unwrap().row
}

#[tokio::test]
async fn a_row_that_is_still_the_known_one_is_not_read_again() {
    let world = World::new();
    let (first, before) = known(&world);
    let second = mail(&world, &first, MailKind::Waiting(1)).await;
    // What comes back is known in its turn.
    let third = mail(&world, &second, MailKind::Waiting(2)).await;
    assert_eq!(world.calls()[before..], ["requests: save", "requests: save"]);
    assert_eq!(world.request(first.id()), Some(third));
}

#[tokio::test]
async fn what_others_wrote_meanwhile_stays() {
    let world = World::new();
    let (stale, _) = known(&world);
    mail(&world, &stale, MailKind::Waiting(1)).await;
    let before = world.calls().len();
    let row = mail(&world, &stale, MailKind::Waiting(2)).await;
    assert_eq!(world.calls()[before..], ["requests: save", "requests: find", "requests: save"]);
    assert!(row.was_mailed(&MailKind::Waiting(1)) && row.was_mailed(&MailKind::Waiting(2)));
}

/// The row has gone on: what a stale copy would refuse, or take for done, is not the answer.
#[tokio::test]
async fn a_stale_row_refuses_nothing_and_settles_nothing() {
    let world = World::new();
    let (stale, _) = known(&world);
    let row = stale.clone().run_as("arn:another".into());
    let _: Saved = Requests::save(&*world, &row, &[]).await.unwrap();
    let seen = |row: &mut Request| match row.execution().arn.as_str() {
        "arn:another" => Ok(()),
        _ => Err("the execution is the old one"),
    };
    assert!(update_known_request(&*world, &stale, &Origin::worker("test"), seen).await.is_ok());
    let nothing = |row: &mut Request| Some(row.execution().arn.clone());
    let seen = update_known_request(&*world, &stale, &Origin::worker("test"), nothing).await.unwrap();
    assert_eq!(seen.value.as_deref(), Some("arn:another"));
}
