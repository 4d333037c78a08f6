//! Orders of the past: each is one event that goes to its shard's lane like any other write, so that epochs,
//! sequences and the one order a name hold for them as well. None of them has an actor: there is nothing
//! to decide, to wait for or to ask, and so many at a time share a commit.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use orderhub_domain::canonical::Submission;
use orderhub_domain::ids::{ChannelId, OrderId, Slug};
use orderhub_domain::order::{History, PastPlacement, place_past};

use crate::api::HubError;
use crate::lanes::{LaneAnswer, Urgency};
use crate::order::unavailable;
use crate::ports::{Append, Appended, Identity};
use crate::shared::Shared;

/// Orders that wait for a commit at once: fewer than a lane takes at a time, so that orders which somebody
/// waits for are not turned away behind them.
const IN_FLIGHT: usize = 256;

/// An order of the past to record.
#[derive(Debug, Clone)]
pub struct NewPast {
    /// The order and its personal data.
    pub submission: Submission,
    /// How it ended.
    pub history: History,
    /// Hexadecimal SHA-256 of what its file says of it.
    pub body_hash: String,
}

/// Where orders of the past come from.
#[derive(Debug, Clone)]
pub struct PastSource {
    /// The channel.
    pub channel: ChannelId,
    /// Its slug.
    pub slug: Slug,
    /// The connection is live.
    pub live: bool,
    /// Who brings them: `operator:<name>`.
    pub actor: String,
}

/// What became of an order of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// It is on disk now.
    New(OrderId),
    /// The channel's order with this id was there before, however it came.
    There(OrderId),
    /// The database refuses it for good.
    Refused(String),
}

impl Shared {
    /// Records orders of the past; the answers stand in their order. Nothing but the log, the row and the
    /// personal data is written: no mark that screening would count, no reference, no due time.
    ///
    /// # Errors
    /// When the store cannot be reached, or it is not known what became of some. The same orders, sent
    /// again, find out.
    pub(crate) async fn record_past(
        &self,
        source: &PastSource,
        orders: Vec<NewPast>,
    ) -> Result<Vec<Recorded>, HubError> {
        let names = orders
            .iter()
            .map(|order| order.submission.draft.external_id.clone());
        let names: Vec<String> = names.collect();
        let there = self
            .journal
            .find_all(source.channel, &names)
            .await
            .map_err(unavailable)?;
        let written = orders
            .into_iter()
            .map(|order| self.record_one(source, &there, order));
        let written: Vec<_> = written.collect();
        stream::iter(written)
            .buffered(IN_FLIGHT)
            .try_collect()
            .await
    }

    async fn record_one(
        &self,
        source: &PastSource,
        there: &BTreeMap<String, OrderId>,
        order: NewPast,
    ) -> Result<Recorded, HubError> {
        let draft = &order.submission.draft;
        if let Some(id) = there.get(&draft.external_id) {
            return Ok(Recorded::There(*id));
        }
        let id = self.new_order_id(source.channel.hash16(&draft.external_id));
        let lane = self.lane(id.shard()).cloned();
        let lane = lane.ok_or_else(|| HubError::Unavailable("the node has no lane".into()))?;
        match lane
            .append(self.past_append(source, id, order), Urgency::Fact)
            .await
        {
            LaneAnswer::Settled(Appended::Committed) => Ok(Recorded::New(id)),
            LaneAnswer::Settled(Appended::Duplicate(existing)) => Ok(Recorded::There(existing)),
            LaneAnswer::Settled(Appended::Refused(why)) => Ok(Recorded::Refused(why)),
            LaneAnswer::Settled(Appended::Fenced) => {
                self.fenced();
                let lost = "this node does not own the order's shard any more; try again";
                Err(HubError::Unavailable(lost.into()))
            }
            LaneAnswer::Settled(Appended::Unavailable(why)) => Err(HubError::Unavailable(why)),
            LaneAnswer::Settled(Appended::OutcomeUnknown(why)) => {
                Err(HubError::OutcomeUnknown(why))
            }
            LaneAnswer::Settled(Appended::Stale) | LaneAnswer::Shed => {
                let again = "the new order's id was taken; send it again";
                Err(HubError::Unavailable(again.into()))
            }
        }
    }

    fn past_append(&self, source: &PastSource, id: OrderId, order: NewPast) -> Append {
        let NewPast {
            submission,
            history,
            body_hash,
        } = order;
        let identity = Identity {
            channel: source.channel,
            external_id: submission.draft.external_id.clone(),
            body_hash: body_hash.clone(),
        };
        let past = PastPlacement {
            id,
            channel: source.channel,
            channel_slug: source.slug.clone(),
            live_connection: source.live,
            body_hash,
            draft: submission.draft,
            history,
        };
        let (event, state) = place_past(past, &source.actor, self.clock.now());
        Append {
            order: id,
            epoch: self.epochs.shard(id.shard()),
            expected: 0,
            identity: Some(identity),
            events: vec![event],
            stage: state.stage,
            wake_at: None,
            settle_wake: false,
            refs: Vec::new(),
            private: Some(submission.private),
            marks: Vec::new(),
            transits: Vec::new(),
        }
    }
}
