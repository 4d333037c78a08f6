//! One decision per criterion, and the search against every possibility.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

fn need(line: u16, sku: &str, units: i64) -> Need {
    Need {
        line,
        sku: sku.into(),
        units,
    }
}

fn candidate(code: &str, free: &[i64]) -> Candidate {
    Candidate {
        location: code.into(),
        free: free.to_vec(),
        distance_km: None,
        abroad: false,
        cost_minor: 0,
        wait_minutes: 0,
        load_pct: 0,
        store: false,
    }
}

fn seen(needs: Vec<Need>, candidates: Vec<Candidate>) -> Snapshot {
    Snapshot {
        at: Timestamp::UNIX_EPOCH,
        needs,
        weight_g: 2_000,
        pickup: false,
        transfer: Transfer::None,
        sent_to: None,
        candidates,
        left_out: 0,
    }
}

/// Who is asked, in the order of asking.
fn asked(seen: &Snapshot, rules: &SourcingPolicy) -> Vec<String> {
    let sourced = source(seen, rules).expect("enough units");
    let names = sourced.asked.iter();
    names.map(|asked| asked.location.to_string()).collect()
}

/// Rules under which nothing counts but parcels.
fn blind() -> SourcingPolicy {
    SourcingPolicy {
        distance: 0,
        ..SourcingPolicy::default()
    }
}

/// Two locations with enough of everything; the second differs by `better` in one respect.
fn pair(worse: impl Fn(&mut Candidate)) -> Snapshot {
    let mut first = candidate("AAA1", &[10]);
    worse(&mut first);
    seen(vec![need(1, "A", 2)], vec![first, candidate("BBB1", &[10])])
}

/// A weight turns the decision from the operator's first to the better one.
fn decides(worse: impl Fn(&mut Candidate), weigh: impl Fn(&mut SourcingPolicy)) {
    let (seen, mut rules) = (pair(worse), blind());
    assert_eq!(asked(&seen, &rules), ["AAA1"]);
    weigh(&mut rules);
    assert_eq!(asked(&seen, &rules), ["BBB1"]);
}

#[test]
fn distance_decides_when_it_has_a_weight() {
    decides(|c| c.distance_km = Some(80), |rules| rules.distance = 1);
}

#[test]
fn cost_decides_when_it_has_a_weight() {
    decides(|c| c.cost_minor = 410, |rules| rules.cost = 1);
}

#[test]
fn eta_decides_when_it_has_a_weight() {
    decides(|c| c.distance_km = Some(800), |rules| rules.eta = 1);
    decides(|c| c.wait_minutes = 61, |rules| rules.eta = 1);
}

#[test]
fn stock_out_risk_decides_when_it_has_a_weight() {
    decides(|c| c.free = vec![2], |rules| rules.risk = 1);
}

#[test]
fn capacity_decides_when_it_has_a_weight() {
    decides(|c| c.load_pct = 90, |rules| rules.capacity = 1);
}

#[test]
fn the_cut_off_decides_when_it_has_a_weight() {
    decides(|c| c.wait_minutes = 60, |rules| rules.cut_off = 1);
}

#[test]
fn co2e_decides_when_it_has_a_weight() {
    decides(|c| c.distance_km = Some(80), |rules| rules.co2e = 1);
}

#[test]
fn the_weight_of_a_split_decides_between_one_far_parcel_and_two_near_ones() {
    let mut far = candidate("FAR1", &[1, 1]);
    far.distance_km = Some(900);
    let near = [candidate("NEA1", &[1, 0]), candidate("NEA2", &[0, 1])];
    let needs = vec![need(1, "A", 1), need(2, "B", 1)];
    let seen = seen(needs, [vec![far], near.to_vec()].concat());
    let mut rules = SourcingPolicy::default();
    assert_eq!(asked(&seen, &rules), ["FAR1"]);
    rules.split = 100;
    assert_eq!(asked(&seen, &rules), ["NEA1", "NEA2"]);
}

#[test]
fn the_buyers_country_comes_first_when_no_place_is_known() {
    let seen = pair(|c| c.abroad = true);
    assert_eq!(asked(&seen, &SourcingPolicy::default()), ["BBB1"]);
}

#[test]
fn a_full_day_is_asked_only_when_nobody_else_has_it() {
    let full = |c: &mut Candidate| c.load_pct = 100;
    assert_eq!(asked(&pair(full), &blind()), ["BBB1"]);
    let mut only = pair(full);
    only.candidates.truncate(1);
    let sourced = source(&only, &blind()).expect("it waits for a later day");
    assert!(sourced.queued);
    assert!(!source(&pair(full), &blind()).expect("today").queued);
}

