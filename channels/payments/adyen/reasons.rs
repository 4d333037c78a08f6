//! Why Adyen refused, in one word. Its reasons are prose that may grow; only those that it documents
//! become words, so that nothing else of a notification gets into events.

/// The documented reasons that tell more than that it was refused
/// (docs.adyen.com/development-resources/refusal-reasons, and the failures of modifications).
const KNOWN: [(&str, &str); 29] = [
    ("3d not authenticated", "3d_not_authenticated"),
    ("acquirer error", "acquirer_error"),
    ("acquirer fraud", "acquirer_fraud"),
    ("already partially refunded", "already_partially_refunded"),
    ("blocked card", "blocked_card"),
    ("cancelled", "cancelled"),
    ("cvc declined", "cvc_declined"),
    ("declined non generic", "declined_non_generic"),
    ("expired card", "expired_card"),
    ("fraud", "fraud"),
    ("fraud-cancelled", "fraud_cancelled"),
    (
        "insufficient balance on payment",
        "insufficient_balance_on_payment",
    ),
    ("invalid amount", "invalid_amount"),
    ("invalid card number", "invalid_card_number"),
    ("invalid pin", "invalid_pin"),
    ("issuer suspected fraud", "issuer_suspected_fraud"),
    ("issuer unavailable", "issuer_unavailable"),
    ("not enough balance", "not_enough_balance"),
    ("not submitted", "not_submitted"),
    ("not supported", "not_supported"),
    ("pending", "pending"),
    ("pin tries exceeded", "pin_tries_exceeded"),
    ("restricted card", "restricted_card"),
    ("revocation of auth", "revocation_of_auth"),
    ("shopper cancelled", "shopper_cancelled"),
    ("transaction not found", "transaction_not_found"),
    ("transaction not permitted", "transaction_not_permitted"),
    ("withdrawal amount exceeded", "withdrawal_amount_exceeded"),
    ("withdrawal count exceeded", "withdrawal_count_exceeded"),
];

/// The word for a reason, or `otherwise` when it is none of the documented ones.
pub(super) fn word(reason: Option<&str>, otherwise: &str) -> String {
    let stated = reason.unwrap_or_default().trim().to_ascii_lowercase();
    let known = KNOWN.iter().find(|(text, _)| *text == stated);
    known.map_or(otherwise, |(_, word)| word).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documented_reasons_become_words() {
        let refused = |reason| word(Some(reason), "refused");
        assert_eq!(refused("Not enough balance"), "not_enough_balance");
        assert_eq!(refused(" FRAUD-CANCELLED "), "fraud_cancelled");
        assert_eq!(refused("Refused"), "refused");
        assert_eq!(refused("Jane Doe has no money"), "refused");
        assert_eq!(refused("1234:7777:12/2030"), "refused");
        assert_eq!(word(None, "capture_failed"), "capture_failed");
    }
}
