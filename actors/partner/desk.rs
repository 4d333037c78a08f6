//! The desk of one partner account.

use std::collections::{HashSet, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::SignedDuration;
use orderhub_channels::port::CallError;
use orderhub_domain::ids::EffectId;
use orderhub_domain::order::{Fact, Postponement};
use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::breaker::{Breaker, slot};
use super::{Caller, Job, Outcome};
use crate::shared::Shared;

/// Jobs that may wait for a free place; more are put off at once.
const WAITING: usize = 1_024;

/// Jobs that may sit out an outage at the desk; more are put off again and again.
const SITTING: usize = 65_536;

pub(crate) enum DeskMsg {
    /// An effect to carry out.
    Job(Box<Job>),
    /// A try ended.
    Ended(Box<Job>, Outcome),
    /// A probe of the partner is due.
    Probe,
    /// The partner is back: another of those who sat the outage out may go.
    Next,
    /// Start no more calls; answer when none is under way.
    Quiesce(oneshot::Sender<()>),
}

pub(crate) struct DeskArgs {
    /// `payments/stripe-eu`.
    pub(crate) name: String,
    pub(crate) shared: Arc<Shared>,
    pub(crate) caller: Arc<dyn Caller>,
}

pub(crate) struct DeskState {
    name: String,
    shared: Arc<Shared>,
    caller: Arc<dyn Caller>,
    breaker: Breaker,
    /// Effects at the desk, waiting or under way.
    here: HashSet<EffectId>,
    waiting: VecDeque<Box<Job>>,
    /// Effects whose order has been told of this outage. An outage is told once, however long.
    told: HashSet<EffectId>,
    /// Jobs of such effects: they sit the outage out here.
    sitting: VecDeque<Box<Job>>,
    running: usize,
    /// Ends with the desk: a call whose desk is gone is asked for again by its order's lease.
    calls: JoinSet<()>,
    quiescing: Option<oneshot::Sender<()>>,
}

pub(crate) struct Desk;

impl Actor for Desk {
    type Msg = DeskMsg;
    type State = DeskState;
    type Arguments = DeskArgs;

    async fn pre_start(
        &self,
        _myself: ActorRef<DeskMsg>,
        args: DeskArgs,
    ) -> Result<DeskState, ActorProcessingErr> {
        metrics::gauge!("orderhub_circuit_open", "target" => args.name.clone()).set(0.0);
        Ok(DeskState {
            name: args.name,
            shared: args.shared,
            caller: args.caller,
            breaker: Breaker::default(),
            here: HashSet::new(),
            waiting: VecDeque::new(),
            told: HashSet::new(),
            sitting: VecDeque::new(),
            running: 0,
            calls: JoinSet::new(),
            quiescing: None,
        })
    }

    async fn handle(
        &self,
        myself: ActorRef<DeskMsg>,
        message: DeskMsg,
        state: &mut DeskState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            DeskMsg::Job(job) => state.take(job),
            DeskMsg::Ended(job, outcome) => state.ended(job, outcome, &myself),
            DeskMsg::Probe => state.waiting.extend(state.sitting.pop_front()),
            DeskMsg::Next => state.let_next_go(&myself),
            DeskMsg::Quiesce(done) => {
                state.waiting.clear();
                state.sitting.clear();
                state.quiescing = Some(done);
            }
        }
        state.start_calls(&myself);
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        _myself: ActorRef<DeskMsg>,
        _event: SupervisionEvent,
        _state: &mut DeskState,
    ) -> Result<(), ActorProcessingErr> {
        Ok(())
    }
}

