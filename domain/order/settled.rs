//! What an order remembers of payout files: each line about its payments and what came of it. The
//! judgement itself is `crate::settlement`.

use serde::{Deserialize, Serialize};

use super::ledger::Posting;
use super::state::{Order, Tender};
use crate::canonical::CaptureMode;
use crate::ids::Slug;
use crate::money::Money;
use crate::settlement::{Claims, LineKind, PayoutLine, Variance, Verdict};

/// A line of a payout file, held against a tender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedLine {
    /// The tender's number.
    pub tender: u16,
    /// What the file says.
    pub line: PayoutLine,
    /// What came of it.
    pub judged: Verdict,
    /// What moved in the order's ledger: the payer's fee.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub postings: Vec<Posting>,
}

impl JudgedLine {
    /// The public kind of the event that records it.
    pub const fn kind(&self) -> &'static str {
        match self.judged {
            Verdict::Matched => "payment.reconciled",
            Verdict::Variance(_) => "payment.unreconciled",
        }
    }
}

impl Order {
    /// Keeps what came of a line.
    pub(super) fn take_judged(&mut self, judged: &JudgedLine) {
        let index = usize::from(judged.tender).checked_sub(1);
        if let Some(tender) = index.and_then(|index| self.tenders.get_mut(index)) {
            let known = (judged.line.clone(), judged.judged.clone());
            tender.settled.insert(judged.line.id.clone(), known);
        }
    }

    /// What came of a line, if the order has judged it.
    pub fn payout_verdict(&self, line: &PayoutLine) -> Option<Verdict> {
        let known = self.tenders.iter().find_map(|t| t.settled.get(&line.id));
        known.map(|(stated, judged)| {
            if stated == line {
                judged.clone()
            } else {
                Verdict::Variance(Variance::Changed)
            }
        })
    }

    /// Money that gateways have taken and that no line of a payout file has named yet, by the number of
    /// the tender that it was taken of.
    pub fn unreconciled(&self) -> impl Iterator<Item = (u16, &Slug, Money)> {
        let numbered = self.tender_numbers().zip(&self.tenders);
        numbered.filter_map(|(number, tender)| {
            let open = tender.unreconciled();
            let gateway = tender.gateway().filter(|_| open.is_positive())?;
            Some((number, gateway, open))
        })
    }
}

impl Tender {
    /// What was taken of it and no line of a payout file has named: the payer still owes it, or owes
    /// the line. A line that does not fit names nothing, until a person has decided about it.
    pub fn unreconciled(&self) -> Money {
        let claims = self.claims("");
        let [charged, ..] = claims.settled;
        let decided = self.decided.values().filter_map(|(_, settles)| *settles);
        let decided = Money::sum(self.amount.currency(), decided);
        claims.captured.less(charged).less(decided)
    }

    /// What is known of its money, and what other lines than this one have settled.
    pub(super) fn claims(&self, line: &str) -> Claims {
        let sum = |kind: LineKind| {
            let others = self.settled.iter().filter(|(id, _)| *id != line);
            let matched = others
                .map(|(_, known)| known)
                .filter(|(line, judged)| *judged == Verdict::Matched && line.kind == kind);
            let moved = matched.map(|(line, _)| line.gross.max(line.gross.negated()));
            Money::sum(self.amount.currency(), moved)
        };
        let disputes = |won: Option<bool>| {
            let these = self
                .disputes
                .values()
                .filter(|d| won.is_none() || d.won == won);
            Money::sum(self.amount.currency(), these.map(|dispute| dispute.amount))
        };
        Claims {
            captured: self.captured_sum(),
            once: self.capture_mode() == CaptureMode::Once,
            refunded: self.refunded_sum(),
            disputed: disputes(None),
            won: disputes(Some(true)),
            settled: [
                sum(LineKind::Charge),
                sum(LineKind::Refund),
                sum(LineKind::Dispute),
                sum(LineKind::DisputeReversed),
            ],
        }
    }
}
