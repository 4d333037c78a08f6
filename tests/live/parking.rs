//! Messages that come before their order, or at the same moment: none is lost, none stays parked.
//! Those that wait too long are dead letters, and people decide about them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::messages::captured;
use crate::support::orders::authorized_elsewhere;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use crate::support::{checker, journey};

/// What a webhook of a capture says: that the payment was authorised, and that it was captured. Each
/// is a message of its own.
const SAYS: i64 = 2;

/// Pairs of a webhook and its order that meet.
const MEETINGS: usize = 1_000;
/// Pairs that are under way at once.
const AT_ONCE: usize = 25;

async fn parked(audit: &PgPool) -> i64 {
    let count = sqlx::query_scalar("select count(*) from orderhub_check.parked");
    count.fetch_one(audit).await.unwrap()
}

/// Orders that know that all of their money was captured.
async fn paid(audit: &PgPool) -> i64 {
    let count =
        sqlx::query_scalar("select count(*) from orderhub_check.orders where captured = 19.99");
    count.fetch_one(audit).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_and_its_order_at_the_same_moment_always_find_each_other() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 2_000).await;
    let mut workers = JoinSet::new();
    for worker in 0..AT_ONCE {
        let (api, stripe) = (world.api.clone(), Arc::clone(&world.stripe));
        workers.spawn(async move {
            let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
            for number in (worker..MEETINGS).step_by(AT_ONCE) {
                let reference = format!("pi_meeting_{number}");
                let event = captured(number, &reference);
                let order = authorized_elsewhere(&format!("M-{number}"), "SKU-1", &reference);
                let start = Barrier::new(2);
                let deliver = async {
                    start.wait().await;
                    // By turns one of the two is a little late, so that every order of events is met.
                    let late = u64::try_from(number % 5).unwrap();
                    tokio::time::sleep(Duration::from_millis(late)).await;
                    until("the webhook is taken", AFTER_A_CRASH, || async {
                        let status = stripe.post.deliver(&event).await?;
                        matches!(status, 200 | 202).then_some(status)
                    })
                    .await
                };
                let place = async {
                    start.wait().await;
                    let late = u64::try_from(number % 3).unwrap();
                    tokio::time::sleep(Duration::from_millis(late)).await;
                    api.place(&order).await
                };
                let (status, _) = tokio::join!(deliver, place);
                *answers.entry(status).or_default() += 1;
            }
            answers
        });
    }
    let mut answers: BTreeMap<u16, u32> = BTreeMap::new();
    while let Some(counted) = workers.join_next().await {
        for (status, count) in counted.unwrap() {
            *answers.entry(status).or_default() += count;
        }
    }
    until("nothing is parked any more", AFTER_A_CRASH, || async {
        (parked(&world.audit).await == 0).then_some(())
    })
    .await;
    let meetings = i64::try_from(MEETINGS).unwrap();
    assert_eq!(paid(&world.audit).await, meetings, "answers: {answers:?}");
    let told: i64 = sqlx::query_scalar(
        "select count(*) from orderhub_check.events where kind = 'payment.captured'",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert_eq!(told, meetings, "each fact once; answers: {answers:?}");
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_strictly_before_their_orders_are_applied_when_these_come() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    for number in 0..20 {
        let event = captured(number, &format!("pi_early_{number}"));
        for _ in 0..2 {
            assert_eq!(world.stripe.post.deliver(&event).await, Some(202));
        }
    }
    let kept = parked(&world.audit).await;
    assert_eq!(kept, 20 * SAYS, "a repeat is the same message");
    let place = |number: usize| {
        let reference = format!("pi_early_{number}");
        authorized_elsewhere(&format!("E-{number}"), "SKU-1", &reference)
    };
    for number in 0..10 {
        world.api.place(&place(number)).await;
    }
    until("the first ten are applied", SOON, || async {
        (parked(&world.audit).await == 10 * SAYS).then_some(())
    })
    .await;
    // A hub that knows of the others only from the table.
    world.hub.kill();
    world.hub.start().await;
    for number in 10..20 {
        world.api.place(&place(number)).await;
    }
    until("all are applied", SOON, || async {
        (parked(&world.audit).await == 0).then_some(())
    })
    .await;
    assert_eq!(paid(&world.audit).await, 20);
    checker::always(&world.audit).await;
}