impl DeskState {
    fn take(&mut self, job: Box<Job>) {
        if self.quiescing.is_some() || !self.here.insert(job.effect) {
            return;
        }
        if self.waiting.len() < WAITING {
            self.waiting.push_back(job);
            return;
        }
        let position = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX);
        self.put_off(
            &job,
            format!("{} has too much to do", self.name),
            slot(position),
        );
    }

    fn start_calls(&mut self, myself: &ActorRef<DeskMsg>) {
        while self.calls.try_join_next().is_some() {}
        while self.quiescing.is_none() && self.running < self.shared.limits.calls {
            let Some(job) = self.waiting.pop_front() else {
                break;
            };
            match self.breaker.admit() {
                Ok(()) => self.call(job, myself.clone()),
                Err(wait) => self.sit_out(job, wait),
            }
        }
        if self.running == 0
            && let Some(done) = self.quiescing.take()
        {
            done.send(()).ok();
        }
    }

    fn call(&mut self, job: Box<Job>, myself: ActorRef<DeskMsg>) {
        self.running += 1;
        let caller = Arc::clone(&self.caller);
        let shared = Arc::clone(&self.shared);
        self.calls.spawn(async move {
            let outcome = try_once(caller.as_ref(), &job, &shared).await;
            drop(myself.cast(DeskMsg::Ended(job, outcome)));
        });
    }

    /// The first time in an outage the order is told when it may come again; then it waits here.
    fn sit_out(&mut self, job: Box<Job>, wait: Duration) {
        if self.told.insert(job.effect) || self.sitting.len() >= SITTING {
            let reason = format!("{} is left alone: its calls fail", self.name);
            self.put_off(&job, reason, wait);
        } else {
            self.sitting.push_back(job);
        }
    }

    fn ended(&mut self, mut job: Box<Job>, outcome: Outcome, myself: &ActorRef<DeskMsg>) {
        self.running = self.running.saturating_sub(1);
        let was_open = self.breaker.is_open();
        let broken = matches!(&outcome, Outcome::Failed(failed) if !failed.well);
        self.breaker.note(broken);
        let is_open = self.breaker.is_open();
        let open = if is_open { 1.0 } else { 0.0 };
        metrics::gauge!("orderhub_circuit_open", "target" => self.name.clone()).set(open);
        match outcome {
            Outcome::Evidence(facts) => {
                self.told.remove(&job.effect);
                self.report(&job, facts);
            }
            Outcome::Failed(failed) => {
                let known = broken && !self.told.insert(job.effect);
                if known && is_open && self.sitting.len() < SITTING {
                    job.perhaps_done |= failed.perhaps_done;
                    self.sitting.push_back(job);
                } else {
                    self.postpone(&job, failed.reason, failed.retry_after, failed.perhaps_done);
                }
            }
        }
        if let (true, Some(wait)) = (broken, self.breaker.next_probe()) {
            drop(myself.send_after(wait, || DeskMsg::Probe));
        }
        if was_open && !is_open {
            self.told.clear();
            self.let_next_go(myself);
        }
    }

    /// Those who sat the outage out go one by one: a partner that comes back is not run over.
    fn let_next_go(&mut self, myself: &ActorRef<DeskMsg>) {
        if self.breaker.is_open() {
            return;
        }
        if let Some(job) = self.sitting.pop_front() {
            self.waiting.push_back(job);
            drop(myself.send_after(slot(1), || DeskMsg::Next));
        }
    }

    /// One postponement with a slot, so that an outage does not flood the log.
    fn put_off(&mut self, job: &Job, reason: String, wait: Duration) {
        // What may have been done before still may.
        self.postpone(job, reason, Some(wait), job.perhaps_done);
    }

    fn postpone(&mut self, job: &Job, reason: String, wait: Option<Duration>, perhaps_done: bool) {
        let wait = wait.and_then(|wait| SignedDuration::try_from(wait).ok());
        let postponement = Postponement {
            effect: job.effect,
            reason,
            not_before: wait.map(|wait| self.shared.clock.now() + wait),
        };
        let fact = if perhaps_done {
            Fact::Unknown(postponement)
        } else {
            Fact::Postponed(postponement)
        };
        self.report(job, vec![fact]);
    }

    /// The effect leaves the desk when the order has heard of it.
    fn report(&mut self, job: &Job, facts: Vec<Fact>) {
        self.here.remove(&job.effect);
        let shared = Arc::clone(&self.shared);
        let order = job.order;
        // Not in the set of calls: an answer is delivered even when the desk ends.
        self.shared.tasks.spawn(async move {
            for fact in facts {
                shared.report(order, fact).await;
            }
        });
    }
}

async fn try_once(caller: &dyn Caller, job: &Job, shared: &Shared) -> Outcome {
    let call = AssertUnwindSafe(caller.call(job, shared.clock.now())).catch_unwind();
    match tokio::time::timeout(caller.time_out(), call).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => {
            let panicked = CallError::unknown("the connector failed inside");
            Outcome::failed(panicked, true)
        }
        Err(_) => {
            let seconds = caller.time_out().as_secs();
            let silent = CallError::unknown(format!("no answer within {seconds} s"));
            Outcome::failed(silent, true)
        }
    }
}
