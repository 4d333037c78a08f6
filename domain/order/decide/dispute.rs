//! Disputes: what the retailer answers, and until when. A dispute freezes its own value and nothing
//! else; how it ends is the gateway's report.

use super::super::{Dispute, DisputeAnswer, Event, MoneyEvent, Order, Rejection};
use super::Draft;

impl Dispute {
    /// Whether the retailer can still answer it.
    pub const fn is_open(&self) -> bool {
        self.won.is_none() && self.answer.is_none()
    }
}

impl Order {
    /// Disputes that are not decided, with the numbers of their tenders.
    pub fn undecided_disputes(&self) -> impl Iterator<Item = (u16, &str, &Dispute)> {
        let numbered = self.tender_numbers().zip(&self.tenders);
        numbered.flat_map(|(number, tender)| {
            let undecided = tender.disputes.iter().filter(|(_, one)| one.won.is_none());
            undecided.map(move |(reference, one)| (number, reference.as_str(), one))
        })
    }

    /// The first dispute that the retailer can still answer.
    pub fn open_dispute(&self) -> Option<(u16, &str, &Dispute)> {
        let mut disputes = self.undecided_disputes();
        disputes.find(|(_, _, dispute)| dispute.is_open())
    }

    /// The dispute that an answer is about: the named one, or the only one that is open.
    fn answerable(&self, named: Option<&str>) -> Result<(u16, String), Rejection> {
        let mut open = self.undecided_disputes().filter(|(_, reference, one)| {
            one.is_open() && named.is_none_or(|named| named == *reference)
        });
        match (open.next(), open.next()) {
            (None, _) => Err(Rejection::NoOpenDispute),
            (Some((tender, reference, _)), None) => Ok((tender, reference.to_owned())),
            (Some(_), Some(_)) => Err(Rejection::WhichDispute),
        }
    }
}

impl Draft<'_> {
    /// A person accepts or challenges a dispute. It is recorded; the gateway decides.
    pub(super) fn answer_dispute(
        &mut self,
        named: Option<&str>,
        answer: DisputeAnswer,
        reason: &str,
    ) -> Result<(), Rejection> {
        let (tender, dispute) = self.order.answerable(named)?;
        let reason = Some(reason.to_owned());
        self.emit(Event::Money(MoneyEvent::DisputeAnswered {
            tender,
            dispute,
            answer,
            reason,
        }));
        Ok(())
    }

    /// Nobody answered a dispute in time: the gateway decides for the buyer.
    pub(super) fn mind_the_disputes(&mut self) -> bool {
        let now = self.context.now;
        let late = self
            .order
            .undecided_disputes()
            .find(|(_, _, one)| one.is_open() && one.due.is_some_and(|at| now >= at));
        let Some((tender, dispute, _)) = late else {
            return false;
        };
        let dispute = dispute.to_owned();
        self.emit(Event::Money(MoneyEvent::DisputeAnswered {
            tender,
            dispute,
            answer: DisputeAnswer::Expired,
            reason: None,
        }));
        true
    }
}
