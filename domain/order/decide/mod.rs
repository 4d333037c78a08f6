//! Decides: what an order does with a request, a report or the passing of time.
//!
//! Two steps, always the same. First the input is taken in: a request is checked and recorded, a
//! report is recorded as evidence. Then the order *advances*: rules that look at the state alone
//! open effects and draw conclusions until nothing is left to do. Because every automatic step is
//! such a rule, a restart, a late webhook and a timer all come to the same place.

mod address;
mod advance;
mod backorder;
mod capture;
mod claims;
mod cut;
mod dispute;
mod edit;
mod edit_lines;
mod ending;
mod exchange;
mod fulfil;
mod history;
mod late;
mod money;
mod notice;
mod overdue;
mod pack;
mod parcel;
mod part;
mod place;
mod proof;
mod refund;
mod renew;
mod request;
mod retry;
mod returns;
mod review;
mod route;
mod secure;
mod settle;
mod short;
mod source;
mod stated;
mod statement;
mod stock;
mod stuck;
mod transfer;
mod unknown;
mod work;

pub use place::place;
pub use stock::waits_for_stock;

use super::{
    Asked, Context, Decided, Edge, Effect, Event, Fact, Features, Hold, HoldScope, IGNORED_FACTS,
    Input, InputBody, OnExpiry, OpenedEffect, Order, Postponement, REASON_HOLD_EXPIRED, Recorded,
    Rejection,
};

/// What may be asked of the world while deciding, and what has been decided so far.
pub(super) struct Draft<'a> {
    order: Order,
    events: Vec<Recorded>,
    context: &'a Context<'a>,
    actor: String,
    occurred_at: Option<jiff::Timestamp>,
    command_id: Option<crate::ids::CommandId>,
    /// What is known about a new order that may speak against it.
    features: Option<Features>,
}

impl<'a> Draft<'a> {
    fn new(order: Order, actor: &str, context: &'a Context<'a>) -> Self {
        Self {
            order,
            events: Vec::new(),
            context,
            actor: actor.to_owned(),
            occurred_at: None,
            command_id: None,
            features: None,
        }
    }

    fn emit(&mut self, event: Event) {
        let recorded = Recorded {
            version: self.order.version + 1,
            recorded_at: self.context.now,
            occurred_at: self.occurred_at,
            actor: self.actor.clone(),
            command_id: self.command_id,
            event,
        };
        self.order.apply(&recorded);
        self.events.push(recorded);
    }

    fn open(&mut self, effect: Effect) {
        let id = self.order.id.effect(self.order.version + 1);
        self.emit(Event::EffectOpened {
            effect: OpenedEffect { id, effect },
        });
    }

    /// Records a report that is not applied, once per natural key and at most
    /// [`IGNORED_FACTS`] per order.
    fn ignore(&mut self, fact: &str, reason: &str, key: &str) {
        let key = format!("{fact}:{key}");
        if self.order.ignored.contains(&key) || self.order.ignored.len() >= IGNORED_FACTS {
            return;
        }
        let (fact, reason) = (fact.to_owned(), reason.to_owned());
        self.emit(Event::FactIgnored { fact, reason, key });
    }

    /// Whether an effect like this is open.
    fn is_open(&self, like: impl Fn(&Effect) -> bool) -> bool {
        self.order
            .outstanding
            .values()
            .any(|open| like(&open.effect))
    }

    /// The open effects like this.
    fn open_ids(&self, like: impl Fn(&Effect) -> bool) -> Vec<crate::ids::EffectId> {
        let open = self.order.outstanding.iter();
        open.filter(|(_, open)| like(&open.effect))
            .map(|(id, _)| *id)
            .collect()
    }

    fn is_blocked(&self, edge: Edge, fulfilment: Option<u16>) -> bool {
        self.order.blocking(edge, fulfilment).is_some()
    }

    /// Places one of the hub's own holds, unless it is in force.
    fn hold_once(&mut self, reason: &str, scope: HoldScope, blocks: &[Edge]) -> bool {
        if self
            .order
            .holds
            .iter()
            .any(|hold| hold.reason == reason && hold.scope == scope)
        {
            return false;
        }
        let hold = Hold {
            id: self.order.last_hold + 1,
            scope,
            blocks: blocks.to_vec(),
            reason: reason.to_owned(),
            owner: "system".into(),
            since: self.context.now,
            until: None,
            on_expiry: OnExpiry::default(),
        };
        self.emit(Event::HoldPlaced { hold });
        true
    }

    /// Applies the rules until none has anything to do. What follows by itself is the system's
    /// doing, whoever caused it.
    fn advance(&mut self) {
        "system".clone_into(&mut self.actor);
        self.occurred_at = None;
        if self.order.is_past() {
            return;
        }
        // Every rule moves the order towards an end, so this stops by itself; the bound is a net
        // that keeps a wrong rule from hanging an actor, and a property test shows it unused.
        for _ in 0..RULES_APPLIED_MOST {
            if !self.step() {
                return;
            }
        }
        let last = self.events.iter().rev().take(6);
        let last: Vec<&str> = last.map(|recorded| recorded.event.kind()).collect();
        debug_assert!(
            false,
            "the rules of order {} do not settle: {last:?}",
            self.order.id
        );
    }

