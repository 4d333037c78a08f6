//! Calls to the system that runs locations. Asking twice changes nothing there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::warehouses::WarehouseConnector;
use orderhub_domain::order::{Fact, FulfilmentFact};

use super::{Ask, Caller, Job, Outcome};

pub(crate) struct WarehouseCaller {
    pub(crate) connector: Arc<dyn WarehouseConnector>,
}

#[async_trait]
impl Caller for WarehouseCaller {
    async fn call(&self, job: &Job, _now: Timestamp) -> Outcome {
        let (fulfilment, answer) = match &job.ask {
            Ask::Fulfil(call) => (call.fulfilment, self.connector.request(call).await),
            Ask::StopFulfilling(fulfilment, location) => {
                let answer = self.connector.cancel(*fulfilment, location).await;
                (*fulfilment, answer)
            }
            _ => {
                return Outcome::not_called("a warehouse cannot do that", false);
            }
        };
        match answer {
            Ok(evidence) => Outcome::Evidence(vec![Fact::Fulfilment(FulfilmentFact {
                fulfilment: fulfilment.number,
                occurred_at: None,
                evidence,
            })]),
            Err(error) => Outcome::failed(error, false),
        }
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(5)
    }
}
