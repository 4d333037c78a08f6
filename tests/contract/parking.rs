//! Parked messages: kept once, found by what they wait for, dead after a while.

use std::collections::BTreeMap;

use orderhub_actors::ports::{OrderRef, Parked, ParkedState};
use uuid::Uuid;

use super::World;
use super::fixture::{micros, number, payment_ref};

/// Messages of one test; those with a higher number arrived earlier.
struct Messages(u128);

impl Messages {
    fn new() -> Self {
        Self(u128::from(number()) << 64)
    }

    fn waiting(&self, n: u32, reference: &OrderRef) -> Parked {
        Parked {
            id: Uuid::from_u128(self.0 + u128::from(n)),
            source: "payments/stripe-eu".to_owned(),
            reason: "no_order".to_owned(),
            waiting_for: Some(reference.clone()),
            dead_since: None,
            received_at: micros(1_000 - i64::from(n), 3),
            body: vec![0, 159, 146, 150, 10],
            headers: BTreeMap::from([("x-topic".to_owned(), "orders/paid".to_owned())]),
        }
    }

    fn kept(&self, n: u32) -> Parked {
        Parked {
            reason: "unknown_topic:app/uninstalled".to_owned(),
            waiting_for: None,
            ..self.waiting(n, &payment_ref("none"))
        }
    }
}

fn new_ref() -> OrderRef {
    payment_ref(&format!("pi_{}", number()))
}

pub(crate) async fn parked_messages_wait_until_they_are_forgotten(world: &impl World) {
    let journal = world.node("a").await.journal;
    let (messages, reference) = (Messages::new(), new_ref());
    let (young, old) = (
        messages.waiting(1, &reference),
        messages.waiting(2, &reference),
    );
    for parked in [&young, &old, &messages.kept(3), &young] {
        journal.park(parked).await.expect("parked");
    }
    let for_it = journal.parked(&reference, None, 10).await;
    assert_eq!(
        for_it.expect("read"),
        [old.clone(), young.clone()],
        "oldest first, each once"
    );
    let for_another = journal.parked(&new_ref(), None, 10).await;
    assert!(for_another.expect("read").is_empty());
    assert!(journal.unpark(old.id).await.expect("forgotten"));
    assert!(!journal.unpark(old.id).await.expect("gone"));
    let for_it = journal.parked(&reference, None, 10).await;
    assert_eq!(for_it.expect("read"), [young]);
}

pub(crate) async fn messages_of_one_reference_come_page_by_page(world: &impl World) {
    let journal = world.node("a").await.journal;
    let (messages, reference) = (Messages::new(), new_ref());
    for n in [3, 1, 5, 4, 2] {
        let mut message = messages.waiting(n, &reference);
        // Some arrived at the same moment: their ids decide.
        message.received_at = micros(1_000 - i64::from(n / 3), 3);
        journal.park(&message).await.expect("parked");
    }
    let (mut mark, mut seen) = (None, Vec::new());
    loop {
        let page = journal.parked(&reference, mark, 2).await.expect("read");
        let Some(last) = page.last() else { break };
        mark = Some((last.received_at, last.id));
        seen.extend(page.iter().map(|message| message.id.as_u128() - messages.0));
    }
    assert_eq!(seen, [3, 4, 5, 1, 2]);
}

pub(crate) async fn awaited_references_come_once_and_in_pages(world: &impl World) {
    let journal = world.node("a").await.journal;
    let messages = Messages::new();
    let references: Vec<OrderRef> = (0..5).map(|_| new_ref()).collect();
    for (n, reference) in (1..).zip(references.iter().chain(&references)) {
        let message = messages.waiting(n, reference);
        journal.park(&message).await.expect("parked");
    }
    journal.park(&messages.kept(20)).await.expect("parked");
    let (mut mark, mut seen) = (None, Vec::new());
    loop {
        let page = journal.awaited(mark.as_ref(), 2).await.expect("read");
        let Some(last) = page.last() else { break };
        mark = Some(last.clone());
        seen.extend(page);
    }
    assert_eq!(seen.len(), references.len());
    assert!(references.iter().all(|one| seen.contains(one)), "{seen:?}");
}

pub(crate) async fn a_dead_message_stays_and_is_not_awaited(world: &impl World) {
    let journal = world.node("a").await.journal;
    let (messages, reference) = (Messages::new(), new_ref());
    let message = messages.waiting(1, &reference);
    journal.park(&message).await.expect("parked");
    let (death, later) = (micros(2_000, 5), micros(3_000, 5));
    let bury = |at| journal.bury(message.id, "dead: no order", at);
    assert!(bury(death).await.expect("buried"));
    assert!(!bury(later).await.expect("dead before"));
    assert!(journal.awaited(None, 10).await.expect("read").is_empty());
    let dead = Parked {
        reason: "dead: no order".to_owned(),
        dead_since: Some(death),
        ..message.clone()
    };
    assert_eq!(dead.state(), ParkedState::Dead);
    let for_it = journal.parked(&reference, None, 10).await;
    assert_eq!(
        for_it.expect("read"),
        [dead],
        "its order may come after all"
    );
    journal.unpark(message.id).await.expect("forgotten");
    assert!(!bury(death).await.expect("gone"));
}

