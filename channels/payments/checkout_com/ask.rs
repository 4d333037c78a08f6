//! Looking payments up: one by its id with everything that was done to it, or an order's by its
//! reference.

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::PaymentEvidence;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;

use super::CheckoutCom;
use super::answers::{is_own, look_up_refused, unread};
use super::known::history;
use super::wire::{Action, Page, Payment};
use crate::outbound::{Answer, Failure};
use crate::payments::Sought;
use crate::port::{CallError, Found};
use crate::wire::path_id;

/// Payments of one order that are looked at: more than anybody makes.
const MOST: usize = 100;

impl CheckoutCom {
    pub(super) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.api_key.expose_secret())
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Answer, CallError> {
        let request = self.signed(self.http.get(path)).query(query);
        self.http.send(request).await.map_err(Failure::of_look_up)
    }

    /// The payment as it is now, or `None` when Checkout.com firmly says that there is none.
    pub(super) async fn retrieve(&self, id: &str) -> Result<Option<Payment>, CallError> {
        let answer = self.get(&format!("/payments/{id}"), &[]).await?;
        match answer.status.as_u16() {
            200 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| unread()),
            404 if is_own(&answer) => Ok(None),
            _ => Err(look_up_refused(&answer)),
        }
    }

    /// What was done to a payment, latest first.
    pub(super) async fn actions(&self, id: &str) -> Result<Vec<Action>, CallError> {
        let answer = self.get(&format!("/payments/{id}/actions"), &[]).await?;
        if !answer.status.is_success() {
            return Err(look_up_refused(&answer));
        }
        serde_json::from_slice(&answer.body).map_err(|_| unread())
    }

    /// The payments of an order, oldest first. "None" is firm only when all of them were seen.
    async fn search(&self, order: OrderId) -> Result<Vec<Payment>, CallError> {
        let (name, limit) = (order.to_string(), MOST.to_string());
        let query = [("reference", name.as_str()), ("limit", limit.as_str())];
        let answer = self.get("/payments", &query).await?;
        if !answer.status.is_success() {
            return Err(look_up_refused(&answer));
        }
        let page: Page = serde_json::from_slice(&answer.body).map_err(|_| unread())?;
        if page.total_count > page.data.len() {
            return Err(CallError::not_now(
                "the gateway has more payments of this order than can be looked at",
            ));
        }
        let mut payments = page.data;
        payments.retain(|payment| payment.reference.as_deref() == Some(name.as_str()));
        payments.sort_by(|one, other| one.requested_on.cmp(&other.requested_on));
        Ok(payments)
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
                let of_it =
                    found.filter(|payment| payment.metadata.effect() == Some(effect.as_str()));
                ids.extend(of_it.map(|payment| payment.id));
            }
        }
        let mut known = Vec::new();
        for id in ids.iter().filter_map(|id| path_id(id)) {
            let Some(payment) = self.retrieve(id).await? else {
                continue;
            };
            let actions = self.actions(id).await?;
            let of_this = history(&payment, &actions).map_err(|_| unread())?;
            if of_this.is_empty() {
                return Err(CallError::not_now(
                    "the gateway has not decided about the payment yet",
                ));
            }
            known.extend(of_this);
        }
        Ok(if known.is_empty() {
            Found::Absent
        } else {
            Found::There(known)
        })
    }
}
