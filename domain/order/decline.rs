//! What a gateway's refusal says about trying again. Codes are the gateway's own; the words here are
//! those that gateways share.

/// Whether a refusal may pass by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclineClass {
    /// The same means of payment may work later.
    Soft,
    /// Asking again the same way changes nothing.
    Hard,
}

/// Codes that say "not now". Whatever is not listed is final: a buyer is not asked for money again
/// and again on a guess.
const SOFT: [&str; 12] = [
    "api_error",
    "approve_with_id",
    "card_velocity_exceeded",
    "insufficient_funds",
    "issuer_not_available",
    "lock_timeout",
    "processing_error",
    "rate_limit",
    "reenter_transaction",
    "temporarily_unavailable",
    "try_again_later",
    "withdrawal_count_limit_exceeded",
];

impl DeclineClass {
    /// The class of a gateway's code.
    pub fn of(code: &str) -> Self {
        if SOFT.contains(&code) {
            Self::Soft
        } else {
            Self::Hard
        }
    }
}
