//! Orders: names, personal data, wake-ups and requests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use orderhub_actors::ports::{Appended, OrderRef, Seen};
use orderhub_domain::canonical::{Customer, PrivateDetails};
use orderhub_domain::ids::{OrderId, ShardId};
use orderhub_domain::order::{Event, Mark, MarkKind, RememberedRequest, Stage};

use super::World;
use super::fixture::{NewOrder, append, at, micros, noted, number, payment_ref, request};

pub(crate) async fn references_resolve_to_their_order(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    let reference = payment_ref(&format!("pi_{}", number()));
    let mut create = order.create(&claims);
    create.refs.push(reference.clone());
    assert_eq!(node.commit(create).await, Appended::Committed);
    let resolved = node.journal.resolve(&reference).await;
    assert_eq!(resolved.expect("looked up"), Some(order.id));
    let elsewhere = OrderRef {
        scope: "stripe-us".to_owned(),
        ..reference
    };
    let resolved = node.journal.resolve(&elsewhere).await;
    assert_eq!(resolved.expect("looked up"), None, "another account");
}

pub(crate) async fn a_reference_belongs_to_the_first_order_that_brought_it(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let channel = world.channel().await;
    let reference = payment_ref(&format!("pi_{}", number()));
    let orders = [NewOrder::of(channel), NewOrder::of(channel)];
    for order in &orders {
        let mut create = order.create(&claims);
        create.refs = vec![reference.clone(), reference.clone()];
        assert_eq!(node.commit(create).await, Appended::Committed);
    }
    let resolved = node.journal.resolve(&reference).await;
    assert_eq!(resolved.expect("looked up"), Some(orders[0].id));
}

pub(crate) async fn orders_are_found_by_what_they_share_each_once(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let channel = world.channel().await;
    let mark = |kind| Mark {
        kind,
        value: format!("ada-{}@shop.example", number()),
    };
    let (email, place, unseen) = (
        mark(MarkKind::Email),
        mark(MarkKind::Address),
        mark(MarkKind::Payment),
    );
    let orders = [NewOrder::of(channel), NewOrder::of(channel)];
    for order in &orders {
        let again = NewOrder::named(channel, &order.draft.external_id);
        for (order, outcome) in [
            (order, Appended::Committed),
            // The same order once more, under an id of its own.
            (&again, Appended::Duplicate(order.id)),
        ] {
            let mut create = order.create(&claims);
            create.marks = vec![email.clone(), place.clone()];
            assert_eq!(node.commit(create).await, outcome);
        }
    }
    let second = SignedDuration::from_secs(1);
    let marks = [place, unseen, email];
    let seen = node.journal.seen(&marks, at(0) - second).await;
    let [by_place, by_nothing, by_email] = &seen.expect("counted")[..] else {
        panic!("an answer for each mark");
    };
    for seen in [by_place, by_email] {
        let found: BTreeSet<_> = seen.recent.iter().collect();
        assert_eq!(found, orders.iter().map(|order| &order.id).collect());
        assert!(seen.before);
    }
    assert_eq!(*by_nothing, Seen::default());
    let later = node.journal.seen(&marks, at(3_600)).await.expect("counted");
    assert!(later.iter().all(|seen| seen.recent.is_empty()));
    assert!(later[0].before, "what is outside the window is remembered");
}

pub(crate) async fn orders_are_found_by_many_names_of_one_channel(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let (channel, other) = (world.channel().await, world.channel().await);
    let orders = [NewOrder::of(channel), NewOrder::of(channel)];
    let elsewhere = NewOrder::named(other, "elsewhere");
    for order in orders.iter().chain([&elsewhere]) {
        node.create(order, &claims).await;
    }
    let names = orders.iter().map(|order| order.draft.external_id.clone());
    let expected: BTreeMap<String, OrderId> = names
        .clone()
        .zip(orders.iter().map(|order| order.id))
        .collect();
    let strangers = ["nobody", "elsewhere", "nul\0", "nobody"].map(str::to_owned);
    let asked: Vec<String> = names.chain(strangers).collect();
    let found = node.journal.find_all(channel, &asked).await;
    assert_eq!(found.expect("read"), expected);
    let nothing = node.journal.find_all(channel, &[]).await;
    assert_eq!(nothing.expect("read"), BTreeMap::new());
}

pub(crate) async fn personal_data_comes_back_and_stays_out_of_the_log(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    let named = |name: &str| PrivateDetails {
        customer: Some(Customer {
            name: Some(name.to_owned()),
            ..Customer::default()
        }),
        ..PrivateDetails::default()
    };
    let mut create = order.create(&claims);
    create.private = Some(named("Ada Example"));
    assert_eq!(node.commit(create).await, Appended::Committed);
    let read = node.journal.private(order.id).await.expect("read");
    assert_eq!(read, Some(named("Ada Example")));
    let events = node.load(order.id).await.events.expect("readable");
    let bodies: Vec<String> = events.iter().map(|e| e.event.body().to_string()).collect();
    assert!(!bodies.concat().contains("Ada"));

    let mut edit = append(order.id, &claims, 2, vec![noted("edit")], Stage::Reserving);
    edit.private = Some(named("Ada Sample"));
    assert_eq!(node.commit(edit).await, Appended::Committed);
    let read = node.journal.private(order.id).await.expect("read");
    assert_eq!(read, Some(named("Ada Sample")));
    let other = NewOrder::of(order.channel);
    node.create(&other, &claims).await;
    assert_eq!(node.journal.private(other.id).await.expect("read"), None);
}

