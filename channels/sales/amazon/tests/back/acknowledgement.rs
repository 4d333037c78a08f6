//! Orders acknowledged and cancelled by feeds: whatever breaks on the way, an order is what its feed says, and what a
//! report finds wrong is a person's.

use std::sync::Arc;

use orderhub_domain::order::{NoticeEvidence, Topic};
use wiremock::{MockServer, ResponseTemplate};

use super::papers::Desk;
use super::{Channel, ORDER, cancel, trouble};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::giving::{cents, part, tell};
use crate::sales::told::refused;
use crate::sales::{PartOf, SalesConnector, connect};
use crate::settings::Settings;

const KIND: &str = "POST_ORDER_ACKNOWLEDGEMENT_DATA";

/// The channel with one order, and what a connection needs to call it.
async fn open(channel: &Channel) -> (MockServer, Desk, Settings) {
    let (server, settings) = super::super::stand_in().await;
    let desk = Desk::serve(&server, channel).await;
    (server, desk, settings.with_flag("acknowledge", true))
}

async fn acknowledge(connector: &Arc<dyn SalesConnector>, id: &str) -> NoticeAnswer {
    connector.way_back().expect("a way").accepted(id).await
}

fn amazon(settings: &Settings) -> Arc<dyn SalesConnector> {
    connect("amazon", settings).expect("a connection")
}

fn is_under_way(answer: &NoticeAnswer) -> bool {
    matches!(answer, Err(CallError::Unknown { well: true, .. }))
}

fn is_lost(answer: &NoticeAnswer) -> bool {
    matches!(answer, Err(CallError::Unknown { well: false, .. }))
}

fn is_not_done(answer: &NoticeAnswer) -> bool {
    matches!(answer, Err(CallError::NotDone { .. }))
}

#[tokio::test]
async fn an_order_is_cancelled_by_one_feed_that_is_under_way_until_its_report() {
    for packed in [false, true] {
        let channel = Channel::default();
        let (_server, desk, settings) = open(&channel).await;
        let connector = amazon(&settings);
        desk.papers().packed = packed;
        for status in ["IN_QUEUE", "IN_QUEUE", "IN_PROGRESS"] {
            desk.papers().status = status;
            let answer = cancel(&connector, ORDER).await;
            assert!(is_under_way(&answer), "{status}: {answer:?}");
        }
        desk.papers().status = "DONE";
        assert_eq!(cancel(&connector, ORDER).await, Ok(NoticeEvidence::Told));
        channel.book().status = "CANCELLED";
        assert_eq!(cancel(&connector, ORDER).await, Ok(NoticeEvidence::Told));
        let papers = desk.papers();
        let [feed] = &papers.feeds[..] else {
            panic!("one feed");
        };
        assert_eq!(feed.kind, KIND);
        let order = "<AmazonOrderID>302-0000111-2222333</AmazonOrderID>";
        let item = "<AmazonOrderItemCode>05015000000001</AmazonOrderItemCode>";
        let why = "<CancelReason>NoInventory</CancelReason>";
        let all = format!("{order}<StatusCode>Failure</StatusCode><Item>{item}{why}</Item></Order");
        assert!(feed.text.contains(&all), "{}", feed.text);
    }
}

#[tokio::test]
async fn what_the_buyer_wants_cancelled_is_cancelled_as_that() {
    let channel = Channel::default();
    channel.book().unwanted = true;
    let (_server, desk, settings) = open(&channel).await;
    assert!(is_under_way(&cancel(&amazon(&settings), ORDER).await));
    let text = desk.papers().feeds[0].text.clone();
    assert!(
        text.contains("<CancelReason>BuyerCanceled</CancelReason>"),
        "{text}"
    );
}

