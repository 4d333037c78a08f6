//! Gateways: authorise, capture, void, refund, query; their webhooks.

mod stripe;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{EffectId, OrderId};
use orderhub_domain::money::Money;
use orderhub_domain::order::PaymentEvidence;

use crate::port::{CallError, Forged, Found, Inbound, PaymentAnswer, RawRequest, Repeat};
use crate::settings::{ConfigError, Settings, constructor};

/// Builds a connection of one kind.
pub type Connect = fn(&Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError>;

/// Every kind of gateway, by name.
pub const KINDS: [(&str, Connect); 1] = [("stripe", stripe::connect)];

/// Builds a connection of this kind.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    constructor("payments", &KINDS, kind)?(settings)
}

/// A connection to a gateway account.
#[async_trait]
pub trait PaymentConnector: Send + Sync {
    /// Whether the bytes are really from the vendor. Called before anything is parsed.
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged>;

    /// What they say. Pure; called only after `verify`.
    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound>;

    /// Whether the connection is live; facts marked as test then change nothing.
    fn is_live(&self) -> bool;

    /// How often one authorisation can be captured.
    fn capture_mode(&self) -> CaptureMode;

    /// How a call may be repeated when its outcome is unknown.
    fn repeat(&self) -> Repeat;

    /// Sets money aside.
    async fn authorize(&self, call: &PaymentCall, token: &str) -> PaymentAnswer;

    /// Takes money; `last` releases what is left of the authorisation.
    async fn capture(&self, call: &PaymentCall, reference: &str, last: bool) -> PaymentAnswer;

    /// Releases an authorisation.
    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer;

    /// Gives money back.
    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer;

    /// Looks a payment up, by the gateway's reference or, without one, by the order's id. The
    /// answer is everything that is known of it, oldest first.
    async fn query(
        &self,
        order: OrderId,
        reference: Option<&str>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError>;
}

/// What every gateway call says. Nothing in it differs between tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentCall {
    /// The order, told to the gateway so that a webhook finds its way back.
    pub order: OrderId,
    /// The effect: the idempotency key.
    pub effect: EffectId,
    /// How much.
    pub amount: Money,
}
