//! Lines of payout files: held against what the order knows of its payments.

use super::super::{
    Account, Event, JudgedLine, LINES_SETTLED, MoneyEvent, Order, PayoutFact, Rejection, Tender,
    transfer,
};
use super::Draft;
use crate::ids::Slug;
use crate::settlement::{LineDecision, LineKind, Verdict};

impl Draft<'_> {
    /// A payer says what it paid out. A line that matched is settled for good; one that did not is
    /// judged again when it comes again, for the report that was missing may have come.
    pub(super) fn payout_line(&mut self, fact: &PayoutFact) {
        let line = &fact.line;
        let Some(number) = self
            .order
            .paid_through(&fact.source, fact.payment.as_deref())
        else {
            let reason = "no tender of this order was paid through this connection";
            self.ignore("payment.payout_line", reason, &line.id);
            return;
        };
        let Some(tender) = self.order.tender(number) else {
            return;
        };
        let known = tender.settled.get(&line.id);
        if known.is_some_and(|(_, judged)| *judged == Verdict::Matched) {
            return;
        }
        if known.is_none() && tender.settled.len() >= LINES_SETTLED {
            let reason = "too many lines of payout files about this payment";
            self.ignore("payment.payout_line", reason, "lines");
            return;
        }
        let judged = tender.claims(&line.id).judge(line);
        let same = (line.clone(), judged.clone());
        if known == Some(&same) {
            return;
        }
        let postings = match judged {
            Verdict::Matched => {
                let withheld = Account::Withheld(fact.source.clone());
                transfer(withheld, Account::Fee, line.fee)
            }
            Verdict::Variance(_) => Vec::new(),
        };
        let line = line.clone();
        self.occurred_at = line.at;
        self.emit(Event::PayoutLineJudged(Box::new(JudgedLine {
            tender: number,
            line,
            judged,
            postings,
        })));
    }
}

impl Draft<'_> {
    /// A person decides about a line that does not fit. Of a charge that settles whatever is left of the
    /// payment, for nobody waits for another line about it; the same again changes nothing. A line that
    /// names the order and none of its payments is only noted.
    pub(super) fn decide_line(
        &mut self,
        line: &str,
        decision: LineDecision,
        reason: &str,
    ) -> Result<(), Rejection> {
        let numbered = self.order.tender_numbers().zip(&self.order.tenders);
        let mut about = numbered.filter_map(|(number, tender)| {
            let known = tender.settled.get(line)?;
            Some((number, tender, known))
        });
        let found = about.next();
        let mut settles = None;
        if let Some((_, tender, (stated, verdict))) = found {
            if *verdict == Verdict::Matched {
                return Err(Rejection::NothingToDecide);
            }
            if tender
                .decided
                .get(line)
                .is_some_and(|(known, _)| *known == decision)
            {
                return Ok(());
            }
            let left = tender.unreconciled();
            let of_a_charge = stated.kind == LineKind::Charge;
            settles = Some(left).filter(|left| of_a_charge && left.is_positive());
        }
        let tender = found.map(|(number, ..)| number);
        self.emit(Event::Money(MoneyEvent::PayoutLineDecided {
            line: line.to_owned(),
            tender,
            decision,
            reason: reason.to_owned(),
            settles,
        }));
        Ok(())
    }
}

impl Order {
    /// The tender whose money came through this connection: the one with this reference, or the
    /// first.
    fn paid_through(&self, source: &Slug, payment: Option<&str>) -> Option<u16> {
        let holder = |tender: &Tender| tender.gateway().unwrap_or(&self.channel_slug) == source;
        let mut through = self.tender_numbers().zip(&self.tenders);
        let named = |tender: &Tender| payment.is_none() || tender.reference.as_deref() == payment;
        let found = through.find(|(_, tender)| holder(tender) && named(tender));
        found.map(|(number, _)| number)
    }
}