pub(crate) async fn a_message_that_comes_again_is_judged_anew_unless_it_died_waiting(
    world: &impl World,
) {
    let journal = world.node("a").await.journal;
    let (messages, reference, other) = (Messages::new(), new_ref(), new_ref());
    let waiting = messages.waiting(1, &reference);
    let death = micros(2_000, 5);
    journal.park(&waiting).await.expect("parked");
    journal
        .bury(waiting.id, "dead: no order", death)
        .await
        .expect("buried");
    journal.park(&waiting).await.expect("parked");
    let found = journal.parked(&reference, None, 10).await.expect("read");
    assert_eq!(
        found[0].dead_since,
        Some(death),
        "it waits for the same as before"
    );
    assert_eq!(found[0].reason, "dead: no order");

    let elsewhere = Parked {
        waiting_for: Some(other.clone()),
        received_at: micros(5_000, 5),
        ..waiting.clone()
    };
    journal.park(&elsewhere).await.expect("parked");
    assert!(
        journal
            .parked(&reference, None, 10)
            .await
            .expect("read")
            .is_empty()
    );
    let found = journal.parked(&other, None, 10).await.expect("read");
    let expected = Parked {
        received_at: waiting.received_at,
        ..elsewhere
    };
    assert_eq!(
        found,
        [expected],
        "alive again; it arrived when it first did"
    );

    let unreadable = |at| Parked {
        reason: "dead: unreadable: no id".to_owned(),
        waiting_for: None,
        dead_since: Some(at),
        ..messages.waiting(2, &reference)
    };
    journal.park(&unreadable(death)).await.expect("parked");
    journal
        .park(&unreadable(micros(9_000, 5)))
        .await
        .expect("parked");
    journal
        .park(&messages.waiting(2, &reference))
        .await
        .expect("parked");
    let found = journal.parked(&reference, None, 10).await.expect("read");
    assert_eq!(
        found,
        [messages.waiting(2, &reference)],
        "it can be read by now"
    );
}

pub(crate) async fn a_message_dies_once_however_often_it_comes(world: &impl World) {
    let journal = world.node("a").await.journal;
    let (messages, reference) = (Messages::new(), new_ref());
    let park = async |message: &Parked| journal.park(message).await.expect("parked");
    let unreadable = |n, at| Parked {
        reason: "dead: unreadable: no id".to_owned(),
        waiting_for: None,
        dead_since: Some(at),
        ..messages.waiting(n, &reference)
    };
    let (death, later) = (micros(2_000, 5), micros(3_000, 5));
    assert!(park(&unreadable(1, death)).await);
    assert!(!park(&unreadable(1, later)).await, "dead before");
    let alive = messages.waiting(1, &reference);
    assert!(!park(&alive).await, "it can be read by now");
    assert!(park(&unreadable(1, later)).await, "and not any more");

    let waiting = messages.waiting(2, &reference);
    assert!(!park(&waiting).await);
    let buried = journal.bury(waiting.id, "dead: no order", death).await;
    assert!(buried.expect("buried"));
    assert!(!park(&waiting).await, "it stays as dead as it was");
    assert!(!park(&unreadable(2, later)).await, "whatever it is dead of");
    assert!(!park(&messages.kept(3)).await);
}

pub(crate) async fn parked_messages_are_counted_by_state(world: &impl World) {
    let journal = world.node("a").await.journal;
    assert!(journal.count_parked().await.expect("counted").is_empty());
    let (messages, reference) = (Messages::new(), new_ref());
    for n in 1..=3 {
        let message = messages.waiting(n, &reference);
        journal.park(&message).await.expect("parked");
    }
    journal.park(&messages.kept(4)).await.expect("parked");
    let oldest = messages.waiting(3, &reference).id;
    journal
        .bury(oldest, "dead: no order", micros(2_000, 5))
        .await
        .expect("buried");
    let counts = journal.count_parked().await.expect("counted");
    let expected = [
        (ParkedState::Waiting, 2),
        (ParkedState::Kept, 1),
        (ParkedState::Dead, 1),
    ];
    assert_eq!(counts, BTreeMap::from(expected));
}

pub(crate) async fn a_cursor_stays_where_it_was_moved_to(world: &dyn World) {
    let node = world.node("a").await;
    let (market, shop) = ("sales/market", "sales/shop");
    let cursor = async |source: &str| node.journal.cursor(source).await.expect("read");
    assert_eq!(cursor(market).await, None);
    for place in [
        "2026-11-20T09:00:00Z",
        "2026-11-21T09:00:00Z",
        "2026-11-21T09:00:00Z",
    ] {
        node.journal
            .move_cursor(market, place)
            .await
            .expect("moved");
        assert_eq!(cursor(market).await.as_deref(), Some(place));
    }
    assert_eq!(cursor(shop).await, None, "each connection has its own");
    let other = world.node("b").await;
    let seen = other.journal.cursor(market).await.expect("read");
    assert_eq!(seen.as_deref(), Some("2026-11-21T09:00:00Z"));
}
