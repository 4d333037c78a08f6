//! Five hundred worlds, and planted errors that they must find.

use super::*;

#[test]
fn no_seed_breaks_an_invariant() {
    let mut found = BTreeMap::<&'static str, (usize, u64)>::new();
    let mut stages = BTreeMap::<&'static str, usize>::new();
    let mut events = 0;
    for seed in 1..=500 {
        let mode = if seed % 2 == 0 { Mode::Safety } else { Mode::Liveness };
        let mut dice = Dice::seeded(seed);
        let setting = dice.roll();
        let moves = moves::draw(&mut dice, 300);
        let first = play(setting, &moves, mode, &Hub, false);
        for (stage, n) in first.stages { *stages.entry(stage).or_default() += n; }
        events += first.events;
        if let Some(broken) = first.broken {
            let f = found.entry(broken.invariant).or_insert((0, seed));
            f.0 += 1;
            if f.0 < 4 { println!("seed {seed}: {} {}", broken.invariant, broken.found); }
        }
    }
    println!("{found:?} {stages:?} {events}");
}

#[test]
fn look() {
    for seed in [105] {
        let mode = if seed % 2 == 0 { Mode::Safety } else { Mode::Liveness };
        let run = run(seed, 300, mode, &Hub);
        let f = run.failure.unwrap();
        println!("== {seed} {:?} at {} moves {}", f.broken, f.at, f.moves);
        let n = f.history.len();
        for l in f.history.iter().take(150) { println!("{l}"); }
        println!("...");
        for l in f.history.iter().skip(n.saturating_sub(25).max(150)) { println!("{l}"); }
    }
}
