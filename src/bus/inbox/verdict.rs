//! What the sender of a message is told: the same for every delivery of the same message.

use async_nats::jetstream::AckKind;
use orderhub_domain::canonical::Violation;
use serde_json::{Value, json};

use crate::http::problem::{ERRORS_LISTED, Problem};
use crate::intake::Taken;

/// Longer ids, pointers and hints are cut: they repeat what was sent, and a verdict must fit into a
/// message.
const LONGEST_TEXT: usize = 255;

/// What became of a message.
#[derive(Debug)]
pub(super) struct Verdict {
    outcome: &'static str,
    msg_id: Value,
    id: Option<String>,
    errors: Vec<Value>,
}

impl Verdict {
    /// The order is on disk: `accepted` if this message made it, `duplicate` if it was there.
    pub(super) fn taken(msg_id: Option<&str>, taken: &Taken) -> Self {
        Self {
            outcome: if taken.made { "accepted" } else { "duplicate" },
            msg_id: msg_id.map(cut).into(),
            id: Some(taken.placed.order.to_string()),
            errors: Vec::new(),
        }
    }

    /// It will not become an order as it is: `conflict` with what was sent before, or `rejected`.
    pub(super) fn refused(msg_id: Option<&str>, problem: &Problem) -> Self {
        let conflict = matches!(
            problem.code(),
            "external_id_conflict" | "idempotency_key_reused"
        );
        let whole = Violation::new("", problem.code(), problem.detail());
        let parts = match problem.errors() {
            [] => std::slice::from_ref(&whole),
            parts => parts,
        };
        let errors = parts.iter().take(ERRORS_LISTED).map(|part| {
            json!({ "pointer": cut(&part.pointer), "code": part.code, "hint": cut(&part.hint) })
        });
        Self {
            outcome: if conflict { "conflict" } else { "rejected" },
            msg_id: msg_id.map(cut).into(),
            id: None,
            errors: errors.collect(),
        }
    }

    /// Its word.
    pub(super) const fn outcome(&self) -> &'static str {
        self.outcome
    }

    /// How the message leaves the stream. The bus tells operators of those that were terminated.
    pub(super) fn acknowledgement(&self) -> AckKind {
        match self.id {
            Some(_) => AckKind::Ack,
            None => AckKind::Term,
        }
    }

    /// As it is published.
    pub(super) fn body(&self) -> String {
        let mut body = json!({ "msg_id": self.msg_id, "outcome": self.outcome });
        if let Some(id) = &self.id {
            body["id"] = id.as_str().into();
        }
        if !self.errors.is_empty() {
            body["errors"] = self.errors.clone().into();
        }
        body.to_string()
    }

    /// Without the errors.
    pub(super) fn short(&self) -> String {
        json!({ "msg_id": self.msg_id, "outcome": self.outcome, "id": self.id }).to_string()
    }
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(verdict: &Verdict) -> Value {
        serde_json::from_str(&verdict.body()).expect("JSON")
    }

    #[test]
    fn a_refusal_names_its_parts_or_itself() {
        let parts = Problem::invalid(vec![Violation::new("/lines/0/sku", "required", "a SKU")]);
        assert_eq!(
            body(&Verdict::refused(Some("m-1"), &parts)),
            json!({ "msg_id": "m-1", "outcome": "rejected", "errors":
                [{ "pointer": "/lines/0/sku", "code": "required", "hint": "a SKU" }] })
        );
        let whole = Problem::new("external_id_conflict", "Order ord_1 has this external_id.");
        assert_eq!(
            body(&Verdict::refused(None, &whole)),
            json!({ "msg_id": null, "outcome": "conflict", "errors":
                [{ "pointer": "", "code": "external_id_conflict",
                   "hint": "Order ord_1 has this external_id." }] })
        );
    }

    #[test]
    fn a_verdict_stays_small_whatever_was_sent() {
        let long = "ü".repeat(100_000);
        let violation = Violation::new(format!("/{long}"), "unknown_field", long.clone());
        let problem = Problem::invalid(vec![violation; 100]);
        let verdict = Verdict::refused(Some(&long), &problem);
        assert!(verdict.body().len() < 16 * 1024, "{}", verdict.body().len());
    }
}
