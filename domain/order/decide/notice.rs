//! Telling the order's own sales channel what became of it.

use std::collections::BTreeSet;

use super::super::{
    Edge, Effect, Event, Exchange, Fulfilment, HoldScope, Notice, NoticeEvidence, NoticeFact,
    Order, REASON_CHANNEL_REFUND_REFUSED, RefundOf, Stage, Topic, less,
};
use super::Draft;
use crate::money::Money;
use crate::order::{LineUnits, Payback};

impl Draft<'_> {
    /// Tells the channel what it does not know yet: each thing once. That an order stands is told first; a
    /// channel that has not heard so takes nothing else about it, except that it has ended.
    pub(super) fn notify_channel(&mut self) -> bool {
        let hears = |notice: &Notice| self.context.channel_listens.contains(&notice.topic());
        let news = self.order.news_for_the_channel(&self.refunds_open());
        let news: Vec<Notice> = news.into_iter().filter(hears).collect();
        let first = news.first() == Some(&Notice::Accepted) && !self.is_answered(&Notice::Accepted);
        let most = if first { 1 } else { news.len() };
        let untold = news
            .into_iter()
            .take(most)
            .find(|notice| !self.is_answered(notice) && self.notices_open(notice).is_empty());
        let Some(notice) = untold else {
            return false;
        };
        self.open(Effect::NotifyChannel { notice });
        true
    }

    /// The channel answered. Money that it says it gave back is booked under its own names for it; where it
    /// refuses to, a person has to.
    pub(super) fn notice_answered(&mut self, fact: &NoticeFact) {
        let closes = self.notices_open(&fact.notice);
        if closes.is_empty() {
            return;
        }
        self.emit(Event::ChannelAnswered {
            told: fact.notice.clone(),
            answer: fact.evidence.clone(),
            closes,
        });
        match &fact.evidence {
            NoticeEvidence::Repaid { movements } => {
                for movement in movements {
                    self.refunded_at_channel(&movement.reference, movement.amount, None);
                }
            }
            NoticeEvidence::Refused { .. } if fact.notice.gives_back() => {
                self.hold_once(
                    REASON_CHANNEL_REFUND_REFUSED,
                    HoldScope::Order,
                    &[Edge::Refund],
                );
            }
            NoticeEvidence::Told | NoticeEvidence::Refused { .. } => {}
        }
    }

    fn is_answered(&self, notice: &Notice) -> bool {
        let mut told = self.order.told.iter();
        told.any(|(told, _)| told.is_same_news(notice))
    }

    fn notices_open(&self, wanted: &Notice) -> Vec<crate::ids::EffectId> {
        self.open_ids(|effect| {
            matches!(effect, Effect::NotifyChannel { notice } if notice.is_same_news(wanted))
        })
    }

    /// What the channel is being told to give back.
    fn refunds_open(&self) -> Vec<Notice> {
        let open = self.order.outstanding.values().map(|open| &open.effect);
        let notices = open.filter_map(|effect| match effect {
            Effect::NotifyChannel { notice } => Some(notice.clone()),
            _ => None,
        });
        let money = [Topic::PartCancelled, Topic::Refund];
        notices.filter(|n| money.contains(&n.topic())).collect()
    }
}

impl Order {
    /// What the channel has to know by now. What it said itself is no news to it.
    fn news_for_the_channel(&self, open: &[Notice]) -> Vec<Notice> {
        let mut news = Vec::new();
        if matches!(self.stage, Stage::Confirmed | Stage::Fulfilling) {
            news.push(Notice::Accepted);
        }
        let shipped = self.fulfilments.iter().filter(|work| work.is_shipped());
        news.extend(shipped.map(|work: &Fulfilment| Notice::Shipped {
            fulfilment: work.number,
        }));
        let its_own = self.cancelled_at_source || self.draft.cancelled_at.is_some();
        if self.stage.is_dead() {
            if !its_own {
                news.push(Notice::Cancelled);
            }
            return news;
        }
        // Money goes back for one thing after the other: what is due next depends on what was given.
        if open.is_empty() {
            news.extend(self.cut_for_the_channel());
            news.extend(self.refund_for_the_channel());
        }
        news
    }

    /// The first part that was cancelled here and that the channel does not know of.
    fn cut_for_the_channel(&self) -> Option<Notice> {
        let numbered = (1..).zip(&self.at_source.parts);
        let notices = numbered.map(|(part, cut)| Notice::PartCancelled {
            part,
            lines: cut.lines.clone(),
            amount: cut.amount.min(self.due_at_channel()),
            given: Some(self.known_at_channel()),
        });
        let mut untold = notices.filter(|notice| {
            let mut told = self.told.iter();
            !told.any(|(told, _)| told.is_same_news(notice))
        });
        untold.next()
    }

    /// What the channel has to give back next for what came back or did not arrive: what was left to it and
    /// not told, never more than it owes.
    fn refund_for_the_channel(&self) -> Option<Notice> {
        let due = self.due_at_channel();
        let paid = |of, payback: &Payback| Some((of, payback.settled.clone(), payback.elsewhere?));
        let returns = self.returns.iter();
        let returns = returns.filter_map(|back| paid(RefundOf::Return(back.number), &back.payback));
        let claims = self.claims.iter();
        let claims = claims.filter_map(|one| paid(RefundOf::Claim(one.number), &one.payback));
        let exchanges = self.exchanges.iter().filter_map(|one| self.unspent_of(one));
        let mut owing = returns.chain(claims).chain(exchanges).filter_map(|left| {
            let (of, lines, rest) = left;
            let (nth, lines, rest) = self.untold_of(of, lines, rest);
            let amount = rest.min(due);
            amount.is_positive().then(|| Notice::Refund {
                of,
                nth,
                lines,
                amount,
                given: Some(self.known_at_channel()),
            })
        });
        owing.next()
    }

    /// What an exchange left to the channel, and of which units that it was not told of with their return.
    fn unspent_of(&self, exchange: &Exchange) -> Option<(RefundOf, Vec<LineUnits>, Money)> {
        let left = exchange.settled.as_ref()?.elsewhere;
        let back = self.returned(exchange.back)?;
        let mut lines = back.payback.settled.clone();
        for (told, _) in &self.told {
            if let Notice::Refund {
                of, lines: units, ..
            } = told
                && *of == RefundOf::Return(exchange.back)
            {
                lines = less(&lines, units);
            }
        }
        Some((RefundOf::Exchange(exchange.number), lines, left))
    }

    /// The channel's names of what it gave back, as far as we heard.
    fn known_at_channel(&self) -> BTreeSet<String> {
        let theirs = self.tenders.iter().filter(|tender| !tender.is_ours());
        let named = theirs.flat_map(|tender| tender.refunded.parts.keys());
        named.cloned().collect()
    }

    /// What the channel was not told of what was left to it: which time that is, for what, and how much.
    fn untold_of(
        &self,
        of: RefundOf,
        mut lines: Vec<LineUnits>,
        mut rest: Money,
    ) -> (u16, Vec<LineUnits>, Money) {
        let mut nth = 1;
        for (told, _) in &self.told {
            if let Notice::Refund {
                of: same,
                lines: units,
                amount,
                ..
            } = told
                && *same == of
            {
                nth += 1;
                lines = less(&lines, units);
                rest = rest.less(*amount);
            }
        }
        (nth, lines, rest)
    }
}
