//! Quotas: no order of operations promises a channel more than it may have, or the stock more than
//! there is, and what is given back can be promised again.

use std::collections::BTreeMap;

use super::*;

fn channel(number: u8) -> ChannelId {
    ChannelId(Uuid::from_u128(u128::from(number)))
}

fn sku() -> Sku {
    "SKU".into()
}

/// Orders with an even number come through one channel, the others through another.
fn channel_of(order: u8) -> ChannelId {
    channel(order % 2)
}

fn set(number: u8, units: Option<i64>) -> QuotaChange {
    QuotaChange {
        sku: sku(),
        channel: channel(number),
        units,
        expected: None,
        by: "operator:anna".into(),
        reason: "scarce".into(),
    }
}

fn stocked(on_hand: i64) -> LocationStock {
    let mut stock = LocationStock::empty("BER1".into());
    take(&mut stock, &count(on_hand), 0);
    stock
}

fn count(on_hand: i64) -> StockCommand {
    StockCommand::Count {
        sku: sku(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    }
}

fn take(stock: &mut LocationStock, command: &StockCommand, now: i64) -> StockDecision {
    let decision = stock.decide(command, None, at(now));
    stock.apply(&decision.change);
    decision
}

fn reserve(number: u8, units: u32) -> StockCommand {
    StockCommand::Reserve {
        order: order(number),
        attempt: 1,
        channel: channel_of(number),
        lines: lines(units),
        expires_at: at(100),
        queued: false,
    }
}

fn wait(number: u8, units: u32) -> StockCommand {
    StockCommand::Wait {
        order: order(number),
        attempt: 2,
        channel: channel_of(number),
        lines: lines(units),
        since: at(i64::from(number)),
        declared_only: false,
    }
}

const REFUSED: Option<StockEvidence> = Some(StockEvidence::Refused {
    reason: StockRefusal::Quota,
});

#[derive(Debug, Clone)]
enum Deed {
    Set(u8, Option<i64>),
    Reserve(u8, u32),
    Wait(u8, u32),
    Confirm(u8),
    Release(u8),
    WriteOff(u8, Loss),
    Consume(u8),
    Regroup(u8, u32),
    Count(i64),
    Receive(i64),
    Cut,
    Expire,
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0_u8..8;
    prop_oneof![
        2 => (0_u8..2, prop::option::weighted(0.8, 0_i64..7)).prop_map(|(n, units)| Deed::Set(n, units)),
        6 => (who.clone(), 1_u32..4).prop_map(|(n, units)| Deed::Reserve(n, units)),
        2 => (who.clone(), 1_u32..4).prop_map(|(n, units)| Deed::Wait(n, units)),
        4 => who.clone().prop_map(Deed::Confirm),
        2 => who.clone().prop_map(Deed::Release),
        1 => (who.clone(), prop_oneof![Just(Loss::NotThere), Just(Loss::Damaged)])
            .prop_map(|(n, loss)| Deed::WriteOff(n, loss)),
        2 => who.clone().prop_map(Deed::Consume),
        1 => (who, 1_u32..3).prop_map(|(n, units)| Deed::Regroup(n, units)),
        2 => (0_i64..12).prop_map(Deed::Count),
        1 => (1_i64..5).prop_map(Deed::Receive),
        1 => Just(Deed::Cut),
        1 => Just(Deed::Expire),
    ]
}

/// The command of a deed; what ends a hold names the units that it has.
fn command(deed: &Deed, stock: &LocationStock, step: usize) -> StockCommand {
    let held = |number: u8| {
        let own = |attempt| HoldKey {
            order: order(number),
            line: 1,
            attempt,
        };
        let found = [1, 2, 3].into_iter().find_map(|attempt| {
            let hold = stock.holds.get(&own(attempt))?;
            hold.state.is_live().then_some((attempt, hold.quantity))
        });
        let (attempt, units) = found.unwrap_or((1, 1));
        (
            order(number),
            attempt,
            lines(u32::try_from(units).unwrap_or(1)),
        )
    };
    match *deed {
        Deed::Set(number, units) => StockCommand::SetQuota(set(number, units)),
        Deed::Reserve(number, units) => reserve(number, units),
        Deed::Wait(number, units) => wait(number, units),
        Deed::Confirm(number) => {
            let (order, attempt, lines) = held(number);
            StockCommand::Confirm {
                order,
                attempt,
                lines,
            }
        }
        Deed::Release(number) => {
            let (order, attempt, lines) = held(number);
            StockCommand::Release {
                order,
                attempt,
                lines,
            }
        }
        Deed::WriteOff(number, loss) => {
            let (order, attempt, lines) = held(number);
            StockCommand::WriteOff {
                order,
                attempt,
                lines,
                loss,
            }
        }
        Deed::Consume(number) => {
            let (order, attempt, lines) = held(number);
            StockCommand::Consume {
                order,
                attempt,
                lines,
            }
        }
        Deed::Regroup(number, units) => StockCommand::Regroup {
            order: order(number),
            from: vec![1, 2],
            into: 3,
            lines: lines(units),
        },
        Deed::Count(on_hand) => count(on_hand),
        Deed::Receive(quantity) => StockCommand::Receive {
            sku: sku(),
            reference: format!("R-{step}"),
            quantity,
            inbound: None,
        },
        Deed::Cut => StockCommand::Cut {
            sku: sku(),
            unpicked: stock.holds.keys().copied().collect(),
        },
        Deed::Expire => StockCommand::Expire { limit: 3 },
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn no_channel_is_promised_more_than_its_quota_or_the_stock(
        deeds in prop::collection::vec(deed(), 1..70),
    ) {
        let mut stock = stocked(8);
        let mut kept: BTreeMap<HoldKey, StockHold> = BTreeMap::new();
        // What each channel has had since its quota began, counted from the holds alone.
        let mut gone: BTreeMap<u8, i64> = BTreeMap::new();
        for (step, deed) in deeds.iter().enumerate() {
            // Final holds are looked up by who names them.
            stock.holds.extend(kept.iter().map(|(key, hold)| (*key, hold.clone())));
            let before = stock.clone();
            let command = command(deed, &stock, step);
            let decision = stock.decide(&command, None, at(i64::try_from(step).expect("few") * 10));
            stock.apply(&decision.change);
            for (key, _, hold) in &decision.change.holds {
                let was = before.holds.get(key).map(|hold| hold.state);
                if hold.state == HoldState::Consumed && was != Some(HoldState::Consumed) {
                    let through = (0..2).find(|number| hold.channel == Some(channel(*number)));
                    if let Some(number) = through {
                        *gone.entry(number).or_default() += hold.quantity;
                    }
                }
                kept.insert(*key, hold.clone());
            }
            if let Deed::Set(number, _) = deed
                && before.quota(&sku(), channel(*number)).units.is_none()
            {
                gone.insert(*number, 0);
            }
            stock.holds.extend(kept.iter().map(|(key, hold)| (*key, hold.clone())));
            let counters = stock.counters(&sku());
            prop_assert!(counters.holds());
            for number in 0..2 {
                let (was, quota) = (before.quota(&sku(), channel(number)), stock.quota(&sku(), channel(number)));
                let Some(units) = quota.units else {
                    prop_assert_eq!((quota.reserved, quota.taken), (0, 0));
                    continue;
                };
                let live = |states: &[HoldState]| -> i64 {
                    let own = stock.holds.values().filter(|hold| hold.channel == Some(channel(number)));
                    own.filter(|hold| states.contains(&hold.state)).map(|hold| hold.quantity).sum()
                };
                // The books of the quota are those of the holds.
                prop_assert_eq!(quota.reserved, live(&[HoldState::Soft]));
                let taken = live(&[HoldState::Hard, HoldState::Waiting]) + gone.get(&number).copied().unwrap_or(0);
                prop_assert_eq!(quota.taken, taken, "{:?}", deed);
                // Nothing promises beyond it: more than before only as far as the bound. A parcel that left
                // although its promise had been taken back is no promise.
                let (had, has) = (was.reserved + was.taken, quota.reserved + quota.taken);
                let evidence = matches!(deed, Deed::Consume(_)) || (matches!(deed, Deed::Set(..)) && was.units.is_none());
                prop_assert!(has <= had || has <= units || evidence, "{:?}: {:?} after {:?}", deed, quota, was);
                // And no order is refused for it that would have fitted.
                if let Deed::Reserve(order, asked) | Deed::Wait(order, asked) = deed
                    && channel_of(*order) == channel(number)
                    && decision.evidence == REFUSED
                {
                    prop_assert!(had + i64::from(*asked) > units);
                }
            }
            // Who has no quota is never refused for one.
            if decision.evidence == REFUSED {
                let asks = match deed {
                    Deed::Reserve(order, _) | Deed::Wait(order, _) => channel_of(*order),
                    other => panic!("{other:?} cannot be refused so"),
                };
                prop_assert!(before.quota(&sku(), asks).units.is_some());
            }
        }
    }

    #[test]
    fn what_is_given_back_can_be_promised_again(
        asked in prop::collection::vec((0_u8..8, 1_u32..4), 1..12), units in 1_i64..9, lapse in any::<bool>(),
    ) {
        let mut stock = stocked(100);
        take(&mut stock, &StockCommand::SetQuota(set(0, Some(units))), 0);
        for (number, want) in &asked {
            take(&mut stock, &reserve(*number, *want), 0);
        }
        let held: Vec<(HoldKey, i64)> = stock.holds.iter().map(|(key, hold)| (*key, hold.quantity)).collect();
        if lapse {
            take(&mut stock, &StockCommand::Expire { limit: 100 }, 200);
        } else {
            for (key, units) in held {
                let lines = lines(u32::try_from(units).expect("few"));
                let (order, attempt) = (key.order, key.attempt);
                take(&mut stock, &StockCommand::Release { order, attempt, lines }, 1);
            }
        }
        let quota = stock.quota(&sku(), channel(0));
        prop_assert_eq!((quota.reserved, quota.taken, quota.left()), (0, 0, Some(units)));
        let all = u32::try_from(units).expect("few");
        let again = take(&mut stock, &reserve(100, all), 300).evidence;
        let reserved = matches!(again, Some(StockEvidence::Reserved { .. }));
        prop_assert!(reserved, "{:?}", again);
    }
}

#[test]
fn what_has_left_counts_until_the_quota_is_taken_away() {
    let mut stock = stocked(100);
    take(&mut stock, &StockCommand::SetQuota(set(0, Some(3))), 0);
    take(&mut stock, &reserve(2, 3), 0);
    let (buyer, attempt) = (order(2), 1);
    let confirm = StockCommand::Confirm {
        order: buyer,
        attempt,
        lines: lines(3),
    };
    take(&mut stock, &confirm, 1);
    let consume = StockCommand::Consume {
        order: buyer,
        attempt,
        lines: lines(3),
    };
    take(&mut stock, &consume, 2);
    let next = take(&mut stock, &reserve(4, 1), 3).evidence;
    assert_eq!(next, REFUSED);
    take(&mut stock, &StockCommand::SetQuota(set(0, None)), 4);
    take(&mut stock, &StockCommand::SetQuota(set(0, Some(3))), 5);
    let next = take(&mut stock, &reserve(4, 3), 6).evidence;
    assert!(matches!(next, Some(StockEvidence::Reserved { .. })));
}

#[test]
fn a_quota_that_is_lowered_takes_no_promise_back() {
    let mut stock = stocked(100);
    take(&mut stock, &reserve(2, 5), 0);
    let lowered = take(&mut stock, &StockCommand::SetQuota(set(0, Some(2))), 1);
    assert!(lowered.told.is_empty());
    let quota = stock.quota(&sku(), channel(0));
    assert_eq!((quota.reserved, quota.left()), (5, Some(0)));
    // The other channel is bound by the stock alone.
    let other = take(&mut stock, &reserve(3, 95), 2).evidence;
    assert!(matches!(other, Some(StockEvidence::Reserved { .. })));
}

#[test]
fn a_setting_that_was_made_on_an_older_one_is_refused_and_the_same_again_changes_nothing() {
    let mut stock = stocked(100);
    let first = take(&mut stock, &StockCommand::SetQuota(set(0, Some(3))), 0);
    assert_eq!(first.change.words.len(), 1);
    let on = |expected, units| {
        StockCommand::SetQuota(QuotaChange {
            expected: Some(expected),
            ..set(0, units)
        })
    };
    assert_eq!(take(&mut stock, &on(0, Some(9)), 1).taken, Taken::Outdated);
    let again = take(&mut stock, &on(0, Some(3)), 1);
    assert_eq!(again.taken, Taken::Repeated);
    assert!(again.change.is_empty());
    assert_eq!(take(&mut stock, &on(1, Some(9)), 1).taken, Taken::Applied);
    assert_eq!(stock.quota(&sku(), channel(0)).rev, 2);
}

#[test]
fn a_lapsed_hold_is_not_confirmed_beyond_the_quota() {
    let mut stock = stocked(100);
    take(&mut stock, &StockCommand::SetQuota(set(0, Some(3))), 0);
    take(&mut stock, &reserve(2, 3), 0);
    take(&mut stock, &StockCommand::Expire { limit: 9 }, 200);
    take(&mut stock, &reserve(4, 2), 201);
    let confirm = StockCommand::Confirm {
        order: order(2),
        attempt: 1,
        lines: lines(3),
    };
    let late = take(&mut stock, &confirm, 202).evidence;
    assert_eq!(late, Some(StockEvidence::Lost { lines: vec![1] }));
}
