//! Notices to a sales channel about orders of its own.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::sales::{CancellationNotice, SalesConnector, ShipmentNotice};
use orderhub_domain::order::{Fact, Notice, NoticeFact};

use super::{Ask, Caller, Job, Outcome};

pub(crate) struct ChannelCaller {
    pub(crate) connector: Arc<dyn SalesConnector>,
}

/// A notice with what the channel needs to know of it.
#[derive(Debug, Clone)]
pub(crate) enum ChannelNotice {
    Shipped {
        fulfilment: u16,
        shipment: ShipmentNotice,
    },
    Cancelled(CancellationNotice),
}

#[async_trait]
impl Caller for ChannelCaller {
    async fn call(&self, job: &Job, _now: Timestamp) -> Outcome {
        let (Ask::Notify(asked), Some(back)) = (&job.ask, self.connector.way_back()) else {
            return Outcome::not_called("a sales channel cannot do that", false);
        };
        // The way back makes a repeat harmless itself, so there is nothing to look up here.
        let (notice, answer) = match asked {
            ChannelNotice::Shipped {
                fulfilment,
                shipment,
            } => {
                let fulfilment = *fulfilment;
                let answer = back.shipped(shipment).await;
                (Notice::Shipped { fulfilment }, answer)
            }
            ChannelNotice::Cancelled(notice) => (Notice::Cancelled, back.cancelled(notice).await),
        };
        match answer {
            Ok(evidence) => Outcome::Evidence(vec![Fact::Notice(NoticeFact { notice, evidence })]),
            Err(error) => Outcome::failed(error, job.perhaps_done),
        }
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(15)
    }
}
