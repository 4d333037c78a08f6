//! Calls to a carrier. The only place where an order's address is read, and it stays here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::carriers::{CarrierConnector, LabelCall};
use orderhub_channels::port::Found;
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::{LocationCode, ParcelId};
use orderhub_domain::order::{Fact, LabelEvidence, LabelFact};
use orderhub_domain::policy::CustomsData;
use std::collections::BTreeMap;

use super::repeat::{Approach, approach};
use super::{Ask, Caller, Job, Outcome};
use crate::ports::Journal;
use crate::shared::Site;

pub(crate) struct CarrierCaller {
    pub(crate) connector: Arc<dyn CarrierConnector>,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) sites: BTreeMap<LocationCode, Site>,
    /// What has to be known for customs.
    pub(crate) customs: CustomsData,
}

#[async_trait]
impl Caller for CarrierCaller {
    async fn call(&self, job: &Job, now: Timestamp) -> Outcome {
        match &job.ask {
            Ask::BuyLabel { parcel, .. } => {
                let repeat = self.connector.repeat();
                let how = approach(repeat, job.perhaps_done, job.opened_at, now);
                let mut in_doubt = job.perhaps_done;
                if how == Approach::LookFirst {
                    match self.connector.find(*parcel).await {
                        Ok(Found::There(label)) => return evidence(*parcel, label),
                        Ok(Found::Absent) => in_doubt = false,
                        Err(error) => return Outcome::failed(error, true),
                    }
                }
                self.buy(job, in_doubt).await
            }
            Ask::VoidLabel { parcel, reference } => match self.connector.void(reference).await {
                Ok(label) => evidence(*parcel, label),
                Err(error) => Outcome::failed(error, false),
            },
            _ => Outcome::not_called("a carrier cannot do that", false),
        }
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(15)
    }
}

impl CarrierCaller {
    async fn buy(&self, job: &Job, in_doubt: bool) -> Outcome {
        let Ask::BuyLabel {
            parcel,
            location,
            destination,
            store,
            goods,
            readdressed,
        } = &job.ask
        else {
            return Outcome::not_called("not a label", false);
        };
        let stated = match store {
            Some(store) => self.sites.get(store).map(|site| site.address.clone()),
            None => match self.journal.private(job.order).await {
                Ok(private) => private.and_then(|private| private.ship_to),
                Err(error) => return Outcome::not_called(error.to_string(), in_doubt),
            },
        };
        let to = stated.unwrap_or_else(|| Address {
            country: destination.clone(),
            ..Address::default()
        });
        let site = self.sites.get(location);
        let call = LabelCall {
            parcel: *parcel,
            to,
            from: site.map(|site| site.address.clone()).unwrap_or_default(),
            goods: goods.clone(),
            readdressed: *readdressed,
        };
        // Without what customs want the parcel stays there: no money is spent on a label for it.
        if self.customs == CustomsData::Complete
            && let Some(reason) = call.lacks_for_customs()
        {
            return evidence(*parcel, LabelEvidence::Failed { reason });
        }
        match self.connector.buy(&call).await {
            Ok(label) => evidence(*parcel, label),
            Err(error) => Outcome::failed(error, in_doubt),
        }
    }
}

fn evidence(parcel: ParcelId, evidence: LabelEvidence) -> Outcome {
    Outcome::Evidence(vec![Fact::Label(LabelFact {
        fulfilment: parcel.fulfilment.number,
        parcel: parcel.number,
        evidence,
    })])
}
