//! The state of a hub that is told what to answer.

use super::scripted::ScriptedHub;
use super::*;

const VERSION: &str = r#"{"name":"orderhub","version":"9.9.9","revision":"abc"}"#;

const METRICS: &str = "orderhub_orders{stage=\"fulfilling\"} 12\n\
    orderhub_orders{stage=\"completed\"} 3\n\
    orderhub_publish_lag_events 7\n\
    orderhub_parked_messages{state=\"waiting\"} 2\n\
    orderhub_parked_messages{state=\"dead\"} 1\n\
    orderhub_circuit_open{target=\"stripe-eu\"} 1\n\
    orderhub_circuit_open{target=\"easypost\"} 0\n\
    orderhub_inventory_oversold_units_total 0\n\
    orderhub_invariant_violations_total{invariant=\"stock_holds\"} 0\n\
    process_start_time_seconds 1795000000.5\n";

fn hub(ready: u16, orders: u16) -> ScriptedHub {
    let refused = r#"{"code":"unauthorized","detail":"The key is not known."}"#;
    let page = r#"{"data":[],"next_cursor":null,"has_more":false}"#;
    let listed = if orders == 200 { page } else { refused };
    ScriptedHub::start(&[
        ("GET /readyz", ready, "{}"),
        ("GET /version", 200, VERSION),
        ("GET /v1/orders?limit=1", orders, listed),
    ])
}

/// A configuration whose addresses are those of these two.
fn file(api: &ScriptedHub, admin: &ScriptedHub) -> String {
    let address = |hub: &ScriptedHub| hub.url.trim_start_matches("http://").to_owned();
    let (api, admin) = (address(api), address(admin));
    format!("[http]\naddr = \"{api}\"\n[admin]\naddr = \"{admin}\"\n[node]\nname = \"n-1\"\n{FILE}")
}

#[tokio::test]
async fn a_hub_tells_what_it_is_and_what_waits() {
    let (api, admin) = (
        hub(200, 200),
        ScriptedHub::start(&[("GET /metrics", 200, METRICS)]),
    );
    let file = file(&api, &admin);
    let line = "status --key ohk_secret";
    let (exit, data, words) = run_on(&World::default(), &file, line).await;
    assert_eq!((exit, words.as_str()), (Exit::Done, ""));
    for part in [
        &format!("{}, ready", api.url),
        "9.9.9 (abc)",
        "n-1",
        "accepted",
        "fulfilling  12",
        "events not on the bus yet            7",
        "dead letters                         1",
        "stripe-eu",
    ] {
        assert!(data.contains(part), "{part} is not in:\n{data}");
    }
    assert!(
        !data.contains("ohk_secret") && !data.contains("easypost"),
        "{data}"
    );
    let (_, data, _) = run_on(&World::default(), &file, &format!("{line} -o json")).await;
    let said: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(said["orders"], json!({"completed": 3, "fulfilling": 12}));
    assert_eq!(said["waiting"]["circuits_open"], json!(["stripe-eu"]));
    assert_eq!(said["waiting"]["parked"], json!({"dead": 1, "waiting": 2}));
    assert_eq!(said["started_at"], "2026-11-18T11:06:40Z");
    assert_eq!(
        (&said["ready"], &said["key"]),
        (&json!(true), &json!("accepted"))
    );
}

#[tokio::test]
async fn a_hub_that_is_not_ready_is_a_failure_with_what_is_known() {
    let (api, admin) = (hub(503, 401), ScriptedHub::start(&[]));
    let line = "status --key ohk_secret -o json";
    let (exit, data, words) = run_on(&World::default(), &file(&api, &admin), line).await;
    assert_eq!(exit, Exit::Failed);
    assert!(
        words.contains("next: ") && words.contains("orderhub doctor"),
        "{words}"
    );
    let said: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(
        (&said["ready"], &said["key"]),
        (&json!(false), &json!("refused"))
    );
    assert_eq!(
        (&said["orders"], &said["waiting"]),
        (&Value::Null, &Value::Null)
    );
}

#[tokio::test]
async fn of_a_hub_that_is_only_named_the_admin_address_is_not_guessed() {
    let (api, other) = (hub(200, 200), ScriptedHub::start(&[]));
    let line = format!("status --url {} -o json", api.url);
    let (exit, data, _) = run_on(&World::default(), &file(&other, &other), &line).await;
    assert_eq!(exit, Exit::Done);
    let said: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(
        (&said["admin_url"], &said["node"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(said["key"], "none");
    assert!(other.lines().is_empty(), "another hub is not asked");
    // One that has the configured address is the configured one.
    let admin = ScriptedHub::start(&[("GET /metrics", 200, METRICS)]);
    let (_, data, _) = run_on(&World::default(), &file(&api, &admin), &line).await;
    let said: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(
        (&said["node"], &said["orders"]["completed"]),
        (&json!("n-1"), &json!(3))
    );
}

#[tokio::test]
async fn what_is_no_hub_is_told_from_none() {
    let stranger = ScriptedHub::start(&[("GET /", 200, "<html>")]);
    let (exit, _, words) = run_line(&format!("status --url {}", stranger.url)).await;
    assert_eq!(exit, Exit::Missing);
    assert!(words.contains("is no orderhub"), "{words}");
    let (exit, data, words) = run_line("status --url http://127.0.0.1:1 -o env").await;
    assert_eq!((exit, data.as_str()), (Exit::Missing, ""));
    assert!(words.contains("does not answer"), "{words}");
}

#[tokio::test]
async fn lines_for_a_shell_hold_only_a_key_that_works() {
    for (orders, exported) in [(200, true), (401, false)] {
        let api = hub(200, orders);
        let line = format!("status --url {} --key ohk_secret -o env", api.url);
        let (exit, data, words) = run_line(&line).await;
        assert_eq!(exit, Exit::Done);
        let url = format!("export ORDERHUB_URL='{}'\n", api.url);
        assert!(data.starts_with(&url), "{data}");
        assert_eq!(
            data.contains("export ORDERHUB_KEY='ohk_secret'\n"),
            exported,
            "{data}"
        );
        assert_eq!(words.contains("no key is known"), !exported, "{words}");
    }
}