#[test]
fn a_store_ships_only_where_stores_ship_and_always_hands_over() {
    let mut seen = pair(|c| c.store = true);
    let mut rules = blind();
    assert_eq!(asked(&seen, &rules), ["AAA1"]);
    rules.ship_from_store = false;
    assert_eq!(asked(&seen, &rules), ["BBB1"]);
    seen.pickup = true;
    assert_eq!(asked(&seen, &rules), ["AAA1"]);
}

#[test]
fn where_a_person_sends_it_is_asked_if_it_has_all_of_it() {
    let mut seen = pair(|_| ());
    seen.sent_to = Some("BBB1".into());
    assert_eq!(asked(&seen, &blind()), ["BBB1"]);
    seen.candidates[1].free = vec![1];
    assert_eq!(asked(&seen, &blind()), ["AAA1"]);
}

#[test]
fn two_lines_of_a_sku_share_a_shelf() {
    let needs = vec![need(1, "A", 2), need(4, "A", 3)];
    let seen = seen(
        needs,
        vec![candidate("AAA1", &[4]), candidate("BBB1", &[9])],
    );
    let sourced = source(&seen, &blind()).expect("enough units");
    let all = vec![(1, 2), (4, 3)];
    assert_eq!(
        sourced.asked,
        [Asked {
            location: "BBB1".into(),
            lines: all
        }]
    );
}

#[test]
fn what_nobody_has_is_not_planned() {
    let needs = vec![need(1, "A", 9)];
    let short = seen(
        needs,
        vec![candidate("AAA1", &[4]), candidate("BBB1", &[4])],
    );
    assert_eq!(source(&short, &blind()), None);
}

#[test]
fn a_huge_basket_is_planned_with_a_stated_gap() {
    // Every SKU but the first is everywhere; the first is spread thinly over forty locations.
    let needs: Vec<Need> = (1..=15)
        .map(|line| need(line, &format!("S{line}"), if line == 1 { 40 } else { 1 }))
        .collect();
    let places = (1..=40_i64).map(|n| {
        let mut free = vec![5; 15];
        free[0] = 1 + n % 3;
        let mut place = candidate(&format!("L{n}"), &free);
        place.distance_km = Some(u32::try_from(n).expect("small"));
        place
    });
    let seen = seen(needs, places.collect());
    let sourced = source(&seen, &SourcingPolicy::default()).expect("enough units");
    let units: i64 = sourced
        .asked
        .iter()
        .flat_map(|a| &a.lines)
        .map(|l| l.1)
        .sum();
    assert_eq!(units, 54);
    assert!(
        sourced.gap < sourced.points / 10,
        "{} of {}",
        sourced.gap,
        sourced.points
    );
    assert!(sourced.sentence().contains("from the best plan"));
}

#[test]
fn rules_have_one_name_and_a_decision_says_which() {
    let rules = SourcingPolicy {
        version: 7,
        ..blind()
    };
    let sourced = source(&pair(|_| ()), &rules).expect("enough units");
    assert_eq!((sourced.version, sourced.rules), (7, rules.fingerprint()));
    assert_ne!(rules.fingerprint(), blind().fingerprint());
}

/// The cheapest cover by trying every set.
fn by_trying(problem: &Problem) -> Option<u64> {
    let many = problem.supply.len();
    let sets = 0_u32..1 << many;
    let covers = sets.filter_map(|set| {
        let chosen: Vec<usize> = (0..many).filter(|l| set & (1 << l) != 0).collect();
        let cost = chosen.iter().map(|l| problem.cost[*l]).sum();
        problem.covers(&chosen).then_some(cost)
    });
    covers.min()
}

fn problem(skus: usize, locations: usize) -> impl Strategy<Value = Problem> {
    let need = proptest::collection::vec(0_i64..6, skus);
    let row = proptest::collection::vec(0_i64..5, skus);
    let supply = proptest::collection::vec(row, locations);
    let cost = proptest::collection::vec(prop_oneof![Just(1_u64), 1_u64..50], locations);
    (need, supply, cost).prop_map(|(need, supply, cost)| Problem { need, supply, cost })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn no_cover_is_cheaper_than_the_one_that_is_found(
        problem in (1_usize..=6, 1_usize..=8).prop_flat_map(|(skus, many)| problem(skus, many)),
    ) {
        let found = problem.cover();
        prop_assert_eq!(found.as_ref().map(|cover| cover.cost), by_trying(&problem));
        if let Some(cover) = found {
            prop_assert!(cover.is_best());
            prop_assert!(problem.covers(&cover.chosen));
            let cost: u64 = cover.chosen.iter().map(|l| problem.cost[*l]).sum();
            prop_assert_eq!(cover.cost, cost);
        }
    }
}

