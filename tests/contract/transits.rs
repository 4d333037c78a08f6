//! What parcels took on their lanes.

use jiff::SignedDuration;
use orderhub_actors::ports::Appended;
use orderhub_domain::order::{ShippingLane, Stage, TRANSITS_COUNTED, Transit};

use super::World;
use super::fixture::{NewOrder, append, at, noted, number};

fn lane(account: &str, service: Option<&str>) -> ShippingLane {
    ShippingLane {
        account: account.into(),
        carrier: "UPS".to_owned(),
        service: service.map(str::to_owned),
        origin: "DE".to_owned(),
        destination: "FR".to_owned(),
    }
}

fn transit(parcel: u16, lane: &ShippingLane, seconds: i64, delivered: i64) -> Transit {
    Transit {
        fulfilment: 1,
        parcel,
        lane: lane.clone(),
        took: SignedDuration::from_secs(seconds),
        delivered_at: at(delivered),
    }
}

pub(crate) async fn a_delivery_counts_once_and_for_its_own_lane(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    node.create(&order, &claims).await;
    // Every store may have lanes of other tests.
    let account = format!("post-{}", number());
    let (plain, express) = (lane(&account, None), lane(&account, Some("express")));
    let told = |version: u64, transits: Vec<Transit>| {
        let event = vec![noted("delivered")];
        let mut append = append(order.id, &claims, version, event, Stage::Fulfilling);
        append.transits = transits;
        append
    };
    let first = vec![
        transit(1, &plain, 500, 10),
        transit(2, &plain, 700, 30),
        transit(3, &express, 90, 20),
    ];
    assert_eq!(
        node.commit(told(2, first.clone())).await,
        Appended::Committed
    );
    // Decided on what is not the log any more: nothing of it is remembered.
    let stale = told(2, vec![transit(4, &plain, 1, 40)]);
    assert_eq!(node.commit(stale).await, Appended::Stale);
    // Delivered once more after a correction.
    let again = told(3, vec![transit(1, &plain, 9_000, 50)]);
    assert_eq!(node.commit(again).await, Appended::Committed);

    let took = node.journal.transits(&plain).await.expect("read");
    assert_eq!(took, [700, 500], "the newest first");
    let took = node.journal.transits(&express).await.expect("read");
    assert_eq!(took, [90]);
    let other = lane(&format!("{account}-other"), None);
    assert!(
        node.journal
            .transits(&other)
            .await
            .expect("read")
            .is_empty()
    );
}

pub(crate) async fn only_the_newest_deliveries_of_a_lane_are_read(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    node.create(&order, &claims).await;
    let plain = lane(&format!("post-{}", number()), None);
    let event = vec![noted("delivered")];
    let mut append = append(order.id, &claims, 2, event, Stage::Fulfilling);
    let all = 1..=TRANSITS_COUNTED + 30;
    append.transits = all
        .map(|n| transit(n, &plain, i64::from(n), i64::from(n)))
        .collect();
    assert_eq!(node.commit(append).await, Appended::Committed);
    let took = node.journal.transits(&plain).await.expect("read");
    assert_eq!(took.len(), usize::from(TRANSITS_COUNTED));
    assert_eq!((took.first(), took.last()), (Some(&230), Some(&31)));
}
