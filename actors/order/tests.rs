//! Requests and their repeats, reports that change nothing, references.

use std::time::Duration;

use jiff::SignedDuration;
use orderhub_domain::canonical::Address;
use orderhub_domain::customs::Customs;
use orderhub_domain::ids::CommandId;
use orderhub_domain::order::{
    Asked, Command, Edge, Event, FulfilmentStep, HoldScope, OnExpiry, REMEMBERED_REQUESTS,
    Rejection, Request, Stage, explain,
};
use orderhub_domain::policy::{CountRule, CustomsData, Policy, ScreeningPolicy};

use crate::api::{HubApi, HubError};
use crate::ports::{OrderRef, RefKind};
use crate::testing::{Hall, Plan, order_of};

fn hold(reason: &str) -> Command {
    Command::Hold {
        scope: HoldScope::Order,
        blocks: vec![Edge::Ship],
        reason: reason.into(),
        until: None,
        on_expiry: OnExpiry::default(),
    }
}

fn request(number: usize, body: &str) -> Request {
    let key = number.to_string();
    Request {
        command_id: CommandId::of_request("key", "POST", "/hold", "order", &key),
        body_hash: body.into(),
        reply_schema: 1,
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_gets_the_first_answer_even_when_the_state_forgot_it() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let ask = |number: usize, body: &'static str| {
        let request = request(number, body);
        let command = hold("because");
        hall.hub.command(
            placed.order,
            Asked {
                command,
                request: Some(request),
                expected: None,
            },
            "operator:eve".into(),
        )
    };
    let first = ask(0, "a").await.expect("held");
    assert!(!first.repeated);
    let again = ask(0, "a").await.expect("held");
    assert_eq!((again.version, again.repeated), (first.version, true));
    for number in 1..=REMEMBERED_REQUESTS {
        ask(number, "a").await.expect("held");
    }
    let later = ask(0, "a").await.expect("held");
    assert_eq!((later.version, later.repeated), (first.version, true));
    assert!(matches!(ask(0, "b").await, Err(HubError::KeyReused)));
    let held = hall.order(placed.order).await.holds.len();
    assert_eq!(held, REMEMBERED_REQUESTS + 1);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_an_answer_and_leaves_the_order_alive() {
    let hall = Hall::open().await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Rejected]).await;
    let release = Command::Release {
        hold: 9,
        reason: "because".into(),
    };
    for _ in 0..3 {
        let answer = hall
            .hub
            .command(placed.order, release.clone().into(), "operator:eve".into())
            .await;
        assert!(matches!(answer, Err(HubError::Rejected(_))), "{answer:?}");
    }
    let nobody = orderhub_domain::ids::OrderId::from_uuid(uuid::Uuid::from_u128(9));
    let answer = hall
        .hub
        .command(nobody, release.into(), "operator:eve".into())
        .await;
    assert!(matches!(answer, Err(HubError::NotFound("order"))));
}

#[tokio::test(start_paused = true)]
async fn a_payment_reference_is_stored_with_the_commit_that_brings_it() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let reference = OrderRef {
        kind: RefKind::Payment,
        scope: "stripe".into(),
        value: format!("pi_{}", placed.order.uuid().simple()),
    };
    let resolved = hall.hub.shared.journal.resolve(&reference).await;
    assert_eq!(resolved.expect("read"), Some(placed.order));
}

#[tokio::test(start_paused = true)]
async fn an_order_at_rest_has_no_wake_up_time_and_is_not_woken() {
    let hall = Hall::open().await;
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Rejected]).await;
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(hall.awake(), 0);
    let (_, stage, _, wake_at) = hall.twin.orders()[0];
    assert_eq!((stage, wake_at), (Stage::Rejected, None));
    let appends = hall.twin.appends();
    tokio::time::sleep(Duration::from_mins(2)).await;
    assert_eq!(hall.twin.appends(), appends);
}

fn counting(review_sla: SignedDuration) -> Policy {
    let payment = CountRule {
        from: 3,
        weight: 50,
    };
    Policy {
        screening: ScreeningPolicy {
            payment,
            ..ScreeningPolicy::default()
        },
        review_sla,
        ..Policy::default()
    }
}

