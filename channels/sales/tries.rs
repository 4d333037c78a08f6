//! What is remembered of changes at a vendor that knows no idempotency keys and has no room for a word of ours:
//! how things stood before a notice was first tried. What is new since then is that try's.
//!
//! A notice that says itself what had been given back before needs none of this: what is alike and not among that
//! is its own, or was given by somebody for the same, which counts as much. How units stood, and what a notice of
//! an older log does not say, is remembered while the process lives, and no longer than until the notice is
//! answered. Whoever finds nothing remembered cannot tell an earlier try from somebody else's change, and must not repeat one that may
//! have been carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use orderhub_domain::order::{NoticeEvidence, Repayment};

use super::PartNotice;

/// How things stood, by the notice's key.
#[derive(Debug)]
pub(super) struct Tries<T>(Mutex<BTreeMap<String, T>>);

impl<T> Default for Tries<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Tries<T> {
    /// How things stood before the notice was first tried, and whether that is only now.
    pub(super) fn before(&self, key: &str, now: T) -> (T, bool) {
        let mut known = self.known();
        if let Some(before) = known.get(key) {
            return (before.clone(), false);
        }
        known.insert(key.to_owned(), now.clone());
        (now, true)
    }

    /// It is known what became of the notice.
    pub(super) fn answered(&self, key: &str) {
        self.known().remove(key);
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is remembered of refunds, by the vendor's ids of them.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Those that an order had before a notice was first tried.
    tries: Tries<BTreeSet<String>>,
    /// Those whose notices are answered: none of them is another notice's.
    answered: Mutex<BTreeSet<String>>,
}

/// The refunds of an order in the light of one notice.
#[derive(Debug)]
pub(super) struct Since<'a> {
    given: &'a Given,
    before: BTreeSet<String>,
    is_first: bool,
}

impl Given {
    /// A notice is tried while an order has these refunds. Which it had before the notice, the notice knows
    /// itself, if it was written down; else this process may remember.
    pub(super) fn since<'a>(
        &self,
        notice: &PartNotice,
        there: impl Iterator<Item = &'a Repayment>,
    ) -> Since<'_> {
        let (before, is_first) = if let Some(given) = &notice.given {
            (given.clone(), false)
        } else {
            let now = there.map(|made| made.reference.clone()).collect();
            self.tries.before(&notice.key, now)
        };
        Since {
            given: self,
            before,
            is_first,
        }
    }

    /// It is known what became of a notice.
    pub(super) fn answered(&self, key: &str, evidence: &NoticeEvidence) {
        self.tries.answered(key);
        if let NoticeEvidence::Repaid { movements } = evidence {
            let named = movements.iter().map(|made| made.reference.clone());
            self.known().extend(named);
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Since<'_> {
    /// Whether a refund is an earlier try's of this notice.
    pub(super) fn made(&self, refund: &Repayment) -> bool {
        !self.is_first && !self.before.contains(&refund.reference)
    }

    /// Whether one of these, which come to the same as the notice, may be an earlier try's that nobody
    /// remembers.
    pub(super) fn may_have_made(&self, alike: &[Repayment]) -> bool {
        let known = self.given.known();
        let mut references = alike.iter().map(|made| &made.reference);
        self.is_first && references.any(|reference| !known.contains(reference))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use orderhub_domain::money::{Currency, Money};

    use super::super::PartOf;
    use super::*;

    fn notice(key: &str, given: Option<&[&str]>) -> PartNotice {
        let euro = Currency::from_code("EUR").expect("a currency");
        PartNotice {
            external_id: "O1".to_owned(),
            key: key.to_owned(),
            asked_at: Timestamp::UNIX_EPOCH,
            lines: Vec::new(),
            amount: Money::zero(euro),
            given: given.map(|given| given.iter().map(|&one| one.to_owned()).collect()),
            of: PartOf::Returned,
        }
    }

    #[test]
    fn a_notice_that_knows_what_was_given_before_it_needs_no_memory() {
        let euro = Currency::from_code("EUR").expect("a currency");
        let there = ["R1", "R2"].map(|reference| Repayment {
            reference: reference.to_owned(),
            amount: Money::zero(euro),
        });
        for _ in 0..2 {
            // As after a restart: nothing is remembered.
            let given = Given::default();
            let since = given.since(&notice("N1", Some(&["R1"])), there.iter());
            assert!(since.made(&there[1]) && !since.made(&there[0]));
            assert!(!since.may_have_made(&there));
        }
    }

    #[test]
    fn a_refund_that_is_alike_is_another_notices_or_may_be_this_ones() {
        let euro = Currency::from_code("EUR").expect("a currency");
        let refund = |reference: &str| Repayment {
            reference: reference.to_owned(),
            amount: Money::zero(euro),
        };
        let given = Given::default();
        let there = [refund("R1")];
        let since = given.since(&notice("N1", None), there.iter());
        assert!(!since.made(&there[0]) && since.may_have_made(&there));
        // Its answer was lost, and then there is a second one.
        let since = given.since(&notice("N1", None), [refund("R1"), refund("R2")].iter());
        assert!(since.made(&refund("R2")) && !since.made(&refund("R1")));
        let movements = vec![refund("R2")];
        given.answered("N1", &NoticeEvidence::Repaid { movements });
        let since = given.since(&notice("N2", None), there.iter());
        assert!(!since.may_have_made(&[refund("R2")]));
        assert!(since.may_have_made(&there));
    }

    #[test]
    fn how_things_stood_is_remembered_until_the_notice_is_answered() {
        let tries = Tries::default();
        assert_eq!(tries.before("N1", 3), (3, true));
        assert_eq!(tries.before("N1", 2), (3, false));
        assert_eq!(tries.before("N2", 2), (2, true));
        tries.answered("N1");
        assert_eq!(tries.before("N1", 1), (1, true));
    }
}