    fn step(&mut self) -> bool {
        self.expire_holds()
            || self.mind_the_sums()
            || self.screen()
            || self.mind_the_review()
            || self.give_up()
            || self.revive()
            || self.mind_the_revival()
            || self.mind_the_disputes()
            || self.mind_the_edit()
            || self.end_early()
            || self.stop_cut_work()
            || self.mind_the_wait()
            || self.mind_transfers()
            || self.mind_pickups()
            || self.cancel_part()
            || self.withdraw_moved()
            || self.leave_out_unwanted()
            || self.reserve()
            || self.lapse_authorizations()
            || self.authorize()
            || self.keep_while_waiting()
            || self.confirm_stock()
            || self.confirm()
            || self.plan_fulfilments()
            || self.follow_source()
            || self.mind_the_money()
            || self.request_fulfilments()
            || self.release_refused()
            || self.buy_labels()
            || self.void_labels()
            || self.consume()
            || self.mind_lost_captures()
            || self.capture()
            || self.renew_authorizations()
            || self.release_unneeded()
            || self.give_back()
            || self.watch_parcels()
            || self.mind_claims()
            || self.mind_returns()
            || self.mind_exchanges()
            || self.mind_refunds_at_source()
            || self.reopen()
            || self.notify_channel()
            || self.complete()
            || self.close()
            || self.say_stuck()
    }

    fn decided(self) -> Decided {
        if self.events.is_empty() {
            Decided::Nothing
        } else {
            Decided::Commit(self.events, Box::new(self.order))
        }
    }
}

/// How many rules one input may set off: far above what the largest order needs at once.
const RULES_APPLIED_MOST: usize = 100_000;

/// Decides what an input does to an order.
///
/// # Errors
/// Only requests are refused, and then nothing happened. Reports are applied, ignored as repeats,
/// or recorded as ignored.
pub fn decide(order: &Order, input: &Input, context: &Context<'_>) -> Result<Decided, Rejection> {
    let mut draft = Draft::new(order.clone(), &input.actor, context);
    match &input.body {
        InputBody::Request(Asked {
            command,
            request,
            expected,
        }) => {
            if let Some(request) = request {
                let known = order
                    .requests
                    .iter()
                    .find(|r| r.command_id == request.command_id);
                if let Some(known) = known {
                    return if known.body_hash == request.body_hash {
                        Ok(Decided::Repeat(known.clone()))
                    } else {
                        Err(Rejection::KeyReused)
                    };
                }
            }
            if let Some(expected) = expected.filter(|version| *version != order.version) {
                return Err(Rejection::Stale {
                    expected,
                    current: order.version,
                });
            }
            draft.check_past(command)?;
            if let Some(request) = request {
                draft.command_id = Some(request.command_id);
                let verb = command.word().to_owned();
                draft.emit(Event::Requested {
                    request: request.clone(),
                    verb,
                });
            }
            draft.request(command)?;
        }
        InputBody::Fact(fact) => draft.fact(fact),
        InputBody::Wake => {}
    }
    draft.advance();
    Ok(draft.decided())
}

impl Draft<'_> {
    fn fact(&mut self, fact: &Fact) {
        match fact {
            _ if self.order.is_past() => self.past_fact(fact),
            Fact::Payment(payment) => self.payment(payment),
            Fact::Stock(stock) => self.stock(stock),
            Fact::Fulfilment(work) => self.work(work),
            Fact::Work(report) => self.work_reported(report),
            Fact::Label(label) => self.label(label),
            Fact::Scan(scan) => self.scan(scan),
            Fact::Proof(proof) => self.proof(proof),
            Fact::Channel(channel) => self.channel(channel),
            Fact::Notice(notice) => self.notice_answered(notice),
            Fact::Payout(payout) => self.payout_line(payout),
            Fact::Paused(location) => self.paused(location),
            Fact::Postponed(postponement) => self.postpone(postponement, false),
            Fact::Unknown(postponement) => self.postpone(postponement, true),
        }
    }

    /// A try failed: the effect stays open and is tried again. For an effect that was answered in
    /// the meantime it means nothing.
    fn postpone(&mut self, postponement: &Postponement, unknown: bool) {
        let Some(open) = self.order.outstanding.get(&postponement.effect) else {
            return;
        };
        let attempt = open.attempts + 1;
        let now = self.context.now;
        let backed_off = now
            .saturating_add(self.context.policy.retry_after(attempt))
            .unwrap_or(now);
        let next_try_at = postponement
            .not_before
            .map_or(backed_off, |at| at.max(backed_off));
        self.emit(Event::EffectPostponed {
            postpones: postponement.effect,
            effect_kind: open.effect.word().to_owned(),
            attempt,
            next_try_at,
            reason: postponement.reason.clone(),
            unknown,
        });
    }

    /// Ends holds whose time is over, and does what was said then.
    fn expire_holds(&mut self) -> bool {
        let now = self.context.now;
        let is_over = |hold: &&Hold| hold.until.is_some_and(|at| at <= now);
        let Some(hold) = self.order.holds.iter().find(is_over).cloned() else {
            return false;
        };
        self.emit(Event::HoldExpired { hold: hold.id });
        if hold.on_expiry == OnExpiry::Cancel {
            self.begin_cancel(REASON_HOLD_EXPIRED);
        }
        true
    }
}
