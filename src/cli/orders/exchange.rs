//! Exchanging units: what comes back, and what goes out for it.

use serde_json::Value;

use super::edit::{self, Added};
use super::route::{self, Units};

/// What is exchanged for what.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Swap {
    /// What comes back, by the channel's line id; everything that can by default. Several times for
    /// several lines.
    #[arg(long = "return", value_name = "LINE=QUANTITY")]
    back: Vec<Units>,
    /// More units of a line that the order has, at its price; several times for several lines.
    #[arg(
        long = "line",
        value_name = "LINE=QUANTITY",
        required_unless_present = "added"
    )]
    units: Vec<Units>,
    /// Something that the order does not have; several times for several articles.
    #[arg(long = "add", value_name = "SKU,QUANTITY,PRICE,TITLE")]
    added: Vec<Added>,
    /// Send at once, before anything has come back; it is charged if that does not come.
    #[arg(long)]
    advance: bool,
}

impl Swap {
    /// Puts it into a request's body.
    pub(super) fn put_into(&self, body: &mut Value) {
        if !self.back.is_empty() {
            body["return"] = route::lines(&self.back);
        }
        body["lines"] = edit::lines(&self.units, &self.added);
        if self.advance {
            body["advance"] = true.into();
        }
    }
}
