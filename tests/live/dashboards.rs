//! The dashboard and the alerts as files: they load as they are, keep the rules of their trade, and
//! every alert fires and stays quiet when it should.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::board::{Panel, board, metrics_of, panels};
use crate::support::prometheus::{program, shipped};

#[test]
fn the_dashboard_loads_as_it_is() {
    let board = board();
    assert_eq!(board["__inputs"], Value::Null, "a provisioned one has none");
    assert_eq!(board["editable"], false);
    assert_eq!(board["graphTooltip"], 1, "a shared crosshair");
    assert_eq!(board["refresh"], "30s");
    assert!(!board["uid"].as_str().unwrap().is_empty());
    assert_eq!(board["links"][0]["url"], "${console}/console");
    let variables = board["templating"]["list"].as_array().unwrap();
    let variable = |name: &str| variables.iter().find(|v| v["name"] == name).unwrap();
    assert_eq!(variable("datasource")["query"], "prometheus");
    assert_eq!(variable("datasource")["type"], "datasource");
    for (name, label) in [("job", "Job"), ("instance", "Instance")] {
        let found = variable(name);
        assert_eq!(found["type"], "query", "{name}");
        assert_eq!(found["label"], label);
        assert_eq!(found["datasource"]["uid"], "${datasource}", "{name}");
        assert_eq!(found["allValue"], ".+", "{name}");
        assert_eq!(
            (&found["multi"], &found["includeAll"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(found["refresh"], 2, "{name} follows the range of time");
    }
}

#[test]
fn every_panel_says_what_it_shows_in_which_unit_and_has_a_place_of_its_own() {
    let board = board();
    let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
    let mut taken = BTreeMap::new();
    for panel in board["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert!(titles.insert(title), "two panels are called {title}");
        let at = |side: &str| panel["gridPos"][side].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{title} is too wide");
        for x in at("x")..at("x") + at("w") {
            for y in at("y")..at("y") + at("h") {
                let other = taken.insert((x, y), title);
                assert_eq!(other, None, "{title} covers another one");
            }
        }
    }
    for Panel { title, json, exprs } in panels(&board) {
        let said = json["description"].as_str().unwrap_or_default();
        assert!(said.len() > 40 && said.ends_with('.'), "{title}: {said}");
        let unit = &json["fieldConfig"]["defaults"]["unit"];
        assert!(unit.is_string(), "{title} has no unit");
        assert_eq!(json["datasource"]["uid"], "${datasource}", "{title}");
        assert!(!exprs.is_empty(), "{title} asks nothing");
        for target in json["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            assert!(!target["legendFormat"].as_str().unwrap().is_empty());
        }
    }
}

#[test]
fn every_query_asks_for_the_chosen_hubs_and_treats_counters_as_such() {
    for Panel { title, exprs, .. } in panels(&board()) {
        for expr in exprs {
            let selectors: Vec<&str> = expr.split('{').skip(1).collect();
            assert!(!selectors.is_empty(), "{title} chooses nothing");
            for selector in selectors {
                let selector = selector.split('}').next().unwrap();
                // ALERTS has no job or no instance when its rule adds hubs up.
                let asked = selector
                    .replace("$job|", "$job")
                    .replace("$instance|", "$instance");
                assert!(
                    asked.starts_with(r#"job=~"$job", instance=~"$instance""#),
                    "{title}"
                );
            }
            for (before, _) in expr.match_indices("rate(").map(|(at, _)| expr.split_at(at)) {
                let call = &expr[before.len()..];
                let range = call
                    .split('[')
                    .nth(1)
                    .and_then(|rest| rest.split(']').next());
                assert_eq!(range, Some("$__rate_interval"), "{title}");
            }
            for metric in metrics_of(&expr) {
                let counts = ["_total", "_count", "_bucket"]
                    .iter()
                    .any(|end| metric.ends_with(end));
                for (at, _) in expr.match_indices(&format!("{metric}{{")) {
                    let rated = expr[..at].ends_with("rate(") || expr[..at].ends_with("increase(");
                    assert_eq!(rated, counts, "{title}: {metric}");
                }
            }
        }
    }
}

#[test]
fn metrics_are_told_from_functions_labels_and_texts() {
    let expr = r#"sum by (stage) (rate(a_total{b="c{d", e!~"f"}[5m])) / on (job) group_left (x) h
                  or vector(0) > 0.05 and clamp_min(i_seconds offset 1w, 1e-9)"#;
    let expected = ["a_total", "h", "i_seconds"].map(str::to_owned);
    assert_eq!(metrics_of(expr), BTreeSet::from(expected));
}

#[test]
fn configuration_and_rules_are_right_and_every_alert_fires_and_stays_quiet() {
    let tests = ["alerts_test.yml", "alerts_weekly_test.yml"];
    for words in [
        vec!["check", "config", "prometheus.yml"],
        vec!["check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"],
        [vec!["test", "rules"], tests.to_vec()].concat(),
    ] {
        let run = Command::new(program("promtool"))
            .args(&words)
            .current_dir(shipped(""))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
        assert!(run.status.success(), "promtool {}: {said}", words.join(" "));
    }
    let read = |path| std::fs::read_to_string(path).unwrap();
    let tests = tests.map(|name| read(shipped(name))).concat();
    let alerts = read(shipped("alerts.yml"));
    for alert in alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
    {
        let expected = format!("alertname=\"{alert}\"");
        assert!(tests.contains(&expected), "no test lets {alert} fire");
    }
    assert!(tests.contains("exp_samples: []"));
}
