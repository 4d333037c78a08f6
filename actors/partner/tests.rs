//! Gateways that time out, refuse, and come back.

use std::time::Duration;

use orderhub_channels::port::Repeat;
use orderhub_domain::order::Stage;

use crate::api::HubApi;
use crate::testing::{Hall, Mood, Plan, order_of};

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_is_repeated_under_the_same_key() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Silent, Mood::Hangs]);
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let calls = hall.gateway.calls();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|call| *call == calls[0]), "{calls:?}");
    assert_eq!(hall.gateway.authorized(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_keys_is_asked_first_and_not_charged_twice() {
    let hall = Plan {
        repeat: Repeat::QueryFirst,
        ..Plan::default()
    }
    .open()
    .await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Silent]);
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let calls = hall.gateway.calls();
    let authorizes = calls.iter().filter(|call| call.starts_with("authorize"));
    assert_eq!(authorizes.count(), 1, "{calls:?}");
    assert!(calls.iter().any(|call| call.starts_with("query")));
}

#[tokio::test(start_paused = true)]
async fn a_lost_call_is_made_again_when_the_gateway_firmly_knows_nothing() {
    let hall = Plan {
        repeat: Repeat::QueryFirst,
        ..Plan::default()
    }
    .open()
    .await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Hangs]);
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 1, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Fulfilling]).await;
    let calls = hall.gateway.calls();
    assert!(calls[1].starts_with("query"), "{calls:?}");
    assert_eq!(hall.gateway.authorized(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_opens_the_breaker_and_does_not_flood_the_log() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 200).await;
    hall.gateway.always(Some(Mood::Busy));
    let mut orders = Vec::new();
    for n in 0..100 {
        let order = order_of(&format!("W-{n}"), "A", 1, "pm");
        orders.push(hall.hub.place(order).await.expect("placed").order);
    }
    tokio::time::sleep(Duration::from_mins(1)).await;
    let calls = hall.gateway.calls().len();
    assert!(calls < 50, "{calls} calls into an outage of a minute");
    let mut most = 0;
    for id in &orders {
        let log = hall.hub.order(*id).await.expect("read").expect("there").1;
        let postponed = log
            .iter()
            .filter(|e| e.event.kind() == "order.effect_postponed");
        most = most.max(postponed.count());
    }
    assert_eq!(
        most, 1,
        "an effect is put off once, however long the outage"
    );
    hall.gateway.always(None);
    let back = tokio::time::Instant::now();
    for id in orders {
        hall.until(id, &[Stage::Fulfilling]).await;
    }
    let took = back.elapsed();
    assert!(
        took < Duration::from_secs(30),
        "{took:?} of the paused clock"
    );
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_works_and_says_no_is_not_left_alone() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 100).await;
    hall.gateway.always(Some(Mood::NotNow));
    for n in 0..50 {
        let order = order_of(&format!("W-{n}"), "A", 1, "pm");
        hall.hub.place(order).await.expect("placed");
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(hall.gateway.calls().len(), 50, "each order got its own no");
    hall.gateway.always(None);
    let good = order_of("W-good", "A", 1, "pm");
    let good = hall.hub.place(good).await.expect("placed");
    tokio::time::sleep(Duration::from_secs(1)).await;
    hall.until(good.order, &[Stage::Fulfilling]).await;
}

#[tokio::test(start_paused = true)]
async fn a_declined_payment_gives_the_stock_back() {
    let hall = Hall::open().await;
    hall.stock("BER1", "A", 5).await;
    hall.gateway.next(&[Mood::Declines]);
    let placed = hall
        .hub
        .place(order_of("W-1", "A", 3, "pm"))
        .await
        .expect("placed");
    hall.until(placed.order, &[Stage::Rejected]).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(hall.counters("BER1", "A").available(), 5);
}
