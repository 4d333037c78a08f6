//! Money that Amazon gives back, by a feed (`POST_PAYMENT_ADJUSTMENT_DATA`) with what the buyer gets of each item.
//!
//! A feed has no key of ours, one that is handed in twice may pay twice, and the channel does not say which document a
//! feed was made of. So one is handed in at a time, and it is written down that it may have been before it is:
//!
//! - Its id came back: it is the notice's, for as long as the process lives.
//! - Its answer was lost: the feeds of the kind were listed before, and are again once one that was still on its way has
//!   arrived. None is new: it was not handed in. One is, of that time: it is the notice's. Anything else is a person's.
//! - The notice may have been tried by a process before this one: with a feed since it was asked for that this process
//!   did not make, it is a person's.
//!
//! A notice is this process's own if it was asked for some minutes after the process began; so clocks (ours, the
//! database's, the channel's) may be minutes apart.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use orderhub_domain::money::Money;
use orderhub_domain::order::{NoticeEvidence, Repayment};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::adjust;
use super::back::Back;
use super::documents::adjustment;
use super::feeds::{Fate, Feed};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{PartNotice, PartOf};
use crate::wire::path_id;

/// The feed that gives money back.
const ADJUSTMENTS: &str = "POST_PAYMENT_ADJUSTMENT_DATA";

/// After what time a feed that is not listed was not handed in.
pub(super) const SETTLED: Duration = Duration::from_mins(5);

/// How far clocks may be apart.
const APART: SignedDuration = SignedDuration::from_mins(5);

/// The money may have gone back, and nobody here knows.
const PERHAPS: &str = "refund_may_be_handed_in";

/// What is known of the seller's refunds.
#[derive(Debug)]
pub(super) struct Refunds {
    began: Timestamp,
    born: Instant,
    settled: Duration,
    /// Whoever holds it may hand one in.
    turn: Mutex<Known>,
}

/// What this process knows.
#[derive(Debug, Default)]
struct Known {
    /// What was made of a notice, by its key. Never forgotten: nothing else keeps it from being made again.
    made: BTreeMap<String, Made>,
    /// A feed that may have been handed in.
    open: Option<Try>,
}

#[derive(Debug, Clone)]
enum Made {
    /// This feed, of so much.
    Feed(String, Money),
    /// Perhaps one.
    Unclear,
}

#[derive(Debug)]
struct Try {
    key: String,
    amount: Money,
    /// The feeds that there were since then.
    before: BTreeSet<String>,
    since: Timestamp,
    at: Timestamp,
    sent: Instant,
}

impl Refunds {
    /// Of a process that begins now. `settled`: see [`SETTLED`].
    pub(super) fn new(settled: Duration) -> Self {
        Self {
            began: Timestamp::now(),
            born: Instant::now(),
            settled,
            turn: Mutex::default(),
        }
    }

    /// Whether no process before this one can have tried a notice.
    fn is_own(&self, notice: &PartNotice) -> bool {
        notice.asked_at > self.began + APART
    }
}

impl Known {
    fn made(&self, feed: &Feed) -> bool {
        let mut made = self.made.values();
        made.any(|made| matches!(made, Made::Feed(id, _) if *id == feed.id))
    }
}

impl Try {
    /// What came of it, with these feeds listed; `None` if it was not handed in.
    fn found_in(&self, feeds: &[Feed]) -> Option<Made> {
        let new = feeds.iter().filter(|feed| !self.before.contains(&feed.id));
        let new: Vec<&Feed> = new.collect();
        match new[..] {
            [] => None,
            [feed] if self.may_be(feed) => Some(Made::Feed(feed.id.clone(), self.amount)),
            _ => Some(Made::Unclear),
        }
    }

    fn may_be(&self, feed: &Feed) -> bool {
        let apart = |at: Timestamp| at.duration_since(self.at).abs();
        path_id(&feed.id).is_some() && feed.created_at().is_some_and(|at| apart(at) <= APART)
    }
}

impl Back {
    /// Gives money back for units that were shipped.
    pub(super) async fn give_back(&self, notice: &PartNotice) -> NoticeAnswer {
        let mut known = self.refunds.turn.lock().await;
        self.look_for(&mut known, notice).await?;
        match known.made.get(&notice.key).cloned() {
            Some(Made::Unclear) => Ok(refused(PERHAPS)),
            Some(Made::Feed(feed, amount)) => {
                drop(known);
                self.outcome(feed, amount).await
            }
            None => self.hand_in(&mut known, notice).await,
        }
    }

