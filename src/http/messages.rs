//! The seam to messages from outside as operators look through them: webhooks as they came, and what
//! is parked.

use async_trait::async_trait;
use orderhub_actors::ports::Unavailable;
use uuid::Uuid;

use crate::store::{
    ParkedDetail, ParkedFilter, ParkedPage, WebhookDetail, WebhookFilter, WebhookPage,
};

/// Messages from outside.
#[async_trait]
pub trait Messages: Send + Sync {
    /// At most `filter.limit` webhooks, newest first.
    async fn webhooks(&self, filter: &WebhookFilter) -> Result<WebhookPage, Unavailable>;

    /// A webhook with what it said.
    async fn webhook(&self, id: Uuid) -> Result<Option<WebhookDetail>, Unavailable>;

    /// At most `filter.limit` parked messages, oldest first.
    async fn parked(&self, filter: &ParkedFilter) -> Result<ParkedPage, Unavailable>;

    /// A parked message with what it said.
    async fn parked_message(&self, id: Uuid) -> Result<Option<ParkedDetail>, Unavailable>;
}
