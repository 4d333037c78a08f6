//! Repeats of requests that belong to no order: what was answered under which idempotency key.
//! Orders remember their own requests, in their log.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_actors::api::HubError;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::CommandId;
use orderhub_domain::order::Request;
use serde_json::Value;
use tokio::sync::Mutex;

use super::problem::Problem;

/// A request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Hexadecimal SHA-256 of the canonical value of its body.
    pub body_hash: String,
    /// The body of its answer, which was a 200.
    pub body: Value,
}

/// Where answers are kept.
#[async_trait]
pub trait Answers: Send + Sync {
    /// The answer to this request, if it was carried out.
    async fn find(&self, command: CommandId) -> Result<Option<Answered>, Unavailable>;

    /// Keeps an answer. A request that has one keeps the first.
    async fn keep(&self, command: CommandId, answered: &Answered) -> Result<(), Unavailable>;
}

/// Carries requests out once per key.
pub struct Requests {
    answers: Arc<dyn Answers>,
    /// Whoever repeats a request waits for its first time. People ask for these, so they may as
    /// well all go one after the other.
    turn: Mutex<()>,
}

impl Requests {
    /// Over these answers.
    pub fn new(answers: Arc<dyn Answers>) -> Self {
        Self {
            answers,
            turn: Mutex::new(()),
        }
    }

    /// The answer to a request, and whether it is that of an earlier time. Refusals are decided
    /// anew. What is asked for must be harmless when it is done twice: a process may end between
    /// the act and the note of it.
    pub async fn once(
        &self,
        request: Option<Request>,
        act: impl Future<Output = Result<Value, Problem>>,
    ) -> Result<(Value, bool), Problem> {
        let Some(request) = request else {
            return Ok((act.await?, false));
        };
        let _turn = self.turn.lock().await;
        if let Some(answered) = self.answers.find(request.command_id).await? {
            return if answered.body_hash == request.body_hash {
                Ok((answered.body, true))
            } else {
                Err(HubError::KeyReused.into())
            };
        }
        let answered = Answered {
            body: act.await?,
            body_hash: request.body_hash,
        };
        if let Err(error) = self.answers.keep(request.command_id, &answered).await {
            tracing::warn!(%error, "an answer could not be noted; its repeat is carried out again");
        }
        Ok((answered.body, false))
    }
}
