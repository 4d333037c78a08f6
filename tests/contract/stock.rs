//! Stock: ledger, counters and holds move together or not at all.

use std::collections::{BTreeMap, BTreeSet};

use orderhub_actors::ports::{Pause, StockAppend, StockAppended};
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Sku};
use orderhub_domain::order::StockLine;
use orderhub_domain::quantity::Quantity;
use orderhub_domain::stock::{
    Counters, HoldKey, HoldState, LedgerRow, LocationStock, StockChange, StockCommand,
};
use uuid::Uuid;

use super::fixture::{at, number};
use super::{Node, World};

/// A location in memory, as its actor has it, and the epoch of its claim.
pub(super) struct Place {
    pub(super) stock: LocationStock,
    epoch: i64,
}

impl Place {
    pub(super) async fn claimed(node: &Node, code: &str) -> Self {
        let location = LocationCode::from(code);
        let claims = node
            .ownership
            .claim_all(std::slice::from_ref(&location))
            .await;
        let epoch = claims.expect("claimed").locations[&location];
        let stock = node.book.load(&location).await.expect("loaded");
        Self { stock, epoch }
    }

    /// Decides, and believes it before it is committed.
    pub(super) fn decide(&mut self, command: &StockCommand) -> StockAppend {
        let change = self.stock.decide(command, None, at(0)).change;
        self.stock.apply(&change);
        self.append(change)
    }

    pub(super) fn append(&self, change: StockChange) -> StockAppend {
        StockAppend {
            location: self.stock.location.clone(),
            epoch: self.epoch,
            change,
            now: at(0),
        }
    }
}

pub(super) fn count(units: i64) -> StockCommand {
    StockCommand::Count {
        sku: "SKU-1".into(),
        on_hand: units,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    }
}

fn lines(units: u32) -> Vec<StockLine> {
    vec![StockLine {
        line: 1,
        sku: "SKU-1".into(),
        quantity: Quantity::units(units),
    }]
}

pub(super) fn reserve(order: OrderId, units: u32) -> StockCommand {
    StockCommand::Reserve {
        order,
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(units),
        expires_at: at(900),
        queued: false,
    }
}

fn release(order: OrderId) -> StockCommand {
    StockCommand::Release {
        order,
        attempt: 1,
        lines: lines(1),
    }
}

pub(super) fn some_order() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(u128::from(number())))
}

pub(super) async fn commit(node: &mut Node, append: StockAppend) -> StockAppended {
    let mut answers = node.stock_lane.commit(&[append]).await;
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

pub(super) async fn stored(node: &Node, place: &Place) -> LocationStock {
    let location = &place.stock.location;
    node.book.load(location).await.expect("loaded")
}

pub(crate) async fn a_move_is_read_as_it_was_written(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    assert_eq!(place.stock, LocationStock::empty("BER1".into()));
    let order = some_order();
    let confirm = StockCommand::Confirm {
        order,
        attempt: 1,
        lines: lines(3),
    };
    for command in [count(10), reserve(order, 3), confirm] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
        assert_eq!(stored(&node, &place).await, place.stock);
    }
    let everywhere = node.book.by_sku(&"SKU-1".into()).await.expect("read");
    let expected = Counters {
        on_hand: 10,
        allocated: 3,
        ..Counters::default()
    };
    assert_eq!(everywhere, vec![("BER1".into(), expected)]);
    let elsewhere = node.book.load(&"HAM1".into()).await.expect("loaded");
    assert_eq!(elsewhere, LocationStock::empty("HAM1".into()));
}

pub(crate) async fn moves_of_one_location_in_a_batch_follow_on_each_other(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let order = some_order();
    let batch: Vec<_> = [count(10), reserve(order, 3), release(order), count(12)]
        .iter()
        .map(|command| place.decide(command))
        .collect();
    let answers = node.stock_lane.commit(&batch).await;
    assert_eq!(answers, vec![StockAppended::Committed; 4]);
    let stored = stored(&node, &place).await;
    assert_eq!(stored, place.stock);
    assert_eq!(stored.seq, 4);
    assert!(
        stored.holds.is_empty(),
        "an ended hold that is told is not live"
    );
}

pub(crate) async fn a_taken_place_in_the_ledger_is_a_conflict(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let append = place.decide(&count(10));
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    let mut forgetful = Place {
        stock: LocationStock::empty("BER1".into()),
        epoch: place.epoch,
    };
    let append = forgetful.decide(&count(5));
    assert_eq!(commit(&mut node, append).await, StockAppended::Conflict);
    let mut ahead = place.stock.clone();
    ahead.seq += 1;
    let change = ahead.decide(&count(5), None, at(0)).change;
    let append = place.append(change);
    assert_eq!(
        commit(&mut node, append).await,
        StockAppended::Conflict,
        "no gaps"
    );
    assert_eq!(stored(&node, &place).await, place.stock);
}

