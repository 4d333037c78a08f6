//! Every gateway's calls are measured alike: how long each took, and what came of it.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{OrderId, Slug};
use orderhub_domain::order::PaymentEvidence;

use super::{Means, PaymentCall, PaymentConnector, Sought};
use crate::outbound::Stopwatch;
use crate::port::{
    CallError, Connector, Forged, Found, Greeting, Inbound, Keys, LookUp, PaymentAnswer, Poll,
    RawRequest, Repeat,
};

/// A gateway whose calls are measured.
pub(super) struct Measured {
    slug: Slug,
    gateway: Arc<dyn PaymentConnector>,
}

/// Whether a gateway said no.
const fn is_refusal(evidence: &PaymentEvidence) -> bool {
    matches!(
        evidence,
        PaymentEvidence::Declined { .. }
            | PaymentEvidence::CaptureFailed { .. }
            | PaymentEvidence::RefundFailed { .. }
    )
}

impl Measured {
    /// This connection, known by this name.
    pub(super) fn new(slug: Slug, gateway: Arc<dyn PaymentConnector>) -> Self {
        let measured = Self { slug, gateway };
        measured.watch("authorize").announce();
        measured
    }

    fn watch(&self, operation: &'static str) -> Stopwatch {
        Stopwatch::gateway(self.slug.as_str(), operation)
    }
}

impl Connector for Measured {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        self.gateway.verify(request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        self.gateway.read(request)
    }

    fn is_live(&self) -> bool {
        self.gateway.is_live()
    }

    fn thanks(&self) -> Option<&'static str> {
        self.gateway.thanks()
    }

    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        self.gateway.greet(query)
    }

    fn keys(&self) -> Option<&dyn Keys> {
        self.gateway.keys()
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        self.gateway.look_up()
    }

    fn poll(&self) -> Option<&dyn Poll> {
        self.gateway.poll()
    }
}

#[async_trait]
impl PaymentConnector for Measured {
    fn capture_mode(&self) -> CaptureMode {
        self.gateway.capture_mode()
    }

    fn repeat(&self) -> Repeat {
        self.gateway.repeat()
    }

    async fn authorize(&self, call: &PaymentCall, means: &Means<'_>) -> PaymentAnswer {
        let watch = self.watch("authorize");
        let answer = self.gateway.authorize(call, means).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn capture(&self, call: &PaymentCall, reference: &str, last: bool) -> PaymentAnswer {
        let watch = self.watch("capture");
        let answer = self.gateway.capture(call, reference, last).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let watch = self.watch("void");
        let answer = self.gateway.void(call, reference).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let watch = self.watch("refund");
        let answer = self.gateway.refund(call, reference).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn query(
        &self,
        order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let watch = self.watch("query");
        let answer = self.gateway.query(order, sought).await;
        watch.stop(&answer, |found| matches!(found, Found::Absent));
        answer
    }
}
