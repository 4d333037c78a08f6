//! Looking things up at PayPal, and asking it what has happened.
//!
//! Whatever is named, the checkout order that it belongs to is what is read, for it alone says everything;
//! a payment that belongs to none speaks for itself. A round of asking lists the events of a stretch of time
//! that is over for a while: webhooks bring most of them first.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use orderhub_domain::order::PaymentEvidence;
use reqwest::Url;
use serde::de::DeserializeOwned;

use super::answers::{look_up_refused, own_word, unread};
use super::state::{alone, history, reference_of};
use super::verify::{FOLDER, named};
use super::wire::{Dispute, Listed, Movement, Order, Payments};
use super::{PAYMENT, PayPal, STATED};
use crate::key_ring::served;
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Found, Keys, LookUp, Page, Poll, RawRequest, Resource, Statement};
use crate::public_key::PublicKey;
use crate::wire::path_id;

/// Where events are listed.
const EVENTS: &str = "/v1/notifications/webhooks-events";

/// Events per page: as many as surely fit into an answer.
const PAGE: &str = "20";

/// How long an event may take until it is listed.
const SETTLE: SignedDuration = SignedDuration::from_mins(5);

/// How long to wait between two rounds.
const EVERY: Duration = Duration::from_mins(1);

/// What was found, and what it is.
struct Thing {
    kind: &'static str,
    raw: Vec<u8>,
}

fn parsed<T: DeserializeOwned>(raw: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(raw).map_err(|_| unread())
}

impl PayPal {
    async fn ask(&self, path: &str, query: &[(String, String)]) -> Result<Answer, CallError> {
        let request = self.http.get(path).query(query);
        let answer = self.tokens.send(&self.http, request).await;
        answer.map_err(Failure::of_look_up)
    }

    /// A thing's bytes, or `None` when PayPal firmly says that there is none.
    async fn fetch(&self, folder: &str, id: &str) -> Result<Option<Vec<u8>>, CallError> {
        let Some(id) = path_id(id) else {
            return Ok(None);
        };
        let answer = self.ask(&format!("{folder}/{id}"), &[]).await?;
        match answer.status.as_u16() {
            200 => Ok(Some(answer.body)),
            404 if own_word(&answer).is_some() => Ok(None),
            _ => Err(look_up_refused(&answer)),
        }
    }

    async fn order(&self, id: &str) -> Result<Option<Thing>, CallError> {
        let kind = "order";
        let found = self.fetch("/v2/checkout/orders", id).await?;
        Ok(found.map(|raw| Thing { kind, raw }))
    }

    /// The checkout order of an authorisation or a capture, or itself when it has none.
    async fn payment(&self, kind: &'static str, id: &str) -> Result<Option<Thing>, CallError> {
        let folder = format!("/v2/payments/{kind}s");
        let Some(raw) = self.fetch(&folder, id).await? else {
            return Ok(None);
        };
        let one: Movement = parsed(&raw)?;
        let order = match one.order() {
            Some(order) => self.order(order).await?,
            None => None,
        };
        Ok(order.or(Some(Thing { kind, raw })))
    }

    /// The payments of the purchase that a reference belongs to.
    pub(super) async fn retrieve(&self, reference: &str) -> Result<Option<Order>, CallError> {
        let authorization = self.payment("authorization", reference).await?;
        let found = match authorization {
            None => self.payment("capture", reference).await?,
            found => found,
        };
        let Some(found) = found else {
            return Ok(None);
        };
        Ok(Some(match found.kind {
            "order" => parsed(&found.raw)?,
            kind => alone(kind, parsed(&found.raw)?),
        }))
    }

    pub(super) async fn query_now(
        &self,
        reference: &str,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let Some(order) = self.retrieve(reference).await? else {
            return Ok(Found::Absent);
        };
        let mut known = history(&order).map_err(|_| unread())?;
        known.retain(|one| one.reference == reference);
        let is_open = |one: &Movement| one.status == "PENDING";
        let units = order.purchase_units.iter();
        let mut captures = units.flat_map(|unit| &unit.payments.captures);
        if known.is_empty() || captures.any(is_open) {
            return Err(CallError::not_now(
                "the gateway has not decided about the payment yet",
            ));
        }
        let known = known.into_iter().map(|one| one.evidence);
        Ok(Found::There(known.collect()))
    }

    /// A dispute, and the payment that it is about.
    async fn dispute(&self, id: &str) -> Result<Option<(Thing, Option<String>)>, CallError> {
        let Some(raw) = self.fetch("/v1/customer/disputes", id).await? else {
            return Ok(None);
        };
        let dispute: Dispute = parsed(&raw)?;
        let capture = match dispute.capture() {
            Some(id) => self.fetch("/v2/payments/captures", id).await?,
            None => None,
        };
        let payment = match capture {
            Some(raw) => {
                let capture: Movement = parsed(&raw)?;
                Some(reference_of(&capture, &Payments::default()).to_owned())
            }
            None => None,
        };
        let kind = "dispute";
        Ok(Some((Thing { kind, raw }, payment)))
    }

