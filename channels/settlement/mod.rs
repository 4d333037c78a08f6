//! Payout files of gateways and marketplaces, read into lines that orders can judge. A file is read
//! as a whole or refused as a whole: half of one would make sums that are nobody's.
//!
//! What does not live here: whether a line matches (`orderhub_domain::settlement`).

mod amazon;
mod columns;
mod stripe;
#[cfg(test)]
mod tests;

use std::fmt;

use orderhub_domain::settlement::StatedLine;

/// How many of a file's errors are named.
const ERRORS_NAMED: usize = 20;

/// A kind of payout file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Stripe's balance transactions, as CSV: the export of the dashboard or the itemised balance
    /// report. Source: <https://docs.stripe.com/reports/balance-transaction-types>.
    StripeBalance,
    /// Amazon's settlement report, flat file V2, separated by tabs. Source:
    /// <https://developer-docs.amazon.com/sp-api/docs/report-type-values-settlement>.
    AmazonSettlement,
}

impl FileFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::StripeBalance, Self::AmazonSettlement];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::StripeBalance => "stripe_balance",
            Self::AmazonSettlement => "amazon_settlement",
        }
    }

    /// The format that a connection of this kind pays out in, if there is only one.
    pub fn of_kind(kind: &str) -> Option<Self> {
        match kind {
            "stripe" => Some(Self::StripeBalance),
            "amazon" => Some(Self::AmazonSettlement),
            _ => None,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// When the file is not of this format, or any line of it cannot be read.
    pub fn read(self, file: &[u8]) -> Result<Vec<StatedLine>, Unreadable> {
        match self {
            Self::StripeBalance => stripe::read(file),
            Self::AmazonSettlement => amazon::read(file),
        }
    }
}

/// Why a file cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Unreadable {
    /// What is wrong, by the number of the line where it is one line; the heading is line 0. At most
    /// twenty.
    pub errors: Vec<(Option<usize>, String)>,
}

impl Unreadable {
    /// Of the file as a whole.
    fn whole(what: impl Into<String>) -> Self {
        Self {
            errors: vec![(None, what.into())],
        }
    }

    /// The lines that could be read, if all could.
    fn unless_all<T>(read: Vec<Result<T, (usize, String)>>) -> Result<Vec<T>, Self> {
        let mut lines = Vec::with_capacity(read.len());
        let mut errors = Vec::new();
        for line in read {
            match line {
                Ok(line) => lines.push(line),
                Err((number, what)) if errors.len() < ERRORS_NAMED => {
                    errors.push((Some(number), what));
                }
                Err(_) => {}
            }
        }
        if !errors.is_empty() {
            return Err(Self { errors });
        }
        if lines.is_empty() {
            return Err(Self::whole("it has no lines"));
        }
        Ok(lines)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (number, what)) in self.errors.iter().enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            match number {
                Some(number) => write!(f, "{separator}line {number}: {what}")?,
                None => write!(f, "{separator}{what}")?,
            }
        }
        Ok(())
    }
}
