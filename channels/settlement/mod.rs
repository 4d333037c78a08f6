//! Payout files of gateways and marketplaces, read into lines that orders can judge. A file is gone
//! through line by line, as often as its reader likes, so that a long one costs no more memory than
//! its bytes. It is surveyed first: one with a line that cannot be read is refused as a whole, for half
//! of one would make sums that are nobody's.
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

    /// The lines of a file, one after the other.
    ///
    /// # Errors
    /// When the file is not of this format; what is wrong with a line stands in its place.
    pub fn lines(self, file: &[u8]) -> Result<Lines<'_>, Unreadable> {
        match self {
            Self::StripeBalance => stripe::lines(file),
            Self::AmazonSettlement => amazon::lines(file),
        }
    }

    /// Goes through a file and shows each line. Answers how many there are.
    ///
    /// # Errors
    /// When the file is not of this format or has no lines, or any line of it cannot be read; up to
    /// twenty of those are named.
    pub fn survey(
        self,
        file: &[u8],
        mut show: impl FnMut(&StatedLine),
    ) -> Result<usize, Unreadable> {
        let (mut lines, mut errors) = (0, Vec::new());
        for line in self.lines(file)? {
            match line {
                Ok(line) => {
                    lines += 1;
                    show(&line);
                }
                Err((number, what)) if errors.len() < ERRORS_NAMED => {
                    errors.push((Some(number), what));
                }
                Err(_) => {}
            }
        }
        match (errors.is_empty(), lines) {
            (false, _) => Err(Unreadable { errors }),
            (true, 0) => Err(Unreadable::whole("it has no lines")),
            (true, lines) => Ok(lines),
        }
    }
}

/// A line of a file, or its number and what is wrong with it.
pub type ReadLine = Result<StatedLine, (usize, String)>;

/// The lines of a file, read as they are asked for.
pub type Lines<'a> = Box<dyn Iterator<Item = ReadLine> + Send + 'a>;

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
