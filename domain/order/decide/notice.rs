//! Telling the order's own sales channel what became of it.

use super::super::{
    Edge, Effect, Event, Fulfilment, HoldScope, Notice, NoticeEvidence, NoticeFact, Order,
    REASON_CHANNEL_REFUND_REFUSED, RefundOf, Stage, Topic, less,
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
        let returns = self.returns.iter();
        let returns = returns.map(|back| (RefundOf::Return(back.number), &back.payback));
        let claims = self.claims.iter();
        let claims = claims.map(|claim| (RefundOf::Claim(claim.number), &claim.payback));
        let mut owing = returns.chain(claims).filter_map(|(of, payback)| {
            let (nth, lines, rest) = self.untold_of(of, payback)?;
            let amount = rest.min(due);
            amount.is_positive().then_some(Notice::Refund {
                of,
                nth,
                lines,
                amount,
            })
        });
        owing.next()
    }

    /// What the channel was not told of what was left to it: which time that is, for what, and how much.
    fn untold_of(&self, of: RefundOf, payback: &Payback) -> Option<(u16, Vec<LineUnits>, Money)> {
        let (mut nth, mut lines, mut rest) = (1, payback.settled.clone(), payback.elsewhere?);
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
        Some((nth, lines, rest))
    }
}
