//! Files with a retailer's order history, read into orders of the past. Pure: bytes in, orders out.
//!
//! A file is cut into pieces of whole orders first ([`Pieces`]), so that one of any length is read and sent
//! in bounded memory; a piece is a small file of the same format. Each order of it is read by itself
//! ([`ImportFormat::read`]): one that cannot be is refused with its row, and loses nothing else.
//!
//! What does not live here: what makes an order one of the past (`orderhub_domain::order::StatedEnd`), and
//! whether the hub has it already.

mod columns;
mod ndjson;
mod people;
mod pieces;
mod shopify;
mod sums;
#[cfg(test)]
mod tests;
mod woocommerce;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use orderhub_domain::canonical::Submission;
use orderhub_domain::ids::Slug;
use orderhub_domain::order::History;

pub use crate::rows::Fault;
pub use pieces::{Broken, Piece, Pieces};

/// Most lines of one order, as in the canonical form.
const MOST_LINES: usize = 1_000;

/// A format of files with orders of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportFormat {
    /// Shopify's own export of orders: a row a line item, the order's members in its first row. Source:
    /// <https://help.shopify.com/en/manual/fulfillment/managing-orders/exporting-orders>.
    ShopifyCsv,
    /// WooCommerce's Customer/Order/Coupon Export, its default format with a row an order or a row a line
    /// item. Source: <https://woocommerce.com/document/ordercustomer-csv-export/>.
    WooCommerceCsv,
    /// The hub's own form of an order, one a line, with how it ended.
    Ndjson,
}

/// What reading a file stands on beside its bytes.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The channel that the orders came through.
    pub channel: Slug,
    /// The zone of times that name none.
    pub zone: TimeZone,
    /// Now: no order of the past is from the future.
    pub now: Timestamp,
}

/// One order of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadOrder {
    /// The number of its first row, from 1; the heading of a CSV is row 1.
    pub row: u64,
    /// The number of its last row.
    pub last_row: u64,
    /// The channel's id of it, as far as it could be read.
    pub external_id: Option<String>,
    /// The order, or everything that is wrong with it.
    pub order: Result<PastOrder, Vec<Fault>>,
}

/// An order of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastOrder {
    /// The order and its personal data.
    pub submission: Submission,
    /// How it ended.
    pub history: History,
    /// Hexadecimal SHA-256 of what the file says of it. Of the hub's own form it is the hash that the same
    /// order has when it is posted.
    pub body_hash: String,
}

impl ImportFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::ShopifyCsv, Self::WooCommerceCsv, Self::Ndjson];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ShopifyCsv => "shopify-csv",
            Self::WooCommerceCsv => "woocommerce-csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// The format with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.word() == word)
    }

    /// Whether orders of a channel of this kind can stand in such a file: its ids are those of the
    /// vendor, so that the same sale is recognised whichever way it comes. A `direct` channel takes all.
    pub fn suits(self, kind: &str) -> bool {
        match self {
            Self::ShopifyCsv => ["shopify", "direct"].contains(&kind),
            Self::WooCommerceCsv => ["woocommerce", "direct"].contains(&kind),
            Self::Ndjson => true,
        }
    }

    /// Reads a file, or a piece of one, whose first order stands in row `first_row`.
    ///
    /// # Errors
    /// When it is no file of this format at all.
    pub fn read(
        self,
        file: &[u8],
        first_row: u64,
        reading: &Reading,
    ) -> Result<Vec<ReadOrder>, Broken> {
        match self {
            Self::ShopifyCsv => columns::orders(file, first_row, &shopify::Shopify(reading)),
            Self::WooCommerceCsv => {
                columns::orders(file, first_row, &woocommerce::WooCommerce(reading))
            }
            Self::Ndjson => Ok(ndjson::orders(file, first_row, reading)),
        }
    }
}

/// A file without the byte order mark that spreadsheets begin it with.
fn without_mark(file: &[u8]) -> &[u8] {
    file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file)
}