    async fn certificate(&self, name: &str) -> Result<Vec<(String, PublicKey)>, CallError> {
        let request = self.certificates.get(&format!("{FOLDER}{name}"));
        let answer = self.certificates.send(request).await;
        let answer = answer.map_err(Failure::of_look_up)?;
        let key = served(&answer, PublicKey::from_certificate)?;
        Ok(key.map(|key| (name.to_owned(), key)).into_iter().collect())
    }
}

/// Certificates come from PayPal's own host over TLS, which is what vouches for them, wherever on PayPal's
/// hosts a webhook says that they are.
#[async_trait]
impl Keys for PayPal {
    async fn learn(&self, request: &RawRequest<'_>) -> Result<(), CallError> {
        let Ok(name) = named(request) else {
            return Ok(());
        };
        let fetch = self.certificate(&name);
        self.keys.learn(&name, request.received_at, fetch).await
    }
}

#[async_trait]
impl LookUp for PayPal {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let mut headers = BTreeMap::new();
        let found = match resource.kind.as_str() {
            "order" => self.order(&resource.id).await?,
            "authorization" => self.payment("authorization", &resource.id).await?,
            "capture" => self.payment("capture", &resource.id).await?,
            "refund" => {
                let raw = self.fetch("/v2/payments/refunds", &resource.id).await?;
                let refund = raw.map(|raw| parsed::<Movement>(&raw)).transpose()?;
                match refund.as_ref().and_then(Movement::capture) {
                    Some(capture) => self.payment("capture", capture).await?,
                    None => None,
                }
            }
            "dispute" => self.dispute(&resource.id).await?.map(|(thing, payment)| {
                headers.extend(payment.map(|payment| (PAYMENT.to_owned(), payment)));
                thing
            }),
            _ => None,
        };
        let stated = found.map(|thing| {
            headers.insert(STATED.to_owned(), thing.kind.to_owned());
            let raw = thing.raw;
            Statement { headers, raw }
        });
        Ok(stated.into_iter().collect())
    }
}

/// A cursor: everything before the first moment was seen; of the stretch up to the second one, the page
/// that this query asks for comes next.
fn stretch(cursor: &str) -> Option<(Timestamp, Option<(Timestamp, &str)>)> {
    let mut parts = cursor.splitn(3, ' ');
    let from = parts.next()?.parse().ok()?;
    let rest = match (parts.next(), parts.next()) {
        (Some(to), Some(query)) => Some((to.parse().ok()?, query)),
        _ => None,
    };
    Some((from, rest))
}

/// The parameters of a query that PayPal named.
fn pairs(query: &str) -> Result<Vec<(String, String)>, CallError> {
    let url = Url::parse(&format!("https://localhost/?{query}")).map_err(|_| unread())?;
    Ok(url.query_pairs().into_owned().collect())
}

#[async_trait]
impl Poll for PayPal {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError> {
        let settled = now.checked_sub(SETTLE).unwrap_or(now);
        let settled = Timestamp::from_second(settled.as_second()).unwrap_or(settled);
        let begin = || Page {
            statements: Vec::new(),
            next: settled.to_string(),
            more: false,
        };
        let Some((from, rest)) = cursor.and_then(stretch) else {
            return Ok(begin());
        };
        let to = rest.map_or(settled, |(to, _)| to);
        if to <= from {
            return Ok(Page {
                next: from.to_string(),
                ..begin()
            });
        }
        let query = match rest {
            Some((_, query)) => pairs(query)?,
            None => vec![
                ("start_time".to_owned(), from.to_string()),
                ("end_time".to_owned(), to.to_string()),
                ("page_size".to_owned(), PAGE.to_owned()),
            ],
        };
        let answer = self.ask(EVENTS, &query).await?;
        if !answer.status.is_success() {
            return Err(look_up_refused(&answer));
        }
        let listed: Listed<'_> = serde_json::from_slice(&answer.body).map_err(|_| unread())?;
        let next = listed.next(EVENTS);
        let stated = listed.events.iter().rev().map(|event| Statement {
            headers: BTreeMap::from([(STATED.to_owned(), "event".to_owned())]),
            raw: event.get().as_bytes().to_vec(),
        });
        Ok(Page {
            statements: stated.collect(),
            more: next.is_some(),
            next: match next {
                Some(query) => format!("{from} {to} {query}"),
                None => to.to_string(),
            },
        })
    }
}
