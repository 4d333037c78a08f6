//! What the sales channels of a simulated world do after they have sent an order: people there give
//! money back, change it, ask for its cancellation; the channel itself answers what it is told. Each keeps
//! a book of what it gave back, and what the hub had it give back is checked against that.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::deliver::summary_of_notice;
use super::dice::Dice;
use super::world::{Letter, World};
use crate::canonical::{DraftLine, FulfilledBy, OrderDraft, Terms};
use crate::ids::{EffectId, OrderId};
use crate::money::Money;
use crate::order::{
    ChannelFact, Exchange, Fact, Notice, NoticeEvidence, NoticeFact, Order, Repayment, Restatement,
    Tender, Topic,
};
use crate::quantity::Quantity;

/// What a channel can be told, each by its number in the world.
pub(super) const LISTENING: [&[Topic]; 3] = [
    &[],
    &Topic::ALL,
    &[Topic::Shipped, Topic::Cancelled, Topic::Refund],
];

/// What the channels have written down about their orders.
#[derive(Debug, Default)]
pub(super) struct Shops {
    /// Money given back, by order and reference; whether the hub had asked for it.
    given: BTreeMap<OrderId, BTreeMap<String, (Money, bool)>>,
    /// The order as its channel has it, and when it was changed there.
    stated: BTreeMap<OrderId, (Timestamp, OrderDraft)>,
    /// What is left of lines of which units were taken out before the order was sent.
    taken_out: BTreeMap<OrderId, BTreeMap<String, Quantity>>,
}

impl Shops {
    /// Units per line that were still wanted when an order was sent, where others had been taken out.
    pub(super) fn taken_out(&self, id: OrderId) -> BTreeMap<String, Quantity> {
        self.taken_out.get(&id).cloned().unwrap_or_default()
    }

    fn given(&self, order: &Order, asked_only: bool) -> Money {
        let book = self.given.get(&order.id).into_iter().flatten();
        let counted = book.filter(|(_, (_, asked))| *asked || !asked_only);
        Money::sum(
            order.draft.currency,
            counted.map(|(_, (amount, _))| *amount),
        )
    }
}

