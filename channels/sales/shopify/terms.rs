//! How a Shopify order is paid. The shop says so in `financial_status`; two note attributes let it
//! hand the payment to the hub: `payment_reference` (authorised already) and `payment_token` (to
//! be authorised), both at the connection's own gateway.

use orderhub_domain::canonical::{CaptureMode, DraftTender, Terms};
use orderhub_domain::money::Money;

use super::wire::Order;
use crate::sales::direct::card::contains_card_number;
use crate::sales::taken::NotTaken;
use crate::settings::Gateway;

const REFERENCE: &str = "payment_reference";
const TOKEN: &str = "payment_token";

/// What the order owes and who could collect it.
pub(super) struct Payable<'a> {
    pub(super) total: Money,
    pub(super) outstanding: Option<Money>,
    pub(super) cancelled: bool,
    pub(super) gateway: Option<&'a Gateway>,
}

fn attribute(order: &Order, wanted: &str) -> Option<String> {
    let attributes = order.note_attributes.as_deref().unwrap_or_default();
    attributes
        .iter()
        .find(|attribute| attribute.name.as_deref() == Some(wanted))
        .and_then(|attribute| attribute.value.as_ref()?.as_str())
        .map(str::trim)
        .filter(|value| !value.is_empty() && value.len() <= 255 && !value.contains('\0'))
        .map(str::to_owned)
}

/// Note attributes that are not about the payment, as the buyer or the shop wrote them.
pub(super) fn other_attributes(order: &Order) -> Vec<(String, String)> {
    let attributes = order.note_attributes.as_deref().unwrap_or_default();
    attributes
        .iter()
        .filter_map(|attribute| {
            let name = attribute.name.as_ref()?.replace('\0', "");
            let value = match attribute.value.as_ref()? {
                serde_json::Value::String(text) => text.replace('\0', ""),
                other => other.to_string(),
            };
            Some((name, value))
        })
        .filter(|(name, value)| name != REFERENCE && name != TOKEN && !contains_card_number(value))
        .collect()
}

/// The order's tenders.
pub(super) fn tenders(order: &Order, payable: &Payable<'_>) -> Result<Vec<DraftTender>, NotTaken> {
    let prepaid = || Terms::Prepaid { reference: None };
    let whole = |terms| {
        vec![DraftTender {
            amount: payable.total,
            terms,
        }]
    };
    let status = order.financial_status.as_deref().unwrap_or("pending");
    Ok(match status {
        "paid" | "partially_refunded" | "refunded" => whole(prepaid()),
        "authorized" => whole(authorized(order, payable)?),
        "pending" => whole(pending(order, payable)?),
        "partially_paid" => partly_paid(payable),
        // Nothing is collected for an order that arrives cancelled, whatever its status.
        _ if payable.cancelled => whole(Terms::Invoice),
        // Voided, expired or a new word: shipping it unpaid would be a guess.
        other => {
            let word = crate::wire::code(other).unwrap_or_else(|| "unknown".to_owned());
            return Err(NotTaken::Unknown(format!("financial_status.{word}")));
        }
    })
}

fn checked(value: String) -> Result<String, NotTaken> {
    if contains_card_number(&value) {
        let reason = "a note attribute holds a card number where a token belongs";
        return Err(NotTaken::Unreadable(reason.to_owned()));
    }
    Ok(value)
}

fn authorized(order: &Order, payable: &Payable<'_>) -> Result<Terms, NotTaken> {
    let reference = attribute(order, REFERENCE);
    Ok(match (reference, payable.gateway) {
        (Some(reference), Some(gateway)) => Terms::Authorized {
            gateway: Some(gateway.slug.clone()),
            reference: Some(checked(reference)?),
            expires_at: None,
            capture: gateway.capture,
        },
        // The shop captures it itself.
        _ => Terms::Authorized {
            gateway: None,
            reference: None,
            expires_at: None,
            capture: CaptureMode::Once,
        },
    })
}

fn pending(order: &Order, payable: &Payable<'_>) -> Result<Terms, NotTaken> {
    let token = attribute(order, TOKEN);
    Ok(match (token, payable.gateway) {
        (Some(token), Some(gateway)) => Terms::ToAuthorize {
            gateway: gateway.slug.clone(),
            token: checked(token)?,
            capture: gateway.capture,
        },
        _ => Terms::Invoice,
    })
}

fn partly_paid(payable: &Payable<'_>) -> Vec<DraftTender> {
    let open = payable
        .outstanding
        .unwrap_or(payable.total)
        .min(payable.total);
    let paid = payable.total.less(open);
    let tender = |amount, terms| DraftTender { amount, terms };
    let tenders = [
        tender(paid, Terms::Prepaid { reference: None }),
        tender(open, Terms::Invoice),
    ];
    tenders
        .into_iter()
        .filter(|tender| tender.amount.is_positive())
        .collect()
}
