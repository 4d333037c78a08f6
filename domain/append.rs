//! The append protocol: what the owner of a stream may do with each answer of its lane. A pure
//! step machine, so that a simulator can drive it through every order of answers.
//!
//! The invariant: the state in memory is used for a decision only while it equals the log on disk.

use serde::{Deserialize, Serialize};

/// Where the protocol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// The state in memory is the log; a decision may be made.
    Idle,
    /// A decision is on its way to disk. Nothing of it is true yet.
    Appending {
        /// It was decided again after a reload.
        again: bool,
    },
    /// Somebody else wrote: the state must be loaded before the decision is made again.
    Stale,
    /// It is not known whether the decision is on disk: the state must be loaded before anything.
    Unknown,
    /// This node does not own the stream any more: nothing may be decided here.
    Fenced,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// A decision was handed to the lane.
    Sent,
    /// It is on disk.
    Committed,
    /// The stream has another version.
    Stale,
    /// This node does not own the stream.
    Fenced,
    /// Nothing was stored: refused for good, or the store cannot be reached.
    NotStored,
    /// It could not be found out.
    OutcomeUnknown,
    /// The log was loaded.
    Loaded,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Wait for the lane's answer.
    Await,
    /// The decision is true: adopt its state, answer, dispatch effects.
    Adopt,
    /// Drop the state and load the log; then decide the same input again.
    ReloadAndDecideAgain,
    /// Answer the input with the failure; the state stays as it is.
    Fail,
    /// Answer the input with the failure, drop the state and load the log before the next input.
    FailAndReload,
    /// Decide the input again on the loaded state.
    DecideAgain,
    /// The loaded state may be used.
    Proceed,
    /// Answer the input with the failure and leave: another node owns the stream.
    Leave,
    /// The signal does not belong here; ignore it. A late answer of a lane that was given up.
    Ignore,
}

impl Protocol {
    /// Whether a decision may be made on the state in memory.
    pub const fn may_decide(self) -> bool {
        matches!(self, Self::Idle)
    }

    /// Takes a signal.
    #[must_use]
    pub const fn on(self, signal: Signal) -> (Self, Step) {
        match (self, signal) {
            (Self::Idle, Signal::Sent) => (Self::Appending { again: false }, Step::Await),
            (Self::Appending { .. }, Signal::Committed) => (Self::Idle, Step::Adopt),
            (Self::Appending { again: false }, Signal::Stale) => {
                (Self::Stale, Step::ReloadAndDecideAgain)
            }
            // Twice in a row: another writer is at work. The sender tries again later.
            (Self::Appending { again: true }, Signal::Stale)
            | (Self::Appending { .. }, Signal::OutcomeUnknown) => {
                (Self::Unknown, Step::FailAndReload)
            }
            (Self::Appending { .. }, Signal::NotStored) => (Self::Idle, Step::Fail),
            (Self::Fenced, _) | (Self::Appending { .. }, Signal::Fenced) => {
                (Self::Fenced, Step::Leave)
            }
            (Self::Stale, Signal::Loaded) => (Self::Appending { again: true }, Step::DecideAgain),
            (Self::Unknown, Signal::Loaded) => (Self::Idle, Step::Proceed),
            (unchanged, _) => (unchanged, Step::Ignore),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNALS: [Signal; 7] = [
        Signal::Sent,
        Signal::Committed,
        Signal::Stale,
        Signal::Fenced,
        Signal::NotStored,
        Signal::OutcomeUnknown,
        Signal::Loaded,
    ];

    /// Drives the protocol against a model: a log that others may write too, and a memory that is
    /// only right when it equals the log.
    #[test]
    fn no_order_of_signals_decides_on_a_state_that_is_not_the_log() {
        for seed in 0..SIGNALS.len().pow(7) {
            let mut protocol = Protocol::Idle;
            let mut memory_is_log = true;
            let mut rest = seed;
            for _ in 0..7 {
                let signal = SIGNALS[rest % SIGNALS.len()];
                rest /= SIGNALS.len();
                let (next, step) = protocol.on(signal);
                match step {
                    Step::Adopt | Step::Proceed | Step::DecideAgain => memory_is_log = true,
                    Step::ReloadAndDecideAgain | Step::FailAndReload | Step::Leave => {
                        memory_is_log = false;
                    }
                    Step::Await | Step::Fail | Step::Ignore => {}
                }
                assert!(
                    !next.may_decide() || memory_is_log,
                    "{protocol:?} {signal:?} {next:?}"
                );
                protocol = next;
            }
        }
    }

    #[test]
    fn a_decision_is_made_again_once_and_not_twice() {
        let (appending, _) = Protocol::Idle.on(Signal::Sent);
        let (stale, step) = appending.on(Signal::Stale);
        assert_eq!(step, Step::ReloadAndDecideAgain);
        let (again, _) = stale.on(Signal::Loaded);
        assert_eq!(
            again.on(Signal::Stale),
            (Protocol::Unknown, Step::FailAndReload)
        );
    }

    #[test]
    fn fenced_is_for_good() {
        for signal in SIGNALS {
            assert_eq!(Protocol::Fenced.on(signal), (Protocol::Fenced, Step::Leave));
        }
    }
}
