//! Deciding ahead of the commits, and starting over when one of them fails.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::SignedDuration;
use orderhub_domain::ids::{EffectId, LocationCode, Sku};
use orderhub_domain::order::Places;
use orderhub_domain::stock::{
    HoldKey, LocationStock, StockCommand, StockDecision, StockHold, Told,
};
use ractor::ActorRef;
use tokio::sync::{mpsc, oneshot};

use super::reading::read_stock;
use super::{LocationArgs, LocationMsg, Reply};
use crate::api::HubError;
use crate::lanes::StockTicket;
use crate::ports::{StockAppend, StockAppended};
use crate::shard::Permit;
use crate::shared::Shared;

/// A soft hold lapses this much after its time: its order, which knows the time, goes first.
const GRACE: SignedDuration = SignedDuration::from_secs(3);

/// Holds that lapse in one change.
const LAPSES: usize = 500;

/// Conflicts of one command before it is given up: the store refuses it for good.
const CONFLICTS: u32 = 5;

pub(crate) struct LocationState {
    pub(super) code: LocationCode,
    pub(super) shared: Arc<Shared>,
    pub(super) myself: ActorRef<LocationMsg>,
    /// The state after everything decided, committed or not; `None` while it is being read.
    pub(super) stock: Option<LocationStock>,
    /// Raised at every reading; the lane refuses changes that rest on an older one after a failure.
    generation: u64,
    /// Decided and not answered, oldest first; while reading also what arrived meanwhile.
    pub(super) under_way: VecDeque<Pending>,
    /// How many of them were decided on this generation.
    decided: usize,
    tickets: mpsc::UnboundedSender<(u64, StockTicket)>,
    /// Holds that were read by their key, whatever their state.
    looked_up: Vec<HoldKey>,
    /// Holds whose orders are being told right now.
    pub(super) telling: HashSet<HoldKey>,
    /// SKUs whose orders are being asked what they have picked.
    pub(super) cutting: HashSet<Sku>,
    /// SKUs of which it may have to say that another number can be promised.
    pub(super) moved: BTreeSet<Sku>,
    /// Orders are being told that the location takes no work.
    pub(super) pausing: Arc<AtomicBool>,
    ticks: u64,
    waiting_ready: Vec<oneshot::Sender<()>>,
    waiting_idle: Vec<oneshot::Sender<()>>,
}

pub(super) struct Pending {
    pub(super) command: StockCommand,
    pub(super) effect: Option<EffectId>,
    /// The order's try, for its answer.
    pub(super) attempt: u16,
    pub(super) answer: Option<(Reply, Permit)>,
    pub(super) decision: Option<StockDecision>,
    /// There was something to commit, so the lane will say how it went.
    sent: bool,
    conflicts: u32,
}

impl LocationState {
    pub(super) fn new(
        args: LocationArgs,
        myself: ActorRef<LocationMsg>,
        tickets: mpsc::UnboundedSender<(u64, StockTicket)>,
    ) -> Self {
        Self {
            code: args.code,
            shared: args.shared,
            myself,
            stock: None,
            generation: 0,
            under_way: VecDeque::new(),
            decided: 0,
            tickets,
            looked_up: Vec::new(),
            telling: HashSet::new(),
            cutting: HashSet::new(),
            moved: BTreeSet::new(),
            pausing: Arc::default(),
            ticks: 0,
            waiting_ready: Vec::new(),
            waiting_idle: Vec::new(),
        }
    }

    pub(super) async fn ask(&mut self, effect: EffectId, attempt: u16, command: StockCommand) {
        self.take(command, Some(effect), attempt, None).await;
    }

    pub(super) async fn say(&mut self, command: StockCommand, permit: Permit, reply: Reply) {
        let Some((command, permit, reply)) = self.look_first(command, permit, reply) else {
            return;
        };
        self.take(command, None, 0, Some((reply, permit))).await;
    }

    pub(super) async fn told(&mut self, holds: Vec<(HoldKey, i32)>) {
        for (key, _) in &holds {
            self.telling.remove(key);
        }
        let command = StockCommand::Told { holds };
        self.take(command, None, 0, None).await;
    }

    pub(super) async fn take(
        &mut self,
        command: StockCommand,
        effect: Option<EffectId>,
        attempt: u16,
        answer: Option<(Reply, Permit)>,
    ) {
        self.under_way.push_back(Pending {
            command,
            effect,
            attempt,
            answer,
            decision: None,
            sent: false,
            conflicts: 0,
        });
        self.decide_ahead().await;
    }

    /// Decides whatever is not decided yet, on the state that assumes the best.
    async fn decide_ahead(&mut self) {
        let Some(stock) = self.stock.as_mut() else {
            return;
        };
        let now = self.shared.clock.now();
        stock.room.paused = self.shared.board.is_paused(&self.code);
        for pending in self.under_way.iter_mut().skip(self.decided) {
            // A hold lapses only when its order had its moment.
            let when = match pending.command {
                StockCommand::Expire { .. } => now - GRACE,
                _ => now,
            };
            let decision = stock.decide(&pending.command, pending.effect, when);
            stock.apply(&decision.change);
            pending.sent = !decision.change.is_empty();
            if pending.sent {
                let append = StockAppend {
                    location: self.code.clone(),
                    epoch: self.shared.epochs.location(&self.code),
                    change: decision.change.clone(),
                    now,
                };
                let ticket = self.shared.stock_lane.send(append, self.generation).await;
                drop(self.tickets.send((self.generation, ticket)));
            }
            pending.decision = Some(decision);
            self.decided += 1;
        }
        self.answer_what_stands();
    }

