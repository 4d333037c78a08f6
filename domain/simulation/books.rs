//! Books against books: what gateways, locations and carriers did, against what the log says.

use super::gateway::{Payment, State};
use super::mirror::Held;
use super::world::World;
use crate::canonical::CaptureMode;
use crate::ids::OrderId;
use crate::money::Money;
use crate::order::{Edge, Effect, Order, Tender};
use crate::stock::HoldKey;

impl World<'_> {
    /// The payments that gateways have of a tender, refused ones aside.
    pub(super) fn payments(&self, order: &Order, number: u16) -> Vec<&Payment> {
        let gateway = order.tender(number).and_then(Tender::gateway);
        let gateway = gateway.and_then(|slug| self.gateways.iter().find(|g| g.slug == *slug));
        gateway
            .map(|gateway| gateway.of(order.id, number))
            .into_iter()
            .flatten()
            .filter(|payment| payment.state != State::Declined)
            .collect()
    }

    /// What holds at any moment between an order's money and its gateways' books.
    pub(super) fn check_money(&mut self, id: OrderId) {
        let Some(order) = self.audit.order(id) else {
            return;
        };
        let mut broken = None;
        let mut taken = Money::zero(order.draft.currency);
        let mut given = Money::sum(
            order.draft.currency,
            order.store_credits.iter().map(|credit| credit.amount),
        );
        for number in order.tender_numbers() {
            let Some(tender) = order.tender(number) else {
                continue;
            };
            let payments = self.payments(order, number);
            for payment in &payments {
                taken = taken.plus(payment.captured);
                given = given.plus(payment.refunded());
            }
            if payments.len() > 1 {
                broken = Some(("authorized_once", format!("{} payments", payments.len())));
            }
            if let Some(payment) = payments.first()
                && let Some(found) = self.misbooked(order, number, tender, payment)
            {
                broken = Some(("gateway_book", found));
            }
            if order.stage.is_dead() && keeps_money(order, number, tender) {
                let found = format!("tender {number} of an order that ended before its time");
                broken = Some(("ended_keeps_no_money", found));
            }
        }
        let total = order.draft.stated_total;
        if taken > total {
            let found = format!("{taken} captured of {total}, over all tenders");
            broken = Some(("charged_once", found));
        }
        if given > taken {
            let found = format!("{given} given back of {taken}, over all tenders and credits");
            broken = Some(("given_back_once", found));
        }
        if let Some((invariant, found)) = broken {
            let found = format!("{}: {found}", self.name(id));
            self.fall(invariant, found);
        }
    }

    /// What a gateway did that it should not have been asked, or the hub believes and it did not.
    fn misbooked(
        &self,
        order: &Order,
        number: u16,
        tender: &Tender,
        payment: &Payment,
    ) -> Option<String> {
        let refunded = payment.refunded();
        let most = self.audit.largest_capture(order.id, number, tender.amount);
        let reference = &payment.reference;
        let once = tender.capture_mode() == CaptureMode::Once;
        Some(match () {
            () if payment.captured > payment.amount => format!(
                "{reference}: {} captured of {}",
                payment.captured, payment.amount
            ),
            () if payment.captured > most => {
                format!(
                    "{reference}: {} captured, {most} asked for",
                    payment.captured
                )
            }
            () if once && payment.captures() > 1 => {
                format!("{reference}: captured {} times", payment.captures())
            }
            () if refunded > payment.captured => format!(
                "{reference}: {refunded} refunded of {} captured",
                payment.captured
            ),
            // Until it hears that a capture came to nothing.
            () if tender.captured_sum() > payment.captured.plus(payment.lost()) => format!(
                "the order has {} captured, {reference} {}",
                tender.captured_sum(),
                payment.captured
            ),
            () if tender.refunded_sum() > refunded => format!(
                "the order has {} refunded, {reference} {refunded}",
                tender.refunded_sum()
            ),
            () => return None,
        })
    }

    /// No unit is both with the buyer and back on the shelf.
    pub(super) fn check_units(&mut self) {
        let mut broken = None;
        for (id, number) in &self.depot.gone {
            let Some(work) = self.audit.order(*id).and_then(|o| o.fulfilment(*number)) else {
                continue;
            };
            for units in &work.lines {
                let key = HoldKey {
                    order: *id,
                    line: units.line,
                    attempt: work.attempt,
                };
                let hold = self.mirror.holds.get(&(work.location.clone(), key));
                if hold.is_some_and(|hold| hold.2 == Held::Free) {
                    let line = units.line;
                    broken = Some((*id, format!("line {line} of fulfilment {number}")));
                }
            }
        }
        if let Some((id, found)) = broken {
            let found = format!("{}: {found} left and was given back", self.name(id));
            self.fall("shipped_or_returned", found);
        }
    }

    /// What holds between all books once everybody has answered.
    pub(super) fn check_settled(&mut self, order: &Order) {
        let watched = !order.holds.is_empty();
        let mut broken = None;
        let mut taken = Money::zero(order.draft.currency);
        let mut due = taken;
        for (number, earned) in order.tender_numbers().zip(order.earned_by_tender()) {
            let Some(tender) = order.tender(number) else {
                continue;
            };
            if tender.is_ours() {
                taken = taken.plus(tender.captured_sum());
                due = due.plus(earned);
            }
            if tender.owed().is_positive() && !watched {
                let found = format!("{} was granted and has not gone back", tender.owed());
                broken = Some(("granted_goes_back", found));
            }
            for payment in self.payments(order, number) {
                let (captured, refunded) = (payment.captured, payment.refunded());
                if (captured, refunded) != (tender.captured_sum(), tender.refunded_sum()) {
                    let found = format!(
                        "{} has {captured} captured and {refunded} refunded, the order {} and {}",
                        payment.reference,
                        tender.captured_sum(),
                        tender.refunded_sum()
                    );
                    broken = Some(("books_agree", found));
                } else if payment.disputed_away != tender.disputed_away() {
                    let found = format!(
                        "{} has {} disputed away, the order {}",
                        payment.reference,
                        payment.disputed_away,
                        tender.disputed_away()
                    );
                    broken = Some(("books_agree", found));
                } else if order.stage.is_terminal() && !watched && payment.is_open() {
                    let found = format!("{} still sets money aside", payment.reference);
                    broken = Some(("ended_keeps_no_money", found));
                } else if order.stage.is_dead() && !watched && keeps(tender) {
                    let found = format!("{} still has the buyer's money", payment.reference);
                    broken = Some(("ended_keeps_no_money", found));
                }
            }
        }
        let complete = order.stage.is_terminal() && !order.stage.is_dead();
        if complete && !watched && taken < due {
            broken = Some(("shipped_is_paid", format!("{due} earned, {taken} captured")));
        }
        for ((location, key), hold) in &self.mirror.holds {
            if key.order == order.id
                && order.stage.is_terminal()
                && matches!(hold.2, Held::Soft | Held::Hard)
            {
                let found = format!("{} of {} at {location}", hold.1, hold.0);
                broken = Some(("ended_holds_no_stock", found));
            }
        }
        for work in order.fulfilments.iter().filter(|work| work.has_left()) {
            for units in &work.lines {
                let key = HoldKey {
                    order: order.id,
                    line: units.line,
                    attempt: work.attempt,
                };
                let hold = self.mirror.holds.get(&(work.location.clone(), key));
                if hold.is_none_or(|hold| hold.2 != Held::Shipped) {
                    let found = format!("fulfilment {} left the shelf untouched", work.number);
                    broken = Some(("shipped_is_consumed", found));
                }
            }
        }
        if let Some((invariant, found)) = broken {
            let found = format!("{}: {found}", self.name(order.id));
            self.fall(invariant, found);
        }
    }
}

/// Whether money was taken that neither went back, nor became credit, nor is disputed.
fn keeps(tender: &Tender) -> bool {
    let elsewhere = tender
        .credited
        .unwrap_or(Money::zero(tender.amount.currency()));
    let gone = tender.refunded_sum().plus(elsewhere).plus(tender.frozen());
    tender.captured_sum() > gone
}

/// An order that ended keeps money that it knows of and does nothing about it.
fn keeps_money(order: &Order, number: u16, tender: &Tender) -> bool {
    let Some(_) = tender.gateway().filter(|_| tender.reference.is_some()) else {
        return false;
    };
    let moving = |effect: &Effect| effect.tender() == Some(number);
    let under_way = order.outstanding.values().any(|open| moving(&open.effect));
    let looked_at = order
        .holds
        .iter()
        .any(|hold| hold.blocks.contains(&Edge::Refund));
    let set_aside = tender.authorized.is_some()
        && tender.captured_sum().is_zero()
        && !tender.voided
        && !tender.lapsed;
    (keeps(tender) || set_aside) && !under_way && !looked_at
}