proptest! {
    #[test]
    fn what_is_asked_is_what_is_needed_and_no_shelf_gives_more_than_it_has(
        problem in (1_usize..=12, 1_usize..=24).prop_flat_map(|(skus, many)| problem(skus, many)),
    ) {
        let needs = problem.need.iter().zip(1_u16..);
        let needs: Vec<Need> = needs
            .filter(|(units, _)| **units > 0)
            .map(|(units, line)| need(line, &format!("S{line}"), *units))
            .collect();
        let places = problem.supply.iter().zip(1..).map(|(row, n)| {
            let free: Vec<i64> = needs.iter().map(|need| row[usize::from(need.line) - 1]).collect();
            candidate(&format!("L{n}"), &free)
        });
        let places = places.collect();
        let seen = seen(needs, places);
        if let Some(sourced) = source(&seen, &SourcingPolicy::default()) {
            for need in &seen.needs {
                let lines = sourced.asked.iter().flat_map(|asked| &asked.lines);
                let units: i64 = lines.filter(|(line, _)| *line == need.line).map(|l| l.1).sum();
                prop_assert_eq!(units, need.units);
            }
            for asked in &sourced.asked {
                let place = seen.candidates.iter().find(|c| c.location == asked.location);
                let free = &place.expect("a candidate").free;
                for (line, units) in &asked.lines {
                    let sku = seen.needs.iter().position(|n| n.line == *line).expect("a need");
                    prop_assert!(*units <= free[sku]);
                }
            }
            let stored = serde_json::to_string(&sourced).expect("it is written");
            let read: Sourced = serde_json::from_str(&stored).expect("it is read");
            prop_assert_eq!(read, sourced);
        }
    }
}

proptest! {
    /// A store that others send to gives all it has first; together they give what is wanted, or nothing
    /// is planned.
    #[test]
    fn a_store_gives_first_and_others_send_exactly_what_it_lacks(
        wanted in prop::collection::vec(1_i64..6, 1..4),
        shelves in prop::collection::vec(prop::collection::vec(0_i64..5, 3), 1..5),
        stores_ship in any::<bool>(),
    ) {
        let needs: Vec<Need> = (1_u16..)
            .zip(&wanted)
            .map(|(line, units)| need(line, &format!("S{line}"), *units))
            .collect();
        let places = (0..).zip(&shelves).map(|(n, free): (usize, _)| {
            let mut place = candidate(&format!("L{n}"), &free[..wanted.len()]);
            place.store = n % 2 == 0;
            place
        });
        let mut seen = seen(needs, places.collect());
        seen.pickup = true;
        seen.transfer = Transfer::To("L0".into());
        let rules = SourcingPolicy {
            pickup_supply: crate::policy::PickupSupply::Transfer,
            ship_from_store: stores_ship,
            ..SourcingPolicy::default()
        };
        let open = |n: usize| n == 0 || stores_ship || !n.is_multiple_of(2);
        let there = |sku: usize| -> i64 {
            let open = (0..).zip(&shelves).filter(|(n, _)| open(*n));
            open.map(|(_, free)| free[sku]).sum()
        };
        let enough = (0..wanted.len()).all(|sku| there(sku) >= wanted[sku]);
        let plan = source(&seen, &rules);
        prop_assert_eq!(plan.is_some(), enough);
        let asked = plan.map(|plan| plan.asked).unwrap_or_default();
        let given = |line: u16, from: &dyn Fn(&LocationCode) -> bool| -> i64 {
            let asked = asked.iter().filter(|asked| from(&asked.location));
            let lines = asked.flat_map(|asked| &asked.lines);
            lines.filter(|(of, _)| *of == line).map(|(_, units)| units).sum()
        };
        for (line, sku) in (1_u16..).zip(0..wanted.len()).filter(|_| enough) {
            prop_assert_eq!(given(line, &|_| true), wanted[sku]);
            let own = wanted[sku].min(shelves[0][sku]);
            prop_assert_eq!(given(line, &|code| *code == "L0".into()), own);
        }
        // Whoever lets the store serve alone asks nobody else, by what was seen then.
        let alone = source(&seen, &SourcingPolicy::default());
        let asked = alone.into_iter().flat_map(|plan| plan.asked);
        prop_assert!(asked.into_iter().all(|asked| asked.location == "L0".into()));
    }
}
