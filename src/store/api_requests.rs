//! Answers to requests with an idempotency key that belong to no order.

use async_trait::async_trait;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::CommandId;
use sqlx::types::Json;

use super::Store;
use crate::http::requests::{Answered, Answers};

#[async_trait]
impl Answers for Store {
    async fn find(&self, command: CommandId) -> Result<Option<Answered>, Unavailable> {
        type Row = (String, Json<serde_json::Value>);
        let query = || {
            sqlx::query_as::<_, Row>(
                "select body_hash, answer from orderhub.api_request where command_id = $1",
            )
            .bind(command.0)
            .fetch_optional(self.pool())
        };
        let found = self.read(query).await?;
        Ok(found.map(|(body_hash, Json(body))| Answered { body_hash, body }))
    }

    async fn keep(&self, command: CommandId, answered: &Answered) -> Result<(), Unavailable> {
        let query = || {
            sqlx::query(
                "insert into orderhub.api_request (command_id, body_hash, answer) \
                 values ($1, $2, $3) on conflict (command_id) do nothing",
            )
            .bind(command.0)
            .bind(&answered.body_hash)
            .bind(Json(&answered.body))
            .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }
}
