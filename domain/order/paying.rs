//! Which tender pays what. Tenders pay in their order, each up to its amount; where one was renewed,
//! its renewal pays what it has not. However an order is cut into shipments and cancels, the shares
//! add up to what is paid.

use jiff::Timestamp;

use super::{Order, Tender};
use crate::canonical::CaptureMode;
use crate::money::Money;

/// What tenders share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owed {
    /// What was earned so far.
    Earned,
    /// What is paid for in the end, if nothing more is cancelled.
    Expected,
}

impl Tender {
    /// Whether nothing more can be taken although not all was: it could be captured once, and was.
    pub fn is_used_up(&self) -> bool {
        self.capture_mode() == CaptureMode::Once && self.captured_sum().is_positive()
    }

    /// What it has paid for. Where it can be taken only once, that is what was asked for, even if
    /// the gateway took less and a person accepted it; what nobody asked for counts as the whole.
    pub fn covered(&self) -> Money {
        let captured = self.captured_sum();
        if self.is_used_up() {
            captured.max(self.capture_asked.unwrap_or(self.amount))
        } else {
            captured
        }
    }

    /// Whether the gateway refused it, or let it go, or wants the buyer where there is none.
    pub fn has_failed(&self) -> bool {
        let alone = self.renews.is_some() || self.edit.is_some();
        let waits = self.action_required && alone;
        self.voided || self.authorized.is_none() && (self.declined.is_some() || waits)
    }

    /// Whether there is an authorisation of which something can still be taken.
    pub fn can_be_captured(&self) -> bool {
        self.is_ours() && self.is_secured() && !self.lapsed && !self.voided && !self.is_used_up()
    }

    /// From when on it should be renewed: `margin` before it ends, but not in the first half of its
    /// life, so that short authorisations are not renewed without end.
    pub fn renew_at(&self, margin: jiff::SignedDuration) -> Option<Timestamp> {
        let ends = self.expires_at?;
        let wanted = ends.saturating_sub(margin).unwrap_or(ends);
        let since = self.answered_at?;
        let half = ends.duration_since(since) / 2;
        Some(wanted.max(since.saturating_add(half).unwrap_or(ends)))
    }

    /// What the buyer disputes, or has won in a dispute: it is not given back a second time.
    pub fn frozen(&self) -> Money {
        let disputed = self.disputes.values();
        let disputed = disputed.filter(|dispute| dispute.won != Some(true));
        Money::sum(self.amount.currency(), disputed.map(|one| one.amount))
    }
}

impl Order {
    /// What is paid for in the end, if nothing more is cancelled.
    pub fn expected(&self) -> Money {
        Money::sum(
            self.draft.currency,
            self.parts().map(|part| self.expected_of(part)),
        )
    }

    fn expected_of(&self, part: u16) -> Money {
        let kept = self.stated_of(part).less(self.cancelled_of(part));
        kept.max(self.earned_of(part))
    }

    /// Numbers of the tenders that a part of the order is paid with: those that it was placed with, or
    /// the one of an edit. What is not part of the order (yet) is paid with none.
    fn placed_tenders(&self, part: u16) -> impl Iterator<Item = u16> {
        self.tender_numbers().filter(move |number| {
            self.tender(*number).is_some_and(|tender| {
                tender.renews.is_none()
                    && !tender.pending
                    && tender.edit.unwrap_or_default() == part
            })
        })
    }

    /// A tender of the order as it was placed, its renewal, the renewal's renewal: the last pays.
    fn chain(&self, placed: u16) -> Vec<u16> {
        let mut chain = vec![placed];
        while let Some(next) = chain.last().and_then(|n| self.tender(*n)?.replaced_by) {
            if chain.contains(&next) {
                break;
            }
            chain.push(next);
        }
        chain
    }

    /// Numbers of the tenders that pay: each of the order's own, or the last renewal of it.
    pub fn payers(&self) -> Vec<u16> {
        let last = |placed| self.chain(placed).last().copied();
        self.parts()
            .flat_map(|part| self.placed_tenders(part))
            .filter_map(last)
            .collect()
    }

    /// What each tender pays of what is owed. Each edit is paid with a tender of its own, so that
    /// nobody pays another share than before of what was there before.
    pub fn shares(&self, owed: Owed) -> Vec<Money> {
        let mut shares = vec![Money::zero(self.draft.currency); self.tenders.len()];
        for part in self.parts() {
            let total = match owed {
                Owed::Earned => self.earned_of(part),
                Owed::Expected => self.expected_of(part),
            };
            self.share_out(part, total, &mut shares);
        }
        shares
    }

    /// What was taken of a tender before it was renewed stays paid by it; a renewal that does not pay
    /// (yet) has no share.
    fn share_out(&self, part: u16, total: Money, shares: &mut [Money]) {
        // What came back in exchange pays first, a tender what that leaves.
        let mut left = total.less(self.credit_of(part));
        for placed in self.placed_tenders(part) {
            let Some(amount) = self.tender(placed).map(|tender| tender.amount) else {
                continue;
            };
            let mut share = left.min(amount);
            left = left.minus(share);
            for number in self.chain(placed) {
                let Some(tender) = self.tender(number) else {
                    continue;
                };
                let part = match tender.replaced_by {
                    Some(_) => share.min(tender.covered()),
                    None => share,
                };
                share = share.minus(part);
                if let Some(slot) = shares.get_mut(usize::from(number) - 1) {
                    *slot = part;
                }
            }
        }
    }

    /// What each tender pays of what was earned so far.
    pub fn earned_by_tender(&self) -> Vec<Money> {
        self.shares(Owed::Earned)
    }

