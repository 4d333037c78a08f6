//! The seam to the canonical order's reader: bytes in, an order or what is wrong with it out.

use orderhub_domain::canonical::{Submission, Violation};
use orderhub_domain::ids::Slug;

use super::problem::Problem;

/// An order in the canonical form, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedOrder {
    /// The channel that it names.
    pub channel: Slug,
    /// The order.
    pub submission: Submission,
    /// Hexadecimal SHA-256 of the canonical value of the body.
    pub body_hash: String,
}

/// Why a body is no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not even a JSON object: a code of status 400 and one sentence.
    Malformed {
        /// `empty_body`, `malformed_json`, `not_an_object` or `too_deep`.
        code: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// It is one, and these parts of it are wrong.
    Invalid(Vec<Violation>),
}

/// Reads orders in the canonical form.
pub trait Intake: Send + Sync {
    /// Reads a body.
    fn read(&self, body: &[u8]) -> Result<ParsedOrder, Unreadable>;
}

impl From<Unreadable> for Problem {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed { code, detail } => Self::new(code, detail),
            Unreadable::Invalid(violations) => Self::invalid(violations),
        }
    }
}
