//! Looking an order up by Klarna's own id: there is no other way.

use std::collections::BTreeMap;

use async_trait::async_trait;
use orderhub_domain::order::PaymentEvidence;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;

use super::answers::{is_no_order, look_up_refused, unread};
use super::state::history;
use super::wire::Order;
use super::{Klarna, STATED};
use crate::outbound::Failure;
use crate::port::{CallError, Found, LookUp, Resource, Statement};
use crate::wire::path_id;

impl Klarna {
    pub(super) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(&self.user, Some(self.password.expose_secret()))
    }

    /// The order's bytes, or `None` when Klarna firmly says that there is none.
    async fn fetch(&self, id: &str) -> Result<Option<Vec<u8>>, CallError> {
        let path = format!("/ordermanagement/v1/orders/{id}");
        let request = self.signed(self.http.get(&path));
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200 => Ok(Some(answer.body)),
            _ if is_no_order(&answer) => Ok(None),
            _ => Err(look_up_refused(&answer)),
        }
    }

    /// The order as it is now.
    pub(super) async fn retrieve(&self, id: &str) -> Result<Option<Order>, CallError> {
        let body = self.fetch(id).await?;
        body.map(|body| serde_json::from_slice(&body).map_err(|_| unread()))
            .transpose()
    }

    pub(super) async fn query_now(
        &self,
        reference: &str,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let order = match path_id(reference) {
            Some(id) => self.retrieve(id).await?,
            None => None,
        };
        let Some(order) = order else {
            return Ok(Found::Absent);
        };
        let known = history(&order).map_err(|_| unread())?;
        if known.is_empty() {
            return Err(CallError::not_now(
                "the gateway has not decided about the order yet",
            ));
        }
        let known = known.into_iter().map(|known| known.evidence);
        Ok(Found::There(known.collect()))
    }
}

#[async_trait]
impl LookUp for Klarna {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let answer = match path_id(&resource.id) {
            Some(id) if resource.kind == "order" => self.fetch(id).await,
            _ => Ok(None),
        };
        let headers = BTreeMap::from([(STATED.to_owned(), "order".to_owned())]);
        let stated = answer?.map(|raw| Statement { headers, raw });
        Ok(stated.into_iter().collect())
    }
}
