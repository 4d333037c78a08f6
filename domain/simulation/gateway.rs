//! A simulated gateway. It carries out what it is asked, once per key, and keeps a book of its own:
//! that it never takes too much is the hub's business, and checked.

mod recourse;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;
use crate::ids::{EffectId, OrderId, Slug};
use crate::money::Money;
use crate::order::{Effect, PaymentEvidence, Reported};

pub(super) use recourse::Words;

/// How long a gateway sets money aside.
const AUTHORIZED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Where a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Authorized,
    Declined,
    Voided,
}

/// A payment in a gateway's book.
#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) order: OrderId,
    pub(super) tender: u16,
    pub(super) reference: String,
    pub(super) amount: Money,
    pub(super) state: State,
    since: Timestamp,
    pub(super) captured: Money,
    /// Captures by their references, and whether each came to nothing.
    captures: BTreeMap<String, (Money, bool)>,
    /// Refunds by their references.
    refunds: BTreeMap<String, Money>,
    pub(super) disputed: bool,
    /// What the buyer has by the last word about it.
    pub(super) disputed_away: Money,
    /// How much of it, where the buyer did not dispute all that was taken in the end.
    disputed_part: Option<Money>,
}

impl Payment {
    pub(super) fn refunded(&self) -> Money {
        Money::sum(self.amount.currency(), self.refunds.values().copied())
    }

    /// Captures that stand.
    pub(super) fn captures(&self) -> usize {
        self.captures.values().filter(|(_, lost)| !lost).count()
    }

    /// What was taken and came to nothing.
    pub(super) fn lost(&self) -> Money {
        let lost = self.captures.values().filter(|(_, lost)| *lost);
        Money::sum(self.amount.currency(), lost.map(|(amount, _)| *amount))
    }

    /// Money set aside that is neither taken nor released.
    pub(super) fn is_open(&self) -> bool {
        self.captured.is_zero() && matches!(self.state, State::Waiting | State::Authorized)
    }

    /// When what is set aside is released by itself.
    fn ends_at(&self) -> Timestamp {
        self.since
            .saturating_add(AUTHORIZED_FOR)
            .unwrap_or(self.since)
    }
}

/// What the gateway has to say: the answer to a call, and webhooks.
pub(super) type Said = (Option<PaymentEvidence>, Vec<PaymentEvidence>);

/// A gateway.
pub(super) struct Gateway {
    pub(super) slug: Slug,
    pub(super) payments: Vec<Payment>,
    saved: BTreeMap<EffectId, PaymentEvidence>,
    /// The next capture or refund is refused, with this code.
    pub(super) rebuffs: Option<&'static str>,
    /// It says when its authorisations end.
    tells_ends: bool,
    /// It names its captures instead of telling their sum, and may take one back.
    pub(super) names_captures: bool,
    /// When it spoke last of what may be told anew: every word has a time of its own.
    spoke_at: Option<Timestamp>,
    /// What every new payment comes to, instead of what the dice say.
    pub(super) verdict: Option<State>,
}

impl Gateway {
    pub(super) fn new(slug: &str, tells_ends: bool) -> Self {
        Self {
            slug: slug.into(),
            payments: Vec::new(),
            saved: BTreeMap::new(),
            rebuffs: None,
            tells_ends,
            names_captures: !tells_ends,
            spoke_at: None,
            verdict: None,
        }
    }

    /// The time of its next word, later than the one before.
    fn speaks_at(&mut self, now: Timestamp) -> Timestamp {
        let after = self.spoke_at.map(|at| at + SignedDuration::from_secs(1));
        let at = after.map_or(now, |after| after.max(now));
        self.spoke_at = Some(at);
        at
    }

    pub(super) fn of(&self, order: OrderId, tender: u16) -> impl Iterator<Item = &Payment> {
        let same = move |p: &&Payment| p.order == order && p.tender == tender;
        self.payments.iter().filter(same)
    }

    /// Opens a payment and answers its reference.
    pub(super) fn open(
        &mut self,
        order: OrderId,
        tender: u16,
        amount: Money,
        state: State,
        now: Timestamp,
    ) -> String {
        let reference = format!("pi_{}_{}", self.slug, self.payments.len() + 1);
        self.payments.push(Payment {
            order,
            tender,
            reference: reference.clone(),
            amount,
            state,
            since: now,
            captured: Money::zero(amount.currency()),
            captures: BTreeMap::new(),
            refunds: BTreeMap::new(),
            disputed: false,
            disputed_away: Money::zero(amount.currency()),
            disputed_part: None,
        });
        reference
    }

    /// Carries a call out. The same key gets its first answer again.
    pub(super) fn carry_out(
        &mut self,
        order: OrderId,
        id: EffectId,
        effect: &Effect,
        dice: &mut Dice,
        now: Timestamp,
    ) -> Said {
        if let Some(saved) = self.saved.get(&id) {
            return (Some(saved.clone()), Vec::new());
        }
        let Some(tender) = effect.tender() else {
            return (None, Vec::new());
        };
        let (answer, webhooks) = match effect {
            Effect::AuthorizePayment { amount, .. } => {
                self.authorize(order, tender, *amount, dice, now)
            }
            Effect::CapturePayment { amount, .. } => self.capture(order, tender, *amount, now),
            Effect::VoidPayment { .. } => self.void(order, tender),
            Effect::RefundPayment { amount, .. } => self.refund(order, tender, *amount, id),
            _ => return (None, Vec::new()),
        };
        if let Some(answer) = &answer {
            self.saved.insert(id, answer.clone());
        }
        (answer, webhooks)
    }

