//! What comes after the money was taken: the gateway's payout file, buyers who dispute, and captures that it told
//! of and that come to nothing.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::super::dice::Dice;
use super::{Gateway, Payment};
use crate::ids::OrderId;
use crate::money::{Money, share_between};
use crate::order::PaymentEvidence;
use crate::settlement::{LineKind, PayoutLine};

/// What a gateway says one after the other, each with its time.
pub(in super::super) type Words = Vec<(Timestamp, PaymentEvidence)>;

impl Gateway {
    /// The lines of its payout file, from its own book: order, payment, line. It keeps a hundredth of
    /// each charge.
    pub(in super::super) fn payout_lines(&self) -> Vec<(OrderId, String, PayoutLine)> {
        let mut lines = Vec::new();
        for payment in self.payments.iter().filter(|p| p.captured.is_positive()) {
            let zero = Money::zero(payment.amount.currency());
            let fee = share_between(
                payment.captured,
                Decimal::ZERO,
                Decimal::ONE,
                Decimal::from(100),
            );
            let mut add = |id: String, kind, gross: Money, fee: Money| {
                let line = PayoutLine {
                    id,
                    kind,
                    gross,
                    fee,
                    net: gross.minus(fee),
                    at: None,
                };
                lines.push((payment.order, payment.reference.clone(), line));
            };
            let reference = &payment.reference;
            add(
                format!("txn_{reference}"),
                LineKind::Charge,
                payment.captured,
                fee,
            );
            for (refund, amount) in &payment.refunds {
                add(
                    format!("txn_{refund}"),
                    LineKind::Refund,
                    amount.negated(),
                    zero,
                );
            }
            if payment.disputed {
                let lost = payment.disputed_part.unwrap_or(payment.captured).negated();
                add(format!("txn_dp_{reference}"), LineKind::Dispute, lost, zero);
            }
        }
        lines
    }

    /// A buyer disputes a captured payment, once; the retailer wins or loses, and now and then the next instance
    /// sees it otherwise.
    pub(in super::super) fn dispute(
        &mut self,
        dice: &mut Dice,
        now: Timestamp,
    ) -> Option<(OrderId, Words)> {
        let mut taken: Vec<&mut Payment> = self
            .payments
            .iter_mut()
            .filter(|p| p.captured.is_positive() && !p.disputed)
            .collect();
        let chosen = dice.below(taken.len());
        let payment = taken.get_mut(chosen)?;
        payment.disputed = true;
        let (order, amount) = (payment.order, payment.captured);
        payment.disputed_part = Some(amount);
        let dispute = format!("dp_{}", payment.reference);
        let due = Some(now + SignedDuration::from_hours(dice.between(1, 400)));
        let opened = || PaymentEvidence::DisputeOpened {
            dispute: dispute.clone(),
            amount,
            due,
        };
        let closed = |won| PaymentEvidence::DisputeClosed {
            dispute: dispute.clone(),
            won,
            amount,
        };
        let won = dice.percent(50);
        let mut said = vec![opened(), closed(won)];
        let otherwise = dice.percent(30);
        if otherwise {
            let again = dice.percent(50).then(opened);
            said.extend(again.into_iter().chain([closed(!won)]));
        }
        if won == otherwise {
            payment.disputed_away = amount;
        }
        Some((order, self.at_times(said, now)))
    }

    /// A capture that it told of comes to nothing.
    pub(in super::super) fn take_back(
        &mut self,
        dice: &mut Dice,
        now: Timestamp,
    ) -> Option<(OrderId, Words)> {
        let stands = |payment: &Payment| {
            let mut captures = payment.captures.values();
            !payment.disputed && captures.any(|(_, lost)| !lost)
        };
        let numbered = self.payments.iter().enumerate();
        let standing = numbered.filter(|(_, payment)| stands(payment));
        let standing: Vec<usize> = standing.map(|(number, _)| number).collect();
        self.come_to_nothing(*dice.pick(&standing)?, now)
    }

    /// The first capture of this payment that stands comes to nothing; none whose money is disputed or was given
    /// back.
    pub(in super::super) fn come_to_nothing(
        &mut self,
        chosen: usize,
        now: Timestamp,
    ) -> Option<(OrderId, Words)> {
        let named = self.names_captures;
        let payment = self.payments.get_mut(chosen);
        let payment = payment.filter(|payment| named && !payment.disputed)?;
        let mut captures = payment.captures.iter();
        let (capture, (amount, _)) = captures.find(|(_, (_, lost))| !lost)?;
        let (capture, amount) = (capture.clone(), *amount);
        if payment.captured.less(amount) < payment.refunded() {
            return None;
        }
        payment.captured = payment.captured.minus(amount);
        payment.captures.insert(capture.clone(), (amount, true));
        let order = payment.order;
        let failed = PaymentEvidence::CaptureFailed {
            capture: Some(capture),
            code: "capture_rejected".into(),
        };
        Some((order, self.at_times(vec![failed], now)))
    }

    fn at_times(&mut self, said: Vec<PaymentEvidence>, now: Timestamp) -> Words {
        let said = said.into_iter();
        said.map(|evidence| (self.speaks_at(now), evidence))
            .collect()
    }
}
