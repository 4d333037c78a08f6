//! What is on its way arrives: at the hub, at a partner, or nowhere.

use super::buyers;
use super::dice::Dice;
use super::hub::Took;
use super::world::{Call, Fault, Letter, World};
use crate::append::Signal;
use crate::canonical::OrderDraft;
use crate::ids::{CommandId, OrderId};
use crate::order::{
    Asked, ChannelFact, Command, Effect, Fact, Input, InputBody, Notice, PaymentFact, Placement,
    Postponement, REPLY_SCHEMA, Rejection, Request, StockFact, TenderSelector,
};
use crate::stock::StockCommand;

/// How a message fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Good,
    Twice,
    AnswerLost,
    Lost,
    Refused,
    Vanished,
}

impl World<'_> {
    /// Lets one message arrive, or not.
    pub(super) fn deliver(&mut self, place: usize, way: Way, dice: &mut Dice) {
        if place >= self.post.len() {
            return;
        }
        let letter = self.post.remove(place);
        if way == Way::Twice {
            let mut again = letter.clone();
            if let Letter::Call(call) = &mut again {
                call.perhaps_done = true;
            }
            self.post.push(again);
        }
        match letter {
            Letter::Call(call) => self.call(&call, way, dice),
            Letter::Answer {
                node,
                life,
                order,
                fact,
            } => {
                if self.nodes[node].life == life && way != Way::Vanished {
                    self.report(node, order, fact);
                }
            }
            Letter::Told {
                location,
                order,
                attempt,
                news,
                holds,
            } => {
                if way != Way::Vanished {
                    let lines = holds.iter().map(|(key, _)| key.line).collect();
                    let fact = Fact::Stock(StockFact {
                        location: location.clone(),
                        attempt,
                        effect: None,
                        evidence: news.evidence(lines),
                    });
                    if self.report(self.owner, order, fact) {
                        self.ask_shelf(&location, &StockCommand::Told { holds }, None);
                    }
                }
            }
            lasting => {
                let taken = way != Way::Vanished && self.receive(self.owner, &lasting);
                if !taken {
                    self.post.push(lasting);
                }
            }
        }
    }

    /// A node receives what comes again until it is taken. Whether it was.
    pub(super) fn receive(&mut self, node: usize, letter: &Letter) -> bool {
        match letter {
            Letter::Create { id, channel, draft } => self.create(node, *id, *channel, draft),
            Letter::Request {
                order,
                actor,
                asked,
            } => {
                let input = Input {
                    actor: actor.clone(),
                    body: InputBody::Request(asked.clone()),
                };
                let took = self.advance(node, *order, &input);
                let name = self.name(*order);
                let word = asked.command.word();
                match &took {
                    Took::Yes => self.tell(&format!("{actor} asks {name} to {word}: taken")),
                    Took::Refused(why) => {
                        self.tell(&format!("{actor} asks {name} to {word}: {why}"));
                        // They are told to ask again in a moment, and while nothing else goes wrong
                        // they do.
                        if matches!(why, Rejection::BeingDivided(_)) && !self.smooth {
                            self.post.push(letter.clone());
                        }
                    }
                    Took::No => self.tell(&format!("{actor} asks {name} to {word}: no answer")),
                }
                took != Took::No
            }
            Letter::Webhook { order, fact } => self.report(node, *order, fact.clone()),
            _ => true,
        }
    }

    pub(super) fn report(&mut self, node: usize, order: OrderId, fact: Fact) -> bool {
        if !self.store.logs.contains_key(&order) {
            // It came before its order; it is kept until the order is there.
            return false;
        }
        let line = format!("{} hears {}", self.name(order), summary(&fact));
        self.tell(&line);
        let input = Input {
            actor: "partner".into(),
            body: InputBody::Fact(fact),
        };
        self.advance(node, order, &input) == Took::Yes
    }

    fn create(&mut self, node: usize, id: OrderId, channel: usize, draft: &OrderDraft) -> bool {
        let Some((channel, slug, _)) = self.channels.get(channel).cloned() else {
            return true;
        };
        let body_hash = draft.external_id.clone();
        let request = Request {
            command_id: CommandId::of_create(channel, &draft.external_id),
            body_hash: body_hash.clone(),
            reply_schema: REPLY_SCHEMA,
        };
        if self.store.logs.contains_key(&id) {
            let asked = Asked {
                command: Command::PlaceAgain { body_hash },
                request: Some(request),
                expected: None,
            };
            let body = InputBody::Request(asked);
            let actor = format!("channel:{slug}");
            return self.advance(node, id, &Input { actor, body }) != Took::No;
        }
        let placement = Placement {
            id,
            channel,
            channel_slug: slug.clone(),
            features: buyers::features(draft),
            draft: draft.clone(),
            wanted: self.shops.taken_out(id),
            live_connection: true,
            body_hash,
        };
        let context = self.context(channel);
        let actor = format!("channel:{slug}");
        let (events, next) = self.core.place(placement, &actor, Some(request), &context);
        self.tell(&format!(
            "{slug} sends {} over {}",
            draft.external_id, draft.stated_total
        ));
        let crash = self.begin_commit();
        if crash.is_some_and(|crash| !crash.written) {
            self.crash(node);
            return false;
        }
        let fault = self.fault.take();
        if matches!(fault, Some(Fault::NotStored | Fault::UnwrittenUnheard)) {
            self.tell("the store does not store it");
            return false;
        }
        let epoch = self.nodes[node].epoch;
        let stored = self.append(epoch, id, 0, &events, &next) == Signal::Committed;
        if crash.is_some() {
            self.crash(node);
        }
        if !stored || fault.is_some() || crash.is_some() {
            self.tell("nobody hears that it is stored");
            return false;
        }
        self.adopt(node, &events, next);
        true
    }

    /// A call reaches its partner, or not; its caller hears, or not.
    fn call(&mut self, call: &Call, way: Way, dice: &mut Dice) {
        let (word, name) = (call.effect.word(), self.name(call.order));
        if self.audit.opened(call.order, call.id) != Some(&call.effect) {
            let found = format!("{name}: {word} is carried out and not in the log");
            self.fall("effect_in_the_log_first", found);
        }
        let inside = call.effect.stock().is_some();
        let alive = self.nodes[call.node].life == call.life && call.node == self.owner;
        if inside && !alive {
            return;
        }
        let postponed = |reason: &str| Postponement {
            effect: call.id,
            reason: reason.to_owned(),
            not_before: None,
        };
        let done = matches!(way, Way::Good | Way::Twice | Way::AnswerLost);
        let answer = if done {
            self.carry_out(call, dice)
        } else {
            None
        };
        self.tell(&match way {
            Way::Good | Way::Twice => format!("{word} of {name} is carried out"),
            Way::AnswerLost => format!("{word} of {name} is carried out, its answer is lost"),
            Way::Refused => format!("{word} of {name} is put off by its partner"),
            Way::Lost | Way::Vanished => format!("{word} of {name} is lost on its way"),
        });
        let not_done = |reason: &str| {
            let postponement = postponed(reason);
            if call.perhaps_done {
                Fact::Unknown(postponement)
            } else {
                Fact::Postponed(postponement)
            }
        };
        let fact = match (way, answer) {
            (Way::Good | Way::Twice, Some(fact)) => fact,
            (Way::Refused, _) if !inside => not_done("come back later"),
            (Way::Good | Way::Twice, None) => not_done("not known here"),
            (Way::AnswerLost | Way::Lost, _) if !inside => Fact::Unknown(postponed("no answer")),
            _ => return,
        };
        self.post.push(Letter::Answer {
            node: call.node,
            life: call.life,
            order: call.order,
            fact,
        });
    }

    fn carry_out(&mut self, call: &Call, dice: &mut Dice) -> Option<Fact> {
        if call.effect.stock().is_some() {
            return self.ask_location(call.order, call.id, &call.effect);
        }
        if let Effect::NotifyChannel { notice } = &call.effect {
            return Some(self.tell_shop(call.order, call.id, notice, dice));
        }
        let Some(number) = call.effect.tender() else {
            let smooth = self.smooth;
            let (id, effect, price) = (call.id, &call.effect, call.price);
            let answer = self
                .depot
                .carry_out(call.order, id, effect, price, smooth, dice);
            self.check_labels_sold();
            self.address_a_parcel(call);
            return answer;
        };
        let order = self.audit.order(call.order)?;
        let slug = order.tender(number)?.gateway()?.clone();
        let gateway = self.gateways.iter_mut().find(|g| g.slug == slug)?;
        let (answer, webhooks) =
            gateway.carry_out(call.order, call.id, &call.effect, dice, self.now);
        for evidence in webhooks {
            self.webhook(call.order, &slug, evidence);
        }
        self.check_money(call.order);
        Some(Fact::Payment(PaymentFact {
            tender: TenderSelector::Number(number),
            account: Some(slug),
            occurred_at: None,
            evidence: answer?,
        }))
    }
}