pub(crate) async fn a_hold_that_the_writer_did_not_know_is_a_conflict(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let order = some_order();
    for command in [count(10), reserve(order, 1), release(order)] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    }
    // The hold was released and left the memory: a late reservation must not bring it back.
    let append = place.decide(&reserve(order, 1));
    assert!(!append.change.is_empty());
    assert_eq!(commit(&mut node, append).await, StockAppended::Conflict);
    let stored = stored(&node, &place).await;
    assert_eq!(stored.seq, 3);
    assert_eq!(stored.counters(&"SKU-1".into()).reserved, 0);
}

pub(crate) async fn a_failure_stops_the_later_moves_of_its_location_only(world: &impl World) {
    let mut node = world.node("a").await;
    let codes = ["BER1", "HAM1"].map(LocationCode::from);
    let claims = node.ownership.claim_all(&codes).await.expect("claimed");
    let [mut berlin, mut hamburg] = codes.map(|location| Place {
        epoch: claims.locations[&location],
        stock: LocationStock::empty(location),
    });
    let order = some_order();
    for command in [count(10), reserve(order, 1), release(order)] {
        let append = berlin.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    }
    let batch = [
        berlin.decide(&count(11)),
        hamburg.decide(&count(7)),
        berlin.decide(&reserve(order, 1)),
        hamburg.decide(&count(8)),
        berlin.decide(&count(20)),
    ];
    let answers = node.stock_lane.commit(&batch).await;
    assert_eq!(answers[0], StockAppended::Committed);
    assert_eq!(answers[1], StockAppended::Committed);
    assert_eq!(answers[2], StockAppended::Conflict);
    assert_eq!(answers[3], StockAppended::Committed);
    assert_ne!(answers[4], StockAppended::Committed);
    assert_eq!(stored(&node, &hamburg).await, hamburg.stock);
    let stored = stored(&node, &berlin).await;
    assert_eq!(stored.seq, 4);
    assert_eq!(stored.counters(&"SKU-1".into()).on_hand, 11);
}

pub(crate) async fn a_second_claim_fences_the_first_stock_writer(world: &impl World) {
    let mut first = world.node("a").await;
    let mut place = Place::claimed(&first, "BER1").await;
    let append = place.decide(&count(10));
    assert_eq!(commit(&mut first, append).await, StockAppended::Committed);
    let mut second = world.node("b").await;
    let mut taken = Place::claimed(&second, "BER1").await;
    assert!(taken.epoch > place.epoch);
    assert_eq!(taken.stock, place.stock);
    let late = place.decide(&count(99));
    assert_eq!(commit(&mut first, late).await, StockAppended::Fenced);
    let next = taken.decide(&count(11));
    assert_eq!(commit(&mut second, next).await, StockAppended::Committed);
    assert_eq!(stored(&second, &taken).await, taken.stock);
}

pub(crate) async fn an_oversold_location_is_never_stored(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let append = place.decide(&count(2));
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    let sku = Sku::from("SKU-1");
    let row = |seq| LedgerRow {
        seq,
        sku: sku.clone(),
        d_on_hand: 0,
        d_reserved: 3,
        d_allocated: 0,
        cause: "reserve",
        order: None,
        effect: None,
        reference: None,
    };
    let wrong = [
        Counters {
            on_hand: 2,
            reserved: 3,
            ..Counters::default()
        },
        Counters {
            on_hand: -1,
            ..Counters::default()
        },
        Counters {
            on_hand: 2,
            reserved: -1,
            ..Counters::default()
        },
        Counters {
            on_hand: 2,
            allocated: -1,
            ..Counters::default()
        },
        Counters {
            on_hand: 2,
            shortfall: -1,
            ..Counters::default()
        },
    ];
    for counters in wrong {
        assert!(!counters.holds());
        let append = place.append(StockChange {
            ledger: vec![row(2)],
            counters: BTreeMap::from([(sku.clone(), counters)]),
            ..StockChange::default()
        });
        let answer = commit(&mut node, append).await;
        assert_ne!(answer, StockAppended::Committed, "{counters:?}");
    }
    assert_eq!(stored(&node, &place).await, place.stock);
}

