//! Orders in the canonical form, whoever brings them: read, held against the configuration, handed
//! to the hub.
//!
//! The API, its batches and the inbox all come through here, so an order is judged the same way at
//! each. Who may send at all is the edges' business; how the form is read, the channel's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metrics::counter;
use orderhub_actors::api::{HubApi, HubError, NewOrder, Placed};
use orderhub_actors::ports::Journal;
use orderhub_domain::canonical::{Submission, Violation};
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Slug};
use orderhub_domain::order::{Order, Recorded, Request};

use crate::http::problem::Problem;

/// Longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;

/// An order in the canonical form, read and checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedOrder {
    /// The channel that it names.
    pub channel: Slug,
    /// The order.
    pub submission: Submission,
    /// Hexadecimal SHA-256 of the canonical value of the body.
    pub body_hash: String,
}

/// Why a body is no order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not even a JSON object: a code of status 400 and one sentence.
    Malformed {
        /// `empty_body`, `malformed_json`, `not_an_object` or `too_deep`.
        code: &'static str,
        /// What is wrong.
        detail: String,
    },
    /// It is one, and these parts of it are wrong.
    Invalid(Vec<Violation>),
}

impl From<Unreadable> for Problem {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Malformed { code, detail } => Self::new(code, detail),
            Unreadable::Invalid(violations) => Self::invalid(violations),
        }
    }
}

/// Reads orders in the canonical form.
pub trait Intake: Send + Sync {
    /// Reads a body.
    fn read(&self, body: &[u8]) -> Result<ParsedOrder, Unreadable>;
}

/// A sales channel, as the edges need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SalesChannel {
    /// Its immutable id.
    pub id: ChannelId,
    /// Its kind: `shopify`.
    pub kind: &'static str,
    /// Its orders come in the canonical form.
    pub direct: bool,
    /// Test orders are recorded and nothing else.
    pub live: bool,
}

/// Who brings an order, and how a repeat of it is recognised.
pub trait Sender: Sync {
    /// Who, for the log.
    fn actor(&self) -> String;

    /// Refuses a channel that this sender may not name.
    fn check_channel(&self, channel: &Slug) -> Result<(), Problem>;

    /// The request's identity, if the sender gave a key. `target` is the order that it reaches.
    fn request(&self, target: &str, body_hash: &str) -> Result<Option<Request>, Problem>;
}

/// An order that is on disk.
#[derive(Debug, Clone)]
pub struct Taken {
    /// What the hub says.
    pub placed: Placed,
    /// This request made the order, now or when it came for the first time.
    pub made: bool,
}

/// An order that is not taken.
#[derive(Debug)]
pub struct Refusal {
    /// The channel that it is of, if it names one that this sender may.
    channel: Option<Slug>,
    /// Why.
    pub problem: Problem,
}

/// Where orders are taken.
pub struct Desk {
    /// The front door.
    pub hub: Arc<dyn HubApi>,
    /// The canonical order's reader.
    pub intake: Arc<dyn Intake>,
    /// Sales channels by slug.
    pub channels: BTreeMap<Slug, SalesChannel>,
    /// Codes of the locations that there are.
    pub locations: BTreeSet<LocationCode>,
}

impl Desk {
    /// Records one order, or recognises it.
    pub async fn take(&self, sender: &dyn Sender, body: &[u8]) -> Result<Taken, Problem> {
        let order = self.judge(sender, body).map_err(|refusal| {
            count_refused(refusal.channel.as_ref());
            refusal.problem
        })?;
        let (slug, request) = (order.channel_slug.clone(), order.request.clone());
        let placed = self.hub.place(order).await.map_err(|error| {
            let problem = Problem::from(error);
            if problem.status().is_client_error() {
                count_refused(Some(&slug));
            }
            problem
        })?;
        let made = placed.is_made_by(request.as_ref());
        Ok(Taken { placed, made })
    }

    /// Reads one order and holds it against the configuration. Nothing is recorded, and nothing counted.
    pub fn judge(&self, sender: &dyn Sender, body: &[u8]) -> Result<NewOrder, Box<Refusal>> {
        let unnamed = |problem| {
            Box::new(Refusal {
                channel: None,
                problem,
            })
        };
        let parsed = self.intake.read(body);
        let parsed = parsed.map_err(|error| unnamed(error.into()))?;
        let slug = parsed.channel.clone();
        let channel = sender
            .check_channel(&slug)
            .and_then(|()| self.direct(&slug))
            .map_err(unnamed)?;
        let refused = |problem| {
            Box::new(Refusal {
                channel: Some(slug.clone()),
                problem,
            })
        };
        self.check_pickup(&parsed).map_err(refused)?;
        let external_id = &parsed.submission.draft.external_id;
        let target = format!("{}/{external_id}", channel.id.0.simple());
        let request = sender
            .request(&target, &parsed.body_hash)
            .map_err(refused)?;
        Ok(NewOrder {
            channel: channel.id,
            channel_slug: parsed.channel,
            live_connection: channel.live,
            submission: parsed.submission,
            wanted: BTreeMap::new(),
            body_hash: parsed.body_hash,
            request,
            actor: sender.actor(),
        })
    }

    /// The order that this one would be recognised as; a conflict when that says something else.
    pub async fn known(
        &self,
        journal: &dyn Journal,
        order: &NewOrder,
    ) -> Result<Option<OrderId>, Problem> {
        let external_id = &order.submission.draft.external_id;
        let Some(existing) = journal.find(order.channel, external_id).await? else {
            return Ok(None);
        };
        let recorded = self.hub.order(existing).await?;
        let same = |(known, _): &(Order, Vec<Recorded>)| known.body_hash == order.body_hash;
        if recorded.as_ref().is_some_and(same) {
            return Ok(Some(existing));
        }
        Err(HubError::ExternalIdConflict { existing }.into())
    }

    /// A channel that takes orders in the canonical form.
    pub fn direct(&self, slug: &Slug) -> Result<SalesChannel, Problem> {
        let channel = self.channels.get(slug).filter(|channel| channel.direct);
        channel.copied().ok_or_else(unknown_channel)
    }

    /// A buyer cannot collect at a place that does not exist.
    fn check_pickup(&self, parsed: &ParsedOrder) -> Result<(), Problem> {
        let pickup = parsed.submission.draft.pickup_location.as_ref();
        if pickup.is_none_or(|code| self.locations.contains(code)) {
            return Ok(());
        }
        let hint = "the code of a configured location";
        Err(Problem::at("/pickup_location", "unknown_location", hint))
    }
}

/// There is no such channel, for this sender.
pub fn unknown_channel() -> Problem {
    let hint = "the slug of a configured channel of kind direct";
    Problem::at("/channel", "unknown_channel", hint)
}

/// An idempotency key without the white space around it, if it can be one: 1 to 255 visible ASCII
/// characters.
pub fn usable_key(text: &str) -> Option<&str> {
    let key = text.trim();
    let visible = |byte: u8| matches!(byte, b' '..=b'~');
    (!key.is_empty() && key.len() <= LONGEST_KEY && key.bytes().all(visible)).then_some(key)
}

/// Counts an order that was not taken. What was taken is counted where it is committed.
pub fn count_refused(channel: Option<&Slug>) {
    let channel = channel.map_or("unknown", Slug::as_str).to_owned();
    counter!("orderhub_orders_received_total", "channel" => channel, "outcome" => "rejected")
        .increment(1);
}
