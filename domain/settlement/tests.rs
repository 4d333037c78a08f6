//! Lines against claims, payouts against their parts, and files whose sums always close.

use proptest::prelude::*;

use super::*;
use crate::money::Currency;

fn eur(cents: i64) -> Money {
    let currency = Currency::from_code("EUR").expect("a currency");
    Money::from_minor(cents, currency).expect("an amount")
}

fn line(kind: LineKind, gross: i64, fee: i64) -> PayoutLine {
    PayoutLine {
        id: "txn_1".into(),
        kind,
        gross: eur(gross),
        fee: eur(fee),
        net: eur(gross - fee),
        at: None,
    }
}

fn claims(captured: i64, once: bool) -> Claims {
    Claims {
        captured: eur(captured),
        once,
        refunded: eur(1000),
        disputed: eur(700),
        won: eur(700),
        settled: [eur(0); 4],
    }
}

fn variance(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Matched => "matched",
        Verdict::Variance(variance) => variance.word(),
    }
}

#[test]
fn a_charge_that_is_taken_once_is_matched_as_a_whole_only() {
    for (gross, word) in [
        (4497, "matched"),
        (4496, "amount"),
        (4498, "amount"),
        (-4497, "amount"),
    ] {
        let verdict = claims(4497, true).judge(&line(LineKind::Charge, gross, 160));
        assert_eq!(variance(&verdict), word, "{gross}");
    }
    let verdict = claims(0, true).judge(&line(LineKind::Charge, 4497, 160));
    assert_eq!(variance(&verdict), "not_known");
}

#[test]
fn charges_that_come_in_parts_are_matched_until_all_is_settled() {
    let mut known = claims(9000, false);
    for (gross, word) in [
        (4000, "matched"),
        (5001, "amount"),
        (5000, "matched"),
        (1, "not_known"),
    ] {
        let verdict = known.judge(&line(LineKind::Charge, gross, 0));
        assert_eq!(variance(&verdict), word, "{gross}");
        if verdict == Verdict::Matched {
            known.settled[0] = known.settled[0].plus(eur(gross));
        }
    }
}

#[test]
fn what_goes_back_is_negative_and_never_more_than_is_known() {
    for (kind, gross, word) in [
        (LineKind::Refund, -1000, "matched"),
        (LineKind::Refund, -400, "matched"),
        (LineKind::Refund, -1001, "amount"),
        (LineKind::Refund, 1000, "amount"),
        (LineKind::Dispute, -700, "matched"),
        (LineKind::DisputeReversed, 700, "matched"),
        (LineKind::DisputeReversed, 701, "amount"),
    ] {
        let verdict = claims(4497, true).judge(&line(kind, gross, 0));
        assert_eq!(variance(&verdict), word, "{kind:?} {gross}");
    }
}

#[test]
fn a_line_that_contradicts_itself_is_at_variance_whatever_it_says() {
    let mut crooked = line(LineKind::Charge, 4497, 160);
    crooked.net = eur(4497);
    assert_eq!(
        variance(&claims(4497, true).judge(&crooked)),
        "net_does_not_add"
    );
    let dollars = Currency::from_code("USD").expect("a currency");
    let mut foreign = line(LineKind::Charge, 4497, 0);
    foreign.gross = Money::from_minor(4497, dollars).expect("an amount");
    assert_eq!(
        variance(&claims(4497, true).judge(&foreign)),
        "other_currency"
    );
}

fn stated(number: usize, line: PayoutLine, payout: &str) -> StatedLine {
    StatedLine {
        number,
        line,
        references: Vec::new(),
        payout: (!payout.is_empty()).then(|| payout.to_owned()),
    }
}

#[test]
fn a_payout_is_the_sum_of_its_parts() {
    let lines = [
        stated(1, line(LineKind::Charge, 4497, 160), "po_1"),
        stated(2, line(LineKind::Refund, -1000, 0), "po_1"),
        stated(3, line(LineKind::Payout, -3337, 0), "po_1"),
        stated(4, line(LineKind::Charge, 500, 0), "po_2"),
        stated(5, line(LineKind::Payout, -501, 0), "po_2"),
        stated(6, line(LineKind::Payout, -501, 0), "po_3"),
    ];
    let mut parts = PayoutParts::default();
    for line in &lines {
        parts.add(line);
    }
    assert_eq!(parts.judge(&lines[2]), Ok(Verdict::Matched));
    let expected = eur(-500);
    assert_eq!(
        parts.judge(&lines[4]),
        Ok(Verdict::Variance(Variance::PayoutSum { expected }))
    );
    assert_eq!(parts.judge(&lines[5]), Err(Unknown::NoParts));
}

proptest! {
    #[test]
    fn every_line_is_counted_once_and_the_sums_close(
        lines in prop::collection::vec((-10_000_i64..10_000, 0_u8..6), 0..200),
    ) {
        let mut totals = Totals::nothing(eur(0).currency());
        let mut sum = eur(0);
        for (gross, what) in &lines {
            sum = sum.plus(eur(*gross));
            let variance = Verdict::Variance(Variance::NotKnown);
            totals.count(eur(*gross), match what {
                0 | 1 => Ok(&Verdict::Matched),
                2 | 3 => Ok(&variance),
                4 => Err(Unknown::NoOrder),
                _ => Err(Unknown::NotOfAnOrder),
            });
        }
        prop_assert_eq!(totals.lines, lines.len());
        prop_assert_eq!(totals.total, sum);
        prop_assert_eq!(totals.matched.plus(totals.variance).plus(totals.unknown), sum);
    }
}
