//! How long the search for locations takes, beside the greedy search that it starts from. Nothing is
//! asserted about time; the figures are printed.

use std::time::{Duration, Instant};

use orderhub_domain::sourcing::{EXACT_LOCATIONS, EXACT_SKUS, Problem};

/// Baskets of a kind that are searched.
const BASKETS: usize = 2_000;

/// A number below `most`; the same ones in every run.
fn roll(state: &mut u64, most: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % most
}

/// Shelves are short, so that one location seldom has everything and the search has something to do.
fn basket(state: &mut u64, skus: usize, locations: usize) -> Problem {
    let mut units = |least: u64, most: u64| {
        let units = least + roll(state, most - least);
        i64::try_from(units).unwrap_or_default()
    };
    let need = (0..skus).map(|_| units(1, 6)).collect();
    let mut row = || (0..skus).map(|_| units(0, 5)).collect::<Vec<_>>();
    let supply = (0..locations).map(|_| row()).collect();
    let cost = (0..locations).map(|_| 100 + roll(state, 300)).collect();
    Problem { need, supply, cost }
}

/// The same basket with lines that want nothing: too many for the exact search.
fn too_large(basket: &Problem) -> Problem {
    let mut large = basket.clone();
    large.need.resize(EXACT_SKUS + 1, 0);
    large
}

/// How long each basket takes, the shortest first, and of how many the answer is surely the best.
fn times(baskets: &[Problem]) -> (Vec<Duration>, usize) {
    let mut best = 0;
    let mut times = Vec::new();
    for basket in baskets {
        let began = Instant::now();
        let cover = std::hint::black_box(basket).cover();
        times.push(began.elapsed());
        best += usize::from(cover.is_some_and(|cover| cover.is_best()));
    }
    times.sort_unstable();
    (times, best)
}

#[test]
#[ignore = "a measurement"]
fn the_search_for_locations() {
    let mut state = 42;
    for (skus, locations) in [(1, 5), (3, 8), (5, 12), (EXACT_SKUS, EXACT_LOCATIONS)] {
        let baskets = (0..BASKETS).map(|_| basket(&mut state, skus, locations));
        let baskets: Vec<Problem> = baskets.collect();
        let large: Vec<Problem> = baskets.iter().map(too_large).collect();
        let (exact, best) = times(&baskets);
        let (greedy, lucky) = times(&large);
        let at = |times: &[Duration], share: usize| times[(times.len() - 1) * share / 1000];
        let [half, most, worst] = [500, 990, 1000].map(|share| at(&exact, share));
        let ratio = half.as_secs_f64() / at(&greedy, 500).as_secs_f64();
        eprintln!(
            "{skus} SKUs in {locations} locations: median {half:?}, p99 {most:?}, worst {worst:?}, \
             {ratio:.1} times the greedy search; surely best: {best} of {BASKETS}, greedy {lucky}"
        );
    }
}
