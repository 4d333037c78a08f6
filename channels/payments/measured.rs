//! Every gateway's calls are measured alike: how long each took, and what came of it.

use async_trait::async_trait;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::PaymentEvidence;

use super::{Means, PaymentCall, PaymentConnector, Sought};
use crate::measured::Measured;
use crate::outbound::Stopwatch;
use crate::port::{CallError, Found, PaymentAnswer, Repeat};

/// Whether a gateway said no.
const fn is_refusal(evidence: &PaymentEvidence) -> bool {
    matches!(
        evidence,
        PaymentEvidence::Declined { .. }
            | PaymentEvidence::CaptureFailed { .. }
            | PaymentEvidence::RefundFailed { .. }
    )
}

impl Measured<dyn PaymentConnector> {
    /// Lets the gateway be seen before it is first called.
    pub(super) fn announce(&self) {
        self.watch("authorize").announce();
    }

    fn watch(&self, operation: &'static str) -> Stopwatch {
        Stopwatch::gateway(self.slug.as_str(), operation)
    }
}

#[async_trait]
impl PaymentConnector for Measured<dyn PaymentConnector> {
    fn capture_mode(&self) -> CaptureMode {
        self.inner.capture_mode()
    }

    fn repeat(&self) -> Repeat {
        self.inner.repeat()
    }

    async fn authorize(&self, call: &PaymentCall, means: &Means<'_>) -> PaymentAnswer {
        let watch = self.watch("authorize");
        let answer = self.inner.authorize(call, means).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn capture(&self, call: &PaymentCall, reference: &str, last: bool) -> PaymentAnswer {
        let watch = self.watch("capture");
        let answer = self.inner.capture(call, reference, last).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let watch = self.watch("void");
        let answer = self.inner.void(call, reference).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let watch = self.watch("refund");
        let answer = self.inner.refund(call, reference).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn query(
        &self,
        order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let watch = self.watch("query");
        let answer = self.inner.query(order, sought).await;
        watch.stop(&answer, |found| matches!(found, Found::Absent));
        answer
    }
}
