//! Long walks: ten thousand moves through one world. Few orders live through much: every command and
//! every report that the simulator knows, with every fault among them, and each invariant is held
//! against every commit.

use std::cell::RefCell;

use super::*;
use crate::order::{Context, Decided, Fact, Input, InputBody, Order, Rejection};

const STEPS: usize = 10_000;
/// Walks that every run of the tests takes.
const WALKS: [u64; 3] = [6, 12, 23];
/// Walks that are taken when somebody asks for them.
const FAR: std::ops::RangeInclusive<u64> = 1..=60;
/// Events in a walk, at least: less would mean that it got stuck somewhere.
const EVENTS: usize = 3_000;

/// What orders are asked and told in the walks: what never happens is never checked.
const HEARD: [&str; 28] = [
    "accept",
    "approve-return",
    "cancel",
    "channel",
    "claim",
    "close-return",
    "collect",
    "fulfilment",
    "hand-over",
    "hold",
    "inspect-return",
    "label",
    "notice",
    "pack",
    "payment",
    "payout",
    "pick",
    "place",
    "postponed",
    "receive-return",
    "refund",
    "reject",
    "release",
    "resolve-claim",
    "return",
    "scan",
    "stock",
    "unknown",
];

/// What comes of it that short worlds have too little time for.
const CAME: [&str; 2] = ["fulfilment.merged", "payment.refund_rerouted"];

/// The hub's rules, and what they were asked.
#[derive(Default)]
struct Hearing {
    heard: RefCell<BTreeMap<&'static str, usize>>,
}

impl Core for Hearing {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let word = match &i.body {
            InputBody::Request(asked) => asked.command.word(),
            InputBody::Wake => "wake",
            InputBody::Fact(fact) => match fact {
                Fact::Paused(_) => "paused",
                Fact::Payment(_) => "payment",
                Fact::Stock(_) => "stock",
                Fact::Fulfilment(_) => "fulfilment",
                Fact::Work(_) => "work",
                Fact::Label(_) => "label",
                Fact::Scan(_) => "scan",
                Fact::Payout(_) => "payout",
                Fact::Channel(_) => "channel",
                Fact::Notice(_) => "notice",
                Fact::Postponed(_) => "postponed",
                Fact::Proof(_) => "proof",
                Fact::Unknown(_) => "unknown",
            },
        };
        *self.heard.borrow_mut().entry(word).or_default() += 1;
        crate::order::decide(o, i, c)
    }
}

#[test]
fn walks_of_ten_thousand_moves_break_no_invariant() {
    let core = Hearing::default();
    let mut came: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in WALKS {
        let run = walk(seed, STEPS, &core);
        assert_eq!(run.failure, None, "walk {seed}");
        assert!(run.events > EVENTS, "walk {seed}: {} events", run.events);
        for (kind, events) in run.kinds {
            *came.entry(kind).or_default() += events;
        }
    }
    for kind in CAME {
        let often = came.get(kind).copied().unwrap_or_default();
        assert!(often > 0, "{kind} never came in {came:?}");
    }
    let heard = core.heard.into_inner();
    for word in HEARD {
        let often = heard.get(word).copied().unwrap_or_default();
        assert!(often >= 5, "{word}: {often} times in {heard:?}");
    }
}

/// `cargo test -p orderhub-domain far_walks -- --ignored`; names every walk that falls.
#[test]
#[ignore = "takes minutes"]
fn far_walks_break_no_invariant() {
    let mut fallen = Vec::new();
    for seed in FAR {
        let mut dice = Dice::seeded(seed);
        let setting = dice.roll();
        let moves = moves::walk(&mut dice, STEPS);
        let played = play(setting, &moves, Mode::Liveness, &Hub, false);
        if let Some(broken) = played.broken {
            fallen.push(format!("walk {seed} at {}: {broken:?}", played.last));
        }
    }
    assert!(fallen.is_empty(), "{}", fallen.join("\n"));
}