impl World<'_> {
    /// The channel is told something. What costs it money it does once for each effect; it names the
    /// movement in its answer or in a webhook, or in both.
    pub(super) fn tell_shop(
        &mut self,
        id: OrderId,
        effect: EffectId,
        notice: &Notice,
        dice: &mut Dice,
    ) -> Fact {
        let mut evidence = NoticeEvidence::Told;
        if let Notice::PartCancelled { amount, .. } | Notice::Refund { amount, .. } = notice
            && amount.is_positive()
        {
            let reference = effect.to_string();
            let book = self.shops.given.entry(id).or_default();
            book.insert(reference.clone(), (*amount, true));
            let named = dice.percent(60);
            if !named || dice.percent(50) {
                self.say(
                    id,
                    ChannelFact::Refunded {
                        reference: reference.clone(),
                        amount: *amount,
                        at: Some(self.now),
                    },
                );
            }
            if named {
                let amount = *amount;
                evidence = NoticeEvidence::Repaid {
                    movements: vec![Repayment { reference, amount }],
                };
            }
        }
        self.tell(&summary_of_notice(notice));
        self.check_given(id);
        Fact::Notice(NoticeFact {
            notice: notice.clone(),
            evidence,
        })
    }

    fn say(&mut self, order: OrderId, fact: ChannelFact) {
        let fact = Fact::Channel(fact);
        self.post.push(Letter::Webhook { order, fact });
    }

    /// Somebody at the channel gives a buyer money back.
    pub(super) fn give_back_at_shop(&mut self, dice: &mut Dice) {
        let paid = self.audit.orders().filter(|order| {
            let there = self.left_at_shop(order);
            there.is_positive() && !order.stage.is_terminal()
        });
        let paid: Vec<&Order> = paid.collect();
        let Some(order) = dice.pick(&paid).copied() else {
            return;
        };
        let left = self.left_at_shop(order);
        let cents = dice.between(1, left.minor().max(1));
        let currency = order.draft.currency;
        let amount = Decimal::new(cents, currency.exponent());
        let amount = Money::rounded(amount, currency).min(left);
        let id = order.id;
        let reference = format!("by-hand-{}", self.next_number());
        let book = self.shops.given.entry(id).or_default();
        book.insert(reference.clone(), (amount, false));
        self.say(
            id,
            ChannelFact::Refunded {
                reference,
                amount,
                at: Some(self.now),
            },
        );
    }

    /// Money that a channel has taken and not given back, by its own book.
    fn left_at_shop(&self, order: &Order) -> Money {
        let prepaid = |tender: &&Tender| matches!(tender.terms, Terms::Prepaid { .. });
        let taken = order.tenders.iter().filter(prepaid);
        let taken = Money::sum(order.draft.currency, taken.map(Tender::captured_sum));
        // What the hub will have it give back is not given away by hand.
        taken
            .less(self.shops.given(order, false))
            .less(order.due_at_channel())
    }

    /// Somebody at the channel changes an order: fewer units of a line, more, or another line.
    pub(super) fn change_at_shop(&mut self, dice: &mut Dice) {
        let open = self
            .audit
            .orders()
            .filter(|order| !order.stage.is_terminal());
        let open: Vec<&Order> = open.collect();
        let Some(order) = dice.pick(&open).copied() else {
            return;
        };
        let id = order.id;
        let (before, mut draft) = match self.shops.stated.get(&id) {
            Some(known) => known.clone(),
            None => (order.received_at, as_sent(order)),
        };
        let exponent = draft.currency.exponent();
        match dice
            .pick(&(0..draft.lines.len()).collect::<Vec<_>>())
            .copied()
        {
            Some(index) if dice.percent(75) => {
                let line = &mut draft.lines[index];
                let most = line.quantity.whole().unwrap_or(1) + i64::from(dice.percent(30));
                let units = u32::try_from(dice.between(0, most)).unwrap_or(1);
                if line.part_of.is_none() && line.fulfilled_by == FulfilledBy::Us {
                    line.quantity = Quantity::units(units);
                }
            }
            _ => {
                let number = self.next_number();
                let sku = format!("SKU-{}", 1 + dice.below(self.skus));
                draft.lines.push(DraftLine {
                    external_id: format!("late-{number}"),
                    sku: Some(sku.as_str().into()),
                    title: sku,
                    quantity: Quantity::units(1),
                    unit_price: Decimal::new(dice.between(0, 1999), exponent),
                    discounts: Vec::new(),
                    taxes: Vec::new(),
                    weight_g: None,
                    fulfilled_by: FulfilledBy::Us,
                    customs: None,
                    part_of: None,
                });
            }
        }
        let least = before.saturating_add(SignedDuration::from_millis(1));
        let changed_at = self.now.max(least.unwrap_or(self.now));
        draft.changed_at = Some(changed_at);
        draft.stated_total = draft.totals().grand;
        self.shops.stated.insert(id, (changed_at, draft.clone()));
        let paid = dice.percent(70);
        self.say(
            id,
            ChannelFact::Restated(Box::new(Restatement {
                draft,
                wanted: BTreeMap::new(),
                ship_to: None,
                paid,
            })),
        );
    }

    /// Now and then somebody takes units out before the hub has heard of an order. How it was before may still
    /// be told afterwards.
    pub(super) fn change_before_sent(
        &mut self,
        id: OrderId,
        draft: &mut OrderDraft,
        dice: &mut Dice,
    ) {
        let whole: Vec<usize> = (0..draft.lines.len())
            .filter(|index| draft.lines[*index].part_of.is_none())
            .collect();
        let Some(index) = dice.pick(&whole).copied().filter(|_| dice.percent(10)) else {
            return;
        };
        let before = self.now.saturating_sub(SignedDuration::from_secs(1));
        draft.changed_at = Some(before.unwrap_or(self.now));
        let older = draft.clone();
        draft.changed_at = Some(self.now);
        let most = draft.lines[index].quantity.whole().unwrap_or(1) - 1;
        let units = Quantity::units(u32::try_from(dice.between(0, most)).unwrap_or(0));
        let wanted = BTreeMap::from([(draft.lines[index].external_id.clone(), units)]);
        self.shops.taken_out.insert(id, wanted);
        let mut stated = draft.clone();
        stated.lines[index].quantity = units;
        self.shops.stated.insert(id, (self.now, stated));
        if dice.percent(50) {
            self.say(
                id,
                ChannelFact::Restated(Box::new(Restatement {
                    draft: older,
                    wanted: BTreeMap::new(),
                    ship_to: None,
                    paid: true,
                })),
            );
        }
    }

    /// The buyer asks the channel for a cancellation.
    pub(super) fn ask_at_shop(&mut self, order: OrderId) {
        let reference = format!("ask-{}", self.next_number());
        self.say(order, ChannelFact::CancelAsked { reference });
    }

    /// The hub never has a channel give back more than it took, whoever gave what.
    fn check_given(&mut self, id: OrderId) {
        let Some(order) = self.audit.order(id) else {
            return;
        };
        let prepaid = |tender: &&Tender| !tender.is_ours();
        let theirs = order.tenders.iter().filter(prepaid);
        let taken = Money::sum(order.draft.currency, theirs.map(|tender| tender.amount));
        let given = self.shops.given(order, false);
        if given > taken {
            let found = format!("{}: {given} given back of {taken}", self.name(id));
            self.fall("channel_gives_what_it_took", found);
        }
    }

    /// Nothing stays in an order that its channel took out, unless it had left, once everybody has answered. What was
    /// taken out before the order came can not have left.
    fn check_taken_out(&mut self, order: &Order) {
        let Some((changed_at, stated)) = self.shops.stated.get(&order.id) else {
            return;
        };
        let heard = order.at_source.changed_at.or(order.draft.changed_at) == Some(*changed_at);
        let by_others = order.edits != 0 || !order.claims.is_empty() || !order.returns.is_empty();
        if !heard || by_others || !order.holds.is_empty() || order.stage.is_dead() {
            return;
        }
        let is_first = order.draft.changed_at == Some(*changed_at);
        let kept = stated.lines.iter().find_map(|line| {
            let mut numbers = order.line_numbers();
            let same = |number: &u16| {
                let known = order.line(*number);
                known.is_some_and(|known| known.external_id == line.external_id)
            };
            let number = numbers.find(same)?;
            let there = order.quantities(number);
            let ours = line.part_of.is_none() && there.not_stocked.is_zero();
            let left = there.ordered.minus(there.cancelled);
            let may_have_left = !is_first && left <= there.shipped;
            (ours && left > line.quantity && !may_have_left).then_some(number)
        });
        if let Some(line) = kept {
            let found = format!("{}: line {line} has what it took out", self.name(order.id));
            self.fall("channel_gets_what_it_wants", found);
        }
    }

    /// Once everybody has answered, the channel's book and the order's are the same, and the channel owes
    /// nothing that it could be told of.
    pub(super) fn check_shop(&mut self, order: &Order) {
        self.check_taken_out(order);
        let theirs = order.tenders.iter().filter(|tender| !tender.is_ours());
        let known = Money::sum(order.draft.currency, theirs.map(Tender::refunded_sum));
        let given = self.shops.given(order, false);
        let watched = !order.holds.is_empty();
        let channel = self.channels.iter().find(|(id, ..)| *id == order.channel);
        let listens = channel.is_some_and(|(.., topics)| topics.len() == Topic::ALL.len());
        let owed = order.due_at_channel();
        // What the channel took out itself, it pays back by itself.
        let over = |one: &Exchange| one.settled.is_some();
        let tellable = order.exchanges.iter().all(over)
            && order.at_source.quantities.is_empty()
            && !order.cancelled_at_source
            && !watched
            && !order.stage.is_dead();
        let found = if known != given {
            format!("the channel gave {given}, the order has heard of {known}")
        } else if listens && tellable && owed.is_positive() {
            format!("the channel owes {owed} and was not told")
        } else {
            return;
        };
        let found = format!("{}: {found}", self.name(order.id));
        self.fall("channel_books_agree", found);
    }
}

/// The order as its channel sent it.
fn as_sent(order: &Order) -> OrderDraft {
    let mut draft = order.draft.clone();
    let states = order.lines.iter();
    let sent = draft
        .lines
        .iter()
        .zip(states)
        .filter(|(_, state)| state.edit == 0);
    draft.lines = sent.map(|(line, _)| line.clone()).collect();
    draft
}
