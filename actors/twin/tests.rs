//! The contract of the ports, against the twin. The store in Postgres is held to the same.

use jiff::SignedDuration;
use orderhub_domain::ids::{OrderId, ShardId};
use orderhub_domain::order::{Event, Recorded, Stage};
use orderhub_domain::stock::{LocationStock, StockCommand};
use uuid::Uuid;

use super::Twin;
use crate::ports::{
    Append, Appended, Claims, Identity, OrderRef, RefKind, StockAppend, StockAppended,
};
use crate::testing::{channel, midnight};

fn order(number: u128) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(number << 16))
}

fn noted(version: u64) -> Recorded {
    Recorded {
        version,
        recorded_at: midnight(),
        occurred_at: None,
        actor: "system".into(),
        command_id: None,
        event: Event::HoldExpired { hold: 1 },
    }
}

async fn claimed(twin: &Twin) -> Claims {
    let ownership = twin.ownership("hub-1");
    ownership
        .claim_all(&["BER1".into()])
        .await
        .expect("claimed")
}

fn append(claims: &Claims, order: OrderId, expected: u64, events: u64) -> Append {
    let identity = Identity {
        channel: channel(),
        external_id: order.to_string(),
        body_hash: "hash".into(),
    };
    Append {
        order,
        epoch: claims.shards[&order.shard()],
        expected,
        identity: (expected == 0).then_some(identity),
        events: (1..=events).map(|n| noted(expected + n)).collect(),
        stage: Stage::Received,
        wake_at: None,
        settle_wake: false,
        refs: Vec::new(),
        private: None,
        marks: Vec::new(),
        transits: Vec::new(),
    }
}

#[tokio::test(start_paused = true)]
async fn one_of_two_writers_of_a_version_is_stale() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let mut lane = twin.lane();
    let batch = [
        append(&claims, order(1), 0, 2),
        append(&claims, order(1), 2, 1),
        append(&claims, order(1), 2, 1),
        append(&claims, order(2), 5, 1),
    ];
    let answers = lane.commit(&batch).await;
    assert_eq!(
        answers,
        [
            Appended::Committed,
            Appended::Committed,
            Appended::Stale,
            Appended::Stale
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_taken_external_id_names_the_order_that_has_it() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let first = append(&claims, order(1), 0, 1);
    let mut second = append(&claims, order(2), 0, 1);
    second.identity.clone_from(&first.identity);
    let answers = twin.lane().commit(&[first.clone(), second, first]).await;
    let duplicate = Appended::Duplicate(order(1));
    assert_eq!(answers, [Appended::Committed, duplicate.clone(), duplicate]);
}

#[tokio::test(start_paused = true)]
async fn a_write_under_an_old_epoch_is_fenced() {
    let twin = Twin::new(midnight());
    let old = claimed(&twin).await;
    let new = claimed(&twin).await;
    let answers = twin
        .lane()
        .commit(&[append(&old, order(1), 0, 1), append(&new, order(1), 0, 1)])
        .await;
    assert_eq!(answers, [Appended::Fenced, Appended::Committed]);
}

#[tokio::test(start_paused = true)]
async fn versions_with_a_gap_are_refused() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let mut gap = append(&claims, order(1), 0, 2);
    gap.events[1].version = 3;
    let answers = twin.lane().commit(&[gap]).await;
    assert!(matches!(answers[0], Appended::Refused(_)));
}

#[tokio::test(start_paused = true)]
async fn the_stored_wake_up_time_moves_later_only_when_settled() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let at = |seconds| Some(midnight() + SignedDuration::from_secs(seconds));
    let mut lane = twin.lane();
    // A step: the fold's time, whether it is settled, the row's time after it. The last two carry
    // no event: they move the time alone.
    let steps = [
        (at(50), false, at(50), 1),
        (at(90), false, at(50), 1),
        (None, false, at(50), 1),
        (at(20), false, at(20), 1),
        (at(90), true, at(90), 0),
        (None, true, None, 0),
    ];
    let mut version = 0;
    for (folded, settle, stored, events) in steps {
        let mut write = append(&claims, order(1), version, events);
        write.wake_at = folded;
        write.settle_wake = settle;
        assert_eq!(lane.commit(&[write]).await, [Appended::Committed]);
        version += events;
        assert_eq!(twin.orders()[0].3, stored);
    }
    assert_eq!(twin.orders()[0].2, 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_due_comes_in_pages_without_gap_or_repeat() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let mut lane = twin.lane();
    for number in 1..=10_i64 {
        let id = order(u128::from(number.unsigned_abs()));
        let mut write = append(&claims, id, 0, 1);
        write.wake_at = Some(midnight() + SignedDuration::from_secs(number / 3));
        lane.commit(&[write]).await;
    }
    let journal = twin.journal();
    let until = midnight() + SignedDuration::from_secs(2);
    let (mut mark, mut found) = (None, Vec::new());
    loop {
        let page = journal.due(ShardId(0), mark, until, 3).await.expect("read");
        let Some(last) = page.last() else { break };
        mark = Some(*last);
        found.extend(page);
    }
    assert_eq!(found.len(), 8);
    assert!(found.is_sorted());
}

#[tokio::test(start_paused = true)]
async fn a_reference_belongs_to_the_order_that_named_it_first() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let reference = OrderRef {
        kind: RefKind::Payment,
        scope: "stripe".into(),
        value: "pi_1".into(),
    };
    for number in 1..=2 {
        let mut write = append(&claims, order(number), 0, 1);
        write.refs = vec![reference.clone()];
        twin.lane().commit(&[write]).await;
    }
    let resolved = twin.journal().resolve(&reference).await.expect("read");
    assert_eq!(resolved, Some(order(1)));
}

#[tokio::test(start_paused = true)]
async fn stock_after_a_change_that_did_not_commit_does_not_commit_either() {
    let twin = Twin::new(midnight());
    let claims = claimed(&twin).await;
    let stock = LocationStock::empty("BER1".into());
    let count = |on_hand| StockCommand::Count {
        sku: "A".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    let write = |stock: &LocationStock, on_hand| StockAppend {
        location: "BER1".into(),
        epoch: claims.locations[&"BER1".into()],
        change: stock.decide(&count(on_hand), None, midnight()).change,
        now: midnight(),
    };
    let first = write(&stock, 5);
    let mut ahead = stock.clone();
    ahead.apply(&first.change);
    let second = write(&ahead, 7);
    let mut writer = twin.stock_lane();
    // The second alone has a ledger place that does not follow; what comes after it must wait.
    let answers = writer.commit(&[second.clone(), first.clone()]).await;
    assert_eq!(answers, [StockAppended::Conflict, StockAppended::Conflict]);
    let answers = writer.commit(&[first, second]).await;
    assert_eq!(
        answers,
        [StockAppended::Committed, StockAppended::Committed]
    );
    let loaded = twin.stock_book().load(&"BER1".into()).await.expect("read");
    assert_eq!((loaded.seq, loaded.counters(&"A".into()).on_hand), (2, 7));
}
