//! Payout files: read, held line by line against the orders, and kept for the people who look for
//! what does not fit. The orders judge and remember; a file that comes twice changes nothing.
//!
//! What does not live here: how lines are judged (`orderhub_domain::settlement`), the vendors' formats
//! (`orderhub_channels::settlement`), SQL (`crate::store`).

mod import;
mod unreconciled;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use orderhub_channels::settlement::FileFormat;
use orderhub_domain::ids::{OrderId, Slug};
use orderhub_domain::money::Money;
use orderhub_domain::settlement::{LineKind, Totals};
use serde_json::Value;
use uuid::Uuid;

pub use import::{Failed, Import, Source};
pub use unreconciled::{Unreconciled, UnreconciledFilter, UnreconciledPage, UnreconciledPlace};

/// The namespace of ids made from a connection and a line.
const LINES: Uuid = Uuid::from_u128(0x7f0c_52d1_3b0e_4c56_9d0a_51c2_6f3e_8a17);

/// A connection that pays out.
#[derive(Debug, Clone)]
pub struct Payer {
    /// Who it is.
    pub source: Source,
    /// The format of its files, if its kind has one.
    pub format: Option<FileFormat>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutFile {
    /// Its id.
    pub id: Uuid,
    /// The connection.
    pub source: Slug,
    /// The format's word.
    pub format: String,
    /// Hexadecimal SHA-256 of its bytes.
    pub sha256: String,
    /// When it was read last.
    pub read_at: Timestamp,
    /// By whom: `operator:<name>`.
    pub read_by: String,
    /// How many lines it has.
    pub lines: usize,
    /// Its sums by currency, as the API shows them; none before it was read to its end.
    pub totals: Value,
    /// It was read to its end. One that was not goes on when it is sent again.
    pub complete: bool,
}

/// A line and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    /// Its id, made from the connection and the payer's id.
    pub id: Uuid,
    /// The connection.
    pub source: Slug,
    /// The payer's id of the line.
    pub line: String,
    /// Where it stands in its file.
    pub number: usize,
    /// What it is about.
    pub kind: LineKind,
    /// How much moved.
    pub gross: Money,
    /// What the payer kept.
    pub fee: Money,
    /// What is left.
    pub net: Money,
    /// When it happened, if the file says.
    pub at: Option<Timestamp>,
    /// The payout it belongs to.
    pub payout: Option<String>,
    /// The order that judged it.
    pub order: Option<OrderId>,
    /// `matched`, `variance` or `unknown`.
    pub verdict: String,
    /// Why, unless it matched.
    pub reason: Option<String>,
    /// What the order knows instead, where that is an amount.
    pub expected: Option<Money>,
    /// What a person decided about it.
    pub resolution: Option<Resolution>,
}

/// What a person decided about a line that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolution {
    /// `resolved` or `written_off`.
    pub word: String,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub why: String,
}

/// Which lines to list. Everything absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFilter {
    /// Only this one.
    pub id: Option<Uuid>,
    /// Only those of this connection.
    pub source: Option<String>,
    /// Only those of this file.
    pub file: Option<Uuid>,
    /// Only those with this verdict.
    pub verdict: Option<String>,
    /// Only those that do not match and that nobody has decided about.
    pub open: bool,
    /// Only those of this order.
    pub order: Option<OrderId>,
    /// Only those after this one: the cursor of the page before.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u16,
}

/// A page of a list: what is on it, and the id that the next one begins after.
pub type Page<T> = (Vec<T>, Option<Uuid>);

/// Where files and lines are kept.
#[async_trait]
pub trait Payouts: Send + Sync {
    /// Keeps lines; what is known of a line is replaced, a person's decision about it stays.
    async fn keep_lines(&self, file: Uuid, lines: &[KeptLine]) -> Result<(), Unavailable>;

    /// Notes that a file is being read, and answers the id it is kept under: the same file again, or at
    /// once by somebody else, is the same row. What is known of it stays.
    async fn begin_file(&self, file: &PayoutFile) -> Result<Uuid, Unavailable>;

    /// Notes that a file was read to its end, and its sums.
    async fn finish_file(&self, file: &PayoutFile) -> Result<(), Unavailable>;

    /// Files, newest first.
    async fn files(&self, after: Option<Uuid>, limit: u16)
    -> Result<Page<PayoutFile>, Unavailable>;

    /// Lines, by their ids.
    async fn lines(&self, filter: &LineFilter) -> Result<Page<KeptLine>, Unavailable>;

    /// Notes a person's decision about a line that does not match. `None` when there is no such line.
    async fn resolve(
        &self,
        line: Uuid,
        resolution: &Resolution,
    ) -> Result<Option<KeptLine>, Unavailable>;

    /// Captures that no line has named, oldest first, as of a few seconds ago.
    async fn unreconciled(
        &self,
        filter: &UnreconciledFilter,
    ) -> Result<UnreconciledPage, Unavailable>;
}

/// The id of a line of a connection.
pub fn line_id(source: &Slug, line: &str) -> Uuid {
    Uuid::new_v5(&LINES, format!("{source}/{line}").as_bytes())
}

/// Sums as the API shows them.
pub fn totals_json(totals: &[Totals]) -> Value {
    let one = |sums: &Totals| {
        serde_json::json!({
            "currency": sums.total.currency().code(),
            "lines": sums.lines,
            "total": sums.total.amount().to_string(),
            "matched": sums.matched.amount().to_string(),
            "variance": sums.variance.amount().to_string(),
            "unknown": sums.unknown.amount().to_string(),
        })
    };
    totals.iter().map(one).collect()
}
