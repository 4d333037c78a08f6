//! Every carrier's calls are measured alike: how long each took, and what came of it.

use async_trait::async_trait;
use orderhub_domain::ids::ParcelId;
use orderhub_domain::order::LabelEvidence;

use super::{CarrierConnector, LabelCall};
use crate::measured::Measured;
use crate::outbound::Stopwatch;
use crate::port::{CallError, Found, LabelAnswer, Repeat};

/// Whether a carrier said no.
const fn is_refusal(evidence: &LabelEvidence) -> bool {
    matches!(
        evidence,
        LabelEvidence::Failed { .. } | LabelEvidence::VoidRefused { .. }
    )
}

impl Measured<dyn CarrierConnector> {
    /// Lets the carrier be seen before it is first called.
    pub(super) fn announce(&self) {
        self.watch("buy").announce();
    }

    fn watch(&self, operation: &'static str) -> Stopwatch {
        Stopwatch::carrier(self.slug.as_str(), operation)
    }
}

#[async_trait]
impl CarrierConnector for Measured<dyn CarrierConnector> {
    fn repeat(&self) -> Repeat {
        self.inner.repeat()
    }

    async fn buy(&self, call: &LabelCall) -> LabelAnswer {
        let watch = self.watch("buy");
        let answer = self.inner.buy(call).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn void(&self, reference: &str) -> LabelAnswer {
        let watch = self.watch("void");
        let answer = self.inner.void(reference).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn find(&self, parcel: ParcelId) -> Result<Found<LabelEvidence>, CallError> {
        let watch = self.watch("find");
        let answer = self.inner.find(parcel).await;
        watch.stop(&answer, |found| matches!(found, Found::Absent));
        answer
    }
}
