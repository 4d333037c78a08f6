//! A place in a stream: what of it is on disk. Pure.
//!
//! A number alone would not do. A server that lost its latest messages, or its whole store, hands the same
//! numbers out again, and what stands under them now would never be read. So a place is a number with the
//! time of the message that had it and the time at which the stream was made, and a stream that does not
//! remember both is read again from its beginning: what was said already changes nothing.

use std::fmt;

/// A place in a stream. Times are nanoseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    /// Everything up to this number is on disk; 0 at the beginning.
    pub(super) sequence: u64,
    /// When the stream took the message of that number; 0 when it had none any more.
    pub(super) at: i128,
    /// When the stream was made.
    pub(super) made: i128,
}

/// A stream, as its server states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// When it was made.
    pub(super) made: i128,
    /// The lowest number that it still has, or the next one if it is empty.
    pub(super) first: u64,
    /// The highest number that it gave away.
    pub(super) last: u64,
    /// When it took the message of that number; `None` when it has no message.
    pub(super) last_at: Option<i128>,
}

/// What a stream says of a place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Memory {
    /// It goes on there. With `missed`, the next so many were let go before anybody took them.
    Remembers {
        /// How many.
        missed: u64,
    },
    /// It is another stream, or one that lost its latest messages.
    Forgot,
}

impl Position {
    /// The beginning of a stream.
    pub(super) const fn start(made: i128) -> Self {
        Self {
            sequence: 0,
            at: 0,
            made,
        }
    }

    /// As [`Display`](fmt::Display) writes it; `None` for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let (sequence, at, made) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self {
            sequence: sequence.parse().ok()?,
            at: at.parse().ok()?,
            made: made.parse().ok()?,
        })
    }

    /// Whether the stream may be the one that the place is in, by what it says of itself.
    pub(super) fn in_stream(&self, state: &State) -> Memory {
        let other_end = self.sequence == state.last && !self.is_of(state.last_at);
        if self.made != state.made || self.sequence > state.last || other_end {
            return Memory::Forgot;
        }
        let next = self.sequence + 1;
        let missed = state.first.saturating_sub(next);
        Memory::Remembers {
            // What a stream counted before it had its first message was nobody's.
            missed: if self.sequence == 0 { 0 } else { missed },
        }
    }

    /// Whether the message that stands there now is the one that was taken. One that was let go, or is
    /// not known by its time, says nothing against it.
    pub(super) fn is_of(&self, there: Option<i128>) -> bool {
        self.at == 0 || there.is_none_or(|there| there == self.at)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.sequence, self.at, self.made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: i128 = 1_764_270_000_123_456_789;
    const HERE: Position = Position {
        sequence: 17,
        at: MADE + 5,
        made: MADE,
    };

    fn state(first: u64, last: u64) -> State {
        State {
            made: MADE,
            first,
            last,
            last_at: (first <= last).then_some(MADE + 5),
        }
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        assert_eq!(Position::parse(&HERE.to_string()), Some(HERE));
        for text in ["", "17", "17/1", "17/1/2/3", "-1/1/2", "a/b/c"] {
            assert_eq!(Position::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_stream_goes_on_where_it_was_left() {
        for (first, last) in [(1, 17), (1, 40), (17, 17), (18, 17), (18, 30)] {
            let memory = HERE.in_stream(&state(first, last));
            assert_eq!(memory, Memory::Remembers { missed: 0 }, "{first} {last}");
        }
        assert_eq!(
            Position::start(MADE).in_stream(&state(1, 0)),
            Memory::Remembers { missed: 0 }
        );
    }

    #[test]
    fn what_was_let_go_before_it_was_taken_is_counted() {
        let memory = HERE.in_stream(&state(21, 30));
        assert_eq!(memory, Memory::Remembers { missed: 3 });
        let new = Position::start(MADE).in_stream(&state(21, 30));
        assert_eq!(new, Memory::Remembers { missed: 0 });
    }

    #[test]
    fn a_stream_that_lost_its_end_or_is_a_new_one_forgot() {
        assert_eq!(HERE.in_stream(&state(1, 16)), Memory::Forgot);
        let anew = State {
            made: MADE + 1,
            ..state(1, 40)
        };
        assert_eq!(HERE.in_stream(&anew), Memory::Forgot);
        let other_end = State {
            last_at: Some(MADE + 6),
            ..state(1, 17)
        };
        assert_eq!(HERE.in_stream(&other_end), Memory::Forgot);
    }

    #[test]
    fn another_message_under_the_same_number_is_found_by_its_time() {
        assert!(HERE.is_of(Some(MADE + 5)));
        assert!(!HERE.is_of(Some(MADE + 6)));
        assert!(HERE.is_of(None), "it was let go");
        assert!(Position { at: 0, ..HERE }.is_of(Some(MADE + 6)));
    }
}
