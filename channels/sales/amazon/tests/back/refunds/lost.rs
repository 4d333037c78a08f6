//! What is lost on the way, and processes that start again: money goes back once, and where nobody can know whether it
//! did, a person looks.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::order::NoticeEvidence;
use wiremock::ResponseTemplate;

use super::{HOUR, KIND, Scene, given, is_not_done, is_under_way, notice};
use crate::port::CallError;
use crate::sales::PartNotice;
use crate::sales::giving::{no, tell};

/// The same, asked for before the process began.
fn older(key: &str) -> PartNotice {
    PartNotice {
        asked_at: Timestamp::now() - HOUR,
        ..notice(key)
    }
}

fn perhaps() -> NoticeEvidence {
    no("refund_may_be_handed_in")
}

#[tokio::test]
async fn a_feed_whose_answer_was_lost_is_found_and_not_handed_in_again() {
    for lost in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(202).set_body_string("<html>"),
    ] {
        let scene = Scene::open().await;
        let connector = scene.start();
        // One of somebody else's that was there before.
        let other = String::new();
        scene.desk.papers().add(KIND, other, Timestamp::now());
        scene.desk.papers().lose = Some(lost);
        let answer = tell(&connector, &notice("N1")).await;
        let is_lost = matches!(answer, Err(CallError::Unknown { well: false, .. }));
        assert!(is_lost, "{answer:?}");
        assert!(is_under_way(&tell(&connector, &notice("N1")).await));
        scene.desk.papers().status = "DONE";
        assert_eq!(tell(&connector, &notice("N1")).await, Ok(given("5002")));
        assert_eq!(scene.feeds(), 2);
    }
}

#[tokio::test]
async fn a_feed_that_was_lost_on_the_way_is_handed_in_again_once_it_cannot_arrive_any_more() {
    let scene = Scene::open().await;
    let connector = scene.start();
    scene.desk.papers().drop = Some(ResponseTemplate::new(504));
    let answer = tell(&connector, &notice("N1")).await;
    assert!(
        matches!(answer, Err(CallError::Unknown { .. })),
        "{answer:?}"
    );
    // The next refund finds out about it as well.
    assert!(is_under_way(&tell(&connector, &notice("N2")).await));
    assert!(is_under_way(&tell(&connector, &notice("N1")).await));
    scene.desk.papers().status = "DONE";
    assert_eq!(tell(&connector, &notice("N2")).await, Ok(given("5001")));
    assert_eq!(tell(&connector, &notice("N1")).await, Ok(given("5002")));
    assert_eq!(scene.feeds(), 2);
}

#[tokio::test]
async fn while_a_feed_may_still_arrive_no_other_is_handed_in() {
    let scene = Scene::open().await;
    let connector = scene.start_with(Duration::from_hours(1));
    scene.desk.papers().drop = Some(ResponseTemplate::new(504));
    assert!(tell(&connector, &notice("N1")).await.is_err());
    for _ in 0..2 {
        assert!(is_under_way(&tell(&connector, &notice("N1")).await));
        assert!(is_not_done(&tell(&connector, &notice("N2")).await));
    }
    assert_eq!(scene.feeds(), 0);
}

#[tokio::test]
async fn a_feed_that_may_be_somebody_elses_is_a_persons_and_others_go_on() {
    for (strangers, at) in [(1, SignedDuration::ZERO), (0, HOUR)] {
        let scene = Scene::open().await;
        let connector = scene.start();
        scene.desk.papers().lose = Some(ResponseTemplate::new(504));
        assert!(tell(&connector, &notice("N1")).await.is_err());
        let other = Timestamp::now() + at;
        scene.desk.papers().feeds[0].at = other;
        for _ in 0..strangers {
            scene.desk.papers().add(KIND, String::new(), other);
        }
        for _ in 0..2 {
            assert_eq!(tell(&connector, &notice("N1")).await, Ok(perhaps()));
        }
        let before = scene.feeds();
        assert!(is_under_way(&tell(&connector, &notice("N2")).await));
        assert_eq!(scene.feeds(), before + 1);
    }
}

#[tokio::test]
async fn after_a_restart_a_feed_that_nobody_remembers_is_a_persons() {
    for lost in [None, Some(ResponseTemplate::new(504))] {
        let scene = Scene::open().await;
        scene.desk.papers().lose = lost;
        let now = older("N1");
        let first = tell(&scene.start(), &now).await;
        assert!(matches!(first, Err(CallError::Unknown { .. })), "{first:?}");
        let connector = scene.start();
        // It may yet come to nothing.
        assert!(is_under_way(&tell(&connector, &now).await));
        for status in ["DONE", "FATAL"] {
            scene.desk.papers().status = status;
            assert_eq!(tell(&connector, &now).await, Ok(perhaps()), "{status}");
        }
        assert_eq!(scene.feeds(), 1);
        scene.desk.papers().status = "CANCELLED";
        assert!(tell(&connector, &now).await.is_err());
        assert_eq!(scene.feeds(), 2);
    }
}

#[tokio::test]
async fn after_a_restart_a_refund_that_nobody_has_handed_in_is_handed_in_once() {
    let scene = Scene::open().await;
    // What was there before it was asked for, on pages of its own, is not it; nor is what is no refund.
    let early = Timestamp::now() - HOUR - HOUR;
    for _ in 0..3 {
        scene.desk.papers().add(KIND, String::new(), early);
    }
    let kind = "POST_ORDER_ACKNOWLEDGEMENT_DATA";
    let other = String::new();
    scene.desk.papers().add(kind, other, Timestamp::now());
    let waiting = scene.start_with(Duration::from_hours(1));
    assert!(is_not_done(&tell(&waiting, &older("N1")).await));
    assert_eq!(scene.feeds(), 4);
    let connector = scene.start();
    for key in ["N1", "N2"] {
        assert!(is_under_way(&tell(&connector, &older(key)).await));
        assert!(is_under_way(&tell(&connector, &older(key)).await));
    }
    scene.desk.papers().status = "DONE";
    assert_eq!(tell(&connector, &older("N1")).await, Ok(given("5005")));
    assert_eq!(tell(&connector, &older("N2")).await, Ok(given("5006")));
}

#[tokio::test]
async fn every_page_of_the_feeds_is_looked_at() {
    let scene = Scene::open().await;
    scene.desk.papers().page = 1;
    scene.desk.papers().status = "CANCELLED";
    let lately = Timestamp::now() - SignedDuration::from_mins(30);
    for _ in 0..3 {
        scene.desk.papers().add(KIND, String::new(), lately);
    }
    let connector = scene.start();
    assert!(is_under_way(&tell(&connector, &older("N1")).await));
    assert_eq!(scene.desk.papers().lists, 3);
    for _ in 0..20 {
        scene.desk.papers().add(KIND, String::new(), lately);
    }
    assert!(is_not_done(&tell(&connector, &older("N2")).await));
    assert_eq!(scene.feeds(), 24);
}
