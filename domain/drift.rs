//! What an auditor says of stored data that contradict each other. What is compared stands beside what
//! it is about: [`crate::order::StoredOrder`] and [`crate::stock::StoredStock`].

/// Two stored things that must agree and do not. A defect of the hub, or a hand in its tables.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Drift {
    /// The rule that is broken, as metrics name it.
    pub invariant: &'static str,
    /// The order, the location's SKU or row, or the log that it is about.
    pub subject: String,
    /// Both values, in one sentence.
    pub detail: String,
}
