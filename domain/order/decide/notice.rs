//! Telling the order's own sales channel what became of it.

use super::super::{Effect, Event, Notice, NoticeFact, Order};
use super::Draft;

impl Draft<'_> {
    /// Tells the channel what it does not know yet: each thing once.
    pub(super) fn notify_channel(&mut self) -> bool {
        if !self.context.channel_listens {
            return false;
        }
        let news = self.order.news_for_the_channel();
        let untold = news.into_iter().find(|notice| {
            let told = self.order.told.iter().any(|(told, _)| told == notice);
            !told && self.notices_open(notice).is_empty()
        });
        let Some(notice) = untold else {
            return false;
        };
        self.open(Effect::NotifyChannel { notice });
        true
    }

    /// The channel answered.
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
    }

    fn notices_open(&self, wanted: &Notice) -> Vec<crate::ids::EffectId> {
        self.open_ids(
            |effect| matches!(effect, Effect::NotifyChannel { notice } if notice == wanted),
        )
    }
}

impl Order {
    /// What the channel has to know by now. What it said itself is no news to it.
    fn news_for_the_channel(&self) -> Vec<Notice> {
        let shipped = self.fulfilments.iter().filter(|work| work.is_shipped());
        let mut news: Vec<Notice> = shipped
            .map(|work| Notice::Shipped {
                fulfilment: work.number,
            })
            .collect();
        let its_own = self.cancelled_at_source || self.draft.cancelled_at.is_some();
        if self.stage.is_dead() && !its_own {
            news.push(Notice::Cancelled);
        }
        news
    }
}
