//! The logbook: what is said once, what is said again, and what it says of the ledger.

use super::*;

fn count(on_hand: i64) -> StockCommand {
    StockCommand::Count {
        sku: "SKU".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    }
}

fn take(stock: &mut LocationStock, command: &StockCommand) -> Vec<LogbookEntry> {
    let decision = stock.decide(command, None, at(10));
    stock.apply(&decision.change);
    decision.change.logbook
}

fn tell(stock: &mut LocationStock) -> Vec<LogbookEntry> {
    let skus = vec!["SKU".into(), "SKU".into()];
    take(stock, &StockCommand::TellAvailability { skus })
}

fn said(version: i64, available: i64, before: Option<i64>) -> Happening {
    let sku = "SKU".into();
    Happening::AvailabilityChanged {
        sku,
        version,
        available,
        before,
    }
}

fn fed(sequence: i64, says: &[(&str, Level)], gap: Option<FeedGap>) -> StockCommand {
    let rows = says.iter().map(|(sku, says)| FeedRow {
        sku: (*sku).into(),
        says: *says,
    });
    StockCommand::Feed {
        source: "erp".into(),
        mark: FeedMark {
            sequence,
            digest: format!("{says:?}"),
        },
        rows: rows.collect(),
        gap,
        unpicked: Vec::new(),
    }
}

#[test]
fn what_can_be_promised_is_said_once_for_many_sales_and_only_when_it_is_another_number() {
    let mut stock = LocationStock::empty("BER1".into());
    assert_eq!(take(&mut stock, &count(5)), []);
    let first = tell(&mut stock);
    assert_eq!(first.len(), 1, "a SKU that is named twice is said once");
    assert_eq!((&first[0].says, first[0].after_seq), (&said(1, 5, None), 1));
    assert_eq!(tell(&mut stock), []);
    for number in 1..=3 {
        let reserve = StockCommand::Reserve {
            order: order(number),
            attempt: 1,
            channel: ChannelId(Uuid::nil()),
            lines: lines(1),
            expires_at: at(100),
            queued: false,
        };
        assert_eq!(take(&mut stock, &reserve), [], "no sale says it by itself");
    }
    let second = tell(&mut stock);
    assert_eq!(second[0].says, said(2, 2, Some(5)));
    assert_eq!(second[0].after_seq, 4);
    // It fell and rose in between: nobody hears of it.
    take(&mut stock, &count(9));
    take(&mut stock, &count(5));
    assert_eq!(tell(&mut stock), []);
}

#[test]
fn a_message_says_how_many_of_its_lines_changed_something_and_what_is_missing_before_it() {
    let mut stock = LocationStock::empty("BER1".into());
    take(&mut stock, &count(5));
    let gap = Some(FeedGap { first: 7, last: 8 });
    let message = fed(9, &[("SKU", Level::OnHand(5)), ("B", Level::Delta(2))], gap);
    let entries = take(&mut stock, &message);
    let applied = Happening::FeedApplied {
        source: "erp".into(),
        sequence: 9,
        lines: 2,
        changed: 1,
        gap,
    };
    assert_eq!(entries.len(), 1);
    assert_eq!((&entries[0].says, entries[0].after_seq), (&applied, 2));
    assert_eq!(take(&mut stock, &message), [], "its repeat says nothing");
}

#[test]
fn a_refusal_has_the_same_name_here_and_at_its_source_and_another_for_other_lines() {
    let mut stock = LocationStock::empty("BER1".into());
    take(&mut stock, &fed(9, &[("SKU", Level::OnHand(5))], None));
    let here = take(&mut stock, &fed(8, &[("SKU", Level::OnHand(1))], None));
    let reused = take(&mut stock, &fed(9, &[("SKU", Level::OnHand(1))], None));
    let StockCommand::Feed { mark, .. } = fed(8, &[("SKU", Level::OnHand(1))], None) else {
        unreachable!("a message")
    };
    let at_source = StockCommand::RefuseFeed {
        source: "erp".into(),
        mark,
        lines: 1,
        why: FeedRefusal::Outdated,
    };
    assert_eq!(take(&mut stock, &at_source), here);
    let why = |entries: &[LogbookEntry]| match entries {
        [
            LogbookEntry {
                says: Happening::FeedRejected { why, .. },
                ..
            },
        ] => Some(*why),
        _ => None,
    };
    assert_eq!(why(&here), Some(FeedRefusal::Outdated));
    assert_eq!(why(&reused), Some(FeedRefusal::SequenceReused));
    assert_ne!(here[0].name, reused[0].name);
}

#[test]
fn every_kind_is_published_under_its_name_and_reads_back() {
    let all = [
        Happening::FeedApplied {
            source: "erp".into(),
            sequence: 1,
            lines: 1,
            changed: 0,
            gap: None,
        },
        Happening::FeedRejected {
            source: "erp".into(),
            sequence: 1,
            lines: 1,
            why: FeedRefusal::Outdated,
        },
        said(1, 2, Some(3)),
        Happening::DriftFound {
            invariant: STOCK_COUNTERS.into(),
            subject: "BER1/SKU".into(),
            detail: "two against three".into(),
            found_at: at(1),
        },
    ];
    let kinds: Vec<&str> = all.iter().map(Happening::kind).collect();
    assert_eq!(kinds, LOGBOOK_KINDS);
    for says in all {
        let stored = serde_json::to_value(&says).expect("JSON");
        assert_eq!(stored["kind"], says.kind());
        assert_eq!(stored["body"], says.body());
        let read: Happening = serde_json::from_value(stored).expect("an entry");
        assert_eq!(read, says);
    }
}
