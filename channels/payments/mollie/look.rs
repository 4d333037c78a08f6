//! Looking payments up: one by its id with all that hangs on it, or an order's among the newest.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::PaymentEvidence;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;

use super::answers::{look_up_refused, unread};
use super::map::{history, moment};
use super::wire::{Page, Payment};
use super::{Mollie, STATED};
use crate::outbound::{Answer, Failure};
use crate::payments::Sought;
use crate::port::{CallError, Found, LookUp, Resource, Statement};
use crate::wire::path_id;

/// What hangs on a payment and is asked for with it.
const EMBED: (&str, &str) = ("embed", "captures,refunds,chargebacks");

/// Payments per page: as many as surely fit into an answer.
const PAGE: usize = 50;
/// Pages that are looked through for an order's payments.
const PAGES: usize = 20;
/// How far Mollie's clock may be behind ours.
const SKEW: SignedDuration = SignedDuration::from_mins(10);

/// When an order was made, which is before any of its payments: its id says so.
fn made_at(order: OrderId) -> Option<Timestamp> {
    let millis = i64::try_from(order.uuid().as_u128() >> 80).ok()?;
    Timestamp::from_millisecond(millis).ok()
}

impl Mollie {
    pub(super) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.api_key.expose_secret())
    }

    async fn ask(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, CallError> {
        let request = self.signed(self.http.get(path)).query(query);
        self.http.send(request).await.map_err(Failure::of_look_up)
    }

    /// The payment's bytes, or `None` when Mollie firmly says that our key sees none.
    async fn fetch(&self, id: &str) -> Result<Option<Vec<u8>>, CallError> {
        let answer = self.ask(&format!("/v2/payments/{id}"), &[EMBED]).await?;
        match answer.status.as_u16() {
            200 => Ok(Some(answer.body)),
            404 | 410 if is_ours(&answer) => Ok(None),
            _ => Err(look_up_refused(&answer)),
        }
    }

    /// The payment as it is now.
    pub(super) async fn retrieve(&self, id: &str) -> Result<Option<Payment>, CallError> {
        let body = self.fetch(id).await?;
        body.map(|body| serde_json::from_slice(&body).map_err(|_| unread()))
            .transpose()
    }

    /// The payments of an order, oldest first. Mollie cannot search: the newest are gone through back
    /// to the time when the order was made, and only then "none" is firm.
    async fn search(&self, order: OrderId) -> Result<Vec<Payment>, CallError> {
        let made_at = made_at(order).and_then(|at| at.checked_sub(SKEW).ok());
        let name = order.to_string();
        let limit = PAGE.to_string();
        let mut found = Vec::new();
        let mut from: Option<String> = None;
        for _ in 0..PAGES {
            let mut query = vec![("limit", limit.as_str())];
            query.extend(from.as_deref().map(|from| ("from", from)));
            let answer = self.ask("/v2/payments", &query).await?;
            if !answer.status.is_success() {
                return Err(look_up_refused(&answer));
            }
            let page: Page = serde_json::from_slice(&answer.body).map_err(|_| unread())?;
            let mut payments = page.embedded.payments;
            let full = payments.len() == PAGE;
            let oldest = payments.last().map(|payment| payment.id.clone());
            let old = payments.last().is_some_and(|payment| {
                let made = moment(payment.created_at.as_deref());
                made.is_some_and(|made| made_at.is_some_and(|order| made < order))
            });
            payments.retain(|payment| payment.order().as_deref() == Some(name.as_str()));
            found.extend(payments);
            if !full || old {
                // The page after begins with the last of the page before.
                found.reverse();
                found.dedup_by(|one, other| one.id == other.id);
                return Ok(found);
            }
            from = oldest;
        }
        Err(CallError::not_now(
            "the gateway has taken too many payments since to look for this order's",
        ))
    }

    pub(super) async fn query_now(
        &self,
        order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let mut ids = Vec::new();
        match sought {
            Sought::Reference(reference) => ids.push(reference.to_owned()),
            Sought::All => {
                let found = self.search(order).await?;
                ids.extend(found.into_iter().map(|payment| payment.id));
            }
            Sought::Effect(effect) => {
                let effect = effect.to_string();
                let found = self.search(order).await?.into_iter();
                let of_it = found.filter(|payment| payment.effect().as_ref() == Some(&effect));
                ids.extend(of_it.map(|payment| payment.id));
            }
        }
        let mut known = Vec::new();
        for id in &ids {
            let Some(id) = path_id(id) else {
                continue;
            };
            let Some(payment) = self.retrieve(id).await? else {
                continue;
            };
            let of_this = history(&payment).map_err(|_| unread())?;
            // A capture that is under way would be missed by the sums, and made again.
            if of_this.is_empty() || is_capturing(&payment) {
                return Err(CallError::not_now(
                    "the gateway has not decided about the payment yet",
                ));
            }
            known.extend(of_this.into_iter().map(|known| known.evidence));
        }
        Ok(if known.is_empty() {
            Found::Absent
        } else {
            Found::There(known)
        })
    }
}

/// Whether a capture of it is not decided yet.
fn is_capturing(payment: &Payment) -> bool {
    let embedded = payment.embedded.as_ref();
    let mut captures = embedded.iter().flat_map(|all| &all.captures);
    captures.any(|capture| capture.status == "pending")
}

/// Whether an answer is in Mollie's own form, and not a page that something on the way made.
fn is_ours(answer: &Answer) -> bool {
    let refused = serde_json::from_slice::<super::wire::Refused>(&answer.body);
    refused.is_ok_and(|refused| refused.status == answer.status.as_u16())
}

#[async_trait]
impl LookUp for Mollie {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let answer = match path_id(&resource.id) {
            Some(id) if resource.kind == "payment" => self.fetch(id).await,
            _ => Ok(None),
        };
        let headers = BTreeMap::from([(STATED.to_owned(), "payment".to_owned())]);
        let stated = answer?.map(|raw| Statement { headers, raw });
        Ok(stated.into_iter().collect())
    }
}
