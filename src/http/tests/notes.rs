//! What stands beside the hub in memory: copies of webhooks, parked messages, and answers under a
//! key.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::CommandId;
use uuid::Uuid;

use crate::http::messages::Messages;
use crate::http::requests::{Answered, Answers};
use crate::http::{WebhookCopies, WebhookCopy};
use crate::store::{
    ParkedDetail, ParkedFilter, ParkedListing, ParkedPage, SealError, WebhookDetail, WebhookFilter,
    WebhookListing, WebhookPage,
};

/// Copies and answers.
#[derive(Default)]
pub(super) struct Notes {
    webhooks: Mutex<BTreeMap<Uuid, WebhookDetail>>,
    parked: Mutex<BTreeMap<Uuid, ParkedDetail>>,
    answers: Mutex<BTreeMap<Uuid, Answered>>,
}

impl Notes {
    /// Puts a webhook there.
    pub(super) fn received(&self, id: Uuid, source: &str, body: &[u8]) {
        let detail = WebhookDetail {
            listing: WebhookListing {
                id,
                source: source.into(),
                outcome: "unmatched".into(),
                reason: Some("no_order".into()),
                order: None,
                received_at: Timestamp::UNIX_EPOCH,
            },
            headers: [("x-topic".into(), "orders/create".into())].into(),
            body: Ok(body.to_vec()),
        };
        self.webhooks.lock().expect("a lock").insert(id, detail);
    }

    /// Lets a webhook be one that another key sealed.
    pub(super) fn lock_up(&self, id: Uuid) {
        let mut webhooks = self.webhooks.lock().expect("a lock");
        if let Some(detail) = webhooks.get_mut(&id) {
            detail.body = Err(SealError::DoesNotOpen);
        }
    }

    /// Puts a parked message there.
    pub(super) fn park(&self, listing: ParkedListing, body: &[u8]) {
        let detail = ParkedDetail {
            listing,
            headers: [("x-topic".into(), "orders/create".into())].into(),
            body: Ok(body.to_vec()),
        };
        let mut parked = self.parked.lock().expect("a lock");
        parked.insert(detail.listing.id, detail);
    }

    /// The parked message with this body.
    pub(super) fn id_of(&self, body: &[u8]) -> Option<Uuid> {
        let parked = self.parked.lock().expect("a lock");
        let mut found = parked
            .values()
            .filter(|one| one.body.as_deref() == Ok(body));
        Some(found.next()?.listing.id)
    }

    /// Forgets a parked message.
    pub(super) fn unpark(&self, id: Uuid) -> bool {
        self.parked.lock().expect("a lock").remove(&id).is_some()
    }

    /// The copies, oldest first.
    pub(super) fn copies(&self) -> Vec<WebhookDetail> {
        let webhooks = self.webhooks.lock().expect("a lock");
        webhooks.values().cloned().collect()
    }
}

impl WebhookCopies for Notes {
    fn keep(&self, copy: WebhookCopy) {
        let id = Uuid::now_v7();
        let detail = WebhookDetail {
            listing: WebhookListing {
                id,
                source: copy.source,
                outcome: copy.receipt.received.word().into(),
                reason: copy.receipt.reason,
                order: copy.receipt.order,
                received_at: copy.received_at,
            },
            headers: copy.headers,
            body: Ok(copy.body),
        };
        self.webhooks.lock().expect("a lock").insert(id, detail);
    }
}

#[async_trait]
impl Messages for Notes {
    async fn webhooks(&self, filter: &WebhookFilter) -> Result<WebhookPage, Unavailable> {
        let webhooks = self.webhooks.lock().expect("a lock");
        let found = webhooks.values().rev().map(|detail| &detail.listing);
        let mut found: Vec<_> = found
            .filter(|one| {
                filter.source.as_ref().is_none_or(|s| *s == one.source)
                    && filter.outcome.as_ref().is_none_or(|o| *o == one.outcome)
                    && filter.before.is_none_or(|before| one.id < before)
            })
            .cloned()
            .collect();
        let more = found.len() > usize::from(filter.limit);
        found.truncate(filter.limit.into());
        let next = found.last().filter(|_| more).map(|last| last.id);
        Ok(WebhookPage {
            webhooks: found,
            next,
        })
    }

    async fn webhook(&self, id: Uuid) -> Result<Option<WebhookDetail>, Unavailable> {
        Ok(self.webhooks.lock().expect("a lock").get(&id).cloned())
    }

    async fn parked(&self, filter: &ParkedFilter) -> Result<ParkedPage, Unavailable> {
        let parked = self.parked.lock().expect("a lock");
        let place = |one: &ParkedListing| (one.received_at, one.id);
        let mut found: Vec<_> = parked
            .values()
            .map(|detail| detail.listing.clone())
            .filter(|one| {
                filter.source.as_ref().is_none_or(|s| *s == one.source)
                    && filter
                        .reason
                        .as_ref()
                        .is_none_or(|r| one.reason.starts_with(r))
                    && filter.state.is_none_or(|state| state == one.state())
                    && filter.after.is_none_or(|after| place(one) > after)
            })
            .collect();
        found.sort_by_key(place);
        let more = found.len() > usize::from(filter.limit);
        found.truncate(filter.limit.into());
        let next = found.last().filter(|_| more).map(place);
        Ok(ParkedPage {
            messages: found,
            next,
        })
    }

    async fn parked_message(&self, id: Uuid) -> Result<Option<ParkedDetail>, Unavailable> {
        Ok(self.parked.lock().expect("a lock").get(&id).cloned())
    }
}

#[async_trait]
impl Answers for Notes {
    async fn find(&self, command: CommandId) -> Result<Option<Answered>, Unavailable> {
        let answers = self.answers.lock().expect("a lock");
        Ok(answers.get(&command.0).cloned())
    }

    async fn keep(&self, command: CommandId, answered: &Answered) -> Result<(), Unavailable> {
        let mut answers = self.answers.lock().expect("a lock");
        answers.entry(command.0).or_insert_with(|| answered.clone());
        Ok(())
    }
}
