//! Feeds: messages are counts under numbers, each taken once, none after a later one.

use super::*;

fn stock(on_hand: i64) -> LocationStock {
    let mut stock = LocationStock::empty("BER1".into());
    let counted = StockCommand::Count {
        sku: "SKU".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    take(&mut stock, &counted);
    stock
}

fn take(stock: &mut LocationStock, command: &StockCommand) -> StockDecision {
    let decision = stock.decide(command, None, at(10));
    stock.apply(&decision.change);
    decision
}

fn mark(sequence: i64, digest: &str) -> FeedMark {
    let digest = digest.to_owned();
    FeedMark { sequence, digest }
}

fn message(sequence: i64, says: Level) -> StockCommand {
    StockCommand::Feed {
        source: "erp".into(),
        mark: mark(sequence, &format!("{says:?}")),
        rows: vec![FeedRow {
            sku: "SKU".into(),
            says,
        }],
        gap: None,
        unpicked: Vec::new(),
    }
}

fn reserve(number: u8, units: u32) -> StockCommand {
    StockCommand::Reserve {
        order: order(number),
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(units),
        expires_at: at(100),
        queued: false,
    }
}

#[test]
fn a_message_that_comes_again_after_units_have_left_changes_nothing() {
    let mut stock = stock(2);
    let first = take(&mut stock, &message(7, Level::Delta(3)));
    assert_eq!(first.taken, Taken::Applied);
    assert_eq!(first.change.ledger[0].reference.as_deref(), Some("erp/7"));
    take(&mut stock, &reserve(1, 4));
    let lines = lines(4);
    let consume = StockCommand::Consume {
        order: order(1),
        attempt: 1,
        lines,
    };
    take(&mut stock, &consume);
    let again = take(&mut stock, &message(7, Level::Delta(3)));
    assert_eq!(again.taken, Taken::Repeated);
    assert!(again.change.is_empty());
    assert_eq!(stock.counters(&"SKU".into()).on_hand, 1);
}

#[test]
fn an_older_message_and_another_under_the_same_number_change_nothing() {
    let mut stock = stock(2);
    take(&mut stock, &message(7, Level::OnHand(5)));
    for (command, taken) in [
        (message(6, Level::OnHand(9)), Taken::Outdated),
        (message(7, Level::OnHand(9)), Taken::Conflicting),
    ] {
        let refused = take(&mut stock, &command);
        assert_eq!(refused.taken, taken);
        let StockChange { logbook, .. } = &refused.change;
        assert_eq!(logbook.len(), 1, "{refused:?}");
        let said = StockChange {
            logbook: logbook.clone(),
            ..StockChange::default()
        };
        assert_eq!(refused.change, said, "nothing else is written");
    }
    assert_eq!(stock.counters(&"SKU".into()).on_hand, 5);
    // Another source has numbers of its own.
    let mut other = message(1, Level::OnHand(4));
    if let StockCommand::Feed { source, .. } = &mut other {
        *source = "wms".into();
    }
    assert_eq!(take(&mut stock, &other).taken, Taken::Applied);
}

#[test]
fn a_gap_is_what_lies_between_and_a_source_may_begin_anywhere() {
    let first = mark(4_711, "a");
    assert_eq!(first.gap_after(None), None);
    assert_eq!(mark(4_712, "b").gap_after(Some(&first)), None);
    let late = mark(4_715, "c");
    assert_eq!(late.gap_after(Some(&first)), Some((4_712, 4_714)));
    assert_eq!(first.gap_after(Some(&first)), None);
    assert_eq!(
        mark(i64::MAX, "d").gap_after(Some(&mark(i64::MAX, "d"))),
        None
    );
}

#[test]
fn a_feed_below_what_is_promised_takes_back_and_declares_as_a_count_does() {
    let mut fed = stock(5);
    for number in 1..=3 {
        take(&mut fed, &reserve(number, 1));
    }
    let confirm = StockCommand::Confirm {
        order: order(1),
        attempt: 1,
        lines: lines(1),
    };
    take(&mut fed, &confirm);
    let mut counted = fed.clone();
    let by_feed = take(&mut fed, &message(1, Level::Delta(-5)));
    let count = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 0,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    let by_count = take(&mut counted, &count);
    assert_eq!(fed.counters(&"SKU".into()).shortfall, 1);
    assert_eq!(fed.counters(&"SKU".into()), counted.counters(&"SKU".into()));
    assert_eq!(by_feed.told, by_count.told);
    // Once it is known that nobody has picked it, the firm one goes as well.
    let key = HoldKey {
        order: order(1),
        line: 1,
        attempt: 1,
    };
    let known = message(2, Level::OnHand(0)).knowing(vec![key]);
    let decision = take(&mut fed, &known);
    assert_eq!(decision.told.len(), 1);
    assert_eq!(fed.counters(&"SKU".into()).shortfall, 0);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    /// However messages are repeated, lost and overtaken, the stock is that of those alone that were
    /// newer than all before them, and each unit of a delta is booked once.
    #[test]
    fn what_stands_is_what_the_newest_so_far_have_said(
        arrivals in prop::collection::vec(0_i64..20, 1..60),
        start in 0_i64..20,
    ) {
        let says = |sequence: i64| match sequence % 3 {
            0 => Level::OnHand(sequence % 7),
            1 => Level::Delta(sequence % 5),
            _ => Level::Delta(-(sequence % 4)),
        };
        let mut stock = stock(start);
        let (mut newest, mut expected, mut missing, mut taken) = (None, start, 0, 0);
        for sequence in &arrivals {
            let known = stock.feeds.get(&"erp".into()).cloned();
            let command = message(*sequence, says(*sequence));
            let decision = take(&mut stock, &command);
            let is_newer = newest.is_none_or(|newest| newest < *sequence);
            prop_assert_eq!(decision.taken == Taken::Applied, is_newer);
            if is_newer {
                let gap = mark(*sequence, "").gap_after(known.as_ref());
                missing += gap.map_or(0, |(first, last)| last - first + 1);
                taken += 1;
                newest = Some(*sequence);
                expected = match says(*sequence) {
                    Level::OnHand(units) => units,
                    Level::Delta(units) => (expected + units).max(0),
                };
            } else {
                let StockChange { ledger, counters, feeds, .. } = &decision.change;
                prop_assert!(ledger.is_empty() && counters.is_empty() && feeds.is_empty());
            }
            prop_assert_eq!(stock.counters(&"SKU".into()).on_hand, expected);
        }
        // Every number from the first one on was either taken or flagged as missing.
        let first = arrivals.first().copied().unwrap_or_default();
        prop_assert_eq!(taken + missing, newest.unwrap_or_default() - first + 1);
    }
}
