//! Stripe's balance transactions. Amounts are in major units, signed as they change the balance.

use csv::{ReaderBuilder, StringRecord};
use orderhub_domain::settlement::{LineKind, PayoutLine, Reference, StatedLine};

use super::columns::{Columns, Wanted, currency};
use super::{Lines, Unreadable};

/// Names in the dashboard's export and in the itemised balance report.
const WANTED: [Wanted; 11] = [
    ("id", &["id", "balance_transaction_id"], true),
    ("type", &["type", "reporting_category"], true),
    ("source", &["source", "source_id"], false),
    ("amount", &["amount", "gross"], true),
    ("fee", &["fee", "fees"], true),
    ("net", &["net"], true),
    ("currency", &["currency"], true),
    (
        "created",
        &["created (utc)", "created_utc", "created"],
        false,
    ),
    ("intent", &["payment_intent_id", "payment intent id"], false),
    (
        "order",
        &["order_id (metadata)", "payment_metadata[order_id]"],
        false,
    ),
    ("payout", &["automatic_payout_id", "transfer"], false),
];

pub(super) fn lines(file: &[u8]) -> Result<Lines<'_>, Unreadable> {
    let mut reader = ReaderBuilder::new().flexible(false).from_reader(file);
    let heading = reader
        .headers()
        .map_err(|error| Unreadable::whole(format!("its heading cannot be read: {error}")))?;
    let columns = Columns::find(heading, &WANTED)?;
    let rows = reader.into_records().enumerate().map(move |(at, row)| {
        let number = at + 1;
        let row = row.map_err(|error| (number, error.to_string()))?;
        line(number, &columns, &row).map_err(|what| (number, what))
    });
    Ok(Box::new(rows))
}

fn line(number: usize, columns: &Columns, row: &StringRecord) -> Result<StatedLine, String> {
    let currency = currency(columns.needed(row, "currency")?)?;
    let id = columns.needed(row, "id")?.to_owned();
    let gross = columns.amount(row, "amount", currency)?;
    let source = columns.text(row, "source");
    let kind = kind(columns.needed(row, "type")?, source, gross.is_negative());
    let payment = |text: &str| Reference::Payment(text.to_owned());
    let mut references: Vec<Reference> = Vec::new();
    references.extend(columns.text(row, "intent").map(payment));
    references.extend(source.filter(|text| text.starts_with("pi_")).map(payment));
    let order = columns
        .text(row, "order")
        .and_then(|text| text.parse().ok());
    references.extend(order.map(Reference::Order));
    let payout = match kind {
        // The row of a payout is the payout that it names as its source.
        LineKind::Payout => source.or_else(|| columns.text(row, "payout")),
        _ => columns.text(row, "payout"),
    };
    Ok(StatedLine {
        number,
        line: PayoutLine {
            id,
            kind,
            gross,
            fee: columns.amount(row, "fee", currency)?,
            net: columns.amount(row, "net", currency)?,
            at: columns.moment(row, "created"),
        },
        references,
        payout: payout.map(str::to_owned),
    })
}

/// What a type or a reporting category is about. Disputes come as adjustments of the balance in the
/// one and under their own names in the other.
fn kind(word: &str, source: Option<&str>, negative: bool) -> LineKind {
    let disputed = source.is_some_and(|id| id.starts_with("du_") || id.starts_with("dp_"));
    match word.to_ascii_lowercase().as_str() {
        "charge" | "payment" => LineKind::Charge,
        "refund" | "payment_refund" => LineKind::Refund,
        "dispute" => LineKind::Dispute,
        "dispute_reversal" => LineKind::DisputeReversed,
        "adjustment" if disputed && negative => LineKind::Dispute,
        "adjustment" if disputed => LineKind::DisputeReversed,
        "stripe_fee" | "fee" | "network_cost" | "application_fee" => LineKind::Fee,
        "payout" => LineKind::Payout,
        _ => LineKind::Other,
    }
}
