//! Access tokens that a channel hands out: each is good for a while, and only at the process that made it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::locked;

/// Most tokens that are good at once; the oldest go first.
const MOST: usize = 64;

/// Tokens and their ends.
pub(super) struct Tokens {
    life: SignedDuration,
    good: Mutex<BTreeMap<String, Timestamp>>,
}

impl Tokens {
    /// Tokens that live so long.
    pub(super) const fn living(life: SignedDuration) -> Self {
        Self {
            life,
            good: Mutex::new(BTreeMap::new()),
        }
    }

    /// A new one, and its end.
    pub(super) fn hand_out(&self) -> (String, Timestamp) {
        let now = Timestamp::now();
        let end = now.saturating_add(self.life).unwrap_or(now);
        // Ids of this kind begin with their time: the first in the map is the oldest.
        let token = Uuid::now_v7().simple().to_string();
        let mut good = locked(&self.good);
        good.insert(token.clone(), end);
        while good.len() > MOST {
            good.pop_first();
        }
        (token, end)
    }

    /// Whether a token is good.
    pub(super) fn holds(&self, token: Option<&str>) -> bool {
        let good = locked(&self.good);
        let end = token.and_then(|token| good.get(token));
        end.is_some_and(|end| Timestamp::now() < *end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_life_and_nobody_elses_is() {
        let tokens = Tokens::living(SignedDuration::from_hours(1));
        let (token, _) = tokens.hand_out();
        assert!(tokens.holds(Some(&token)));
        assert!(!tokens.holds(Some("another")));
        assert!(!tokens.holds(None));
        let ended = Tokens::living(SignedDuration::ZERO);
        let (token, _) = ended.hand_out();
        assert!(!ended.holds(Some(&token)));
    }
}
