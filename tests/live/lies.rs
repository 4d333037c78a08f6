//! Partners that execute and do not answer, answer nonsense, slow down, fail, and tell everything
//! late, three times and out of order. Charges equal orders all the same.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::post::Manner;
use crate::support::doubles::stripe::{Applied, DECLINED_CARD};
use crate::support::journey::{self, step};
use crate::support::orders::{one_unit, paid_elsewhere};
use crate::support::patience::AFTER_A_CRASH;
use crate::support::world::World;
use crate::support::{books, checker};

#[tokio::test(flavor = "multi_thread")]
async fn partners_that_lie_are_charged_and_paid_once_per_order() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    let stripe = &world.stripe.faults;
    for call in [Call::Authorize, Call::Capture] {
        stripe.share(call, 30, Fault::LoseAnswer);
        stripe.share(call, 10, Fault::NotifyTwice);
        stripe.share(call, 10, Fault::Broken);
    }
    stripe.next(Call::Authorize, 1, Fault::Hang(Duration::from_secs(40)));
    stripe.next(Call::Authorize, 2, Fault::Garbage);
    stripe.next(Call::Authorize, 2, Fault::TooMany);
    stripe.next(Call::Capture, 1, Fault::Huge);
    let unruly = Manner::Unruly {
        times: 3,
        latest: Duration::from_secs(10),
    };
    world.stripe.post.behave(unruly);
    let carrier = &world.easypost.faults;
    carrier.share(Call::BuyLabel, 25, Fault::LoseAnswer);
    carrier.share(Call::CreateShipment, 10, Fault::Broken);
    carrier.next(Call::BuyLabel, 1, Fault::Garbage);

    let mut lives = JoinSet::new();
    for number in 0..40 {
        let (api, easypost) = (world.api.clone(), Arc::clone(&world.easypost));
        lives.spawn(async move {
            let order = api.place(&one_unit(&format!("Y-{number}"), "SKU-1")).await;
            let (fulfilment, tracking) = journey::pack(&api, &order, AFTER_A_CRASH).await;
            step(&api, &fulfilment, "hand-over").await;
            journey::deliver(&easypost, &tracking).await;
            api.until_stage_within(&order, &["completed"], AFTER_A_CRASH)
                .await;
        });
    }
    while let Some(life) = lives.join_next().await {
        life.unwrap();
    }
    // The last late notifications arrive at orders that are done.
    tokio::time::sleep(Duration::from_secs(11)).await;
    let book = world.stripe.book();
    let count = |wanted: Applied| book.iter().filter(|entry| entry.applied == wanted).count();
    assert_eq!(
        (count(Applied::Authorized), count(Applied::Captured)),
        (40, 40)
    );
    assert_eq!(world.easypost.labels().len(), 40);
    let struck = (stripe.struck(), carrier.struck());
    assert!(
        struck.0 >= 35 && struck.1 >= 12,
        "too little went wrong to prove anything: {struck:?}"
    );
    assert_eq!(checker::orders_in(&world.audit, &["completed"]).await, 40);
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_out_without_any_webhook() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    world.stripe.post.behave(Manner::Kept);
    world
        .stripe
        .faults
        .next(Call::Authorize, 1, Fault::LoseAnswer);
    let order = world.api.place(&one_unit("N-1", "SKU-1")).await;
    world
        .api
        .until_stage_within(&order, &["fulfilling"], AFTER_A_CRASH)
        .await;
    assert_eq!(world.stripe.book_of(&order), [(Applied::Authorized, 1999)]);

    // Everything the gateway would have told arrives in the end, backwards, and changes nothing.
    let before = checker::counters(&world.audit, "BER1", "SKU-1").await;
    for event in world.stripe.events().iter().rev() {
        assert_eq!(world.stripe.post.deliver(event).await, Some(200));
    }
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        before
    );
    assert_eq!(
        world.api.order(&order).await["payment"]["authorized"],
        "19.99"
    );
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_card_and_an_empty_shelf_end_an_order_and_hold_nothing() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 1).await;
    let mut declined = one_unit("D-1", "SKU-1");
    declined["payment"]["token"] = DECLINED_CARD.into();
    let order = world.api.place(&declined).await;
    let ended = world.api.until_stage(&order, &["rejected"]).await;
    assert_eq!(ended["reason"], "payment_declined");
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (1, 0, 0)
    );

    let missing = world.api.place(&one_unit("D-2", "NO-SUCH-SKU")).await;
    let ended = world.api.until_stage(&missing, &["rejected"]).await;
    assert_eq!(ended["reason"], "out_of_stock");
    assert!(
        world.stripe.book_of(&missing).is_empty(),
        "no stock, no authorisation"
    );

    // What the channel was paid for never reaches the gateway.
    let paid = world.api.place(&paid_elsewhere("D-3", "SKU-1")).await;
    world.api.until_stage(&paid, &["fulfilling"]).await;
    assert!(world.stripe.book_of(&paid).is_empty());
    checker::at_rest(&world.audit, 1).await;
}
