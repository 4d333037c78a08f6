//! Tells one channel what it can offer: as many SKUs at once as it wants to be told of, behind a breaker, the
//! newest number of each until the channel has it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use metrics::{counter, gauge};
use orderhub_channels::port::CallError;
use orderhub_channels::sales::{Manner, Offered, SalesConnector, StockWay};
use orderhub_domain::ids::{ChannelId, Sku, Slug};
use orderhub_domain::order::Places;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::Marks;
use super::book::{Book, Ended, Push};
use crate::partner::Breaker;
use crate::shared::Shared;

/// How often everything is compared with what the channel offers: somebody may have changed it there.
const DOUBT: Duration = Duration::from_hours(1);
/// Longest sleep without anything to do.
const IDLE: Duration = Duration::from_mins(1);
/// How often a node that is not open looks whether it is.
const CLOSED: Duration = Duration::from_millis(500);

/// One channel that is told what it can offer.
pub(crate) struct Pusher {
    pub(crate) slug: Slug,
    pub(crate) channel: ChannelId,
    pub(crate) connector: Arc<dyn SalesConnector>,
    pub(crate) marks: Arc<Marks>,
    pub(crate) shared: Arc<Shared>,
}

impl Pusher {
    /// Until the node ends.
    pub(crate) async fn run(self) {
        let mut book = Book::default();
        let mut breaker = Breaker::default();
        let mut calls: JoinSet<(Push, Result<Offered, CallError>)> = JoinSet::new();
        let manner = self.connector.stock_way();
        let manner = manner.map_or(Manner::ONE_BY_ONE, StockWay::manner);
        let mut doubt_at = Instant::now() + DOUBT;
        let started = self.shared.clock.now().as_millisecond();
        let mut unheard = false;
        loop {
            for sku in self.marks.take() {
                let units = self.offered(&sku);
                book.wants(sku, units);
            }
            let now = Instant::now();
            if now >= doubt_at {
                book.doubt();
                doubt_at = now + DOUBT;
            }
            // A process that was superseded, or lost its lease, knows too little to tell anybody.
            let is_open = self.shared.health.is_open();
            let mut wake_at = now + if is_open { IDLE } else { CLOSED };
            while is_open && calls.len() < manner.at_once && book.is_due(now) {
                if let Err(wait) = breaker.admit() {
                    wake_at = now + wait;
                    break;
                }
                let Some(push) = book.next() else { break };
                let key = format!("{started}-{}-{}", push.version, push.attempt);
                calls.spawn(told(
                    Arc::clone(&self.connector),
                    push,
                    key,
                    manner.patience,
                ));
            }
            gauge!("orderhub_stock_offers_waiting", "channel" => self.slug.to_string())
                .set(f64::from(u32::try_from(book.waiting()).unwrap_or(u32::MAX)));
            let wake_at = book.next_due().map_or(wake_at, |due| due.min(wake_at));
            tokio::select! {
                () = self.shared.stop.cancelled() => return,
                () = self.marks.news.notified() => {}
                Some(ended) = calls.join_next() => {
                    // Those of one file end together.
                    let mut next = Some(ended);
                    while let Some(ended) = next {
                        if let Ok((push, answer)) = ended {
                            breaker.note(matches!(&answer, Err(error) if is_broken(error)));
                            self.count(&push, &answer);
                            self.say(&answer, &mut unheard);
                            book.ended(&push, how(&answer), Instant::now());
                        }
                        next = calls.try_join_next();
                    }
                }
                () = sleep_until(wake_at.max(now + Duration::from_millis(10))) => {}
            }
        }
    }

    /// Units of a SKU that orders of the channel could have now.
    fn offered(&self, sku: &Sku) -> i64 {
        let board = &self.shared.board;
        let open = board.locations().iter();
        let open = open.filter(|location| !board.is_paused(&location.code));
        let units = open.map(|location| {
            let there = board.counters(&location.code, sku).available();
            let quota = board.quota(&location.code, sku, self.channel);
            quota.left().map_or(there, |left| left.min(there))
        });
        units.sum()
    }

    /// One line when a shop stops hearing, and one when it hears again: an outage is not told once for
    /// each SKU.
    fn say(&self, answer: &Result<Offered, CallError>, unheard: &mut bool) {
        let slug = &self.slug;
        match answer {
            Err(error) if !*unheard => tracing::warn!(
                %slug, %error,
                "a shop cannot be told what it can offer; the newest numbers are tried again"
            ),
            Ok(_) if *unheard => tracing::info!(%slug, "the shop is told what it can offer again"),
            _ => {}
        }
        *unheard = answer.is_err();
    }

    fn count(&self, push: &Push, answer: &Result<Offered, CallError>) {
        let slug = &self.slug;
        let (sku, units) = (&push.sku, push.units);
        let result = match answer {
            Ok(Offered::Set) => "set",
            Ok(Offered::Same) => "same",
            Ok(Offered::NotSold) => "not_sold",
            Ok(Offered::Refused { code }) => {
                tracing::warn!(%slug, %sku, units, code, "a shop does not take a number of units");
                "refused"
            }
            Err(_) => "failed",
        };
        let labels = [("channel", slug.to_string()), ("result", result.to_owned())];
        counter!("orderhub_stock_offers_total", &labels).increment(1);
    }
}

const fn is_broken(error: &CallError) -> bool {
    match error {
        CallError::NotDone { well, .. } | CallError::Unknown { well, .. } => !*well,
    }
}

/// What an answer means for the number that was told.
const fn how(answer: &Result<Offered, CallError>) -> Ended {
    match answer {
        Ok(_) => Ended::Told,
        Err(CallError::NotDone { retry_after, .. }) => Ended::NotDone(*retry_after),
        Err(CallError::Unknown { .. }) => Ended::Unknown,
    }
}

/// Makes one call.
async fn told(
    connector: Arc<dyn SalesConnector>,
    push: Push,
    key: String,
    patience: Duration,
) -> (Push, Result<Offered, CallError>) {
    let Some(way) = connector.stock_way() else {
        return (push, Ok(Offered::NotSold));
    };
    let key = format!("{key}-{}", push.sku);
    let call = AssertUnwindSafe(way.offer(&push.sku, push.units, &key)).catch_unwind();
    let answer = match timeout(patience, call).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(CallError::unknown("the connector failed inside")),
        Err(_) => Err(CallError::unknown(format!(
            "no answer within {} s",
            patience.as_secs()
        ))),
    };
    (push, answer)
}
