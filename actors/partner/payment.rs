//! Calls to a gateway.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::payments::{Means, PaymentCall, PaymentConnector, Sought};
use orderhub_channels::port::Found;
use orderhub_domain::ids::Slug;
use orderhub_domain::money::Money;
use orderhub_domain::order::{Fact, PaymentEvidence, PaymentFact, Reported, TenderSelector};

use super::repeat::{Approach, approach};
use super::{Ask, Caller, Job, Outcome};

pub(crate) struct PaymentCaller {
    pub(crate) slug: Slug,
    pub(crate) connector: Arc<dyn PaymentConnector>,
}

/// The parts of an ask that every gateway call needs.
struct Wanted<'a> {
    tender: u16,
    amount: Money,
    reference: Option<&'a str>,
}

#[async_trait]
impl Caller for PaymentCaller {
    async fn call(&self, job: &Job, now: Timestamp) -> Outcome {
        let Some(wanted) = wanted(&job.ask) else {
            return Outcome::not_called("a gateway cannot do that", false);
        };
        let repeat = self.connector.repeat();
        let look_first = approach(repeat, job.perhaps_done, job.opened_at, now);
        let nameless = wanted.reference.is_none() && !matches!(job.ask, Ask::Authorize { .. });
        let mut reference = wanted.reference.map(str::to_owned);
        // A try before this one may have been carried out, until the gateway firmly says no.
        let mut in_doubt = job.perhaps_done;
        if look_first == Approach::LookFirst || nameless {
            let sought = match (wanted.reference, nameless) {
                (Some(reference), _) => Sought::Reference(reference),
                (None, false) => Sought::Effect(job.effect),
                (None, true) => Sought::All,
            };
            match self.connector.query(job.order, sought).await {
                Err(error) => return Outcome::failed(error, job.perhaps_done),
                // A payment that the gateway does not know cannot be captured, voided, refunded.
                Ok(Found::Absent) if nameless => {
                    let unknown = "the gateway does not know a payment of this order";
                    return Outcome::not_called(unknown, false);
                }
                Ok(Found::Absent) => in_doubt = false,
                Ok(Found::There(mut known)) => {
                    known.retain(|evidence| !is_of_renewed(&job.ask, evidence));
                    reference = reference.or_else(|| known.iter().find_map(reference_of));
                    if look_first == Approach::LookFirst {
                        if answers(&job.ask, &known) {
                            return self.evidence(wanted.tender, known);
                        }
                        in_doubt = false;
                    }
                }
            }
        }
        let call = PaymentCall {
            order: job.order,
            effect: job.effect,
            amount: wanted.amount,
        };
        let reference = reference.unwrap_or_default();
        let answer = match &job.ask {
            Ask::Authorize { token, renews, .. } => {
                let renews = renews.as_deref();
                self.connector
                    .authorize(&call, &Means { token, renews })
                    .await
            }
            Ask::Capture { last, .. } => self.connector.capture(&call, &reference, *last).await,
            Ask::Void { .. } => self.connector.void(&call, &reference).await,
            _ => self.connector.refund(&call, &reference).await,
        };
        match answer {
            Ok(evidence) => self.evidence(wanted.tender, vec![evidence]),
            Err(error) => Outcome::failed(error, in_doubt),
        }
    }

    fn time_out(&self) -> Duration {
        Duration::from_secs(15)
    }
}

impl PaymentCaller {
    fn evidence(&self, tender: u16, known: Vec<PaymentEvidence>) -> Outcome {
        let facts = known.into_iter().map(|evidence| {
            Fact::Payment(PaymentFact {
                tender: TenderSelector::Number(tender),
                account: Some(self.slug.clone()),
                occurred_at: None,
                evidence,
            })
        });
        Outcome::Evidence(facts.collect())
    }
}

/// Whether evidence is about the payment that is being renewed: it says nothing about the renewal.
fn is_of_renewed(ask: &Ask, evidence: &PaymentEvidence) -> bool {
    match ask {
        Ask::Authorize {
            renews: Some(renewed),
            ..
        } => reference_of(evidence).as_ref() == Some(renewed),
        _ => false,
    }
}

fn wanted(ask: &Ask) -> Option<Wanted<'_>> {
    Some(match ask {
        Ask::Authorize { tender, amount, .. } => Wanted {
            tender: *tender,
            amount: *amount,
            reference: None,
        },
        Ask::Capture {
            tender,
            amount,
            reference,
            ..
        }
        | Ask::Void {
            tender,
            amount,
            reference,
        }
        | Ask::Refund {
            tender,
            amount,
            reference,
            ..
        } => Wanted {
            tender: *tender,
            amount: *amount,
            reference: reference.as_deref(),
        },
        _ => return None,
    })
}

/// Whether what a gateway knows shows that the ask was carried out (or refused for good). Money
/// that the order knew of before proves nothing.
fn answers(ask: &Ask, known: &[PaymentEvidence]) -> bool {
    match ask {
        Ask::Authorize { .. } => !known.is_empty(),
        Ask::Capture { before, .. } => {
            let captured = known.iter().filter_map(|evidence| match evidence {
                PaymentEvidence::Captured { amount, .. } => Some(amount),
                _ => None,
            });
            sum(captured, *before) > *before
        }
        Ask::Void { .. } => known
            .iter()
            .any(|evidence| matches!(evidence, PaymentEvidence::Voided { .. })),
        Ask::Refund { before, .. } => {
            let refunded = known.iter().filter_map(|evidence| match evidence {
                PaymentEvidence::Refunded { amount, .. } => Some(amount),
                _ => None,
            });
            sum(refunded, *before) > *before
        }
        _ => false,
    }
}

/// What reports add up to: the largest total, or the sum of the parts if that is more.
fn sum<'a>(reports: impl Iterator<Item = &'a Reported>, like: Money) -> Money {
    let mut total = Money::zero(like.currency());
    let mut parts = total;
    for report in reports {
        match report {
            Reported::Total { amount } if amount.currency() == like.currency() => {
                total = total.max(*amount);
            }
            Reported::Part { amount, .. } if amount.currency() == like.currency() => {
                parts = parts.plus(*amount);
            }
            // Another currency is the order's business: it records a mismatch.
            _ => {}
        }
    }
    total.max(parts)
}

fn reference_of(evidence: &PaymentEvidence) -> Option<String> {
    match evidence {
        PaymentEvidence::ActionRequired { reference }
        | PaymentEvidence::Authorized { reference, .. }
        | PaymentEvidence::Captured { reference, .. }
        | PaymentEvidence::Voided { reference }
        | PaymentEvidence::Refunded { reference, .. } => Some(reference.clone()),
        PaymentEvidence::Declined { reference, .. } => reference.clone(),
        _ => None,
    }
}