pub(crate) async fn due_orders_come_in_order_and_page_by_page(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let channel = world.channel().await;
    let shard = ShardId(7);
    let mut expected = Vec::new();
    let mut others = 0;
    for candidate in 0.. {
        let order = NewOrder::named(channel, &format!("due-{candidate}"));
        let mut create = order.create(&claims);
        if order.id.shard() != shard {
            if others < 20 {
                others += 1;
                create.wake_at = Some(at(0));
                assert_eq!(node.commit(create).await, Appended::Committed);
            }
            continue;
        }
        let place = expected.len();
        create.wake_at = match place {
            0 => Some(at(30)),
            1 | 2 => Some(at(10)),
            3 => Some(micros(10, 1)),
            4 => Some(at(100)),
            _ => None,
        };
        expected.push((create.wake_at, order.id));
        assert_eq!(node.commit(create).await, Appended::Committed);
        if place == 5 {
            break;
        }
    }
    let mut due: Vec<_> = expected
        .into_iter()
        .filter_map(|(wake_at, id)| {
            wake_at
                .filter(|wake_at| *wake_at <= at(30))
                .map(|w| (w, id))
        })
        .collect();
    due.sort();
    assert_eq!(due.len(), 4);

    let all = node.journal.due(shard, None, at(30), 100).await;
    assert_eq!(
        all.expect("scanned"),
        due,
        "the one due later and the sleeper are left out"
    );
    let mut paged = Vec::new();
    while let page = node
        .journal
        .due(shard, paged.last().copied(), at(30), 1)
        .await
        && let Some(next) = page.expect("scanned").first()
    {
        paged.push(*next);
    }
    assert_eq!(paged, due);
}

pub(crate) async fn the_stored_wake_up_moves_only_when_it_must(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    let now = node.journal.now().await.expect("the time");
    let after = |minutes| Some(now + SignedDuration::from_mins(minutes));
    let mut create = order.create(&claims);
    create.wake_at = after(60);
    assert_eq!(node.commit(create).await, Appended::Committed);
    let (early, past) = (after(30), after(-10));
    // What the order says, whether it settles, and what is stored then.
    let steps = [
        (
            after(90),
            false,
            after(60),
            "a later one is left to be found when the stored one is due",
        ),
        (early, false, early, "an earlier one is written at once"),
        (
            None,
            false,
            early,
            "nothing to wait for is as late as can be",
        ),
        (after(90), true, after(90), "settling writes what is true"),
        (
            past,
            false,
            past,
            "an earlier one is written at once, even when it has passed",
        ),
        (
            after(45),
            false,
            after(45),
            "a stored one that is due is replaced",
        ),
        (None, true, None, "asleep"),
        (after(45), false, after(45), "awake again"),
    ];
    for (version, (wake_at, settle, stored, why)) in (2..).zip(steps) {
        let mut step = append(
            order.id,
            &claims,
            version,
            vec![noted("step")],
            Stage::Reserving,
        );
        step.wake_at = wake_at;
        step.settle_wake = settle;
        assert_eq!(node.commit(step).await, Appended::Committed);
        assert_eq!(node.load(order.id).await.wake_at, stored, "{why}");
    }
}

pub(crate) async fn a_request_is_found_long_after(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let mut order = NewOrder::of(world.channel().await);
    let creating = request();
    order.request = Some(creating.clone());
    node.create(&order, &claims).await;
    let cancelling = request();
    let events = vec![
        Event::Requested {
            request: cancelling.clone(),
            verb: "cancel".to_owned(),
        },
        noted("cancel"),
    ];
    let mut cancel = append(order.id, &claims, 2, events, Stage::Reserving);
    for event in &mut cancel.events {
        event.command_id = Some(cancelling.command_id);
    }
    assert_eq!(node.commit(cancel).await, Appended::Committed);
    let later = append(order.id, &claims, 4, vec![noted("later")], Stage::Reserving);
    assert_eq!(node.commit(later).await, Appended::Committed);

    let find = async |id| node.journal.request(order.id, id).await.expect("looked up");
    let remembered = |request: orderhub_domain::order::Request, version| RememberedRequest {
        command_id: request.command_id,
        body_hash: request.body_hash,
        reply_schema: request.reply_schema,
        version,
    };
    assert_eq!(
        find(creating.command_id).await,
        Some(remembered(creating, 2))
    );
    assert_eq!(
        find(cancelling.command_id).await,
        Some(remembered(cancelling.clone(), 4))
    );
    assert_eq!(find(request().command_id).await, None);
    let other = NewOrder::of(order.channel);
    node.create(&other, &claims).await;
    let elsewhere = node.journal.request(other.id, cancelling.command_id).await;
    assert_eq!(
        elsewhere.expect("looked up"),
        None,
        "a request belongs to its order"
    );
}
