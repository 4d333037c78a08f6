//! Stock feeds: messages of outside systems, each judged under its source's numbers, told to the
//! locations that it speaks of, and noted when all of them have it on disk.
//!
//! What does not live here: how a location takes a message once (`orderhub_domain::stock`), how lines are
//! read (`crate::http`), SQL (`crate::store`). A process may end between two locations: the message
//! is sent again then, and those that have it say so.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use metrics::{counter, gauge};
use orderhub_actors::api::{HubApi, HubError};
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{LocationCode, Slug};
use orderhub_domain::stock::{FeedGap, FeedMark, FeedRefusal, FeedRow, StockCommand, Taken};
use tokio::sync::Mutex;

/// Most sources that are known; each is a label of metrics.
pub const MOST_SOURCES: usize = 200;

/// A message of a source, as far as its lines could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number and the hash of its lines.
    pub mark: FeedMark,
    /// When the source says that it was so.
    pub as_of: Option<Timestamp>,
    /// What it says, by location. Nothing, if none of its lines could be read.
    pub says: BTreeMap<LocationCode, Vec<FeedRow>>,
    /// How many of its lines could not be read.
    pub rejected: usize,
}

impl Message {
    /// How many of its lines could be read.
    pub fn rows(&self) -> usize {
        self.says.values().map(Vec::len).sum()
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every location that it speaks of has it on disk.
    Applied,
    /// The same, but some of its lines could not be read.
    Partial,
    /// It was taken before; nothing has changed.
    Repeated,
    /// A later one was taken before; nothing has changed.
    Outdated,
    /// Another message was taken under its number; nothing has changed.
    Conflicting,
    /// None of its lines could be read; its number is still free.
    Rejected,
}

impl Outcome {
    /// The word that is counted and shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Partial => "partial",
            Self::Repeated => "repeated",
            Self::Outdated => "outdated",
            Self::Conflicting => "conflicting",
            Self::Rejected => "rejected",
        }
    }

    /// Whether stock was told what it says.
    pub const fn is_taken(self) -> bool {
        matches!(self, Self::Applied | Self::Partial)
    }
}

/// What became of a message, and the numbers that are missing before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// In one word.
    pub outcome: Outcome,
    /// The numbers, first and last, between it and the message before.
    pub gap: Option<(i64, i64)>,
    /// The source's last number, this message included.
    pub last: i64,
}

/// A source and what it has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Its name.
    pub source: Slug,
    /// Its last message.
    pub mark: FeedMark,
    /// When the source says that this was so.
    pub as_of: Option<Timestamp>,
    /// When it was taken.
    pub applied_at: Timestamp,
    /// How many of its lines could be read.
    pub rows: usize,
    /// How many could not.
    pub rejected: usize,
    /// How often numbers were missing since the first message.
    pub gaps: i64,
    /// How many numbers in all.
    pub missing: i128,
    /// The newest gaps, the newest first.
    pub newest_gaps: Vec<Gap>,
}

/// Numbers that had not come when a later one did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The first that is missing.
    pub first: i64,
    /// The last that is missing.
    pub last: i64,
    /// When it was found.
    pub found_at: Timestamp,
}

/// How far a source has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The last message that any location was told of.
    pub begun: Option<FeedMark>,
    /// The last message that every location it speaks of has taken; the same, or an earlier one.
    pub taken: Option<FeedMark>,
}

/// Where sources are kept.
#[async_trait]
pub trait Sources: Send + Sync {
    /// How far a source has come.
    async fn progress(&self, source: &Slug) -> Result<Progress, Unavailable>;

    /// Notes that locations are about to be told of a message: nothing else is taken under its number
    /// from now on. A source that has begun a later one keeps that.
    async fn begin(&self, source: &Slug, mark: &FeedMark) -> Result<(), Unavailable>;

    /// Notes a message that was taken as a whole, and the numbers that are missing before it. A source
    /// that has a later one keeps that.
    async fn note(
        &self,
        source: &Slug,
        message: &Message,
        gap: Option<(i64, i64)>,
        now: Timestamp,
    ) -> Result<(), Unavailable>;

    /// How many sources there are, those included whose first message is under way.
    async fn known(&self) -> Result<usize, Unavailable>;

    /// Every source with a message that was taken as a whole, by name.
    async fn all(&self) -> Result<Vec<Source>, Unavailable>;
}

/// Takes messages of feeds.
pub struct StockFeeds {
    hub: Arc<dyn HubApi>,
    sources: Arc<dyn Sources>,
    /// Messages of one source are taken one after the other.
    turns: Mutex<HashMap<Slug, Arc<Mutex<()>>>>,
}

/// Why a message could not be taken now. Sent again, it is taken where it has not been.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The hub or its store does not answer, or has too much to do.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// There are [`MOST_SOURCES`] sources already.
    #[error("there are {MOST_SOURCES} sources already, and {0} is none of them")]
    TooManySources(Slug),
}

impl From<Unavailable> for Failed {
    fn from(error: Unavailable) -> Self {
        Self::Hub(HubError::Unavailable(error.0))
    }
}