    /// What was earned of the part of the order that a tender pays for, with others or alone.
    pub(super) fn earned_beside(&self, number: u16) -> Money {
        let part = self.tender(number).and_then(|tender| tender.edit);
        self.earned_of(part.unwrap_or_default())
    }

    /// A tender's share of what is owed.
    pub fn share_of(&self, number: u16, owed: Owed) -> Money {
        let shares = self.shares(owed);
        let share = usize::from(number)
            .checked_sub(1)
            .and_then(|index| shares.get(index));
        share.copied().unwrap_or(Money::zero(self.draft.currency))
    }

    /// What is still expected of a tender and cannot be taken of it: nothing, while it can be relied
    /// on.
    pub fn shortfall(&self, number: u16) -> Money {
        let zero = Money::zero(self.draft.currency);
        let Some(tender) = self.tender(number) else {
            return zero;
        };
        if tender.is_secured() && !(tender.is_ours() && tender.is_used_up()) {
            return zero;
        }
        let expected = self.share_of(number, Owed::Expected);
        expected.less(tender.covered())
    }

    /// Whether every tender that pays can be relied on for all that is still expected of it.
    pub fn is_money_secured(&self) -> bool {
        let payers = self.payers().into_iter();
        payers
            .filter_map(|number| Some((number, self.tender(number)?)))
            .all(|(number, tender)| {
                let relied_on = tender.is_secured() && !tender.is_used_up();
                relied_on || self.shortfall(number).is_zero()
            })
    }

    /// What a tender has to give back, in all: what was taken and is not earned, once nothing more
    /// will be (`over`) or as far as it was cancelled, and what a person granted. What went another
    /// way, what is disputed and what was given is taken off.
    pub fn due_back(&self, number: u16, over: bool) -> Money {
        let Some(tender) = self.tender(number) else {
            return Money::zero(self.draft.currency);
        };
        let some = |amount: Option<Money>| amount.unwrap_or(tender.zero());
        let captured = tender.captured_sum();
        let settled = tender
            .refunded_sum()
            .plus(some(tender.moved))
            .plus(some(tender.credited))
            .plus(some(tender.netted));
        let due = self.claims(number, over).min(self.can_give(number));
        let due = due.less(settled);
        let there = captured.less(tender.refunded_sum()).less(tender.frozen());
        due.min(there)
    }

    /// What the buyer has or had a claim to, of what was taken of a tender.
    pub(super) fn claims(&self, number: u16, over: bool) -> Money {
        let Some(tender) = self.tender(number) else {
            return Money::zero(self.draft.currency);
        };
        let captured = tender.captured_sum();
        let kept = if over { Owed::Earned } else { Owed::Expected };
        let unearned = if captured.is_zero() {
            captured
        } else {
            captured.less(self.share_of(number, kept))
        };
        let some = |amount: Option<Money>| amount.unwrap_or(tender.zero());
        let granted = some(tender.granted).less(some(tender.for_others));
        // What other tenders gave in its place leaves its own money where it is.
        let most = captured.plus(some(tender.moved));
        unearned
            .plus(granted)
            .min(most)
            .plus(some(tender.for_others))
    }

    /// What a tender can give back in the end, in its own place and in that of others.
    fn can_give(&self, number: u16) -> Money {
        let tender = self.tender(number);
        tender.map_or(Money::zero(self.draft.currency), |tender| {
            let moved = tender.moved.unwrap_or(tender.zero());
            tender.captured_sum().plus(moved)
        })
    }

    /// A tender that gave in place of another and now needs the money for its own, and how much more
    /// there is to be given than it has. What the buyer disputes, or got by a dispute, is not given.
    pub(super) fn overcommitted(&self, over: bool) -> Option<(u16, Money)> {
        let numbered = self.tender_numbers().zip(&self.tenders);
        let mut short = numbered.map(|(number, tender)| {
            let short = self.claims(number, over).less(self.can_give(number));
            (number, short.less(tender.frozen()))
        });
        short.find(|(_, short)| short.is_positive())
    }

    /// What a tender could still give in place of others: nobody has a claim to it.
    pub(super) fn can_spare(&self, number: u16, over: bool) -> Money {
        let tender = self.tender(number).filter(|tender| tender.is_ours());
        tender.map_or(Money::zero(self.draft.currency), |tender| {
            let free = self.can_give(number).less(self.claims(number, over));
            free.less(tender.frozen())
        })
    }

    /// What a person can still give back of a tender. Money that the buyer disputes is not given
    /// twice, and what goes back anyway is not given again.
    pub fn refundable_of(&self, number: u16) -> Money {
        let Some(tender) = self.tender(number).filter(|tender| tender.is_ours()) else {
            return Money::zero(self.draft.currency);
        };
        let some = |amount: Option<Money>| amount.unwrap_or(tender.zero());
        let elsewhere = some(tender.netted).plus(some(tender.moved));
        let claims = self.claims(number, self.is_over_for_money());
        let given = tender.refunded_sum();
        // What was taken ahead of what ships goes back by itself if that never ships: a person who
        // gave it too would give it of a share that another tender has in the end.
        let earned = self.share_of(number, Owed::Earned);
        let left = tender
            .captured_sum()
            .less(claims.less(elsewhere).max(given))
            .less(tender.frozen());
        let granted = some(tender.granted).less(elsewhere);
        left.min(tender.captured_sum().min(earned).less(granted))
    }

    /// What can still be given back, over all tenders.
    pub fn refundable(&self) -> Money {
        self.refundable_beside(None)
    }

    /// The same, without what an exchange other than this one needs for what goes out.
    pub(super) fn refundable_beside(&self, exchange: Option<u16>) -> Money {
        let tenders = self.tender_numbers();
        let there = tenders.map(|number| self.refundable_of(number));
        Money::sum(self.draft.currency, there).less(self.set_aside(exchange))
    }
}
