//! Trying a batch out: what would become of each of its orders, and nothing is recorded.
//!
//! An order is judged and looked for exactly as when it is placed. Whether an idempotency key was used before
//! is not looked up.

use std::collections::BTreeMap;

use http::StatusCode;
use orderhub_domain::ids::{ChannelId, OrderId};
use serde_json::{Value, json};

use super::found::Found;
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::problem::Problem;
use crate::http::routes::orders::Caller;

/// What the orders of a batch would have left behind so far.
#[derive(Default)]
pub(super) struct Trial {
    /// The hashes of those that would be new.
    made: BTreeMap<(ChannelId, String), String>,
}

impl Trial {
    /// What would become of an order.
    pub(super) async fn verdict(&mut self, edge: &Edge, asked: &Asked, found: Found) -> Value {
        let tried = match found.body() {
            Ok(body) => self
                .try_out(edge, asked, body)
                .await
                .map_err(|problem| found.told(problem)),
            Err(told) => Err(told),
        };
        let mut said = tried.unwrap_or_else(|told| told.said(&asked.request_id));
        said["dry_run"] = true.into();
        found.verdict(said)
    }

    async fn try_out(&mut self, edge: &Edge, asked: &Asked, body: &[u8]) -> Result<Value, Problem> {
        let caller = Caller::of(asked)?;
        let judged = edge.desk.judge(&caller, body);
        let order = judged.map_err(|refusal| refusal.problem)?;
        let known = edge.desk.known(edge.journal.as_ref(), &order).await?;
        let external_id = &order.submission.draft.external_id;
        let place = (order.channel, external_id.clone());
        let before = self.made.get(&place);
        if known.is_none() && before.is_some_and(|hash| *hash != order.body_hash) {
            let detail = "An order before it has this external_id and says something else.";
            return Err(Problem::new("external_id_conflict", detail));
        }
        let status = if known.is_some() || before.is_some() {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        let said = json!({
            "status": status.as_u16(),
            "order": {
                "id": known.map(|id: OrderId| id.to_string()),
                "channel": order.channel_slug.as_str(),
                "external_id": external_id,
                "body_hash": order.body_hash,
            },
        });
        self.made.insert(place, order.body_hash);
        Ok(said)
    }
}
