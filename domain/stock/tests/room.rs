//! How much work a location takes on in a day, under random orders of commands.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

const DAY: i64 = 86_400;

#[derive(Debug, Clone)]
enum Deed {
    Reserve(bool),
    Confirm,
    Release,
    Consume,
    Regroup,
}

fn deed() -> impl Strategy<Value = (Deed, u8, u16, i64)> {
    let deed = prop_oneof![
        4 => any::<bool>().prop_map(Deed::Reserve),
        2 => Just(Deed::Confirm),
        1 => Just(Deed::Release),
        1 => Just(Deed::Consume),
        1 => Just(Deed::Regroup),
    ];
    (deed, 0_u8..12, 1_u16..3, 0_i64..DAY)
}

fn command(deed: &Deed, order: OrderId, attempt: u16) -> StockCommand {
    let lines = lines(1);
    match deed {
        Deed::Reserve(queued) => StockCommand::Reserve {
            order,
            attempt,
            channel: ChannelId(Uuid::nil()),
            lines,
            expires_at: at(100 * DAY),
            queued: *queued,
        },
        Deed::Confirm => StockCommand::Confirm {
            order,
            attempt,
            lines,
        },
        Deed::Release => StockCommand::Release {
            order,
            attempt,
            lines,
        },
        Deed::Consume => StockCommand::Consume {
            order,
            attempt,
            lines,
        },
        Deed::Regroup => StockCommand::Regroup {
            order,
            from: vec![attempt],
            into: attempt + 2,
            lines,
        },
    }
}

fn working(capacity: u32) -> LocationStock {
    let mut stock = LocationStock::empty("BER1".into());
    let count = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 1_000,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    stock.apply(&stock.decide(&count, None, at(0)).change);
    stock.room.capacity = Some(capacity);
    stock
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_day_takes_on_more_than_it_has_room_for(
        deeds in prop::collection::vec(deed(), 1..60), capacity in 1_u32..4,
    ) {
        let mut stock = working(capacity);
        let mut kept: BTreeMap<HoldKey, StockHold> = BTreeMap::new();
        let mut now = 0;
        for (deed, number, attempt, later) in deeds {
            now += later / 20;
            // Final holds are looked up by who names them.
            stock.holds.extend(kept.iter().map(|(key, hold)| (*key, hold.clone())));
            let command = command(&deed, order(number), attempt);
            let decision = stock.decide(&command, None, at(now));
            if let Deed::Reserve(queued) = deed
                && decision.evidence == Some(StockEvidence::Refused { reason: StockRefusal::Full })
            {
                prop_assert!(!queued, "who may wait is taken on for another day");
                let today = i32::try_from(now / DAY).expect("a day");
                prop_assert_eq!(stock.room.taken(today), capacity);
            }
            stock.apply(&decision.change);
            for (key, _, hold) in decision.change.holds {
                kept.insert(key, hold);
            }
            for day in stock.room.works.keys() {
                prop_assert!(stock.room.taken(*day) <= capacity);
            }
            // What is read from the tables after a restart is the same.
            let mut again = Room::default();
            for (key, hold) in &kept {
                again.follow(*key, hold, false);
            }
            let works = stock.room.works.iter().filter(|(_, works)| !works.is_empty());
            let works: BTreeMap<_, _> = works.map(|(day, works)| (*day, works.clone())).collect();
            prop_assert_eq!(&works, &again.works);
        }
    }
}

#[test]
fn the_last_place_of_a_day_goes_to_one_and_who_may_wait_gets_the_next_day() {
    let mut stock = working(1);
    let mut ask = |number, queued| {
        let command = command(&Deed::Reserve(queued), order(number), 1);
        let decision = stock.decide(&command, None, at(0));
        stock.apply(&decision.change);
        let day = decision
            .change
            .holds
            .first()
            .and_then(|hold| hold.2.work_day);
        (decision.evidence.expect("an answer"), day)
    };
    let taken = StockEvidence::Reserved {
        expires_at: at(100 * DAY),
    };
    let full = StockEvidence::Refused {
        reason: StockRefusal::Full,
    };
    assert_eq!(ask(1, false), (taken.clone(), Some(0)));
    assert_eq!(ask(2, false), (full, None));
    assert_eq!(ask(2, true), (taken.clone(), Some(1)));
    assert_eq!(ask(3, true), (taken.clone(), Some(2)));
    assert_eq!(ask(1, false).0, taken, "who has a place keeps it");
}

#[test]
fn a_paused_location_takes_nothing_new_and_keeps_what_it_has() {
    let mut stock = working(9);
    let first = command(&Deed::Reserve(false), order(1), 1);
    stock.apply(&stock.decide(&first, None, at(0)).change);
    stock.room.paused = true;
    let second = command(&Deed::Reserve(true), order(2), 1);
    let refused = stock.decide(&second, None, at(0)).evidence;
    let paused = StockRefusal::Paused;
    assert_eq!(refused, Some(StockEvidence::Refused { reason: paused }));
    let confirm = command(&Deed::Confirm, order(1), 1);
    let confirmed = stock.decide(&confirm, None, at(0)).evidence;
    assert_eq!(confirmed, Some(StockEvidence::Confirmed));
}