    /// Answers from the front: everything that needs no commit and has no unsure one before it.
    fn answer_what_stands(&mut self) {
        while self.decided > 0 && self.under_way.front().is_some_and(|p| !p.sent) {
            self.decided -= 1;
            if let Some(pending) = self.under_way.pop_front() {
                self.answer(pending);
            }
        }
        if self.under_way.is_empty() {
            if let Some(stock) = self.stock.as_mut() {
                // Effects and final holds that were looked up are not kept.
                stock.booked.clear();
                for key in self.looked_up.drain(..) {
                    let kept = |hold: &StockHold| hold.state.is_live() || hold.rev != hold.told_rev;
                    if stock.holds.get(&key).is_some_and(|hold| !kept(hold)) {
                        stock.holds.remove(&key);
                    }
                }
            }
            for idle in self.waiting_idle.drain(..) {
                idle.send(()).ok();
            }
        }
    }

    pub(super) fn settled(&mut self, generation: u64, answer: StockAppended) {
        if generation != self.generation || self.stock.is_none() {
            return;
        }
        match answer {
            StockAppended::Committed => {
                let Some(pending) = self.under_way.pop_front() else {
                    return;
                };
                self.decided -= 1;
                if let Some(decision) = &pending.decision {
                    self.publish(&decision.change);
                }
                self.answer(pending);
                self.answer_what_stands();
            }
            StockAppended::Fenced => {
                self.shared.fenced();
                self.load_after(Duration::from_millis(200));
            }
            StockAppended::Conflict => {
                self.give_up_on_poison();
                self.load_after(Duration::ZERO);
            }
            StockAppended::Unavailable(reason) => {
                tracing::warn!(location = %self.code, reason, "a stock change did not commit");
                self.load_after(Duration::from_millis(200));
            }
        }
    }

    /// A command that is refused again and again would block the location for ever.
    fn give_up_on_poison(&mut self) {
        let Some(first) = self.under_way.front_mut() else {
            return;
        };
        first.conflicts += 1;
        if first.conflicts < CONFLICTS {
            return;
        }
        tracing::error!(location = %self.code, "a stock change is refused again and again");
        metrics::counter!("orderhub_stock_poison_total").increment(1);
        if let Some(Pending {
            answer: Some((reply, _)),
            ..
        }) = self.under_way.pop_front()
        {
            let why = "it cannot be stored now; send it again";
            drop(reply.send(Err(HubError::Unavailable(why.into()))));
        }
    }

    pub(super) fn load(&mut self) {
        self.load_after(Duration::ZERO);
    }

    /// Reads the stock; then everything is decided again that is not answered.
    fn load_after(&mut self, pause: Duration) {
        self.stock = None;
        self.decided = 0;
        self.generation = self.shared.next_generation();
        let generation = self.generation;
        let keys = self.keys_under_way();
        let receipts = self.receipts_under_way();
        self.looked_up.clone_from(&keys);
        let effects = self.effects_under_way();
        let (shared, code, myself) = (
            Arc::clone(&self.shared),
            self.code.clone(),
            self.myself.clone(),
        );
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            loop {
                match read_stock(&shared, &code, (&keys, &effects, &receipts)).await {
                    Ok(stock) => {
                        let stock = Box::new(stock);
                        drop(myself.cast(LocationMsg::Loaded { generation, stock }));
                        return;
                    }
                    Err(error) => {
                        tracing::warn!(location = %code, %error, "the stock cannot be read");
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                }
            }
        });
    }

    pub(super) async fn loaded(&mut self, generation: u64, stock: LocationStock) {
        if generation != self.generation {
            return;
        }
        self.publish_quotas(&stock.quotas);
        self.publish_counters(&stock.counters);
        self.compare_all(&stock);
        self.stock = Some(stock);
        self.publish_works();
        self.look_for_cuts();
        for ready in self.waiting_ready.drain(..) {
            ready.send(()).ok();
        }
        self.decide_ahead().await;
        self.tell_untold();
        // Who was to be told when the node ended is told now, and not with the next round.
        self.tell_paused();
    }

    pub(super) async fn tick(&mut self) {
        self.ticks += 1;
        let due = self.shared.clock.now() - GRACE;
        let next = self.stock.as_ref().and_then(LocationStock::next_expiry);
        if !self.is_lapsing() && next.is_some_and(|next| next <= due) {
            let expire = StockCommand::Expire { limit: LAPSES };
            self.take(expire, None, 0, None).await;
        }
        self.tell_available().await;
        if self.ticks.is_multiple_of(10) {
            self.tell_untold();
        }
        if self.ticks.is_multiple_of(60) {
            self.look_for_cuts();
            self.tell_paused();
            self.forget_days();
        }
    }

    fn is_lapsing(&self) -> bool {
        let mut commands = self.under_way.iter().map(|pending| &pending.command);
        commands.any(|command| matches!(command, StockCommand::Expire { .. }))
    }

    pub(super) fn untold(&self) -> Vec<Told> {
        let stock = self.stock.as_ref();
        let mut untold = stock.map(LocationStock::untold).unwrap_or_default();
        // What is not committed yet is not told yet.
        let decided = self.under_way.iter();
        let decided = decided.filter_map(|pending| pending.decision.as_ref());
        let held: HashSet<HoldKey> = decided
            .flat_map(|decision| decision.change.holds.iter().map(|(key, ..)| *key))
            .collect();
        untold.retain(|told| !held.contains(&told.key));
        untold
    }

    pub(super) fn when_ready(&mut self, reply: oneshot::Sender<()>) {
        if self.stock.is_some() {
            reply.send(()).ok();
        } else {
            self.waiting_ready.push(reply);
        }
    }

    pub(super) fn when_idle(&mut self, reply: oneshot::Sender<()>) {
        if self.under_way.is_empty() {
            reply.send(()).ok();
        } else {
            self.waiting_idle.push(reply);
        }
    }
}
