//! Orders that do not go on by themselves, in a sentence.

use orderhub_domain::order::{StuckBy, StuckEvent};

use super::timeline::plain;

/// What was said of it.
pub(super) fn summary(event: &StuckEvent) -> String {
    match event {
        StuckEvent::Stuck { by, recommended } => {
            let by = match by {
                StuckBy::Hold { reason } => format!("held for {}", plain(reason)),
                StuckBy::Call { effect } => format!("{} fails again and again", plain(effect)),
            };
            match recommended {
                Some(action) => format!("Stuck: {by}. What helps: {}.", plain(action)),
                None => format!("Stuck: {by}."),
            }
        }
        StuckEvent::Unstuck { since } => format!("It goes on; it was stuck since {since}."),
    }
}
