//! What a warehouse's own system publishes, written as `docs/connectors/nats.md` tells it to.

use serde_json::json;

use crate::port::Statement;
use crate::specimen::{Labour, Scene, Signing, Specimen, Thing};

/// A warehouse that says what it has done.
#[derive(Debug)]
pub(super) struct Site;

impl Specimen for Site {
    fn signing(&self) -> Signing {
        Signing::Silent
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
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
        let body = json!({
            "type": format!("fulfilment.{kind}"), "timestamp": work.at.to_string(),
            "data": {
                "fulfilment": work.fulfilment, "location": work.location, "reason": rejected,
            },
        });
        let prefix = match scene.settings.text("prefix") {
            Some(stated) => stated.to_owned(),
            None => format!("orderhub.warehouses.{}", scene.settings.slug),
        };
        let subject = format!("{prefix}.reports.{}", work.location);
        Some(Statement::json(&body).with("nats-subject", subject))
    }
}
