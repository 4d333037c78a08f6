//! Five hundred worlds, and planted errors that they must find.

use super::*;

#[test]
fn no_seed_breaks_an_invariant() {
    for seed in 1..=500 {
        let mode = if seed % 2 == 0 { Mode::Safety } else { Mode::Liveness };
        let run = run(seed, 300, mode, &Hub);
        assert_eq!(run.failure, None, "seed {seed}");
    }
}
