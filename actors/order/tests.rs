//! Requests and their repeats, reports that change nothing, references.

use std::time::Duration;

use orderhub_domain::ids::CommandId;
use orderhub_domain::order::{
    Asked, Command, Edge, HoldScope, REMEMBERED_REQUESTS, Request, Stage,
};

use crate::api::{HubApi, HubError};
use crate::ports::{OrderRef, RefKind};
use crate::testing::{Hall, order_of};

fn hold(reason: &str) -> Command {
    Command::Hold {
        scope: HoldScope::Order,
        blocks: vec![Edge::Ship],
        reason: reason.into(),
        until: None,
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
