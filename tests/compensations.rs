//! docs/compensations.md against the code: it names every timer with its exit, each way of getting stuck
//! with what helps, and only functions and tests that exist.
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "a link that leads nowhere fails, and says which"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use orderhub_domain::order::Wait;

const PAGE: &str = include_str!("../docs/compensations.md");
/// Triggers in the matrix.
const ROWS: usize = 19;
/// Ways of getting stuck.
const WAYS: usize = 13;

/// The cells of the table under a heading, without its head.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once(heading).expect("the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What stands between back-ticks.
fn links(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// The text of the function that a link `file::function` names, with the line before it.
fn linked(folder: &str, link: &str) -> (String, String) {
    let (file, function) = link.split_once("::").expect("file::function");
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{link}: {error}"));
    let lines: Vec<&str> = text.lines().collect();
    let name = format!("fn {function}(");
    let at = lines.iter().position(|line| line.contains(&name));
    let at = at.unwrap_or_else(|| panic!("{link}: no such function"));
    (lines[at - 1].to_owned(), lines[at].to_owned())
}

#[test]
fn every_row_of_the_matrix_names_its_rule_and_its_tests() {
    let rows = table("## The matrix");
    let mut numbers = BTreeSet::new();
    for row in &rows {
        let [number, trigger, _, _, rule, tests] = row[..] else {
            panic!("six columns: {row:?}");
        };
        numbers.insert(number.parse::<usize>().expect("a number"));
        let rule = links(rule);
        assert_eq!(rule.len(), 1, "one function decides \"{trigger}\"");
        linked("", rule[0]);
        let tests = links(tests);
        assert!(!tests.is_empty(), "\"{trigger}\" has a test");
        for test in tests {
            let (before, _) = linked("domain/simulation/tests/matrix", test);
            assert!(before.contains("#[test]"), "{test} is a test");
        }
    }
    assert_eq!(numbers, (1..=ROWS).collect(), "every row of the matrix");
}

#[test]
fn every_way_of_getting_stuck_has_its_action_and_its_test() {
    let rows = table("## Stuck");
    assert_eq!(rows.len(), WAYS, "every way");
    for row in &rows {
        let [why, actions, tests] = row[..] else {
            panic!("three columns: {row:?}");
        };
        let (actions, tests) = (links(actions), links(tests));
        assert!(!actions.is_empty() && !tests.is_empty(), "{why}");
        for test in tests {
            let (before, _) = linked("", test);
            assert!(before.contains("test"), "{test} is a test");
        }
    }
}

#[test]
fn every_timer_has_its_exit_and_its_rule() {
    let rows = table("## The timers");
    let mut told: BTreeMap<&str, &str> = BTreeMap::new();
    for row in &rows {
        let [timer, exit, rule] = row[..] else {
            panic!("three columns: {row:?}");
        };
        let rule = links(rule);
        assert_eq!(rule.len(), 1, "one function acts on {timer}");
        linked("", rule[0]);
        told.insert(links(timer)[0], exit);
    }
    let known = Wait::ALL.map(|wait| (wait.word(), wait.exit()));
    assert_eq!(told, BTreeMap::from(known));
}
