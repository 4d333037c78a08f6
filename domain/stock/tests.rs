//! Properties of a location's stock under random commands.

mod feed;
mod logbook;
mod quota;
mod room;
mod supply;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::order::{Loss, StockEvidence, StockLine, StockRefusal};
use crate::quantity::Quantity;

fn order(number: u8) -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(u128::from(number)))
}

fn lines(units: u32) -> Vec<StockLine> {
    vec![StockLine {
        line: 1,
        sku: "SKU".into(),
        quantity: Quantity::units(units),
    }]
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}

#[derive(Debug, Clone)]
enum Step {
    Command(StockCommand),
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let who = (0_u8..6, 1_u16..3, 1_u32..4);
    prop_oneof![
        4 => who.clone().prop_map(|(o, attempt, units)| Step::Command(StockCommand::Reserve {
            order: order(o), attempt, channel: ChannelId(Uuid::nil()), lines: lines(units), expires_at: at(100), queued: false, })),
        3 => who.clone().prop_map(|(o, attempt, units)| Step::Command(StockCommand::Confirm {
            order: order(o), attempt, lines: lines(units),
        })),
        2 => who.clone().prop_map(|(o, attempt, units)| Step::Command(StockCommand::Release {
            order: order(o), attempt, lines: lines(units),
        })),
        1 => (who.clone(), prop_oneof![Just(Loss::NotThere), Just(Loss::Damaged)]).prop_map(
            |((o, attempt, units), loss)| Step::Command(StockCommand::WriteOff {
                order: order(o), attempt, lines: lines(units), loss,
            })
        ),
        2 => who.prop_map(|(o, attempt, units)| Step::Command(StockCommand::Consume {
            order: order(o), attempt, lines: lines(units),
        })),
        1 => (0_i64..12, prop::option::of(0_i64..3)).prop_map(|(on_hand, buffer)| {
            Step::Command(StockCommand::Count { sku: "SKU".into(), on_hand, buffer, backorder_limit: None, unpicked: Vec::new() })
        }),
        2 => (0_u8..6, 3_u16..5, 1_u32..4, any::<bool>()).prop_map(|(o, attempt, units, declared_only)| {
            let (order, lines, since) = (order(o), lines(units), at(i64::from(o)));
            Step::Command(StockCommand::Wait { order, attempt, channel: ChannelId(Uuid::nil()), lines, since, declared_only })
        }),
        1 => (0_u8..3, 0_i64..8, prop::option::of(200_i64..300)).prop_map(|(n, quantity, day)| {
            Step::Command(StockCommand::Announce {
                sku: "SKU".into(),
                reference: format!("PO-{n}"),
                quantity,
                expected_at: day.map(at),
            })
        }),
        1 => (0_u8..9, 1_i64..4, prop::option::of(0_u8..3)).prop_map(|(n, quantity, inbound)| {
            Step::Command(StockCommand::Receive {
                sku: "SKU".into(),
                reference: format!("R-{n}"),
                quantity,
                inbound: inbound.map(|n| format!("PO-{n}")),
            })
        }),
        1 => prop::collection::vec((0_u8..6, 1_u16..5), 0..6).prop_map(|unpicked| {
            let key = |(o, attempt)| HoldKey { order: order(o), line: 1, attempt };
            let unpicked = unpicked.into_iter().map(key).collect();
            Step::Command(StockCommand::Cut { sku: "SKU".into(), unpicked })
        }),
        1 => (0_i64..9, -5_i64..5, any::<bool>()).prop_map(|(sequence, units, counts)| {
            let says = if counts { Level::OnHand(units.abs()) } else { Level::Delta(units) };
            let mark = FeedMark { sequence, digest: format!("{says:?}") };
            let rows = vec![FeedRow { sku: "SKU".into(), says }];
            Step::Command(StockCommand::Feed { source: "erp".into(), mark, rows, gap: None, unpicked: Vec::new() })
        }),
        1 => Just(Step::Command(StockCommand::Expire { limit: 3 })),
        1 => (1_i64..60).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn no_prefix_of_the_ledger_breaks_the_bound(steps in prop::collection::vec(step(), 1..60)) {
        let mut stock = LocationStock::empty("BER1".into());
        let mut now = 0;
        let mut folded = Counters::default();
        let mut expected_seq = 0;
        for step in steps {
            let command = match step {
                Step::Wait(seconds) => { now += seconds; continue; }
                Step::Command(command) => command,
            };
            let before = stock.counters(&"SKU".into());
            let decision = stock.decide(&command, None, at(now));
            for row in &decision.change.ledger {
                expected_seq += 1;
                prop_assert_eq!(row.seq, expected_seq);
                folded.on_hand += row.d_on_hand;
                folded.reserved += row.d_reserved;
                folded.allocated += row.d_allocated;
                prop_assert!(folded.reserved >= 0 && folded.allocated >= 0 && folded.on_hand >= 0);
                // Only a count may find less than what is promised, and it says so.
                let promised = folded.reserved + folded.allocated;
                let shortfall = (promised - folded.on_hand).max(0);
                if row.cause == "reserve" || row.cause == "supply" {
                    prop_assert!(promised <= folded.on_hand.max(before.on_hand));
                }
                let last = decision.change.ledger.last() == Some(row);
                if let Some(counters) = decision.change.counters.get(&row.sku).filter(|_| last) {
                    prop_assert!(counters.holds());
                    prop_assert_eq!(counters.shortfall, shortfall);
                }
            }
            stock.apply(&decision.change);
            let counters = stock.counters(&"SKU".into());
            prop_assert_eq!(
                (counters.on_hand, counters.reserved, counters.allocated),
                (folded.on_hand, folded.reserved, folded.allocated)
            );
            let live = |state| -> i64 {
                stock.holds.values().filter(|h| h.state == state).map(|h| h.quantity).sum()
            };
            prop_assert_eq!(stock.violations(), Vec::<Sku>::new());
            prop_assert_eq!(counters.reserved, live(HoldState::Soft));
            prop_assert_eq!(counters.allocated, live(HoldState::Hard));
            prop_assert_eq!(counters.waiting, live(HoldState::Waiting));
            let open: i64 = stock.inbounds.values().map(Inbound::open).sum();
            prop_assert_eq!(counters.inbound, open);
            // Nobody is left in line whom the units there would serve.
            let line = stock.holds.iter().filter(|(_, hold)| hold.state == HoldState::Waiting);
            let head = line.min_by_key(|(key, hold)| (hold.since, **key));
            prop_assert!(head.is_none_or(|(_, hold)| hold.quantity > counters.free()));

            // A repeat of the same command, at once, changes nothing more: while the holds are
            // known it is recognised; ended ones are looked up by the store's key.
            if !matches!(command, StockCommand::Expire { .. }) {
                let mut remembering = stock.clone();
                for (key, _, hold) in &decision.change.holds {
                    remembering.holds.insert(*key, hold.clone());
                }
                let again = remembering.decide(&command, None, at(now));
                let known = !matches!(&command,
                    StockCommand::Release { .. } | StockCommand::Consume { .. }
                    | StockCommand::WriteOff { .. } | StockCommand::Confirm { .. }) || !decision.change.holds.is_empty();
                if known {
                    prop_assert!(again.change.ledger.is_empty(), "{:?}", again);
                }
            }
        }
    }
}

#[test]
fn a_late_reserve_after_its_release_is_refused() {
    let mut stock = LocationStock::empty("BER1".into());
    let count = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 5,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    stock.apply(&stock.decide(&count, None, at(0)).change);
    let release = StockCommand::Release {
        order: order(1),
        attempt: 1,
        lines: lines(2),
    };
    let released = stock.decide(&release, None, at(0));
    let (key, _, tombstone) = released.change.holds[0].clone();
    assert_eq!(tombstone.state, HoldState::Released);
    // The store answers the key's conflict with the tombstone.
    stock.holds.insert(key, tombstone);
    let reserve = StockCommand::Reserve {
        order: order(1),
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(2),
        expires_at: at(900),
        queued: false,
    };
    let late = stock.decide(&reserve, None, at(1));
    assert!(late.change.is_empty());
    assert!(matches!(late.evidence, Some(StockEvidence::Refused { .. })));
}

#[test]
fn a_count_below_what_may_have_been_picked_books_the_shortfall() {
    let mut stock = LocationStock::empty("BER1".into());
    for command in [
        StockCommand::Count {
            sku: "SKU".into(),
            on_hand: 5,
            buffer: None,
            backorder_limit: None,
            unpicked: Vec::new(),
        },
        StockCommand::Reserve {
            order: order(1),
            attempt: 1,
            channel: ChannelId(Uuid::nil()),
            lines: lines(4),
            expires_at: at(900),
            queued: false,
        },
        StockCommand::Confirm {
            order: order(1),
            attempt: 1,
            lines: lines(4),
        },
        StockCommand::Count {
            sku: "SKU".into(),
            on_hand: 1,
            buffer: None,
            backorder_limit: None,
            unpicked: Vec::new(),
        },
    ] {
        stock.apply(&stock.decide(&command, None, at(0)).change);
    }
    let counters = stock.counters(&"SKU".into());
    assert_eq!(
        (counters.on_hand, counters.allocated, counters.shortfall),
        (1, 4, 3)
    );
    assert!(counters.holds());
    let release = StockCommand::Release {
        order: order(1),
        attempt: 1,
        lines: lines(4),
    };
    stock.apply(&stock.decide(&release, None, at(1)).change);
    assert_eq!(stock.counters(&"SKU".into()).shortfall, 0);
}

#[test]
fn an_effect_moves_a_sku_in_one_row_however_many_lines_have_it() {
    let mut stock = LocationStock::empty("BER1".into());
    let count = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 10,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    stock.apply(&stock.decide(&count, None, at(0)).change);
    let line = |line, sku: &str, units| StockLine {
        line,
        sku: sku.into(),
        quantity: Quantity::units(units),
    };
    let lines = vec![line(1, "SKU", 2), line(2, "SKU", 3)];
    let effect = EffectId(Uuid::from_u128(9));
    let reserve = StockCommand::Reserve {
        order: order(1),
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines.clone(),
        expires_at: at(100),
        queued: false,
    };
    let change = stock.decide(&reserve, Some(effect), at(0)).change;
    assert_eq!(change.ledger.len(), 1);
    assert_eq!((change.ledger[0].seq, change.ledger[0].d_reserved), (2, 5));
    assert_eq!(change.holds.len(), 2);
    stock.apply(&change);
    let counters = stock.counters(&"SKU".into());
    assert_eq!((counters.reserved, counters.available()), (5, 5));
    let release = StockCommand::Release {
        order: order(1),
        attempt: 1,
        lines,
    };
    let change = stock.decide(&release, Some(effect), at(1)).change;
    assert_eq!(change.ledger.len(), 1);
    assert_eq!((change.ledger[0].seq, change.ledger[0].d_reserved), (3, -5));
}

#[test]
fn a_counter_that_is_not_the_sum_of_its_holds_is_found() {
    let mut stock = LocationStock::empty("BER1".into());
    let count = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 5,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    stock.apply(&stock.decide(&count, None, at(0)).change);
    assert!(stock.violations().is_empty());
    stock.counters.insert(
        "SKU".into(),
        Counters {
            on_hand: 5,
            reserved: 1,
            ..Counters::default()
        },
    );
    assert_eq!(stock.violations(), ["SKU".into()]);
}
