//! Orders in: what others publish to `orderhub.in.<channel>` becomes orders, and each message gets
//! a verdict.
//!
//! `queue` is the stream and its consumer, `letter` what a message says, `verdict` what its sender
//! is told. How an order is read and judged is `crate::intake`'s, the same as for the API.
//!
//! Invariants: a message is acknowledged only after the hub has committed its order or said for
//! good that it will not; whatever may still become an order is handed out again. A verdict goes
//! over the same connection as the acknowledgement, before it. No more messages are asked for than
//! there is room.

mod letter;
mod queue;
mod verdict;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use metrics::counter;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::stream::{Bus, Session};
use crate::http::problem::Problem;
use crate::intake::Desk;
use letter::Letter;
use queue::ACK_WAIT;
use verdict::Verdict;

/// Messages under way at the same time.
const MOST: usize = 64;
/// Between two looks at whether hub and bus are still there.
const TICK: Duration = Duration::from_millis(250);
/// How long one request for messages stands when none come.
const EXPIRES: Duration = Duration::from_secs(10);
/// After a failure the bus is left alone for this long, and longer each time.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// When a message that could not be judged comes again, and the most that this grows to.
const AGAIN: Duration = Duration::from_secs(1);
const LATEST_AGAIN: Duration = Duration::from_secs(30);
/// How long what is under way may take when the hub stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Takes orders from the bus.
pub struct Inbox {
    taker: Taker,
    /// The consumer, and the connection over which it was found.
    open: Option<(Session, PullConsumer)>,
    running: JoinSet<()>,
}

impl Inbox {
    /// Takes what comes over this bus to this desk.
    pub fn new(bus: Bus, desk: Arc<Desk>) -> Self {
        Self {
            taker: Taker { bus, desk },
            open: None,
            running: JoinSet::new(),
        }
    }

    /// Takes orders until `stop`, then finishes those that are under way.
    pub async fn run(mut self, stop: CancellationToken) {
        let mut pause = PAUSE;
        while !stop.is_cancelled() {
            let taken = tokio::select! {
                () = stop.cancelled() => break,
                taken = self.take_some() => taken,
            };
            let Err(why) = taken else {
                pause = PAUSE;
                continue;
            };
            tracing::warn!(why, "orders wait in the inbox");
            self.open = None;
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
        let finished = timeout(DRAIN, async {
            while let Some(done) = self.running.join_next().await {
                note_panic(done);
            }
        });
        if finished.await.is_err() {
            tracing::warn!("messages of the inbox were still under way at the deadline");
        }
        // They are in the middle of a commit; what is not acknowledged comes again.
        self.running.detach_all();
    }

    /// Asks for as many messages as there is room for and takes them until no more come. May be
    /// dropped at any time: a message is on its way as soon as it is here.
    async fn take_some(&mut self) -> Result<(), String> {
        let session = self.taker.bus.session();
        let Some(session) = session.filter(|_| self.taker.desk.hub.ready()) else {
            sleep(TICK).await;
            return Ok(());
        };
        let consumer = match self.open.take() {
            Some((over, consumer)) if over == session => consumer,
            _ => self.taker.bus.inbox().await?,
        };
        while self.running.len() > MOST / 2 {
            if let Some(done) = self.running.join_next().await {
                note_panic(done);
            }
        }
        let room = MOST - self.running.len();
        let request = consumer.batch().max_messages(room).expires(EXPIRES);
        let mut messages = request.messages().await.map_err(text)?;
        let mut any = false;
        loop {
            tokio::select! {
                message = messages.next() => match message {
                    Some(message) => {
                        let message = message.map_err(text)?;
                        any = true;
                        let taker = self.taker.clone();
                        let session = session.clone();
                        self.running.spawn(async move { taker.settle(&session, message).await });
                    }
                    None => break,
                },
                Some(done) = self.running.join_next() => note_panic(done),
                () = sleep(TICK) => {
                    if self.taker.bus.session().as_ref() != Some(&session)
                        || !self.taker.desk.hub.ready()
                    {
                        return Ok(());
                    }
                }
            }
        }
        // Where nothing comes, stream and consumer may have gone without a word.
        self.open = any.then_some((session, consumer));
        Ok(())
    }
}

/// What every message needs.
#[derive(Clone)]
struct Taker {
    bus: Bus,
    desk: Arc<Desk>,
}

impl Taker {
    /// Takes a message that came over this connection to its end, or leaves it to come again.
    async fn settle(&self, session: &Session, message: Message) {
        let letter = Letter::of(&message);
        let verdict = match self.judge(&letter, &message).await {
            Ok(verdict) => verdict,
            Err(problem) => {
                let why = problem.detail();
                tracing::debug!(why, "a message of the inbox has to come again");
                count("retried");
                let again = AckKind::Nak(Some(again_after(&message)));
                if self.bus.session().as_ref() == Some(session) {
                    // If this does not arrive, the message comes again all the same, later.
                    message.ack_with(again).await.ok();
                }
                return;
            }
        };
        match self.close(session, &letter, &verdict, &message).await {
            Ok(()) => count(verdict.outcome()),
            Err(why) => {
                tracing::warn!(
                    why,
                    "a message of the inbox is not acknowledged; it comes again"
                );
                count("unacknowledged");
            }
        }
    }

