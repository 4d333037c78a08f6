//! Money given back by feeds: what is handed in, how it is shared over an order's items, and what their reports mean.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::order::{NoticeEvidence, Topic};
use wiremock::{MockServer, ResponseTemplate};

use super::papers::Desk;
use super::{Channel, ORDER, trouble};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::giving::{cents, no, part, repaid, tell};
use crate::sales::{PartNotice, PartOf, SalesConnector};
use crate::settings::Settings;

mod lost;

const KIND: &str = "POST_PAYMENT_ADJUSTMENT_DATA";
const MUGS: &str = "05015000000001";
const CUP: &str = "05015000000003";
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A channel that has shipped its order, and what a connection needs to call it.
struct Scene {
    channel: Channel,
    desk: Desk,
    settings: Settings,
    _server: MockServer,
}

impl Scene {
    async fn open() -> Self {
        let (server, settings) = super::super::stand_in().await;
        let channel = Channel::default();
        channel.book().status = "SHIPPED";
        channel.book().cup = true;
        Self {
            desk: Desk::serve(&server, &channel).await,
            settings: settings.with_flag("refunds", true),
            channel,
            _server: server,
        }
    }

    /// A process that starts now, and finds out at once what came of a feed.
    fn start(&self) -> Arc<dyn SalesConnector> {
        self.start_with(Duration::ZERO)
    }

    /// A process that starts now, and waits so long.
    fn start_with(&self, settled: Duration) -> Arc<dyn SalesConnector> {
        crate::sales::amazon::open(&self.settings, settled).expect("a connection")
    }

    fn feeds(&self) -> usize {
        self.desk.papers().feeds.len()
    }
}

/// A mug came back; asked for once the process runs.
fn notice(key: &str) -> PartNotice {
    PartNotice {
        asked_at: Timestamp::now() + HOUR,
        ..part(
            ORDER,
            key,
            &[(MUGS, 1)],
            cents(2000, "EUR"),
            PartOf::Returned,
        )
    }
}

fn is_under_way(answer: &NoticeAnswer) -> bool {
    matches!(answer, Err(CallError::Unknown { well: true, .. }))
}

fn is_not_done(answer: &NoticeAnswer) -> bool {
    matches!(answer, Err(CallError::NotDone { .. }))
}

fn given(feed: &str) -> NoticeEvidence {
    repaid(&[(feed, cents(2000, "EUR"))])
}

#[tokio::test]
async fn money_goes_back_by_one_feed_and_is_booked_under_its_id_once_it_is_taken() {
    let scene = Scene::open().await;
    let connector = scene.start();
    for status in ["IN_QUEUE", "IN_QUEUE", "IN_PROGRESS"] {
        scene.desk.papers().status = status;
        let answer = tell(&connector, &notice("N1")).await;
        assert!(is_under_way(&answer), "{status}: {answer:?}");
    }
    scene.desk.papers().status = "DONE";
    for _ in 0..2 {
        assert_eq!(tell(&connector, &notice("N1")).await, Ok(given("5001")));
    }
    let papers = scene.desk.papers();
    let [feed] = &papers.feeds[..] else {
        panic!("one feed");
    };
    assert_eq!(feed.kind, KIND);
    let said = "<OrderAdjustment><AmazonOrderID>302-0000111-2222333</AmazonOrderID>\
        <AdjustedItem><AmazonOrderItemCode>05015000000001</AmazonOrderItemCode>\
        <AdjustmentReason>CustomerReturn</AdjustmentReason><ItemPriceAdjustments>\
        <Component><Type>Principal</Type><Amount currency=\"EUR\">20.00</Amount></Component>\
        </ItemPriceAdjustments></AdjustedItem></OrderAdjustment>";
    assert!(feed.text.contains(said), "{}", feed.text);
}

#[tokio::test]
async fn two_refunds_that_are_alike_are_two() {
    let scene = Scene::open().await;
    let connector = scene.start();
    for key in ["N1", "N2"] {
        assert!(is_under_way(&tell(&connector, &notice(key)).await));
    }
    scene.desk.papers().status = "DONE";
    assert_eq!(tell(&connector, &notice("N2")).await, Ok(given("5002")));
    assert_eq!(tell(&connector, &notice("N1")).await, Ok(given("5001")));
    assert_eq!(scene.feeds(), 2);
}

#[tokio::test]
async fn an_amount_is_shared_over_its_units_and_a_tax_on_top_is_stated() {
    let scene = Scene::open().await;
    let connector = scene.start();
    let lines = [(MUGS, 1), (CUP, 1)];
    let claim = PartNotice {
        asked_at: Timestamp::now() + HOUR,
        ..part(ORDER, "N1", &lines, cents(3500, "EUR"), PartOf::Claimed)
    };
    assert!(is_under_way(&tell(&connector, &claim).await));
    scene.channel.book().total = Some("91.99");
    // The mugs are 60.00 and 9.60 of taxes, the cup is 15.00 and 2.40.
    let claim = PartNotice {
        key: "N2".to_owned(),
        amount: cents(4060, "EUR"),
        ..claim
    };
    assert!(is_under_way(&tell(&connector, &claim).await));
    let papers = scene.desk.papers();
    let amounts = |text: &str| {
        let parts = text.split("<Amount currency=\"EUR\">").skip(1);
        let amounts = parts.map(|part| part.split('<').next().expect("one").to_owned());
        amounts.collect::<Vec<_>>()
    };
    assert_eq!(amounts(&papers.feeds[0].text), ["20.00", "15.00"]);
    let text = &papers.feeds[1].text;
    assert_eq!(amounts(text), ["20.00", "3.20", "15.00", "2.40"]);
    assert!(text.contains("<Type>Tax</Type>"), "{text}");
    assert!(text.contains("GeneralAdjustment"), "{text}");
}

