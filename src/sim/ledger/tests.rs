//! A channel's orders: what has changed, who has second thoughts, and what is remembered.

use super::*;

fn open(book: Option<&Path>) -> Ledger {
    fn news(line: &Entry) -> Vec<(Timestamp, Letter)> {
        let sold = matches!(line, Entry::Sold(_));
        let sale = line.sale().filter(|_| sold);
        let letter = |sale: &Sale| (sale.placed_at, sale.letter(false, &sale.id.into()));
        sale.map(letter).into_iter().collect()
    }
    Ledger::open("ledger", book, news).expect("a ledger")
}

fn sell(ledger: &mut Ledger, times: u64) -> Vec<u64> {
    let skus = ["SKU-1".to_owned(), "SKU-2".to_owned()];
    for _ in 0..times {
        ledger.sell(1, &skus, Manner::Sent).expect("sold");
    }
    ledger.memory.sales.keys().copied().collect()
}

const EVER: (Timestamp, Timestamp) = (Timestamp::MIN, Timestamp::MAX);

#[test]
fn an_order_that_changes_moves_to_the_end_of_what_has_changed_and_none_is_skipped() {
    let mut ledger = open(None);
    let ids = sell(&mut ledger, 5);
    let (page, more) = ledger.changed(EVER, None, 2);
    let last = page.last().map(|sale| (sale.changed_at, sale.id));
    assert_eq!((page.len(), more), (2, true));
    let first = ledger.find(ids[0]).expect("sold");
    ledger.acknowledge(first).expect("noted");
    let (page, more) = ledger.changed(EVER, last, 10);
    let rest: Vec<u64> = page.iter().map(|sale| sale.id).collect();
    assert_eq!(rest, [ids[2], ids[3], ids[4], ids[0]]);
    assert!(!more);
    assert_eq!(
        ledger
            .changed((Timestamp::MAX, Timestamp::MIN), None, 9)
            .0
            .len(),
        0
    );
}

#[test]
fn second_thoughts_come_to_some_and_never_once_something_has_left() {
    let mut ledger = open(None);
    sell(&mut ledger, 200);
    let all = ledger.memory.sales.values();
    let doubtful = all.filter(|sale| sale.thought.is_some_and(|(of, _)| of == Thought::Cancels));
    let doubtful: Vec<u64> = doubtful.map(|sale| sale.id).collect();
    assert!((5..50).contains(&doubtful.len()), "{}", doubtful.len());
    let sale = ledger.find(doubtful[0]).expect("sold");
    let parcel = Parcel {
        carrier: "USPS".to_owned(),
        tracking: "94001".to_owned(),
        units: vec![(0, 1)],
    };
    assert!(ledger.ship(sale, parcel).expect("noted"));
    ledger.regret(Timestamp::MAX).expect("noted");
    let cancelled = |id: &u64| {
        ledger
            .find(*id)
            .is_some_and(|sale| sale.cancelled.is_some())
    };
    assert!(!cancelled(&doubtful[0]));
    assert!(doubtful[1..].iter().all(cancelled));
    assert!(ledger.memory.regrets.is_empty());
}

#[test]
fn a_buyer_of_several_things_has_one_taken_out_and_the_rest_stays() {
    let mut ledger = open(None);
    sell(&mut ledger, 200);
    ledger.regret(Timestamp::MAX).expect("noted");
    let changed = ledger.memory.sales.values();
    let changed: Vec<&Sale> = changed.filter(|sale| sale.taken_out.is_some()).collect();
    assert!(!changed.is_empty());
    for sale in changed {
        let last = sale.lines.len() as u64;
        assert!(last > 1 && sale.cancelled.is_none());
        let out: Vec<u64> = (1..=last).map(|place| sale.taken_out(place)).collect();
        let quantity = sale.lines[sale.lines.len() - 1].quantity;
        assert_eq!(out.iter().sum::<u64>(), quantity);
        assert_eq!(sale.taken_out(last), quantity);
    }
    // Nobody thinks again twice.
    assert!(ledger.memory.regrets.is_empty());
}

#[test]
fn at_the_counter_one_unit_goes_back_and_nothing_is_cancelled() {
    let mut ledger = open(None);
    let skus = ["SKU-1".to_owned(), "SKU-2".to_owned()];
    for _ in 0..200 {
        ledger.sell(1, &skus, Manner::Counter).expect("sold");
    }
    ledger.regret(Timestamp::MAX).expect("noted");
    let sales = || ledger.memory.sales.values();
    assert!(sales().all(|sale| sale.cancelled.is_none() && sale.taken_out.is_none()));
    let given: Vec<(u64, u64)> = sales()
        .filter_map(|sale| Some((sale.refund.as_ref()?.cents, sale.lines[0].price)))
        .collect();
    assert!((5..60).contains(&given.len()), "{}", given.len());
    assert!(given.iter().all(|(cents, price)| cents == price));
}

#[test]
fn a_ledger_goes_on_from_its_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.jsonl");
    let mut first = open(Some(&path));
    let ids = sell(&mut first, 3);
    let letter = first.outbox().due(Timestamp::MAX)[0].number;
    first.told(letter, true);
    let sale = first.find(ids[1]).expect("sold");
    first.cancel(sale, "out_of_stock").expect("noted");
    drop(first);
    let mut second = open(Some(&path));
    assert_eq!(second.outbox().len(), 2);
    let kept = second.find(ids[1]).and_then(|sale| sale.cancelled);
    assert!(kept.is_some_and(|cancelled| !cancelled.by_buyer));
    assert_eq!(sell(&mut second, 1)[..3], ids);
}
