//! Amazon's settlement report. One sale stands in many rows, one for each price, tax, promotion and
//! fee; here they become one line for each order and kind of transaction.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord};
use orderhub_domain::money::Money;
use orderhub_domain::settlement::{LineKind, PayoutLine, Reference, StatedLine};

use super::columns::{Columns, Wanted, currency};
use super::{Lines, Unreadable};

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

pub(super) fn lines(file: &[u8]) -> Result<Lines<'_>, Unreadable> {
    let mut reader = ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .from_reader(file);
    let heading = reader
        .headers()
        .map_err(|error| Unreadable::whole(format!("its heading cannot be read: {error}")))?;
    let columns = Columns::find(heading, &WANTED)?;
    let mut rows = reader.into_records();
    // The first row is the payout itself; only it names the currency.
    let Some(first) = rows.next() else {
        return Ok(Box::new(std::iter::empty()));
    };
    let wrong = |what| Unreadable {
        errors: vec![(Some(1), what)],
    };
    let first = first.map_err(|error| wrong(error.to_string()))?;
    let settlement = payout(&columns, &first).map_err(wrong)?;
    let mut sales: BTreeMap<(String, String), Sale> = BTreeMap::new();
    let mut errors = Vec::new();
    for (at, row) in rows.enumerate() {
        let number = at + 2;
        let added = row.map_err(|error| error.to_string());
        let added = added.and_then(|row| add(&columns, number, &row, &settlement, &mut sales));
        errors.extend(added.err().map(|what| (number, what)));
    }
    let id = settlement.line.id.clone();
    let sales = sales.into_iter();
    let lines = sales.map(move |(key, sale)| Ok(stated(&id, key, &sale)));
    let errors = errors.into_iter().map(Err);
    Ok(Box::new(
        std::iter::once(Ok(settlement)).chain(errors).chain(lines),
    ))
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
