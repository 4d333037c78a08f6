//! The simulator: the hub's rules and its append protocol under a seeded world of channels,
//! gateways, carriers and locations that fail, repeat themselves and race each other.
//!
//! Everything here depends on the seed alone: no clock, no thread, no order of a hash map. After
//! each move the invariants are checked against books that the hub does not keep; in liveness mode
//! the faults stop after a while, and every order must come to rest by its own timer. A history that
//! breaks an invariant is shrunk to the moves that matter.
//!
//! What does not live here: sockets, SQL, actors and the vendors' payloads. Their tests run the real
//! binary.

mod address;
mod audit;
mod board;
mod books;
mod buyers;
mod core;
mod deliver;
mod depot;
mod dice;
mod edits;
mod exchanges;
mod feeds;
mod forward;
mod gateway;
mod hub;
mod laws;
mod logbook;
mod mirror;
mod money;
mod moves;
mod parcels;
mod people;
mod play;
mod quotas;
mod rest;
mod return_laws;
mod returns;
mod routes;
mod shelf;
mod shops;
mod shrink;
mod store;
mod stuck;
mod supply;
#[cfg(test)]
mod tests;
mod transfers;
mod transits;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::core::{Core, Hub};
pub use dice::Dice;
use moves::Move;
pub use world::Broken;
use world::World;
#[cfg(test)]
pub(crate) use {
    forward::Mark,
    laws::{after_event, before_event},
    shelf::command_of,
};

/// What is asked of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Faults throughout; nothing may ever be wrong.
    Safety,
    /// The faults stop after the moves; everything must end, and every book must agree.
    Liveness,
}

impl Mode {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Safety => "safety",
            Self::Liveness => "liveness",
        }
    }
}

/// What came of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// What was asked.
    pub mode: Mode,
    /// Moves drawn.
    pub steps: usize,
    /// Orders by the stage they ended in.
    pub stages: BTreeMap<&'static str, usize>,
    /// Events committed, by their public kind.
    pub kinds: BTreeMap<&'static str, usize>,
    /// Events committed.
    pub events: usize,
    /// Simulated seconds from the beginning to the end.
    pub seconds: i64,
    /// SHA-256 over every event and every row of stock, in the order in which they were written.
    pub log_hash: String,
    /// The invariant that fell, if one did.
    pub failure: Option<Failure>,
}

/// An invariant that fell, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The invariant and what was found.
    pub broken: Broken,
    /// The number of the move after which it fell first.
    pub at: usize,
    /// How many moves are left after shrinking.
    pub moves: usize,
    /// What happens in the shortest history found, a line each.
    pub history: Vec<String>,
}

/// Runs a seed under these rules. A failure is shrunk.
pub fn run(seed: u64, steps: usize, mode: Mode, core: &dyn Core) -> Run {
    let mut dice = Dice::seeded(seed);
    let setting = dice.roll();
    let moves = moves::draw(&mut dice, steps);
    judge((seed, setting), &moves, mode, core)
}

/// A long walk through one world: few orders, each of which lives through much, and every kind of
/// move. In the end it comes to rest. A failure is shrunk.
pub fn walk(seed: u64, steps: usize, core: &dyn Core) -> Run {
    let mut dice = Dice::seeded(seed);
    let setting = dice.roll();
    let moves = moves::walk(&mut dice, steps);
    judge((seed, setting), &moves, Mode::Liveness, core)
}

fn judge((seed, setting): (u64, u64), moves: &[Move], mode: Mode, core: &dyn Core) -> Run {
    let first = play(setting, moves, mode, core, false);
    let failure = first.broken.clone().map(|broken| {
        let at = first.last;
        let known: Vec<Move> = moves
            .iter()
            .take_while(|m| m.number <= at)
            .copied()
            .collect();
        let same = |moves: &[Move]| {
            let again = play(setting, moves, mode, core, false);
            again
                .broken
                .is_some_and(|other| other.invariant == broken.invariant)
        };
        let short = shrink::shrink(known, same);
        let told = play(setting, &short, mode, core, true);
        Failure {
            broken: told.broken.clone().unwrap_or(broken),
            at,
            moves: short.len(),
            history: told.history,
        }
    });
    Run {
        seed,
        mode,
        steps: moves.len(),
        stages: first.stages,
        kinds: first.kinds,
        events: first.events,
        seconds: first.seconds,
        log_hash: first.log_hash,
        failure,
    }
}

/// A list of moves as it was played.
struct Played {
    broken: Option<Broken>,
    /// Number of the last move that was played.
    last: usize,
    history: Vec<String>,
    stages: BTreeMap<&'static str, usize>,
    kinds: BTreeMap<&'static str, usize>,
    events: usize,
    seconds: i64,
    log_hash: String,
}

fn play(setting: u64, moves: &[Move], mode: Mode, core: &dyn Core, telling: bool) -> Played {
    let mut world = World::new(setting, core, telling);
    let mut last = 0;
    let began = world.now;
    // The rules assert what they rely on; an assertion that fails is an invariant that falls.
    let ended = catch_unwind(AssertUnwindSafe(|| {
        for next in moves {
            last = next.number;
            world.play(*next);
            if world.broken.is_some() {
                return;
            }
        }
        if mode == Mode::Liveness {
            world.come_to_rest();
        }
    }));
    if ended.is_err() {
        let found = "an assertion inside the rules failed; its words are on stderr".to_owned();
        world.fall("rules_assert", found);
    }
    let mut stages: BTreeMap<&'static str, usize> = BTreeMap::new();
    for order in world.audit.orders() {
        *stages.entry(order.stage.word()).or_default() += 1;
    }
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    for recorded in world.store.logs.values().flatten() {
        *kinds.entry(recorded.event.kind()).or_default() += 1;
    }
    Played {
        last,
        stages,
        kinds,
        events: world.store.events,
        seconds: world.now.as_second() - began.as_second(),
        log_hash: world.store.hash(),
        broken: world.broken,
        history: world.history,
    }
}