#[tokio::test]
async fn an_order_that_stands_is_told_by_one_feed() {
    let channel = Channel::default();
    let (_server, desk, settings) = open(&channel).await;
    let connector = amazon(&settings);
    assert!(is_under_way(&acknowledge(&connector, ORDER).await));
    assert!(is_under_way(&acknowledge(&connector, ORDER).await));
    desk.papers().status = "DONE";
    let told = acknowledge(&connector, ORDER).await;
    assert_eq!(told, Ok(NoticeEvidence::Told));
    let text = desk.papers().feeds[0].text.clone();
    let item = "<Item><AmazonOrderItemCode>05015000000001</AmazonOrderItemCode></Item>";
    let said = format!("<StatusCode>Success</StatusCode>{item}</OrderAcknowledgement>");
    assert!(text.contains(&said), "{text}");
    assert_eq!(desk.papers().feeds.len(), 1);
    // That it stands and that it ends are two things.
    desk.papers().status = "IN_QUEUE";
    assert!(is_under_way(&cancel(&connector, ORDER).await));
    assert_eq!(desk.papers().feeds.len(), 2);
}

#[tokio::test]
async fn that_an_order_stands_is_told_where_it_is_asked_for_and_has_not_ended() {
    let (_server, settings) = super::super::stand_in().await;
    for (asked, hears) in [(false, false), (true, true)] {
        let connector = amazon(&settings.clone().with_flag("acknowledge", asked));
        let topics = connector.way_back().expect("a way").hears();
        assert_eq!(topics.contains(&Topic::Accepted), hears);
        for always in [Topic::Shipped, Topic::Cancelled, Topic::PartCancelled] {
            assert!(topics.contains(&always), "{always:?}");
        }
    }
    let channel = Channel::default();
    let (_server, desk, settings) = open(&channel).await;
    let connector = amazon(&settings);
    for status in ["SHIPPED", "PARTIALLY_SHIPPED"] {
        channel.book().status = status;
        let told = acknowledge(&connector, ORDER).await;
        assert_eq!(told, Ok(NoticeEvidence::Told));
    }
    channel.book().status = "PENDING";
    assert!(is_not_done(&acknowledge(&connector, ORDER).await));
    channel.book().status = "CANCELLED";
    let over = acknowledge(&connector, ORDER).await;
    assert_eq!(over, Ok(refused("order_is_cancelled")));
    channel.book().by = "AMAZON";
    let theirs = acknowledge(&connector, ORDER).await;
    assert_eq!(theirs, Ok(refused("fulfilled_by_amazon")));
    assert!(desk.papers().feeds.is_empty());
}

#[tokio::test]
async fn a_feed_whose_answer_was_lost_or_forgotten_may_be_handed_in_again() {
    for lost in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(202).set_body_string("<html>"),
        ResponseTemplate::new(202).set_body_string("{\"feedId\":\"../1\"}"),
    ] {
        let channel = Channel::default();
        let (_server, desk, settings) = open(&channel).await;
        let connector = amazon(&settings);
        desk.papers().lose = Some(lost);
        let answer = cancel(&connector, ORDER).await;
        assert!(is_lost(&answer), "{answer:?}");
        assert!(is_under_way(&cancel(&connector, ORDER).await));
        // As after a restart.
        assert!(is_under_way(&cancel(&amazon(&settings), ORDER).await));
        let papers = desk.papers();
        assert_eq!(papers.feeds.len(), 3);
        assert!(papers.feeds.iter().all(|f| f.text == papers.feeds[0].text));
    }
}

