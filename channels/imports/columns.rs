//! What the formats with columns have in common: rows that belong to one order, their texts by column, and
//! what is wrong with them.
//!
//! Every text of a file is a string: ids, postcodes and telephone numbers never become numbers. A sum is
//! read exactly, or refused.

use std::collections::BTreeMap;

use csv::ByteRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use orderhub_domain::canonical::Submission;
use orderhub_domain::canonical::Violation;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::History;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

use super::pieces::{name_columns, place};
use super::{Broken, Fault, ImportFormat, MOST_LINES, PastOrder, ReadOrder, Reading};
use crate::rows::{self, Flaw};
use crate::sales::direct::card::contains_card_number;

/// Longest text that a column may hold.
const LONGEST: usize = 10_000;

/// A format with columns.
pub(super) trait Table {
    /// Which.
    const FORMAT: ImportFormat;
    /// Columns that hold ids of the vendor.
    const IDS: &'static [&'static str];
    /// Columns without which nothing of it can be read.
    const NEEDED: &'static [&'static str];

    /// What reading stands on.
    fn reading(&self) -> &Reading;

    /// The channel's id of an order.
    fn external_id(&self, order: &mut Rows<'_>) -> Option<String>;

    /// The order and how it ended; `None` when anything of it cannot be read, which is noted then.
    fn order(&self, external_id: String, order: &mut Rows<'_>) -> Option<(Submission, History)>;

    /// The column that a member of the hub's own form was read from.
    fn column(&self, pointer: &str) -> &'static str;
}

/// The titles of the columns, and where each stands by its title in lower case.
struct Heading {
    titles: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Heading {
    fn of(record: &ByteRecord) -> Self {
        let title = |text: &[u8]| {
            let text = String::from_utf8_lossy(text);
            text.trim().to_owned()
        };
        let titles: Vec<String> = record.iter().map(title).collect();
        let mut places = BTreeMap::new();
        for (place, title) in titles.iter().enumerate() {
            places.entry(title.to_ascii_lowercase()).or_insert(place);
        }
        Self { titles, places }
    }

    fn place(&self, title: &str) -> Option<usize> {
        self.places.get(&title.to_ascii_lowercase()).copied()
    }
}

/// The rows of one order.
pub(super) struct Rows<'a> {
    heading: &'a Heading,
    /// Each with its number.
    numbered: Vec<(u64, ByteRecord)>,
    faults: Vec<Fault>,
}

/// Reads every order of a file.
pub(super) fn orders<T: Table>(
    file: &[u8],
    first_row: u64,
    table: &T,
) -> Result<Vec<ReadOrder>, Broken> {
    let mut rows = rows::Rows::new(first_row, usize::MAX);
    rows.push(file);
    rows.end();
    let Some(rows::Row { cells: heading, .. }) = rows.next() else {
        return Err(Broken("it is empty".to_owned()));
    };
    let name = place(&heading, name_columns(T::FORMAT));
    let heading = Heading::of(&heading);
    let missing = T::NEEDED
        .iter()
        .filter(|title| heading.place(title).is_none());
    let missing: Vec<&str> = missing.copied().collect();
    let Some(name) = name.filter(|_| missing.is_empty()) else {
        let missing = missing.join(", ");
        let format = T::FORMAT.word();
        return Err(Broken(format!(
            "it has no column {missing}: it is no {format}"
        )));
    };
    let mut found = Vec::new();
    let mut open: Vec<(u64, ByteRecord)> = Vec::new();
    while let Some(row) = rows.next() {
        let (number, record) = (row.number, row.cells);
        match row.flaw {
            None => {}
            Some(Flaw::Unclosed) => {
                return Err(Broken(format!(
                    "a quote that is opened in row {number} is never closed"
                )));
            }
            Some(Flaw::TooLong) => {
                return Err(Broken(format!("row {number} has too many cells")));
            }
        }
        let named = |record: &ByteRecord| record.get(name).unwrap_or_default().to_vec();
        let goes_on = open
            .last()
            .is_some_and(|(_, last)| named(last) == named(&record));
        if !goes_on && !open.is_empty() {
            found.push(order(table, &heading, std::mem::take(&mut open)));
        }
        open.push((number, record));
    }
    if !open.is_empty() {
        found.push(order(table, &heading, open));
    }
    Ok(found)
}

fn order<T: Table>(table: &T, heading: &Heading, rows: Vec<(u64, ByteRecord)>) -> ReadOrder {
    let row = rows.first().map_or(0, |(number, _)| *number);
    let last_row = rows.last().map_or(row, |(number, _)| *number);
    let mut order = Rows {
        heading,
        numbered: rows,
        faults: Vec::new(),
    };
    order.sweep(T::IDS);
    let external_id = if order.faults.is_empty() {
        table.external_id(&mut order)
    } else {
        None
    };
    let read = match (&external_id, order.len()) {
        (_, rows) if rows > MOST_LINES => {
            order.fault(
                row,
                "",
                "too_long",
                &format!("at most {MOST_LINES} lines in one order"),
            );
            None
        }
        (Some(external_id), _) => table.order(external_id.clone(), &mut order),
        (None, _) => None,
    };
    let read = read
        .filter(|_| order.faults.is_empty())
        .and_then(|(submission, history)| {
            let found = history.violations(&submission.draft, table.reading().now);
            if found.is_empty() {
                let body_hash = order.hash();
                return Some(PastOrder {
                    submission,
                    history,
                    body_hash,
                });
            }
            for violation in found {
                let column = table.column(&violation.pointer);
                order.fault(row, column, violation.code, &violation.hint);
            }
            None
        });
    ReadOrder {
        row,
        last_row,
        external_id,
        order: read.ok_or(order.faults),
    }
}

impl Rows<'_> {
    /// Notes what is wrong with a column of a row.
    pub(super) fn fault(&mut self, row: u64, column: &str, code: &'static str, hint: &str) {
        self.faults.push(Fault {
            row,
            violation: Violation::new(rows::pointer(column), code, hint),
        });
    }

    /// Notes what is wrong with a column of the order's first row.
    pub(super) fn wrong(&mut self, column: &str, code: &'static str, hint: &str) {
        self.fault(self.number(0), column, code, hint);
    }

    /// Notes a violation that has a column as its pointer already.
    pub(super) fn violation(&mut self, column: &str, violation: &Violation) {
        self.wrong(column, violation.code, &violation.hint);
    }

    /// What no row may hold, wherever it stands.
    fn sweep(&mut self, ids: &[&str]) {
        let ids: Vec<_> = ids
            .iter()
            .filter_map(|title| self.heading.place(title))
            .collect();
        let mut found = Vec::new();
        for (number, record) in &self.numbered {
            for (index, text) in record.iter().enumerate() {
                let column = || self.heading.titles.get(index).cloned().unwrap_or_default();
                match std::str::from_utf8(text) {
                    Err(_) => found.push((*number, column(), "not_utf8", "a file in UTF-8")),
                    Ok(text) if text.len() > LONGEST => {
                        found.push((*number, column(), "too_long", "at most 10000 bytes"));
                    }
                    // An id of a vendor may look like one.
                    Ok(text) if !ids.contains(&index) && contains_card_number(text) => {
                        let hint = "never keep card numbers; take it out of the file";
                        found.push((*number, column(), "card_data_not_allowed", hint));
                    }
                    Ok(_) => {}
                }
            }
        }
        for (row, column, code, hint) in found {
            self.fault(row, &column, code, hint);
        }
    }

    /// The text in a column of one of its rows, by the row's place.
    pub(super) fn at(&self, place_of_row: usize, column: &str) -> Option<String> {
        let (_, record) = self.numbered.get(place_of_row)?;
        let text = record.get(self.heading.place(column)?)?;
        let text = std::str::from_utf8(text).ok()?.replace('\0', "");
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// The text in a column of its first row.
    pub(super) fn text(&self, column: &str) -> Option<String> {
        self.at(0, column)
    }

    /// The text in the first of these columns that has one.
    pub(super) fn first(&self, columns: &[&str]) -> Option<String> {
        columns.iter().find_map(|column| self.text(column))
    }

    /// Whether the file has a column.
    pub(super) fn has(&self, column: &str) -> bool {
        self.heading.place(column).is_some()
    }

    /// The text in a column that must have one.
    pub(super) fn needed(&mut self, column: &str, hint: &str) -> Option<String> {
        let text = self.text(column);
        if text.is_none() {
            self.wrong(column, "required", hint);
        }
        text
    }

    /// The order's currency.
    pub(super) fn currency(&mut self, column: &str) -> Option<Currency> {
        let hint = "an ISO 4217 code, e.g. EUR";
        let code = self.needed(column, hint)?.to_ascii_uppercase();
        let currency = Currency::from_code(&code);
        if currency.is_none() {
            self.wrong(column, "unknown_currency", hint);
        }
        currency
    }

    /// A decimal in a column of one of its rows; nothing when the column is empty, or is noted as wrong.
    pub(super) fn decimal(&mut self, place_of_row: usize, column: &str) -> Option<Decimal> {
        let text = self.at(place_of_row, column)?;
        let value = decimal(&text);
        if value.is_none() {
            let row = self.number(place_of_row);
            self.fault(row, column, "bad_decimal", "a number like 1234.50");
        }
        value
    }

    /// The number of one of its rows.
    pub(super) fn number(&self, place_of_row: usize) -> u64 {
        let row = self.numbered.get(place_of_row);
        row.map_or(0, |(number, _)| *number)
    }

    /// How many rows it has.
    pub(super) const fn len(&self) -> usize {
        self.numbered.len()
    }

    /// A sum in a column of its first row, exact in the currency; zero when the column is empty or is noted
    /// as wrong.
    pub(super) fn sum(&mut self, column: &str, currency: Currency) -> Money {
        let zero = Money::zero(currency);
        let Some(value) = self.decimal(0, column) else {
            return zero;
        };
        Money::exact(value, currency).unwrap_or_else(|_| {
            let exponent = currency.exponent();
            let hint = format!("at most {exponent} decimals, and a smaller number");
            self.wrong(column, "wrong_exponent", &hint);
            zero
        })
    }

    /// A sum in a column of its first row, rounded where the shop keeps more digits than the currency has;
    /// zero when the column is empty or is noted as wrong.
    pub(super) fn sum_rounded(&mut self, column: &str, currency: Currency) -> Money {
        let value = self.decimal(0, column);
        Money::rounded(value.unwrap_or_default(), currency)
    }

    /// A time in a column of its first row; nothing when the column is empty, or is noted as wrong.
    pub(super) fn time(&mut self, column: &str, zone: &TimeZone) -> Option<Timestamp> {
        let text = self.text(column)?;
        let read = moment(&text, zone);
        if read.is_none() {
            let hint = "a time like 2026-11-20 09:00:00 +0100";
            self.wrong(column, "bad_time", hint);
        }
        read
    }

    /// Hexadecimal SHA-256 of its rows, as they stand.
    fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (_, record) in &self.numbered {
            for text in record {
                hash.update((text.len() as u64).to_be_bytes());
                hash.update(text);
            }
            hash.update(b"\n");
        }
        hex::encode(hash.finalize())
    }
}

/// A decimal of a sane size. Never a float, and never one with signs of thousands in it: `1,234` is 1234 to
/// one and 1.234 to another.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let value = Decimal::from_str_exact(text)
        .ok()
        .filter(|_| text.bytes().all(plain))?;
    (value.abs() <= Decimal::from(1_000_000_000_000_i64)).then_some(value)
}

/// A time as exports write it: with an offset, or in the shop's own zone.
fn moment(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    const WITH_OFFSET: [&str; 2] = ["%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z"];
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let text = text
        .strip_suffix(" UTC")
        .map_or_else(|| text.to_owned(), |at| format!("{at} +0000"));
    let mut stated = WITH_OFFSET.iter();
    if let Some(at) = stated.find_map(|form| Timestamp::strptime(form, &text).ok()) {
        return Some(at);
    }
    let at: DateTime = text.parse().ok()?;
    Some(at.to_zoned(zone.clone()).ok()?.timestamp())
}
