//! How a Shopware order is paid. Pure.
//!
//! A shop tries to pay as often as the buyer does, each try a transaction. The newest counts that neither
//! failed nor was cancelled; of tries that all did, the newest.

use jiff::Timestamp;
use orderhub_domain::canonical::{CaptureMode, Terms};

use super::wire;
use crate::sales::taken::{NotTaken, not_yet, unknown};
use crate::wire::code;

/// The ways of paying that every shop is born with and that nobody pays by before the goods leave.
const ON_DELIVERY: &str = "payment_cashpayment";
const INVOICE: &str = "payment_invoicepayment";

/// Terms, and whether the shop has the money.
pub(super) struct Paying {
    pub(super) terms: Terms,
    pub(super) paid: bool,
}

fn word(transaction: &wire::Transaction) -> &str {
    let state = transaction.state_machine_state.as_ref();
    state.map_or("", |state| state.technical_name.as_str())
}

/// The transaction that counts.
fn newest(order: &wire::Order) -> Option<&wire::Transaction> {
    let all = order.transactions.as_deref().unwrap_or_default();
    let at =
        |one: &&wire::Transaction| -> Option<Timestamp> { one.created_at.as_ref()?.parse().ok() };
    let alive = |one: &&wire::Transaction| !matches!(word(one), "cancelled" | "failed");
    let living = all.iter().filter(alive).max_by_key(at);
    living.or_else(|| all.iter().max_by_key(at))
}

/// How an order is paid. `over`: it was cancelled, and nothing is collected for it any more.
pub(super) fn of(order: &wire::Order, free: bool, over: bool) -> Result<Paying, NotTaken> {
    let paying = |terms, paid| Ok(Paying { terms, paid });
    if free {
        return paying(Terms::Prepaid { reference: None }, true);
    }
    let Some(transaction) = newest(order) else {
        return if over {
            paying(Terms::Invoice, false)
        } else {
            Err(not_yet("no_transaction"))
        };
    };
    let method = transaction.payment_method.as_ref();
    let method = method.and_then(|method| method.technical_name.as_deref());
    match (word(transaction), method) {
        ("paid" | "refunded_partially", _) => {
            let reference = transaction.id.as_deref().and_then(code);
            paying(Terms::Prepaid { reference }, true)
        }
        ("refunded", _) if over => {
            let reference = transaction.id.as_deref().and_then(code);
            paying(Terms::Prepaid { reference }, true)
        }
        _ if over => paying(Terms::Invoice, false),
        ("authorized", _) => {
            let terms = Terms::Authorized {
                gateway: None,
                reference: None,
                expires_at: None,
                capture: CaptureMode::Once,
            };
            paying(terms, false)
        }
        ("open" | "in_progress" | "reminded" | "unconfirmed", Some(ON_DELIVERY)) => {
            paying(Terms::OnDelivery, false)
        }
        ("open" | "in_progress" | "reminded" | "unconfirmed", Some(INVOICE)) => {
            paying(Terms::Invoice, false)
        }
        // A paid part is no order yet: what is missing may never come.
        (
            state @ ("open" | "in_progress" | "reminded" | "unconfirmed" | "paid_partially"
            | "failed" | "cancelled"),
            _,
        ) => Err(not_yet(state)),
        // Money that went back, or that a bank took back, while the order is still open.
        (other, _) => {
            let word = code(other).unwrap_or_else(|| "unknown".to_owned());
            Err(unknown(format!("transaction.{word}")))
        }
    }
}

/// Whether the shop has the buyer's money, or a part of it.
pub(super) fn is_paid(order: &wire::Order) -> bool {
    let counts = newest(order).map(word);
    matches!(
        counts,
        Some("paid" | "paid_partially" | "refunded_partially")
    )
}

/// Whether all of the buyer's money went back.
pub(super) fn is_given_back(order: &wire::Order) -> bool {
    newest(order).map(word) == Some("refunded")
}
