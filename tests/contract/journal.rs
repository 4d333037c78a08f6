//! Orders: appends and fences.

use orderhub_actors::ports::Appended;
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::order::Stage;

use super::World;
use super::fixture::{NewOrder, append, at, noted, number, payment_ref, screened};

pub(crate) async fn a_created_order_is_read_as_it_was_written(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    assert_eq!(claims.shards.len(), 256);
    let channel = world.channel().await;
    let order = NewOrder::of(channel);
    let create = order.create(&claims);
    assert_eq!(node.commit(create.clone()).await, Appended::Committed);

    let loaded = node.load(order.id).await;
    assert_eq!(loaded.order, order.id);
    assert_eq!(loaded.events, Ok(create.events));
    assert_eq!(loaded.wake_at, Some(at(60)));
    let found = node.journal.find(channel, &order.draft.external_id).await;
    assert_eq!(found.expect("looked up"), Some(order.id));
    let absent = node.journal.find(channel, "another").await;
    assert_eq!(absent.expect("looked up"), None);
    let nobody = NewOrder::of(channel).id;
    let both = node
        .journal
        .load(&[nobody, order.id])
        .await
        .expect("loaded");
    assert_eq!(both.len(), 1, "an absent order is left out");
}

pub(crate) async fn the_same_external_id_again_names_the_first_order(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let first = NewOrder::of(world.channel().await);
    node.create(&first, &claims).await;
    let again = NewOrder::named(first.channel, &first.draft.external_id);
    assert_ne!(again.id, first.id);
    let answer = node.commit(again.create(&claims)).await;
    assert_eq!(answer, Appended::Duplicate(first.id));
    assert!(
        node.journal
            .load(&[again.id])
            .await
            .expect("loaded")
            .is_empty()
    );
    assert_eq!(node.load(first.id).await.events.expect("readable").len(), 2);
}

pub(crate) async fn two_creates_of_one_external_id_in_a_batch_make_one_order(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let channel = world.channel().await;
    let orders = ["X-1", "X-2", "X-1", "X-1"].map(|name| NewOrder::named(channel, name));
    let batch: Vec<_> = orders.iter().map(|order| order.create(&claims)).collect();
    let answers = node.lane.commit(&batch).await;
    let repeat = Appended::Duplicate(orders[0].id);
    assert_eq!(
        answers,
        vec![
            Appended::Committed,
            Appended::Committed,
            repeat.clone(),
            repeat
        ]
    );
}

pub(crate) async fn a_stale_append_changes_nothing(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    node.create(&order, &claims).await;
    for expected in [1, 3] {
        let mut stale = append(
            order.id,
            &claims,
            expected,
            vec![noted("x")],
            Stage::Confirmed,
        );
        stale.wake_at = Some(at(1));
        stale
            .refs
            .push(payment_ref(&format!("pi_stale_{}", number())));
        let reference = stale.refs[0].clone();
        stale.private = Some(PrivateDetails::default());
        assert_eq!(node.commit(stale).await, Appended::Stale, "{expected}");
        let resolved = node.journal.resolve(&reference).await;
        assert_eq!(resolved.expect("looked up"), None);
    }
    let nobody = NewOrder::of(order.channel).id;
    let absent = append(nobody, &claims, 1, vec![noted("x")], Stage::Confirmed);
    assert_eq!(node.commit(absent).await, Appended::Stale);
    let loaded = node.load(order.id).await;
    assert_eq!(loaded.events.expect("readable").len(), 2);
    assert_eq!(loaded.wake_at, Some(at(60)));
    assert_eq!(node.journal.private(order.id).await.expect("read"), None);
}

pub(crate) async fn versions_that_do_not_follow_are_refused(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    node.create(&order, &claims).await;
    let mut gap = append(
        order.id,
        &claims,
        2,
        vec![noted("x"), noted("y")],
        Stage::Reserving,
    );
    gap.events[1].version = 5;
    assert!(matches!(node.commit(gap).await, Appended::Refused(_)));
    let mut nameless = NewOrder::of(order.channel).create(&claims);
    nameless.identity = None;
    assert!(matches!(node.commit(nameless).await, Appended::Refused(_)));
    assert_eq!(node.load(order.id).await.events.expect("readable").len(), 2);
}

pub(crate) async fn appends_of_one_order_in_a_batch_are_taken_in_order(world: &impl World) {
    let mut node = world.node("a").await;
    let claims = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    let batch = [
        order.create(&claims),
        append(order.id, &claims, 2, vec![noted("first")], Stage::Reserving),
        append(order.id, &claims, 2, vec![noted("late")], Stage::Reserving),
        append(order.id, &claims, 3, vec![screened()], Stage::Reserving),
    ];
    let answers = node.lane.commit(&batch).await;
    let (yes, no) = (Appended::Committed, Appended::Stale);
    assert_eq!(answers, vec![yes.clone(), yes.clone(), no, yes]);
    let events = node.load(order.id).await.events.expect("readable");
    assert_eq!(events.len(), 4);
    assert_eq!(events[2].event, noted("first"));
}

pub(crate) async fn a_second_claim_fences_the_first_writer(world: &impl World) {
    let mut first = world.node("a").await;
    let before = first.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    first.create(&order, &before).await;

    let mut second = world.node("b").await;
    let after = second.ownership.claim_all(&[]).await.expect("claimed");
    for (shard, epoch) in &before.shards {
        assert!(after.shards[shard] > *epoch, "a claim raises every epoch");
    }
    let late = append(order.id, &before, 2, vec![noted("late")], Stage::Reserving);
    let unborn = NewOrder::of(order.channel);
    let answers = first.lane.commit(&[late, unborn.create(&before)]).await;
    assert_eq!(answers, vec![Appended::Fenced, Appended::Fenced]);
    assert!(
        second
            .journal
            .load(&[unborn.id])
            .await
            .expect("loaded")
            .is_empty()
    );

    let next = append(order.id, &after, 2, vec![noted("next")], Stage::Reserving);
    assert_eq!(second.commit(next).await, Appended::Committed);
    let events = second.load(order.id).await.events.expect("readable");
    assert_eq!(events.last().map(|last| &last.event), Some(&noted("next")));
}

pub(crate) async fn an_append_decided_under_an_older_claim_is_fenced(world: &impl World) {
    let mut node = world.node("a").await;
    let old = node.ownership.claim_all(&[]).await.expect("claimed");
    let order = NewOrder::of(world.channel().await);
    node.create(&order, &old).await;
    let new = node.ownership.claim_all(&[]).await.expect("claimed again");
    let late = append(order.id, &old, 2, vec![noted("late")], Stage::Reserving);
    assert_eq!(node.commit(late).await, Appended::Fenced);
    let next = append(order.id, &new, 2, vec![noted("next")], Stage::Reserving);
    assert_eq!(node.commit(next).await, Appended::Committed);
}

pub(crate) async fn a_superseded_node_learns_it_when_it_renews(world: &impl World) {
    let first = world.node("a").await;
    first.ownership.claim_all(&[]).await.expect("claimed");
    assert!(first.ownership.renew().await.expect("renewed"));
    let second = world.node("a").await;
    second.ownership.claim_all(&[]).await.expect("claimed");
    assert!(!first.ownership.renew().await.expect("answered"));
    assert!(second.ownership.renew().await.expect("renewed"));
}
