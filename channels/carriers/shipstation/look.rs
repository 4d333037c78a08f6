//! Looking parcels up: the tracking of a label, by its id or by the carrier's number.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::wire::Page;
use super::{LABEL, NUMBER, STATED, ShipStation};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::wire::path_id;

impl ShipStation {
    /// The label with this tracking number, if it was bought by this account.
    async fn label_with(&self, number: &str) -> Result<Option<String>, CallError> {
        let query = [("tracking_number", number)];
        let request = self.http.get("/v2/labels").query(&query);
        let page: Option<Page> = self.seen(request).await?;
        let labels = page.map(|page| page.labels).unwrap_or_default();
        let mut named = labels.into_iter();
        let named = named.find(|label| label.tracking_number.as_deref() == Some(number));
        Ok(named.map(|label| label.id))
    }
}

#[async_trait]
impl LookUp for ShipStation {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let label = match resource.kind.as_str() {
            LABEL => Some(resource.id.clone()),
            NUMBER => self.label_with(&resource.id).await?,
            _ => None,
        };
        let Some(id) = label.as_deref().and_then(path_id) else {
            return Ok(Vec::new());
        };
        let request = self.http.get(&format!("/v2/labels/{id}/track"));
        let answer = self.fetched(request).await?;
        let headers = BTreeMap::from([(STATED.to_owned(), "tracking".to_owned())]);
        let stated = answer.map(|answer| Statement {
            headers,
            raw: answer.body,
        });
        Ok(stated.into_iter().collect())
    }
}
