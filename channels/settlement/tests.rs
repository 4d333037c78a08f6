//! Files as the vendors' documentation describes them, written for these tests.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::settlement::{LineKind, PayoutParts, Reference, StatedLine, Unknown, Verdict};

use super::*;

fn money(text: &str, code: &str) -> Money {
    let currency = Currency::from_code(code).expect("a currency");
    Money::exact(text.parse().expect("a number"), currency).expect("an amount")
}

/// The lines of a file, if all of them can be read.
fn read(format: FileFormat, file: &str) -> Result<Vec<StatedLine>, Unreadable> {
    let mut lines = Vec::new();
    format.survey(file.as_bytes(), |line| lines.push(line.clone()))?;
    Ok(lines)
}

/// What comes of the payout that this line stands for.
fn judge(lines: &[StatedLine], number: usize) -> Result<Verdict, Unknown> {
    let mut parts = PayoutParts::default();
    for line in lines {
        parts.add(line);
    }
    let payout = lines.iter().find(|line| line.number == number);
    parts.judge(payout.expect("a line"))
}

const DASHBOARD: &str = "\
id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Description,Transfer,order_id (metadata)
txn_1,charge,ch_1,44.97,1.60,43.37,eur,2026-11-20 09:00,\"Hats, two\",po_1,ord_019a0000000070008000000000000000
txn_2,refund,re_1,-10.00,0.00,-10.00,eur,2026-11-21 09:00,,po_1,
txn_3,adjustment,du_1,-44.97,15.00,-59.97,eur,2026-11-22 09:00,,po_1,
txn_4,stripe_fee,,-2.00,0.00,-2.00,eur,2026-11-22 10:00,,po_1,
txn_5,payout,po_1,28.60,0.00,28.60,eur,2026-11-23 09:00,,,
txn_6,charge,ch_2,1200,40,1160,jpy,2026-11-23 09:00,,,
";

#[test]
fn the_dashboards_export_is_read_with_its_signs_and_its_ways_to_orders() {
    let lines = read(FileFormat::StripeBalance, DASHBOARD).expect("readable");
    let kinds: Vec<LineKind> = lines.iter().map(|one| one.line.kind).collect();
    assert_eq!(
        kinds,
        [
            LineKind::Charge,
            LineKind::Refund,
            LineKind::Dispute,
            LineKind::Fee,
            LineKind::Payout,
            LineKind::Charge
        ]
    );
    let first = &lines[0];
    assert_eq!(first.line.gross, money("44.97", "EUR"));
    assert_eq!(first.line.fee, money("1.60", "EUR"));
    assert!(first.line.adds_up());
    assert!(matches!(first.references[..], [Reference::Order(_)]));
    assert_eq!(lines[5].line.gross, money("1200", "JPY"));
    assert_eq!(
        judge(&lines, 5),
        Ok(Verdict::Matched),
        "the parts add up to what left"
    );
}

#[test]
fn the_itemised_report_leads_to_the_payment_itself() {
    let report = "\
balance_transaction_id,reporting_category,gross,fee,net,currency,payment_intent_id,automatic_payout_id
txn_1,charge,44.97,1.60,43.37,eur,pi_1,po_1
txn_2,dispute_reversal,44.97,0.00,44.97,eur,pi_1,po_1
";
    let lines = read(FileFormat::StripeBalance, report).expect("readable");
    assert_eq!(lines[0].references, [Reference::Payment("pi_1".into())]);
    assert_eq!(lines[1].line.kind, LineKind::DisputeReversed);
}

#[test]
fn a_file_with_one_bad_line_is_refused_as_a_whole_and_the_line_is_named() {
    let bad = DASHBOARD
        .replace("-10.00,0.00,-10.00", "ten,0.00,-10.00")
        .replace("1200,40,1160,jpy", "1200.5,40,1160,jpy");
    let refused = read(FileFormat::StripeBalance, &bad).expect_err("unreadable");
    let lines: Vec<Option<usize>> = refused.errors.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [Some(2), Some(6)]);
    assert!(
        refused
            .to_string()
            .contains("line 2: amount \"ten\" is not an amount"),
        "{refused}"
    );
}

#[test]
fn a_file_of_another_kind_says_which_columns_are_missing() {
    for (file, what) in [
        (
            "a,b\n1,2\n",
            "it has no column id or balance_transaction_id",
        ),
        ("", "it has no column id"),
        (
            DASHBOARD.lines().next().expect("a heading"),
            "it has no lines",
        ),
    ] {
        let refused = read(FileFormat::StripeBalance, file).expect_err("unreadable");
        assert!(refused.to_string().contains(what), "{refused}");
    }
}

const SETTLEMENT: &str = "\
settlement-id\ttotal-amount\tcurrency\ttransaction-type\torder-id\tamount-type\tamount\tposted-date-time
9001\t34,47\tEUR\t\t\t\t\t
9001\t\t\tOrder\t302-1\tItemPrice\t39,98\t20.11.2026 09:00:00 UTC
9001\t\t\tOrder\t302-1\tItemPrice\t4,99\t20.11.2026 09:00:00 UTC
9001\t\t\tOrder\t302-1\tPromotion\t-0,50\t20.11.2026 09:00:00 UTC
9001\t\t\tOrder\t302-1\tItemFees\t-6,00\t20.11.2026 09:00:00 UTC
9001\t\t\tother-transaction\t\tSubscription\t-4,00\t20.11.2026 09:00:00 UTC
";

#[test]
fn the_rows_of_a_sale_become_one_line_with_what_amazon_keeps() {
    let lines = read(FileFormat::AmazonSettlement, SETTLEMENT).expect("readable");
    let sale = lines
        .iter()
        .find(|one| one.line.kind == LineKind::Charge)
        .expect("a sale");
    assert_eq!(sale.line.gross, money("44.47", "EUR"));
    assert_eq!(sale.line.fee, money("6.00", "EUR"));
    assert_eq!(sale.line.net, money("38.47", "EUR"));
    assert_eq!(sale.references, [Reference::External("302-1".into())]);
    assert_eq!(judge(&lines, 1), Ok(Verdict::Matched));
}
