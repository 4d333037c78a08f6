//! What a warehouse's own system sends, written as `docs/connectors/webhook.md` tells it to.

use serde_json::json;

use crate::port::Statement;
use crate::specimen::{Labour, Scene, Signing, Specimen, Thing};
use crate::standard_webhooks::{WINDOW, key, sign};

/// A warehouse that says what it has done.
#[derive(Debug)]
pub(super) struct Site;

impl Specimen for Site {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "callback_secrets",
            window: Some(WINDOW),
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let key = key(secret).unwrap_or_default();
        let headers = sign(&key, "msg_own_1", scene.at, &pushed.raw);
        pushed.headers.extend(headers);
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Work(work) = thing else {
            return None;
        };
        let kind = match work.done {
            Labour::Accepted => "accepted",
            Labour::Rejected => "rejected",
            Labour::Packed => "packed",
            Labour::HandedOver => "handed_over",
            Labour::Odd => "own_word",
        };
        let rejected = (work.done == Labour::Rejected).then_some("not_in_stock");
        Some(Statement::json(&json!({
            "type": format!("fulfilment.{kind}"), "timestamp": work.at.to_string(),
            "data": {
                "fulfilment": work.fulfilment, "location": work.location, "reason": rejected,
            },
        })))
    }
}