impl StockFeeds {
    /// Over this hub and these sources.
    pub fn new(hub: Arc<dyn HubApi>, sources: Arc<dyn Sources>) -> Self {
        Self {
            hub,
            sources,
            turns: Mutex::default(),
        }
    }

    /// Every source, by name.
    pub async fn all(&self) -> Result<Vec<Source>, Unavailable> {
        self.sources.all().await
    }

    /// Takes a message of a source. The answer is given when every location that it speaks of has it on
    /// disk.
    pub async fn take(&self, source: &Slug, message: &Message) -> Result<Verdict, Failed> {
        let turn = self.turn(source).await;
        let _turn = turn.lock().await;
        let known = self.sources.progress(source).await?;
        let verdict = self.judge(source, message, &known).await?;
        let labels = [
            ("source", source.to_string()),
            ("outcome", verdict.outcome.word().to_owned()),
        ];
        counter!("orderhub_inventory_feeds_total", &labels).increment(1);
        Ok(verdict)
    }

    /// The turn of a source. Turns that nobody takes are forgotten, so that made-up names fill nothing.
    async fn turn(&self, source: &Slug) -> Arc<Mutex<()>> {
        let mut turns = self.turns.lock().await;
        if turns.len() > MOST_SOURCES {
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        }
        Arc::clone(turns.entry(source.clone()).or_default())
    }

    async fn judge(
        &self,
        source: &Slug,
        message: &Message,
        known: &Progress,
    ) -> Result<Verdict, Failed> {
        let unchanged = |outcome| Verdict {
            outcome,
            gap: None,
            last: known.begun.as_ref().map_or(0, |mark| mark.sequence),
        };
        match message.mark.after(known.begun.as_ref()) {
            Taken::Repeated if known.taken == known.begun => {
                return Ok(unchanged(Outcome::Repeated));
            }
            // Its first try was interrupted between two locations.
            Taken::Applied | Taken::Repeated => {}
            Taken::Conflicting => {
                self.refuse(source, message, FeedRefusal::SequenceReused)
                    .await?;
                return Ok(unchanged(Outcome::Conflicting));
            }
            Taken::Outdated => {
                self.refuse(source, message, FeedRefusal::Outdated).await?;
                return Ok(unchanged(Outcome::Outdated));
            }
        }
        if message.says.is_empty() {
            return Ok(unchanged(Outcome::Rejected));
        }
        if known.begun.is_none() && self.sources.known().await? >= MOST_SOURCES {
            return Err(Failed::TooManySources(source.clone()));
        }
        self.sources.begin(source, &message.mark).await?;
        let gap = message.mark.gap_after(known.taken.as_ref());
        // A location that has it from an interrupted try is left as it is.
        for (location, rows) in &message.says {
            let command = StockCommand::Feed {
                source: source.clone(),
                mark: message.mark.clone(),
                rows: rows.clone(),
                gap: gap.map(|(first, last)| FeedGap { first, last }),
                unpicked: Vec::new(),
            };
            self.hub.tell_stock(location.clone(), command).await?;
        }
        let now = Timestamp::now();
        self.sources.note(source, message, gap, now).await?;
        tell(source, message, gap, now);
        Ok(Verdict {
            outcome: match message.rejected {
                0 => Outcome::Applied,
                _ => Outcome::Partial,
            },
            gap,
            last: message.mark.sequence,
        })
    }
}

impl StockFeeds {
    /// Tells the locations that a message speaks of that it was not taken. Who cannot be told now hears of it
    /// when the message is sent again.
    async fn refuse(
        &self,
        source: &Slug,
        message: &Message,
        why: FeedRefusal,
    ) -> Result<(), Failed> {
        for (location, rows) in &message.says {
            let command = StockCommand::RefuseFeed {
                source: source.clone(),
                mark: message.mark.clone(),
                lines: rows.len(),
                why,
            };
            self.hub.tell_stock(location.clone(), command).await?;
        }
        Ok(())
    }
}

/// Tells operators what was taken, and what is missing.
fn tell(source: &Slug, message: &Message, gap: Option<(i64, i64)>, now: Timestamp) {
    let label = source.to_string();
    let rows = |outcome: &'static str, many: usize| {
        let labels = [("source", label.clone()), ("outcome", outcome.to_owned())];
        let many = u64::try_from(many).unwrap_or(u64::MAX);
        counter!("orderhub_inventory_feed_rows_total", &labels).increment(many);
    };
    rows("applied", message.rows());
    rows("rejected", message.rejected);
    show_success(source, now);
    let sequence = message.mark.sequence;
    if message.rejected > 0 {
        let rejected = message.rejected;
        tracing::warn!(%source, sequence, rejected, "lines of a stock feed could not be read");
    }
    if let Some((first, last)) = gap {
        counter!("orderhub_inventory_feed_gaps_total", "source" => label).increment(1);
        tracing::warn!(%source, sequence, first, last, "messages of a stock feed are missing");
    }
}

/// Shows when a source's last message was taken.
pub fn show_success(source: &Slug, at: Timestamp) {
    gauge!("orderhub_inventory_feed_last_success_timestamp_seconds", "source" => source.to_string())
        .set(at.as_duration().as_secs_f64());
}