pub(crate) async fn ended_holds_are_found_by_their_key(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let order = some_order();
    for command in [count(10), reserve(order, 2), release(order)] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    }
    let key = HoldKey {
        order,
        line: 1,
        attempt: 1,
    };
    let unknown = HoldKey { attempt: 2, ..key };
    let location = place.stock.location.clone();
    let holds = node
        .book
        .holds(&location, &[unknown, key])
        .await
        .expect("read");
    assert_eq!(holds.len(), 1);
    assert_eq!(holds[0].0, key);
    assert_eq!(holds[0].1.state, HoldState::Released);
    assert_eq!((holds[0].1.quantity, holds[0].1.rev), (2, 2));
    assert_eq!(holds[0].1.expires_at, at(900));
    let elsewhere = node.book.holds(&"HAM1".into(), &[key]).await.expect("read");
    assert!(elsewhere.is_empty());
}

pub(crate) async fn supply_is_read_as_it_was_written_and_a_receipt_is_booked_once(
    world: &impl World,
) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    let sku = Sku::from("SKU-1");
    let wait = |order, units| StockCommand::Wait {
        order,
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(units),
        since: at(3),
        declared_only: false,
    };
    let announce = StockCommand::Announce {
        sku: sku.clone(),
        reference: "PO-1".into(),
        quantity: 5,
        expected_at: Some(at(9_000)),
    };
    let receive = StockCommand::Receive {
        sku: sku.clone(),
        reference: "R-1".into(),
        quantity: 2,
        inbound: Some("PO-1".into()),
    };
    let orders = [some_order(), some_order()];
    for command in [
        wait(orders[0], 2),
        announce,
        wait(orders[1], 3),
        receive.clone(),
    ] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    }
    let mut read = stored(&node, &place).await;
    let receipts = std::mem::take(&mut place.stock.receipts);
    assert_eq!(read, place.stock);
    let counters = read.counters(&sku);
    assert_eq!(
        (counters.on_hand, counters.reserved, counters.waiting),
        (2, 2, 3)
    );
    let waits = read
        .holds
        .values()
        .find(|hold| hold.state == HoldState::Waiting);
    assert_eq!(waits.and_then(|hold| hold.promise), Some(at(9_000)));

    // Whoever does not know the receipt books it in vain, and finds it by its name.
    let again = read.decide(&receive, None, at(0)).change;
    let append = place.append(again);
    assert_eq!(commit(&mut node, append).await, StockAppended::Conflict);
    let names = [(sku.clone(), "R-1".to_owned()), (sku, "R-2".to_owned())];
    let location = place.stock.location.clone();
    let known = node.book.receipts(&location, &names).await.expect("read");
    assert_eq!(known, [(names[0].clone(), 2)]);
    assert_eq!(receipts.get(&names[0]), Some(&2));
    read.receipts.extend(known);
    assert!(read.decide(&receive, None, at(0)).change.is_empty());
}

pub(crate) async fn work_that_was_taken_on_is_counted_by_its_day(world: &impl World) {
    let mut node = world.node("a").await;
    let mut place = Place::claimed(&node, "BER1").await;
    place.stock.room.capacity = Some(2);
    let (first, second) = (some_order(), some_order());
    for command in [count(10), reserve(first, 1), reserve(second, 1)] {
        let append = place.decide(&command);
        assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    }
    let day = place.stock.room.hours.day(at(0));
    let location = LocationCode::from("BER1");
    let works = node.book.works(&location, day).await.expect("read");
    let works: BTreeSet<_> = works.into_iter().collect();
    let both = BTreeSet::from([(day, first, 1), (day, second, 1)]);
    assert_eq!(works, both);
    let later = node.book.works(&location, day + 1).await.expect("read");
    assert_eq!(later, []);
    let append = place.decide(&release(first));
    assert_eq!(commit(&mut node, append).await, StockAppended::Committed);
    let left = node.book.works(&location, day).await.expect("read");
    assert_eq!(left, [(day, second, 1)]);
}

pub(crate) async fn the_last_word_about_a_pause_holds(world: &impl World) {
    let node = world.node("a").await;
    let location = LocationCode::from("BER1");
    let pause = |reason: &str| Pause {
        at: at(7),
        by: "operator:anna".to_owned(),
        reason: reason.to_owned(),
    };
    assert_eq!(node.book.pauses().await.expect("read"), []);
    for (paused, reason) in [(true, "fire"), (false, "put out"), (true, "water")] {
        let said = pause(reason);
        let noted = node.book.note_pause(&location, paused, &said);
        noted.await.expect("noted");
    }
    let other = LocationCode::from("HAM1");
    let said = pause("was never paused");
    let noted = node.book.note_pause(&other, false, &said);
    noted.await.expect("noted");
    let known = node.book.pauses().await.expect("read");
    assert_eq!(known, [(location, pause("water"))]);
}
