//! Gateways: authorise, capture, void, refund, query; their webhooks.

mod adyen;
mod checkout_com;
mod klarna;
mod measured;
mod mollie;
mod paypal;
mod stripe;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{EffectId, OrderId};
use orderhub_domain::money::Money;
use orderhub_domain::order::PaymentEvidence;

use crate::measured::Measured;
use crate::port::{CallError, Connector, Found, PaymentAnswer, Repeat};
use crate::registry::{Family, Kind, build};
use crate::settings::{ConfigError, Settings};

/// Every kind of gateway.
pub static KINDS: &[Kind<dyn PaymentConnector>] = &[
    adyen::KIND,
    checkout_com::KIND,
    klarna::KIND,
    mollie::KIND,
    paypal::KIND,
    stripe::KIND,
];

/// Builds a connection of this kind, whose calls are measured.
pub fn connect(kind: &str, settings: &Settings) -> Result<Arc<dyn PaymentConnector>, ConfigError> {
    let measured = Measured {
        slug: settings.slug.clone(),
        inner: build(Family::Payments, KINDS, kind, settings)?,
    };
    measured.announce();
    Ok(Arc::new(measured))
}

/// A connection to a gateway account.
#[async_trait]
pub trait PaymentConnector: Connector {
    /// How often one authorisation can be captured.
    fn capture_mode(&self) -> CaptureMode;

    /// How a call may be repeated when its outcome is unknown.
    fn repeat(&self) -> Repeat;

    /// Sets money aside; without the buyer when it renews a payment.
    async fn authorize(&self, call: &PaymentCall, means: &Means<'_>) -> PaymentAnswer;

    /// Takes money; `last` releases what is left of the authorisation.
    async fn capture(&self, call: &PaymentCall, reference: &str, last: bool) -> PaymentAnswer;

    /// Releases an authorisation.
    async fn void(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer;

    /// Gives money back.
    async fn refund(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer;

    /// Looks payments of an order up. The answer is everything that is known of them, oldest first.
    async fn query(
        &self,
        order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError>;
}

/// What a payment is made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means<'a> {
    /// The gateway's token of the means of payment; empty when only a payment with it is known.
    pub token: &'a str,
    /// The gateway's reference of the payment that is renewed: the buyer is not there.
    pub renews: Option<&'a str>,
}

/// Which of an order's payments is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought<'a> {
    /// The one with this reference of the gateway.
    Reference(&'a str),
    /// The one that this effect asked for. An order may have several.
    Effect(EffectId),
    /// All of them.
    All,
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
