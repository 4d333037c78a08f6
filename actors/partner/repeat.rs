//! Whether a call may be made again.

use jiff::{SignedDuration, Timestamp};
use orderhub_channels::port::Repeat;

/// How to go about a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Approach {
    /// Make the call; a repeat under the same key is the same call.
    Call,
    /// Look it up first; only a firm "not there" allows the call.
    LookFirst,
}

/// A partner may forget a key a little before it says so.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// Decides how to go about a try.
pub(super) fn approach(
    repeat: Repeat,
    perhaps_done: bool,
    opened_at: Timestamp,
    now: Timestamp,
) -> Approach {
    if !perhaps_done {
        return Approach::Call;
    }
    match repeat {
        Repeat::Natural => Approach::Call,
        Repeat::QueryFirst => Approach::LookFirst,
        Repeat::Keyed { valid_for } => {
            let valid_for = SignedDuration::try_from(valid_for).unwrap_or_default();
            let margin = MARGIN.min(valid_for / 4);
            if now.duration_since(opened_at) < valid_for - margin {
                Approach::Call
            } else {
                Approach::LookFirst
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_key_is_trusted_only_while_the_partner_remembers_it() {
        let opened = Timestamp::UNIX_EPOCH;
        let day = Repeat::Keyed {
            valid_for: Duration::from_hours(24),
        };
        let after = |hours| opened + SignedDuration::from_hours(hours);
        assert_eq!(approach(day, true, opened, after(23)), Approach::Call);
        assert_eq!(approach(day, true, opened, after(24)), Approach::LookFirst);
        assert_eq!(approach(day, false, opened, after(99)), Approach::Call);
        let query = Repeat::QueryFirst;
        assert_eq!(approach(query, true, opened, opened), Approach::LookFirst);
        assert_eq!(approach(query, false, opened, opened), Approach::Call);
        assert_eq!(
            approach(Repeat::Natural, true, opened, after(99)),
            Approach::Call
        );
    }
}