    fn authorize(
        &mut self,
        order: OrderId,
        tender: u16,
        amount: Money,
        dice: &mut Dice,
        now: Timestamp,
    ) -> Said {
        let drawn = match dice.below(20) {
            0..=2 => State::Declined,
            3 | 4 => State::Waiting,
            _ => State::Authorized,
        };
        let state = self.verdict.unwrap_or(drawn);
        let reference = self.open(order, tender, amount, state, now);
        let code = ["card_declined", "insufficient_funds"][dice.below(2)];
        let ends = self.payments.last().map(Payment::ends_at);
        let evidence = match state {
            State::Authorized => authorized(reference, amount, ends.filter(|_| self.tells_ends)),
            State::Waiting => PaymentEvidence::ActionRequired { reference },
            _ => PaymentEvidence::Declined {
                reference: Some(reference),
                code: code.into(),
            },
        };
        (Some(evidence.clone()), vec![evidence])
    }

    fn find(&mut self, order: OrderId, tender: u16) -> Option<&mut Payment> {
        let same = |p: &&mut Payment| p.order == order && p.tender == tender;
        self.payments.iter_mut().find(same)
    }

    fn capture(&mut self, order: OrderId, tender: u16, amount: Money, now: Timestamp) -> Said {
        let (rebuffs, names) = (self.rebuffs.take(), self.names_captures);
        let failed = |code: &str| PaymentEvidence::CaptureFailed {
            capture: None,
            code: code.into(),
        };
        let Some(payment) = self.find(order, tender) else {
            return (Some(failed("no_such_payment")), Vec::new());
        };
        if payment.state != State::Authorized {
            return (Some(failed("canceled")), Vec::new());
        }
        if now >= payment.ends_at() {
            return (Some(failed("authorization_expired")), Vec::new());
        }
        if let Some(code) = rebuffs {
            return (Some(failed(code)), Vec::new());
        }
        payment.captured = payment.captured.plus(amount);
        let capture = format!("{}_c{}", payment.reference, payment.captures.len() + 1);
        payment.captures.insert(capture.clone(), (amount, false));
        let evidence = if names {
            made(payment, &capture, amount)
        } else {
            captured(payment)
        };
        (Some(evidence.clone()), vec![evidence])
    }

    fn void(&mut self, order: OrderId, tender: u16) -> Said {
        let Some(payment) = self.find(order, tender) else {
            return (None, Vec::new());
        };
        if payment.captured.is_positive() && payment.captured == payment.amount {
            return (Some(captured(payment)), Vec::new());
        }
        payment.state = State::Voided;
        let reference = payment.reference.clone();
        let evidence = PaymentEvidence::Voided { reference };
        (Some(evidence.clone()), vec![evidence])
    }

    fn refund(&mut self, order: OrderId, tender: u16, amount: Money, id: EffectId) -> Said {
        let rebuffs = self.rebuffs.take();
        let failed = |code: &str| PaymentEvidence::RefundFailed {
            refund: None,
            code: code.into(),
        };
        let Some(payment) = self.find(order, tender) else {
            return (Some(failed("no_such_payment")), Vec::new());
        };
        if let Some(code) = rebuffs {
            return (Some(failed(code)), Vec::new());
        }
        // What was taken back cannot be given.
        if payment.lost().is_positive() && payment.refunded().plus(amount) > payment.captured {
            return (Some(failed("nothing_left")), Vec::new());
        }
        let refund = format!("re_{}", id.0.simple());
        payment.refunds.insert(refund.clone(), amount);
        let evidence = PaymentEvidence::Refunded {
            reference: payment.reference.clone(),
            amount: Reported::Part {
                reference: refund,
                amount,
            },
        };
        (Some(evidence.clone()), vec![evidence])
    }

    /// The buyer confirms the payment that waits longest, or gives up.
    pub(super) fn confirm(&mut self, agrees: bool) -> Option<(OrderId, PaymentEvidence)> {
        let tells_ends = self.tells_ends;
        let waiting = |p: &&mut Payment| p.state == State::Waiting;
        let payment = self.payments.iter_mut().find(waiting)?;
        let reference = payment.reference.clone();
        payment.state = if agrees {
            State::Authorized
        } else {
            State::Declined
        };
        let evidence = if agrees {
            let ends = Some(payment.ends_at()).filter(|_| tells_ends);
            authorized(reference, payment.amount, ends)
        } else {
            PaymentEvidence::Declined {
                reference: Some(reference),
                code: "authentication_failed".into(),
            }
        };
        Some((payment.order, evidence))
    }

    /// Lets authorisations lapse that nobody captured in time.
    pub(super) fn lapse(&mut self, now: Timestamp) -> Vec<(OrderId, PaymentEvidence)> {
        let mut said = Vec::new();
        for payment in self.payments.iter_mut().filter(|p| p.is_open()) {
            if now.duration_since(payment.since) >= AUTHORIZED_FOR {
                payment.state = State::Voided;
                let reference = payment.reference.clone();
                said.push((payment.order, PaymentEvidence::Voided { reference }));
            }
        }
        said
    }
}

fn authorized(reference: String, amount: Money, expires_at: Option<Timestamp>) -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference,
        amount,
        expires_at,
    }
}

fn captured(payment: &Payment) -> PaymentEvidence {
    let total = payment.captured;
    PaymentEvidence::Captured {
        reference: payment.reference.clone(),
        amount: Reported::Total { amount: total },
    }
}

/// A capture, by its name.
fn made(payment: &Payment, capture: &str, amount: Money) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: payment.reference.clone(),
        amount: Reported::Part {
            reference: capture.to_owned(),
            amount,
        },
    }
}