    /// What becomes of a message; a problem is one that may pass.
    async fn judge(&self, letter: &Letter, message: &Message) -> Result<Verdict, Problem> {
        let mut taking = pin!(letter.take_to(&self.desk));
        let taken = loop {
            tokio::select! {
                taken = &mut taking => break taken,
                // Nobody else is to be given what is still under way.
                () = sleep(ACK_WAIT / 3) => drop(message.ack_with(AckKind::Progress).await),
            }
        };
        match taken {
            Ok(taken) => Ok(Verdict::taken(letter.msg_id(), &taken)),
            Err(problem) if problem.is_retryable() || problem.status().is_server_error() => {
                Err(problem)
            }
            Err(problem) => Ok(Verdict::refused(letter.msg_id(), &problem)),
        }
    }

    /// Tells the sender and then the bus.
    async fn close(
        &self,
        session: &Session,
        letter: &Letter,
        verdict: &Verdict,
        message: &Message,
    ) -> Result<(), String> {
        // An acknowledgement names a place in the stream. On a bus that forgot what it had, another
        // message may stand there.
        if self.bus.session().as_ref() != Some(session) {
            return Err("the connection changed".to_owned());
        }
        self.tell(letter, verdict).await?;
        let acknowledged = message.double_ack_with(verdict.acknowledgement()).await;
        acknowledged.map_err(text)?;
        if self.bus.session().as_ref() != Some(session) {
            // The verdict may have gone down with the connection before.
            self.tell(letter, verdict).await?;
        }
        Ok(())
    }

    async fn tell(&self, letter: &Letter, verdict: &Verdict) -> Result<(), String> {
        let told = self.bus.publish(letter.result_subject(), verdict.body());
        if told.await.is_ok() {
            return Ok(());
        }
        // It may only be too long for this bus.
        let told = self.bus.publish(letter.result_subject(), verdict.short());
        told.await
    }
}

/// The more often a message has come, the longer it stays away.
fn again_after(message: &Message) -> Duration {
    let delivered = message.info().map_or(1, |info| info.delivered);
    let doublings = u32::try_from(delivered - 1).unwrap_or_default().min(5);
    (AGAIN * 2_u32.pow(doublings)).min(LATEST_AGAIN)
}

fn count(outcome: &'static str) {
    counter!("orderhub_inbox_messages_total", "outcome" => outcome).increment(1);
}

fn note_panic(done: Result<(), tokio::task::JoinError>) {
    if let Err(error) = done {
        tracing::error!(%error, "taking a message of the inbox went wrong; it comes again");
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
