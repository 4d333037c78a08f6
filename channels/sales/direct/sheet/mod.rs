//! Files with columns, turned into canonical orders: a row is a line of an order, and rows with the same
//! `external_id` that follow each other are one order.
//!
//! A column is named by where its texts stand in the canonical form ([`columns`]), so nothing is
//! decided here: the order is judged as if it had been posted, and what is wrong with it is told by row and
//! column ([`SheetOrder::fault`]). An empty cell says nothing. What only a file can have wrong (a row that
//! does not fit the heading, rows that contradict each other) is found here.

mod columns;
mod order;
#[cfg(test)]
mod tests;
mod tree;

use orderhub_domain::canonical::Violation;
use orderhub_domain::ids::Slug;

pub use crate::rows::Fault;
use crate::rows::{Flaw, Row, Rows};
pub use order::{Refused, SheetOrder};

use columns::{Column, column};

/// Most bytes of one order's rows, as of a JSON body.
const MOST_BYTES: usize = 1024 * 1024;

/// The column that says which order a row belongs to.
pub const NAME: &str = "external_id";

/// Cuts a file into orders while its bytes arrive.
pub struct Sheet {
    rows: Rows,
    heading: Option<Heading>,
    channel: Option<Slug>,
    open: Gathered,
}

/// What the heading says.
struct Heading {
    columns: Vec<Column>,
    /// Where [`NAME`] stands.
    name: usize,
}

/// The rows of an order so far. Of one that is too long the first row is kept.
#[derive(Default)]
struct Gathered {
    rows: Vec<Row>,
    bytes: usize,
    last_row: u64,
    too_large: bool,
}

impl Sheet {
    /// Begins a file, or a piece of one whose first order stands in row `first_row`. Orders that name no
    /// channel are of `channel`.
    pub fn new(channel: Option<Slug>, first_row: u64) -> Self {
        Self {
            rows: Rows::new(first_row, MOST_BYTES),
            heading: None,
            channel,
            open: Gathered::default(),
        }
    }

    /// Takes bytes that came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.rows.push(bytes);
    }

    /// No more bytes will come: what came last is whole.
    pub const fn end(&mut self) {
        self.rows.end();
    }

    /// The row that an order which has not come whole begins in, or would.
    pub fn row(&self) -> u64 {
        let first = self.open.rows.first();
        first.map_or(self.rows.number(), |row| row.number)
    }

    /// The next order. None: more bytes are needed, or after the end there is none.
    ///
    /// # Errors
    /// When the heading has columns that no order has, has one twice, or does not name orders. Nothing of the file is read then.
    pub fn next_order(&mut self) -> Result<Option<SheetOrder>, Vec<Violation>> {
        loop {
            let Some(row) = self.rows.next() else {
                let whole = self.rows.has_ended().then(|| self.finish());
                return Ok(whole.flatten());
            };
            let Some(heading) = &self.heading else {
                self.heading = Some(Heading::of(&row)?);
                continue;
            };
            let goes_on = self.open.rows.last().is_some_and(|last| {
                let named = heading.named(last);
                !named.is_empty() && named == heading.named(&row)
            });
            let before = if goes_on { None } else { self.finish() };
            self.open.take(row);
            if before.is_some() {
                return Ok(before);
            }
        }
    }

    fn finish(&mut self) -> Option<SheetOrder> {
        let gathered = std::mem::take(&mut self.open);
        let heading = self.heading.as_ref()?;
        if gathered.rows.is_empty() {
            return None;
        }
        Some(SheetOrder::of(heading, &gathered, self.channel.as_ref()))
    }
}

impl Heading {
    fn of(row: &Row) -> Result<Self, Vec<Violation>> {
        let mut found = Vec::new();
        let mut columns: Vec<Column> = Vec::with_capacity(row.cells.len());
        if row.flaw.is_some() {
            let hint = "a heading of at most 1 MiB, in which every quote is closed";
            return Err(vec![Violation::new("", "unclosed_quote", hint)]);
        }
        for (cell, number) in row.cells.iter().zip(1..) {
            let title = String::from_utf8_lossy(cell);
            match column(title.trim(), number) {
                Ok(column) => {
                    if columns.iter().any(|known| known.title == column.title) {
                        let at = crate::rows::pointer(&column.title);
                        found.push(Violation::new(at, "duplicate", "each column once"));
                    }
                    columns.push(column);
                }
                Err(violation) => found.push(violation),
            }
        }
        let name = columns.iter().position(|column| column.title == NAME);
        match name {
            Some(name) if found.is_empty() => Ok(Self { columns, name }),
            Some(_) => Err(found),
            None => {
                let hint = "the column with the channel's id of the order";
                found.push(Violation::new(format!("/{NAME}"), "required", hint));
                Err(found)
            }
        }
    }

    fn named<'a>(&self, row: &'a Row) -> &'a [u8] {
        row.cells.get(self.name).unwrap_or_default()
    }
}

impl Gathered {
    fn take(&mut self, row: Row) {
        self.last_row = row.number;
        self.bytes += row.raw.len();
        self.too_large |= self.bytes > MOST_BYTES || row.flaw == Some(Flaw::TooLong);
        if self.too_large {
            self.rows.truncate(1);
            if !self.rows.is_empty() {
                return;
            }
        }
        self.rows.push(row);
    }
}
