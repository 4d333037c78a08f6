//! Notices to a sales channel about orders of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::sales::{CancellationNotice, PartNotice, SalesConnector, ShipmentNotice};
use orderhub_domain::order::{Fact, Notice, NoticeFact};

use super::{Ask, Caller, Job, Outcome};

pub(crate) struct ChannelCaller {
    pub(crate) connector: Arc<dyn SalesConnector>,
}

/// A notice with what the channel needs to know of it.
#[derive(Debug, Clone)]
pub(crate) struct ChannelNotice {
    /// What it is told.
    pub(crate) notice: Notice,
    /// In its own words.
    pub(crate) news: News,
}

/// A notice in the channel's own words for its order and lines.
#[derive(Debug, Clone)]
pub(crate) enum News {
    Accepted(String),
    Shipped(ShipmentNotice),
    Cancelled(CancellationNotice),
    PartCancelled(PartNotice),
    Refunded(PartNotice),
}

#[async_trait]
impl Caller for ChannelCaller {
    async fn call(&self, job: &Job, _now: Timestamp) -> Outcome {
        let (Ask::Notify(asked), Some(back)) = (&job.ask, self.connector.way_back()) else {
            return Outcome::not_called("a sales channel cannot do that", false);
        };
        // The way back makes a repeat harmless itself, so there is nothing to look up here.
        let answer = match &asked.news {
            News::Accepted(order) => back.accepted(order).await,
            News::Shipped(shipment) => back.shipped(shipment).await,
            News::Cancelled(notice) => back.cancelled(notice).await,
            News::PartCancelled(part) => back.part_cancelled(part).await,
            News::Refunded(part) => back.refunded(part).await,
        };
        let notice = asked.notice.clone();
        match answer {
            Ok(evidence) => Outcome::Evidence(vec![Fact::Notice(NoticeFact { notice, evidence })]),
            Err(error) => Outcome::failed(error, job.perhaps_done),
        }
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(15)
    }
}