/// A notice in a few words.
pub(super) fn summary_of_notice(notice: &Notice) -> String {
    match notice {
        Notice::Accepted => "its channel hears that it stands".to_owned(),
        Notice::Shipped { fulfilment } => format!("its channel hears that {fulfilment} has left"),
        Notice::Cancelled => "its channel hears that nothing comes of it".to_owned(),
        Notice::PartCancelled { part, amount, .. } => {
            format!("its channel hears of cancelled part {part} and gives {amount} back")
        }
        Notice::Refund { amount, .. } => format!("its channel gives {amount} back"),
    }
}

/// A report in a few words.
fn summary(fact: &Fact) -> String {
    match fact {
        Fact::Payment(payment) => payment.evidence.kind().to_owned(),
        Fact::Stock(stock) => {
            let answer = format!("{:?}", stock.evidence);
            let word = answer
                .split([' ', '{'])
                .next()
                .unwrap_or_default()
                .to_lowercase();
            format!(
                "from {} about try {}: {word}",
                stock.location, stock.attempt
            )
        }
        Fact::Fulfilment(work) => format!("{} of {}", work.evidence.kind(), work.fulfilment),
        Fact::Work(report) => format!("of {} about {}", report.location, report.fulfilment),
        Fact::Label(label) => format!("about the label of {}", label.fulfilment),
        Fact::Proof(proof) => format!("proof of delivery of {}", proof.tracking_number),
        Fact::Scan(scan) => format!("{} of {}", scan.scan.status.word(), scan.tracking_number),
        Fact::Payout(payout) => format!("of a payout: {}", payout.line.kind.word()),
        Fact::Paused(location) => format!("that {location} takes no work"),
        Fact::Channel(ChannelFact::Cancelled { .. }) => "its channel: cancelled".to_owned(),
        Fact::Channel(ChannelFact::Paid { .. }) => "its channel: paid".to_owned(),
        Fact::Channel(ChannelFact::KeptBack { kept: true }) => "its channel: on hold".to_owned(),
        Fact::Channel(ChannelFact::KeptBack { kept: false }) => "its channel: released".to_owned(),
        Fact::Channel(ChannelFact::CancelAsked { .. }) => "its channel: to cancel?".to_owned(),
        Fact::Channel(
            ChannelFact::Refunded { amount, .. } | ChannelFact::RefundedSoFar { amount, .. },
        ) => format!("its channel: {amount} given back"),
        Fact::Channel(ChannelFact::Restated(said)) => {
            let lines = said.draft.lines.iter();
            let lines =
                lines.map(|line| format!("{} of {}", line.quantity.value(), line.external_id));
            format!("its channel: {}", lines.collect::<Vec<_>>().join(", "))
        }
        Fact::Notice(_) => "that its channel knows".to_owned(),
        Fact::Postponed(_) => "that a call was not carried out".to_owned(),
        Fact::Unknown(_) => "nothing of a call".to_owned(),
    }
}