/// Six orders with one card at once: none of them finds another one in the store, and still the
/// third and all after it are held back.
#[tokio::test(start_paused = true)]
async fn orders_that_come_at_the_same_moment_count_each_other_once() {
    let plan = Plan {
        policy: counting(SignedDuration::from_hours(24)),
        ..Plan::default()
    };
    let hall = plan.open().await;
    hall.stock("BER1", "A", 50).await;
    let orders: Vec<_> = (0..6)
        .map(|number| order_of(&format!("W-{number}"), "A", 1, "pm_shared"))
        .collect();
    let placing = orders.into_iter().map(|order| hall.hub.place(order));
    let placed = futures_util::future::join_all(placing).await;
    let mut held = 0;
    let mut counted = Vec::new();
    for placed in placed {
        let order = placed.expect("placed").order;
        let (order, log) = hall.hub.order(order).await.expect("read").expect("there");
        held += usize::from(order.stage == Stage::Screening);
        let Event::Screened(screened) = &log[1].event else {
            panic!("{:?}", log[1]);
        };
        let features = screened.features.as_ref();
        counted.push(features.and_then(|features| features.payment_orders));
    }
    counted.sort_unstable();
    assert_eq!(counted, [1, 2, 3, 4, 5, 6].map(Some));
    assert_eq!(held, 4);
    let late = hall
        .hub
        .place(order_of("W-late", "A", 1, "pm_shared"))
        .await;
    let late = hall.order(late.expect("placed").order).await;
    assert_eq!(
        late.review.map(|review| review.score),
        Some(100),
        "it is the seventh"
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_that_nobody_reviews_is_woken_for_its_default() {
    let plan = Plan {
        policy: counting(SignedDuration::from_mins(5)),
        ..Plan::default()
    };
    let hall = plan.open().await;
    hall.stock("BER1", "A", 50).await;
    let mut last = None;
    for number in 0..3 {
        let order = order_of(&format!("W-{number}"), "A", 1, "pm_shared");
        last = Some(hall.hub.place(order).await.expect("placed").order);
    }
    let order = last.expect("three orders");
    // Long enough to fall asleep.
    tokio::time::sleep(Duration::from_mins(4)).await;
    assert_eq!(hall.stage(order).await, Stage::Screening);
    tokio::time::sleep(Duration::from_mins(2)).await;
    let now = hall.order(order).await;
    assert_eq!(now.stage, Stage::Rejected);
    assert_eq!(now.reason.as_deref(), Some("fraud_review"));
    let approve = Command::Approve {
        reason: "late".into(),
    };
    let late = hall
        .hub
        .command(order, approve.into(), "operator:eve".into());
    assert!(matches!(
        late.await,
        Err(HubError::Rejected(Rejection::WrongStage { .. }))
    ));
}

#[tokio::test(start_paused = true)]
async fn where_customs_data_has_to_be_complete_no_label_is_asked_for_without_it() {
    let plan = Plan {
        policy: Policy {
            customs: CustomsData::Complete,
            ..Policy::default()
        },
        ..Plan::default()
    };
    let hall = plan.open().await;
    hall.stock("BER1", "A", 5).await;
    let mut packed = Vec::new();
    for (name, customs) in [
        ("C-1", None),
        (
            "C-2",
            Some(Customs {
                hs_code: Some("691200".into()),
                origin: Some("PT".into()),
            }),
        ),
    ] {
        let mut order = order_of(name, "A", 1, "pm");
        order.submission.draft.destination = Some("CH".into());
        order.submission.draft.lines[0].customs = customs;
        order.submission.private.ship_to = Some(Address {
            lines: vec!["Own Square 1".into()],
            city: Some("Bern".into()),
            country: Some("CH".into()),
            ..Address::default()
        });
        let order = hall.hub.place(order).await.expect("placed").order;
        hall.until(order, &[Stage::Fulfilling]).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
            let command = Command::Fulfil {
                fulfilment: 1,
                step,
            };
            let done = hall
                .hub
                .command(order, command.into(), "operator:eve".into());
            done.await.expect("legal");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        packed.push(hall.order(order).await);
    }
    let [lacking, whole] = &packed[..] else {
        panic!("two orders");
    };
    let why = explain(lacking, &Policy::default());
    assert!(
        why.because
            .contains("line 1 lacks its HS code and its country of origin"),
        "{why:?}"
    );
    assert!(whole.fulfilments[0].is_labelled());
    let sold = hall.post.sold();
    assert_eq!(sold.len(), 1, "the carrier was asked for one");
    let content = &sold[0].goods.contents[0];
    assert_eq!(
        (content.units, content.hs_code.as_deref()),
        (1, Some("691200"))
    );
}
