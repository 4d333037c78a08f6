//! Amazon's settlement report. One sale stands in many rows, one for each price, tax, promotion and
//! fee; here they become one line for each order and kind of transaction.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use orderhub_domain::money::Money;
use orderhub_domain::settlement::{LineKind, PayoutLine, Reference, StatedLine};

use super::Unreadable;
use super::columns::{Columns, Wanted, currency};

const WANTED: [Wanted; 8] = [
    ("settlement-id", &["settlement-id"], true),
    ("total-amount", &["total-amount"], true),
    ("currency", &["currency"], true),
    ("transaction-type", &["transaction-type"], true),
    ("order-id", &["order-id"], true),
    ("amount-type", &["amount-type"], true),
    ("amount", &["amount"], true),
    ("posted-date-time", &["posted-date-time"], false),
];

/// Parts of a sale that the buyer pays or is given; everything else is what Amazon keeps.
const BUYER: [&str; 3] = ["ItemPrice", "ItemWithheldTax", "Promotion"];

/// One order's rows of one kind of transaction.
struct Sale {
    number: usize,
    gross: Money,
    kept: Money,
    at: Option<jiff::Timestamp>,
}

pub(super) fn read(file: &[u8]) -> Result<Vec<StatedLine>, Unreadable> {
    let mut reader = ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .from_reader(file);
    let heading = reader
        .headers()
        .map_err(|error| Unreadable::whole(format!("its heading cannot be read: {error}")))?;
    let columns = Columns::find(heading, &WANTED)?;
    let mut rows = Vec::new();
    let mut errors = Vec::new();
    for (at, row) in reader.records().enumerate() {
        match row {
            Ok(row) => rows.push((at + 1, row)),
            Err(error) => errors.push(Err((at + 1, error.to_string()))),
        }
    }
    if !errors.is_empty() {
        return Unreadable::unless_all(errors);
    }
    // The first row is the payout itself; only it names the currency.
    let Some((_, first)) = rows.first().cloned() else {
        return Err(Unreadable::whole("it has no lines"));
    };
    let settlement = payout(&columns, &first).map_err(|what| Unreadable {
        errors: vec![(Some(1), what)],
    })?;
    let mut sales: BTreeMap<(String, String), Sale> = BTreeMap::new();
    let mut read: Vec<Result<(), (usize, String)>> = vec![Ok(())];
    for (number, row) in rows.iter().skip(1) {
        let added = add(&columns, *number, row, &settlement, &mut sales);
        read.push(added.map_err(|what| (*number, what)));
    }
    Unreadable::unless_all(read)?;
    let id = settlement.line.id.clone();
    let mut lines = vec![settlement];
    lines.extend(sales.into_iter().map(|(key, sale)| stated(&id, key, &sale)));
    Ok(lines)
}

fn payout(columns: &Columns, row: &StringRecord) -> Result<StatedLine, String> {
    let currency = currency(columns.needed(row, "currency")?)?;
    let id = columns.needed(row, "settlement-id")?.to_owned();
    let paid = columns.amount(row, "total-amount", currency)?.negated();
    Ok(StatedLine {
        number: 1,
        line: PayoutLine {
            id: id.clone(),
            kind: LineKind::Payout,
            gross: paid,
            fee: Money::zero(currency),
            net: paid,
            at: None,
        },
        references: Vec::new(),
        payout: Some(id),
    })
}

fn add(
    columns: &Columns,
    number: usize,
    row: &StringRecord,
    settlement: &StatedLine,
    sales: &mut BTreeMap<(String, String), Sale>,
) -> Result<(), String> {
    let currency = settlement.line.gross.currency();
    let kind = columns.needed(row, "transaction-type")?.to_owned();
    let order = columns.text(row, "order-id").unwrap_or_default().to_owned();
    let amount = columns.amount(row, "amount", currency)?;
    let sale = sales.entry((order, kind)).or_insert_with(|| Sale {
        number,
        gross: Money::zero(currency),
        kept: Money::zero(currency),
        at: columns.moment(row, "posted-date-time"),
    });
    let of_buyer = columns
        .text(row, "amount-type")
        .is_some_and(|word| BUYER.contains(&word));
    if of_buyer {
        sale.gross = sale.gross.plus(amount);
    } else {
        sale.kept = sale.kept.plus(amount);
    }
    Ok(())
}

fn stated(settlement: &str, (order, transaction): (String, String), sale: &Sale) -> StatedLine {
    let kind = match transaction.as_str() {
        _ if order.is_empty() => LineKind::Fee,
        "Order" => LineKind::Charge,
        "Refund" | "A-to-z Guarantee Refund" => LineKind::Refund,
        "Chargeback Refund" => LineKind::Dispute,
        _ => LineKind::Other,
    };
    // Costs of no order have no buyer: what was kept is what moved.
    let (gross, fee) = match kind {
        LineKind::Fee => (
            sale.gross.plus(sale.kept),
            Money::zero(sale.gross.currency()),
        ),
        _ => (sale.gross, sale.kept.negated()),
    };
    StatedLine {
        number: sale.number,
        line: PayoutLine {
            id: format!("{settlement}/{order}/{transaction}"),
            kind,
            gross,
            fee,
            net: gross.minus(fee),
            at: sale.at,
        },
        references: vec![Reference::External(order)],
        payout: Some(settlement.to_owned()),
    }
}