/// The parked messages in a state.
async fn in_state(world: &World, state: &str) -> Vec<Value> {
    let path = format!("/v1/parked?state={state}");
    let page = world.api.get(&path).await.expect(200);
    page["data"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_too_long_is_a_dead_letter_until_a_person_decides() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    for number in 0..2 {
        let event = captured(number, &format!("pi_dead_{number}"));
        assert_eq!(world.stripe.post.deliver(&event).await, Some(202));
    }
    let all = usize::try_from(2 * SAYS).unwrap();
    assert_eq!(in_state(&world, "waiting").await.len(), all);
    sqlx::query("update orderhub.parked_message set received_at = received_at - interval '25 h'")
        .execute(&world.audit)
        .await
        .unwrap();
    let dead = until("all are dead", AFTER_A_CRASH, || async {
        let dead = in_state(&world, "dead").await;
        (dead.len() == all).then_some(dead)
    })
    .await;
    for reason in checker::parked_reasons(&world.audit).await {
        assert_eq!(reason, "dead: no_order after 86400 s");
    }
    let metrics = world.hub.admin().get("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    let counted = "orderhub_dead_letters_total{source=\"payments/stripe-eu\"} 4";
    assert!(metrics.contains(counted), "{metrics}");
    until("the dead are counted", AFTER_A_CRASH, || async {
        let metrics = world.hub.admin().get("/metrics").await;
        let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
        metrics
            .contains("orderhub_parked_messages{state=\"dead\"} 4")
            .then_some(())
    })
    .await;

    let of = |number: usize| {
        let wanted = format!("pi_dead_{number}");
        let found = dead
            .iter()
            .filter(|one| one["waiting_for"]["value"] == *wanted);
        let ids = found.map(|one| one["message_id"].as_str().unwrap().to_owned());
        ids.collect::<Vec<_>>()
    };
    let act = |id: &str, verb: &str| format!("/v1/parked/{id}/actions/{verb}");
    for message in &dead {
        assert_eq!(message["recommended"], "discard", "{message}");
    }
    let early = act(&of(0)[0], "replay");
    let still = api.post(&early, &json!({})).await.expect(200);
    assert_eq!(still["outcome"], "unmatched");
    assert_eq!(
        in_state(&world, "dead").await.len(),
        all,
        "there is no order"
    );
    let reason = json!({"reason": "the buyer never ordered"});
    for id in of(1) {
        let discard = act(&id, "discard");
        api.post(&discard, &reason).await.expect(200);
        api.post(&discard, &reason).await.expect(404);
    }

    let order = api
        .place(&authorized_elsewhere("D-0", "SKU-1", "pi_dead_0"))
        .await;
    journey::fulfilment_of(api, &order, SOON).await;
    until("the commit brings the dead letter in", SOON, || async {
        (parked(&world.audit).await == 0).then_some(())
    })
    .await;
    assert_eq!(api.order(&order).await["payment"]["captured"], "19.99");
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_message_is_dead_at_once_and_can_be_looked_at_and_replayed() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let event = captured(1, "pi_odd");
    let odd = event.replace("\"amount\":1999", "\"amount\":\"much\"");
    assert_ne!(odd, event);
    assert_eq!(world.stripe.post.deliver(&odd).await, Some(202));
    let [dead] = in_state(&world, "dead").await.try_into().unwrap();
    let reason = dead["reason"].as_str().unwrap();
    assert!(reason.starts_with("dead: unreadable: "), "{reason}");
    assert_eq!(dead["recommended"], "replay");
    let id = dead["message_id"].as_str().unwrap();
    let path = format!("/v1/parked/{id}/actions/replay");
    let replayed = api.post(&path, &json!({})).await.expect(200);
    assert_eq!(replayed["outcome"], "invalid");
    assert_eq!(in_state(&world, "dead").await.len(), 1);
    let shown = api.get(&format!("/v1/parked/{id}")).await.expect(200);
    assert_eq!(shown["body"], odd);

    // It stays as it is until somebody throws it away, and keeps nothing else from its order.
    assert_eq!(world.stripe.post.deliver(&event).await, Some(202));
    let reason = json!({"reason": "the sender has told it rightly since"});
    let discard = format!("/v1/parked/{id}/actions/discard");
    api.post(&discard, &reason).await.expect(200);
    assert!(in_state(&world, "dead").await.is_empty());
    let order = api
        .place(&authorized_elsewhere("O-1", "SKU-1", "pi_odd"))
        .await;
    journey::fulfilment_of(api, &order, SOON).await;
    until("what was told rightly is booked", SOON, || async {
        (parked(&world.audit).await == 0).then_some(())
    })
    .await;
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_says_nothing_is_not_parked_and_an_unreadable_one_dies_once() {
    let world = World::start().await;
    let event = captured(1, "pi_silent");
    let silent = event.replace("payment_intent.succeeded", "payment_intent.created");
    assert_ne!(silent, event);
    assert_eq!(world.stripe.post.deliver(&silent).await, Some(200));
    assert_eq!(parked(&world.audit).await, 0);
    let strange = event.replace("payment_intent.succeeded", "customer.created");
    assert_eq!(world.stripe.post.deliver(&strange).await, Some(200));
    assert_eq!(in_state(&world, "kept").await.len(), 1);
    let ignored = "/v1/webhooks-received?source=payments/stripe-eu&outcome=ignored";
    until("both are remembered", SOON, || async {
        let page = world.api.get(ignored).await.expect(200);
        (page["data"].as_array()?.len() == 2).then_some(())
    })
    .await;

    let odd = event.replace("\"amount\":1999", "\"amount\":\"much\"");
    for _ in 0..3 {
        assert_eq!(world.stripe.post.deliver(&odd).await, Some(202));
    }
    assert_eq!(in_state(&world, "dead").await.len(), 1);
    let metrics = world.hub.admin().get("/metrics").await;
    let metrics = String::from_utf8(metrics.body.to_vec()).unwrap();
    let counted = "orderhub_dead_letters_total{source=\"payments/stripe-eu\"} 1\n";
    assert!(metrics.contains(counted), "{metrics}");
}
