//! Lines of payout files: held against what the order knows of its payments.

use super::super::{
    Account, Event, JudgedLine, LINES_SETTLED, Order, PayoutFact, Tender, transfer,
};
use super::Draft;
use crate::ids::Slug;
use crate::settlement::Verdict;

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
