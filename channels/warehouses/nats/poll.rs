//! Taking reports from their stream: a page after a place, and the place moves once the page is on disk.
//!
//! Not a consumer of the server's: that would be a second place, moved by an acknowledgement that can get
//! lost between two disks. The hub's own is beside what was taken, and the server is only asked for
//! messages by their numbers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{RawMessageErrorKind, Stream};
use async_trait::async_trait;
use futures_util::future::try_join_all;
use jiff::Timestamp;

use super::link::Link;
use super::names::Names;
use super::position::{Memory, Position, State};
use crate::port::{CallError, Page, Poll, Statement};

/// The header of a statement that has the subject which its message came on.
pub(super) const SUBJECT: &str = "nats-subject";

/// Between two looks. A look where nothing is new is one question.
const EVERY: Duration = Duration::from_secs(1);

/// Numbers asked for at once.
const AT_ONCE: u64 = 64;

/// The reports of one warehouse.
pub(super) struct Reports {
    link: Arc<Link>,
    names: Arc<Names>,
}

impl Reports {
    /// Those that come over this link.
    pub(super) fn new(link: Arc<Link>, names: Arc<Names>) -> Self {
        Self { link, names }
    }

    fn statement(&self, message: &StreamMessage) -> Option<Statement> {
        // An operator's stream may collect more than reports.
        self.names.location_of(&message.subject)?;
        let headers = [
            ("content-type", "application/json".to_owned()),
            (SUBJECT, message.subject.to_string()),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value));
        Some(Statement {
            headers: BTreeMap::from(headers),
            raw: message.payload.to_vec(),
        })
    }

    /// Back to the beginning of a stream that is another one, or lost what came last.
    fn begin_again(&self, made: i128) -> Page {
        tracing::warn!(
            stream = self.names.reports(),
            "the NATS server forgot reports that were taken; all that it has are taken again"
        );
        Page {
            statements: Vec::new(),
            next: Position::start(made).to_string(),
            more: true,
        }
    }
}

#[async_trait]
impl Poll for Reports {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, _: Timestamp) -> Result<Page, CallError> {
        let stream = self.link.reports().await?;
        let state = state(&stream);
        // A cursor that is none of ours was written by hand: everything is said again.
        let stated = cursor.and_then(Position::parse);
        let here = stated.unwrap_or(Position::start(state.made));
        match here.in_stream(&state) {
            Memory::Forgot => return Ok(self.begin_again(state.made)),
            Memory::Remembers { missed: 0 } => {}
            Memory::Remembers { missed } => tracing::warn!(
                stream = self.names.reports(),
                missed,
                "the NATS server let go of messages before the hub took them; give the stream more room"
            ),
        }
        let from = here.sequence.max(state.first.saturating_sub(1));
        let to = state.last.min(from.saturating_add(AT_ONCE));
        let mut next = here;
        let mut statements = Vec::new();
        if to > here.sequence {
            next = Position {
                sequence: to,
                at: 0,
                ..here
            };
            // With the message that the place is of, to see whether it is still the same.
            let numbers = from.max(state.first).max(1)..=to;
            for message in try_join_all(numbers.map(|number| raw(&stream, number))).await? {
                let Some(message) = message else { continue };
                let at = nanoseconds(message.time);
                if message.sequence == here.sequence {
                    if !here.is_of(Some(at)) {
                        return Ok(self.begin_again(state.made));
                    }
                    continue;
                }
                if message.sequence == to {
                    next.at = at;
                }
                statements.extend(self.statement(&message));
            }
        }
        Ok(Page {
            statements,
            next: next.to_string(),
            more: to < state.last,
        })
    }
}

/// What the stream says of itself.
fn state(stream: &Stream) -> State {
    let info = stream.cached_info();
    State {
        made: nanoseconds(info.created),
        first: info.state.first_sequence,
        last: info.state.last_sequence,
        last_at: (info.state.messages > 0).then(|| nanoseconds(info.state.last_timestamp)),
    }
}

fn nanoseconds(time: async_nats::datetime::DateTime) -> i128 {
    time.unix_timestamp_nanos()
}

/// The message of this number; `None` when the stream has none of it any more.
async fn raw(stream: &Stream, number: u64) -> Result<Option<StreamMessage>, CallError> {
    match stream.get_raw_message(number).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => {
            let name = &stream.cached_info().config.name;
            Err(CallError::not_done(format!(
                "the NATS server does not hand out the messages of {name} ({error}); look whether this user \
                 may publish to $JS.API.STREAM.MSG.GET.{name}"
            )))
        }
    }
}
