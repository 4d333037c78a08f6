//! Five hundred worlds, and planted errors that they must find.

use super::*;

#[test]
fn no_seed_breaks_an_invariant() {
    let mut found = BTreeMap::<&'static str, (usize, u64)>::new();
    let mut stages = BTreeMap::<&'static str, usize>::new();
    let mut events = 0;
    let mut seen = 0;
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
            seen += 1; if seen < 12 { println!("seed {seed}: {} {}", broken.invariant, broken.found); }
        }
    }
    println!("{found:?} {stages:?} {events}");
}

#[test]
fn look() {
    let seeds: Vec<u64> = include_str!("/tmp/seeds.txt").split_whitespace().map(|s| s.parse().unwrap()).collect();
    for seed in seeds {
        let mode = if seed % 2 == 0 { Mode::Safety } else { Mode::Liveness };
        let run = run(seed, 300, mode, &Hub);
        let Some(f) = run.failure else { continue };
        println!("== {seed} {:?} at {} moves {}", f.broken, f.at, f.moves);
        let n = f.history.len();
        for l in f.history.iter().take(90) { println!("{l}"); }
        println!("...");
        for l in f.history.iter().skip(n.saturating_sub(40).max(90)) { println!("{l}"); }
    }
}