#[tokio::test]
async fn a_feed_that_went_wrong_is_a_persons_and_the_next_notice_makes_another() {
    for (status, wrong, code) in [
        ("DONE", Some("18028"), "18028"),
        ("FATAL", None, "feed_aborted"),
        ("CANCELLED", None, "feed_cancelled"),
    ] {
        let channel = Channel::default();
        let (_server, desk, settings) = open(&channel).await;
        let connector = amazon(&settings);
        assert!(is_under_way(&cancel(&connector, ORDER).await));
        desk.papers().status = status;
        desk.papers().wrong = wrong;
        assert_eq!(cancel(&connector, ORDER).await, Ok(refused(code)));
        assert!(is_under_way(&cancel(&connector, ORDER).await), "{code}");
    }
    let channel = Channel::default();
    let (_server, desk, settings) = open(&channel).await;
    let connector = amazon(&settings);
    desk.papers().status = "DONE";
    for (report, code) in [
        (ResponseTemplate::new(200), "report_cannot_be_read"),
        (ResponseTemplate::new(503), ""),
    ] {
        desk.papers().report = Some(report);
        assert!(is_under_way(&cancel(&connector, ORDER).await));
        let answer = cancel(&connector, ORDER).await;
        if code.is_empty() {
            assert!(is_not_done(&answer), "{answer:?}");
        } else {
            assert_eq!(answer, Ok(refused(code)));
        }
    }
    desk.papers().report = None;
    assert_eq!(cancel(&connector, ORDER).await, Ok(NoticeEvidence::Told));
    desk.papers().status = "IN_QUEUE";
    assert!(is_under_way(&cancel(&connector, ORDER).await));
    desk.papers().feeds.clear();
    let gone = cancel(&connector, ORDER).await;
    assert_eq!(gone, Ok(refused("feed_not_found")));
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_refused_without_a_feed() {
    let channel = Channel::default();
    let (_server, desk, settings) = open(&channel).await;
    let connector = amazon(&settings);
    for (id, code) in [("302-9", "order_not_found"), ("", "not_an_amazon_id")] {
        assert_eq!(cancel(&connector, id).await, Ok(refused(code)));
    }
    channel.book().by = "AMAZON";
    let theirs = cancel(&connector, ORDER).await;
    assert_eq!(theirs, Ok(refused("fulfilled_by_amazon")));
    channel.book().by = "MERCHANT";
    desk.papers().drop = Some(trouble(400, "InvalidInput"));
    let refusal = cancel(&connector, ORDER).await;
    assert_eq!(refusal, Ok(refused("InvalidInput")));
    for status in ["SHIPPED", "PARTIALLY_SHIPPED"] {
        channel.book().status = status;
        let left = cancel(&connector, ORDER).await;
        assert_eq!(left, Ok(refused("order_is_shipped")));
    }
    channel.book().status = "CANCELLED";
    assert_eq!(cancel(&connector, ORDER).await, Ok(NoticeEvidence::Told));
    assert!(desk.papers().feeds.is_empty());
}

#[tokio::test]
async fn units_of_an_order_are_cancelled_by_a_person() {
    let channel = Channel::default();
    let (_server, desk, settings) = open(&channel).await;
    let amount = cents(1000, "EUR");
    let notice = part(
        ORDER,
        "N1",
        &[("05015000000001", 1)],
        amount,
        PartOf::Unsent,
    );
    let answer = tell(&amazon(&settings), &notice).await;
    assert_eq!(answer, Ok(refused("units_cannot_be_cancelled_there")));
    assert!(desk.papers().feeds.is_empty());
}

#[tokio::test]
async fn a_document_that_does_not_arrive_makes_no_feed() {
    let channel = Channel::default();
    let (_server, desk, settings) = open(&channel).await;
    let connector = amazon(&settings);
    for away in [
        ResponseTemplate::new(503),
        ResponseTemplate::new(429),
        ResponseTemplate::new(201).set_body_string("<html>"),
    ] {
        desk.papers().away = Some(away);
        let answer = cancel(&connector, ORDER).await;
        assert!(is_not_done(&answer), "{answer:?}");
    }
    desk.papers().away = Some(trouble(400, "InvalidInput"));
    let refusal = cancel(&connector, ORDER).await;
    assert_eq!(refusal, Ok(refused("InvalidInput")));
    desk.papers().away = None;
    for full in [403, 500] {
        desk.papers().full = Some(ResponseTemplate::new(full));
        let answer = cancel(&connector, ORDER).await;
        assert!(is_not_done(&answer), "{answer:?}");
    }
    desk.papers().full = None;
    desk.papers().elsewhere = Some("https://files.evil.example/in");
    assert!(is_not_done(&cancel(&connector, ORDER).await));
    desk.papers().elsewhere = None;
    desk.papers().drop = Some(ResponseTemplate::new(429));
    let slow = cancel(&connector, ORDER).await;
    // One operation's quota is no reason to leave the channel alone.
    let is_well = matches!(slow, Err(CallError::NotDone { well: true, .. }));
    assert!(is_well, "{slow:?}");
    assert!(desk.papers().feeds.is_empty());
    assert!(is_under_way(&cancel(&connector, ORDER).await));
}
