//! Why an order is where it is: the domain's explanation as the API shows it.

use orderhub_domain::order::{Order, explain as explanation_of};
use orderhub_domain::policy::Policy;
use serde_json::{Value, json};

use super::sourcing;

/// The explanation as `GET /v1/orders/{id}/explain` shows it.
pub fn explain(order: &Order, policy: &Policy) -> Value {
    let explanation = explanation_of(order, policy);
    let actions: Vec<_> = explanation
        .actions
        .iter()
        .map(|action| {
            json!({
                "action": action.action,
                "allowed": action.why_not.is_none(),
                "why_not": action.why_not,
            })
        })
        .collect();
    json!({
        "id": order.id.to_string(),
        "version": order.version,
        "stage": order.stage.word(),
        "waiting_for": explanation.waiting_for,
        "since": explanation.since,
        "until": explanation.until,
        "then": explanation.then,
        "because": explanation.because,
        "actions": actions,
        "recommended": explanation.recommended,
        "sourcing": order.sourced.as_ref().map(|decision| sourcing::sourced(order, decision)),
    })
}