    /// Finds out what came of the feed that may have been handed in, if there is one.
    async fn look_for(&self, known: &mut Known, notice: &PartNotice) -> Result<(), CallError> {
        let Some(open) = &known.open else {
            return Ok(());
        };
        if open.sent.elapsed() < self.refunds.settled {
            return Err(if open.key == notice.key {
                CallError::under_way("it is not known yet whether the channel has taken the refund")
            } else {
                CallError::not_now(
                    "whether the channel has taken another refund is found out first",
                )
            });
        }
        let there = self.api.feeds_since(ADJUSTMENTS, open.since).await?;
        if let Some(made) = open.found_in(&there) {
            known.made.insert(open.key.clone(), made);
        }
        known.open = None;
        Ok(())
    }

    /// What has become of a feed that is a notice's.
    async fn outcome(&self, feed: String, amount: Money) -> NoticeAnswer {
        match self.api.fate(&feed).await? {
            Fate::UnderWay => Err(under_way()),
            Fate::Refused(code) => Ok(refused(&code)),
            Fate::Taken => Ok(NoticeEvidence::Repaid {
                movements: vec![Repayment {
                    reference: feed,
                    amount,
                }],
            }),
        }
    }

    async fn hand_in(&self, known: &mut Known, notice: &PartNotice) -> NoticeAnswer {
        let (marketplace, content) = match self.asked(notice).await? {
            Ok(asked) => asked,
            Err(evidence) => return Ok(evidence),
        };
        let own = self.refunds.is_own(notice);
        if !own && self.refunds.born.elapsed() < self.refunds.settled {
            let reason = "a refund that was on its way when the hub started may still arrive";
            return Err(CallError::not_now(reason));
        }
        let at = Timestamp::now();
        let since = if own { at } else { at.min(notice.asked_at) } - APART;
        let there = self.api.feeds_since(ADJUSTMENTS, since).await?;
        for feed in there.iter().filter(|feed| !own && !known.made(feed)) {
            match feed.status.as_str() {
                // It "was cancelled before it started processing".
                "CANCELLED" => {}
                "IN_QUEUE" | "IN_PROGRESS" => return Err(under_way()),
                _ => return Ok(refused(PERHAPS)),
            }
        }
        let document = match self.api.lay_down(content).await? {
            Ok(document) => document,
            Err(code) => return Ok(refused(&code)),
        };
        known.open = Some(Try {
            key: notice.key.clone(),
            amount: notice.amount,
            before: there.into_iter().map(|feed| feed.id).collect(),
            since,
            at: Timestamp::now(),
            sent: Instant::now(),
        });
        let made = self.api.make_feed(ADJUSTMENTS, &marketplace, &document);
        let answer = match made.await {
            Ok(Ok(feed)) => {
                let made = Made::Feed(feed, notice.amount);
                known.made.insert(notice.key.clone(), made);
                Err(under_way())
            }
            Ok(Err(code)) => Ok(refused(&code)),
            Err(failure @ CallError::NotDone { .. }) => Err(failure),
            Err(lost) => return Err(lost),
        };
        known.open = None;
        answer
    }

    /// Where a refund is asked for, and its document. Why none can be is the inner error.
    async fn asked(
        &self,
        notice: &PartNotice,
    ) -> Result<Result<(String, String), NoticeEvidence>, CallError> {
        let order = match self.order(&notice.external_id).await? {
            Ok((order, _)) => order,
            Err(evidence) => return Ok(Err(evidence)),
        };
        if order.is_by_amazon() {
            return Ok(Err(refused("fulfilled_by_amazon")));
        }
        match order.status() {
            Some("SHIPPED" | "PARTIALLY_SHIPPED") => {}
            Some("CANCELLED") => return Ok(Err(refused("order_is_cancelled"))),
            _ => return Err(CallError::not_now("the order is not shipped there yet")),
        }
        let Some(marketplace) = order.marketplace() else {
            return Ok(Err(refused("no_marketplace")));
        };
        let items = match adjust::items(&order, notice) {
            Ok(items) => items,
            Err(code) => return Ok(Err(refused(code))),
        };
        let reason = match notice.of {
            PartOf::Claimed => "GeneralAdjustment",
            PartOf::Returned | PartOf::Unsent => "CustomerReturn",
        };
        let content = adjustment(&self.seller, &order.id, &items, reason);
        let content = content.ok_or_else(|| refused("not_an_amazon_id"));
        Ok(content.map(|content| (marketplace.to_owned(), content)))
    }
}

fn under_way() -> CallError {
    CallError::under_way("the channel works off a refund")
}