#[tokio::test]
async fn a_refund_that_is_not_taken_is_a_persons_and_stays_so() {
    for (status, wrong, report, code) in [
        ("DONE", Some("18028"), None, "18028"),
        ("FATAL", None, None, "feed_aborted"),
        ("CANCELLED", None, None, "feed_cancelled"),
        ("DONE", None, Some("<html>"), "report_cannot_be_read"),
    ] {
        let scene = Scene::open().await;
        let connector = scene.start();
        assert!(is_under_way(&tell(&connector, &notice("N1")).await));
        scene.desk.papers().status = status;
        scene.desk.papers().wrong = wrong;
        let report = report.map(|text| ResponseTemplate::new(200).set_body_string(text));
        scene.desk.papers().report = report;
        for _ in 0..2 {
            assert_eq!(tell(&connector, &notice("N1")).await, Ok(no(code)));
        }
        assert_eq!(scene.feeds(), 1);
    }
}

#[tokio::test]
async fn what_certainly_made_no_feed_is_tried_again() {
    let scene = Scene::open().await;
    let connector = scene.start();
    for answer in [429, 401, 403] {
        scene.desk.papers().drop = Some(ResponseTemplate::new(answer));
        let answer = tell(&connector, &notice("N1")).await;
        // A key that is refused is fetched anew, and the feed asked for once more.
        assert!(answer.is_err(), "{answer:?}");
    }
    scene.desk.papers().drop = Some(trouble(400, "InvalidInput"));
    let refused = tell(&connector, &notice("N2")).await;
    assert_eq!(refused, Ok(no("InvalidInput")));
    scene.desk.papers().full = Some(ResponseTemplate::new(503));
    assert!(is_not_done(&tell(&connector, &notice("N3")).await));
    scene.desk.papers().full = None;
    for _ in 0..2 {
        assert!(is_under_way(&tell(&connector, &notice("N1")).await));
        assert!(is_under_way(&tell(&connector, &notice("N3")).await));
    }
    assert_eq!(scene.feeds(), 2);
}

#[tokio::test]
async fn what_cannot_be_given_back_says_why() {
    let scene = Scene::open().await;
    let connector = scene.start();
    let asked = |lines: &[(&str, u32)], amount, currency: &str| PartNotice {
        asked_at: Timestamp::now() + HOUR,
        ..part(
            ORDER,
            "N1",
            lines,
            cents(amount, currency),
            PartOf::Returned,
        )
    };
    for (lines, amount, currency, code) in [
        (&[("9", 1)][..], 2000, "EUR", "line_not_found"),
        (&[(MUGS, 4)][..], 2000, "EUR", "line_has_fewer_units"),
        (
            &[("05015000000002", 1)][..],
            2000,
            "EUR",
            "line_has_fewer_units",
        ),
        (&[(MUGS, 1)][..], 6001, "EUR", "line_has_less_left"),
        (&[(MUGS, 1)][..], 2000, "GBP", "other_currency"),
        (&[(MUGS, 1)][..], 0, "EUR", "no_units_are_named"),
        (&[][..], 2000, "EUR", "no_units_are_named"),
    ] {
        let answer = tell(&connector, &asked(lines, amount, currency)).await;
        assert_eq!(answer, Ok(no(code)), "{lines:?} {amount}");
    }
    let notice = asked(&[(MUGS, 1)], 2000, "EUR");
    scene.channel.book().total = Some("1.00");
    let odd = tell(&connector, &notice).await;
    assert_eq!(odd, Ok(no("amounts_do_not_add_up")));
    scene.channel.book().total = Some("much");
    let odd = tell(&connector, &notice).await;
    assert_eq!(odd, Ok(no("amounts_cannot_be_read")));
    scene.channel.book().status = "UNSHIPPED";
    assert!(is_not_done(&tell(&connector, &notice).await));
    scene.channel.book().status = "CANCELLED";
    let over = tell(&connector, &notice).await;
    assert_eq!(over, Ok(no("order_is_cancelled")));
    scene.channel.book().by = "AMAZON";
    let theirs = tell(&connector, &notice).await;
    assert_eq!(theirs, Ok(no("fulfilled_by_amazon")));
    let other = PartNotice {
        external_id: "302-9".to_owned(),
        ..notice
    };
    let unknown = tell(&connector, &other).await;
    assert_eq!(unknown, Ok(no("order_not_found")));
    assert_eq!(scene.feeds(), 0);
}

#[tokio::test]
async fn money_goes_back_only_where_it_is_asked_for() {
    let scene = Scene::open().await;
    for refunds in [false, true] {
        for acknowledge in [false, true] {
            let settings = scene.settings.clone().with_flag("refunds", refunds);
            let settings = settings.with_flag("acknowledge", acknowledge);
            let connector = crate::sales::amazon::open(&settings, Duration::ZERO);
            let connector = connector.expect("a connection");
            let hears = connector.way_back().expect("a way").hears();
            assert_eq!(hears.contains(&Topic::Refund), refunds);
            assert_eq!(hears.contains(&Topic::Accepted), acknowledge);
            assert!(hears.contains(&Topic::Shipped) && hears.contains(&Topic::Cancelled));
        }
    }
}
