//! Plays one move: who does what, to which order, by the move's own number.

use jiff::{SignedDuration, Timestamp};

use super::buyers;
use super::deliver::Way;
use super::dice::Dice;
use super::gateway::{State, Words};
use super::moves::{Kind, Move};
use super::parcels::{ParcelKey, proof_of};
use super::transfers::collectors;
use super::world::{Crash, Fault, Letter, World};
use crate::canonical::Terms;
use crate::ids::{OrderId, Slug};
use crate::order::{Fact, FulfilmentStage, PaymentEvidence, PaymentFact, TenderSelector};

impl World<'_> {
    /// Plays a move and checks the world afterwards.
    pub(super) fn play(&mut self, next: Move) {
        let mut dice = Dice::seeded(next.roll);
        let way = match next.kind {
            Kind::Deliver => Some(Way::Good),
            Kind::Repeat => Some(Way::Twice),
            Kind::LoseAnswer => Some(Way::AnswerLost),
            Kind::Lose => Some(Way::Lost),
            Kind::Refuse => Some(Way::Refused),
            Kind::Vanish => Some(Way::Vanished),
            _ => None,
        };
        if let Some(way) = way {
            // Mostly in order, so that lives get on; now and then anything overtakes anything.
            let place = match dice.below(3) {
                0 => dice.below(self.post.len()),
                _ => dice.below(self.post.len().min(3)),
            };
            self.deliver(place, way, &mut dice);
        } else {
            self.happen(next.kind, &mut dice);
        }
        self.check_units();
    }

    fn happen(&mut self, kind: Kind, dice: &mut Dice) {
        match kind {
            Kind::Order => self.order(dice),
            Kind::Work => self.work(dice),
            Kind::Scan => self.scan(dice),
            Kind::Tick => {
                self.elapse(SignedDuration::from_secs(dice.between(1, 40)));
                if dice.percent(30) {
                    self.take_back(dice);
                }
            }
            Kind::Jump => {
                let minutes = [10, 16, 50, 24 * 60, 3 * 24 * 60, 8 * 24 * 60];
                let minutes = dice.pick(&minutes).copied().unwrap_or(1);
                self.tell(&format!("the clock jumps by {minutes} minutes"));
                self.elapse(SignedDuration::from_mins(minutes));
            }
            Kind::Confirm => {
                let agrees = dice.percent(75);
                self.confirm(agrees, dice);
            }
            Kind::Cancel => self.cancel(dice),
            Kind::Hold => self.hold(dice),
            Kind::Release => self.release(dice),
            Kind::Refund if dice.percent(40) => self.give_back_at_shop(dice),
            Kind::Refund => self.refund(dice),
            Kind::Return => self.mind_a_return(dice),
            Kind::AnswerDispute => self.answer_dispute(dice),
            Kind::Route => self.route(dice),
            Kind::Edit if dice.percent(30) => self.exchange(dice),
            Kind::Edit if dice.percent(40) => self.change_at_shop(dice),
            Kind::Edit => self.edit(dice),
            Kind::Address => self.change_address(dice),
            Kind::Pause => self.pause_or_resume(dice),
            Kind::Count if self.is_fed() && dice.percent(60) => self.feed(dice),
            Kind::Count if self.has_quotas() && dice.percent(50) => self.set_quota(dice),
            Kind::Count => {
                let places = self.places();
                let sku = format!("SKU-{}", 1 + dice.below(self.skus));
                let on_hand = dice.between(0, 15);
                if let Some(location) = dice.pick(&places) {
                    self.count(location, &sku.as_str().into(), on_hand);
                }
            }
            Kind::Announce => self.announce(dice),
            Kind::Receive => self.receive_supply(dice),
            Kind::WrittenUnheard => self.fault = Some(Fault::WrittenUnheard),
            Kind::UnwrittenUnheard => self.fault = Some(Fault::UnwrittenUnheard),
            Kind::NotStored => self.fault = Some(Fault::NotStored),
            Kind::Elsewhere => self.elsewhere = true,
            Kind::Crash => {
                let node = usize::from(dice.percent(25));
                let node = if node == 0 {
                    self.owner
                } else {
                    1 - self.owner
                };
                self.tell(&format!("node {node} crashes"));
                self.crash(node);
            }
            Kind::CrashInCommit => {
                let commit = self.commits + 1 + dice.below(4);
                let written = dice.percent(50);
                self.crash = Some(Crash { commit, written });
            }
            Kind::TakeOver => self.take_over(),
            Kind::Stray => self.stray(dice),
            Kind::Calm => self.carry_the_post(dice),
            Kind::Rebuff => {
                let chosen = dice.below(self.gateways.len());
                let codes = ["processing_error", "expired_card", "insufficient_funds"];
                self.gateways[chosen].rebuffs = dice.pick(&codes).copied();
            }
            Kind::Dispute => {
                let chosen = dice.below(self.gateways.len());
                let said = self.gateways[chosen].dispute(dice, self.now);
                self.tell_of(chosen, said);
            }
            _ => {}
        }
    }

    /// Time passes, and everything that waits for it happens.
    pub(super) fn elapse(&mut self, time: SignedDuration) {
        self.pass(time);
        for place in 0..self.gateways.len() {
            let slug = self.gateways[place].slug.clone();
            for (order, evidence) in self.gateways[place].lapse(self.now) {
                self.webhook(order, &slug, evidence);
            }
        }
        self.lapse();
        self.wake_due();
    }

    /// A gateway that names its captures tells that one of them came to nothing.
    fn take_back(&mut self, dice: &mut Dice) {
        let mut gateways = self.gateways.iter();
        if let Some(chosen) = gateways.position(|gateway| gateway.names_captures) {
            let said = self.gateways[chosen].take_back(dice, self.now);
            self.tell_of(chosen, said);
        }
    }

    /// A gateway tells of one thing after the other.
    pub(super) fn tell_of(&mut self, gateway: usize, said: Option<(OrderId, Words)>) {
        let slug = self.gateways[gateway].slug.clone();
        if let Some((order, words)) = said {
            for (at, evidence) in words {
                self.webhook_of(at, order, &slug, evidence);
            }
        }
    }

    pub(super) fn webhook(&mut self, order: OrderId, slug: &Slug, evidence: PaymentEvidence) {
        self.webhook_of(self.now, order, slug, evidence);
    }

    fn webhook_of(
        &mut self,
        at: Timestamp,
        order: OrderId,
        slug: &Slug,
        evidence: PaymentEvidence,
    ) {
        let reference = self
            .gateways
            .iter()
            .find(|g| g.slug == *slug)
            .and_then(|gateway| {
                let named = gateway.payments.iter().filter(|p| p.order == order);
                named.map(|p| &p.reference).find(|known| match &evidence {
                    PaymentEvidence::ActionRequired { reference }
                    | PaymentEvidence::Authorized { reference, .. }
                    | PaymentEvidence::Captured { reference, .. }
                    | PaymentEvidence::Voided { reference }
                    | PaymentEvidence::Refunded { reference, .. } => reference == *known,
                    PaymentEvidence::Declined { reference, .. } => {
                        reference.as_ref() == Some(*known)
                    }
                    PaymentEvidence::CaptureFailed {
                        capture: Some(capture),
                        ..
                    } => capture.rsplit_once("_c").map(|(payment, _)| payment) == Some(known),
                    PaymentEvidence::DisputeOpened { dispute, .. }
                    | PaymentEvidence::DisputeClosed { dispute, .. } => dispute.ends_with(*known),
                    _ => true,
                })
            });
        let Some(reference) = reference.cloned() else {
            return;
        };
        let fact = Fact::Payment(PaymentFact {
            tender: TenderSelector::Reference(reference),
            account: Some(slug.clone()),
            occurred_at: Some(at),
            evidence,
        });
        self.post.push(Letter::Webhook { order, fact });
    }

    fn order(&mut self, dice: &mut Dice) {
        if dice.percent(15) && !self.sent.is_empty() {
            let chosen = dice.below(self.sent.len());
            let letter = self.sent[chosen].clone();
            self.post.push(letter);
            return;
        }
        let number = self.next_number();
        let external = format!("W-{number}");
        let channel = dice.below(self.channels.len());
        let places = self.places();
        let (skus, now) = (self.skus, self.now);
        let collectors = collectors(&self.policy);
        let modes = &self.modes;
        let Some(mut draft) =
            buyers::draft(&external, skus, (&places, collectors), modes, dice, now)
        else {
            return;
        };
        let hash = self.channels[channel].0.hash16(&external);
        let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
        let random = dice.roll();
        let id = OrderId::new(millis, random.to_be_bytes(), hash);
        self.change_before_sent(id, &mut draft, &mut Dice::seeded(random));
        for (tender, number) in draft.tenders.iter_mut().zip(1_u16..) {
            if let Terms::Authorized {
                gateway: Some(slug),
                reference,
                ..
            } = &mut tender.terms
                && let Some(gateway) = self.gateways.iter_mut().find(|g| g.slug == *slug)
            {
                let amount = tender.amount;
                *reference = Some(gateway.open(id, number, amount, State::Authorized, now));
            }
        }
        let draft = Box::new(draft);
        let letter = Letter::Create { id, channel, draft };
        self.sent.push(letter.clone());
        self.post.push(letter);
    }

    fn scan(&mut self, dice: &mut Dice) {
        let parcels: Vec<_> = self.depot.parcels.keys().copied().collect();
        let Some(key) = dice.pick(&parcels).copied() else {
            return;
        };
        let (id, fulfilment, parcel) = key;
        let known = self.audit.order(id).and_then(|order| {
            let work = order.fulfilment(fulfilment)?;
            let parcel = work.parcel(parcel)?;
            Some((work.stage, parcel.is_labelled()))
        });
        let (stage, labelled) = known.unwrap_or((FulfilmentStage::Planned, false));
        // It may be quicker than the labels of the work's other parcels.
        let waits = matches!(stage, FulfilmentStage::Labelled | FulfilmentStage::Packed);
        if waits && labelled && dice.percent(30) && self.depot.pick_up((id, fulfilment)) {
            let name = self.name(id);
            self.tell(&format!(
                "a carrier takes parcel {parcel} of fulfilment {fulfilment} of {name} off the dock"
            ));
        }
        self.see(key, dice);
    }

    /// A carrier sees a parcel whose label the hub knows of.
    pub(super) fn see(&mut self, key: ParcelKey, dice: &mut Dice) -> bool {
        let (order, fulfilment, parcel) = key;
        let known = self.audit.order(order);
        let known = known.and_then(|order| order.parcel(fulfilment, parcel));
        if known.is_none_or(|parcel| parcel.label.is_none()) {
            return false;
        }
        let seen = self.depot.see(key, self.smooth, dice, self.now);
        let Some(fact) = seen else {
            return false;
        };
        let proof = proof_of(&fact, dice);
        self.post.push(Letter::Webhook { order, fact });
        if let Some(fact) = proof {
            self.post.push(Letter::Webhook { order, fact });
        }
        true
    }

    pub(super) fn confirm(&mut self, agrees: bool, dice: &mut Dice) {
        let chosen = dice.below(self.gateways.len());
        let slug = self.gateways[chosen].slug.clone();
        if let Some((order, evidence)) = self.gateways[chosen].confirm(agrees) {
            self.webhook(order, &slug, evidence);
        }
    }

    fn take_over(&mut self) {
        self.owner = 1 - self.owner;
        self.store.epoch += 1;
        let node = &mut self.nodes[self.owner];
        node.epoch = self.store.epoch;
        node.fenced = false;
        node.memory.clear();
        node.life += 1;
        self.stockroom.clear();
        let line = format!("node {} takes over, epoch {}", self.owner, self.store.epoch);
        self.tell(&line);
    }

    /// The node that was superseded goes on as if it were not.
    fn stray(&mut self, dice: &mut Dice) {
        let stale = 1 - self.owner;
        let lasting =
            |letter: &&Letter| matches!(letter, Letter::Webhook { .. } | Letter::Request { .. });
        let letters: Vec<&Letter> = self.post.iter().filter(lasting).collect();
        if let Some(letter) = dice.pick(&letters).copied().cloned() {
            self.receive(stale, &letter);
        } else if let Some(id) = self.some_order(dice).map(|order| order.id) {
            self.wake(stale, id);
        }
    }
}
