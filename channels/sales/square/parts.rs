//! What Square is told beside shipments: that some units will not come, and that money goes back.
//!
//! Units that will not come leave a mark in their fulfilment like those that were shipped, so that the fulfilment
//! is completed once the rest has left. The money goes back whether or not Square takes the mark.

use orderhub_domain::order::NoticeEvidence;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::back::{Back, path};
use super::held::{CUT, Found, TillOrder};
use super::refunds::give_part;
use super::rest::Changed;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::PartNotice;
use crate::sales::told::refused;

impl Back {
    /// Some units will not be shipped, and what was paid for them goes back.
    pub(super) async fn note_part(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_square_id"));
        };
        let Some(Found { order }) = self.rest.look_up(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        let marked = self.mark_part(&path, &order, notice).await?;
        if notice.amount.is_positive() {
            return give_part(&self.rest, &order.tenders, notice).await;
        }
        Ok(marked.map_or(NoticeEvidence::Told, |code| refused(&code)))
    }

    /// Marks the units; why not, where Square will not.
    async fn mark_part(
        &self,
        path: &str,
        order: &TillOrder,
        notice: &PartNotice,
    ) -> Result<Option<String>, CallError> {
        let name = hex::encode(&Sha256::digest(&notice.key)[..16]);
        let marked = match order.mark(&notice.lines, &format!("{CUT}{name}")) {
            Ok(marked) if !marked.is_known => return Ok(Some("no_fulfillment".to_owned())),
            Ok(marked) => marked,
            Err(code) => return Ok(Some(code.to_owned())),
        };
        // What was cancelled there already is as it should be.
        if marked.changes.is_empty() {
            return Ok(None);
        }
        let change = json!({ "fulfillments": marked.changes });
        Ok(match self.update(path, order, change).await? {
            Changed::Made(_) => None,
            Changed::Refused(code) => Some(code),
        })
    }

    /// Money goes back for what came back, or did not arrive.
    pub(super) async fn give_money(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_square_id"));
        };
        match self.rest.look_up(&path).await? {
            Some(Found { order }) => give_part(&self.rest, &order.tenders, notice).await,
            None => Ok(refused("order_not_found")),
        }
    }
}
