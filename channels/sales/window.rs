//! Where a poll goes on that reads windows of time by running number: whatever changed within a window is read
//! in the order of its numbers, so that nothing shifts between two pages; the window ends a while ago,
//! so that nothing is still to come into it. What changes again meanwhile leaves it for the next one.

use jiff::{SignedDuration, Timestamp};

use crate::port::CallError;

/// When a time is over for good, with the shop's clock a little off.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);

/// A window, and the number behind which it is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// Its first second; everything before was read.
    pub(super) from: Timestamp,
    /// The second that ends it, and is the next one's.
    pub(super) to: Timestamp,
    /// What has this number or a smaller one was read.
    pub(super) behind: u64,
}

impl Window {
    /// The window to read: the cursor's, else the one that has ended since; it begins with the connection's
    /// time when there is no cursor yet, and may be empty.
    ///
    /// # Errors
    /// When the cursor is none of these.
    pub(super) fn of(cursor: Option<&str>, now: Timestamp) -> Result<Self, CallError> {
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let begun = |from| Self {
            from,
            to: now - SETTLED,
            behind: 0,
        };
        let Some(text) = cursor else {
            return Ok(begun(now));
        };
        let read = || CallError::not_now("the place to go on from cannot be read");
        Self::parse(text, begun).ok_or_else(read)
    }

    /// `2026-03-01T10:00:00Z`, or within a window `2026-03-01T10:00:00Z/2026-03-01T10:05:00Z/4711`.
    fn parse(text: &str, begun: impl Fn(Timestamp) -> Self) -> Option<Self> {
        let mut parts = text.split('/');
        let from = parts.next()?.parse().ok()?;
        let Some(to) = parts.next() else {
            return Some(begun(from));
        };
        let (to, behind) = (to.parse().ok()?, parts.next()?.parse().ok()?);
        let window = Self { from, to, behind };
        parts.next().is_none().then_some(window)
    }

    /// Whether there is nothing in it yet.
    pub(super) fn is_empty(self) -> bool {
        self.to <= self.from
    }

    /// The cursor of this window when nothing of it is read, or of what is left of it.
    pub(super) fn text(self) -> String {
        if self.is_empty() {
            return second(self.from);
        }
        let (from, to) = (second(self.from), second(self.to));
        format!("{from}/{to}/{}", self.behind)
    }

    /// The cursor behind a page, and whether there is more in this window. `last` is the greatest number of a
    /// page that was full; none when the window ends with the page.
    pub(super) fn after(self, last: Option<u64>) -> (String, bool) {
        match last.filter(|last| *last > self.behind) {
            Some(behind) => (Self { behind, ..self }.text(), true),
            None => (second(self.to), false),
        }
    }
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
