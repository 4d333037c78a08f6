//! The operator's command line: the real binary against a real hub, in both formats, and what it
//! says when something is not there.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::demo::Demo;
use crate::support::hub::free_port;
use crate::support::journey;
use crate::support::operator::{Operator, Said};
use crate::support::orders::{one_unit, paid_elsewhere};
use crate::support::patience::{SOON, until};
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_shown_and_explained_by_any_of_its_names() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    world.api.count("BER1", "SKU-1", 10).await;
    let id = world.api.place(&one_unit("W-1", "SKU-1")).await;
    let mut twin = paid_elsewhere("W-12", "SKU-1");
    twin["number"] = "#W-1".into();
    let other = world.api.place(&twin).await;
    let fulfilment = journey::fulfilment_of(&world.api, &id, SOON).await;
    world.api.until_stage(&other, &["fulfilling"]).await;
    until("the list follows", SOON, || async {
        let listed = operator.json("orders ls --stage fulfilling");
        (listed.as_array()?.len() == 2).then_some(())
    })
    .await;

    let listed = operator.json("orders ls -q W-1 --channel web --sku SKU-1");
    let page = world.api.get("/v1/orders?q=W-1").await.expect(200);
    assert_eq!(listed, page["data"], "as the API says it");
    let table = operator.text("orders ls");
    assert!(table.contains(&id) && table.contains(&other), "{table}");
    let cut = operator.run("orders ls --limit 1");
    assert!(cut.words.contains("older ones"), "{cut:?}");
    assert!(!cut.expect(0).contains(&id), "the newest is listed");

    let shown = world.api.order(&id).await;
    for name in [id.as_str(), "W-1", &id[24..], &id[4..].to_uppercase()] {
        assert_eq!(
            operator.json(&format!("orders show {name}"))["id"],
            shown["id"],
            "{name}"
        );
    }
    let sheet = operator.text("orders show W-1");
    for part in [
        id.as_str(),
        "19.99 EUR",
        &fulfilment,
        "BER1",
        "stripe-eu",
        "SKU-1",
    ] {
        assert!(sheet.contains(part), "{part} is not in:\n{sheet}");
    }
    assert!(
        !sheet.contains("Ada"),
        "this key may not see who bought it:\n{sheet}"
    );
    let timeline = operator.text("orders timeline W-1");
    assert!(
        timeline.starts_with("TIME ") && timeline.contains("Received from web"),
        "{timeline}"
    );
    let path = format!("/v1/orders/{id}/timeline");
    let told = world.api.get(&path).await.expect(200);
    assert_eq!(operator.json("orders timeline W-1"), told);
    let explained = operator.text("orders explain W-1");
    assert!(
        explained.contains("Location BER1 has to accept"),
        "{explained}"
    );
    assert_eq!(
        operator.json("orders explain W-1")["waiting_for"],
        "location"
    );

    // The one has the number of the other.
    let twins = operator.run("orders show #W-1");
    for part in [id.as_str(), &other, "W-12"] {
        assert!(twins.words.contains(part), "{twins:?}");
    }
    twins.expect(5);
    for unknown in ["W-2", "ord_00000000000000000000000000000000", "0f0f0f0f0f"] {
        operator.run(&format!("orders explain {unknown}")).expect(4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_held_released_and_cancelled() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    world.api.count("BER1", "SKU-1", 10).await;
    let id = world.api.place(&one_unit("W-1", "SKU-1")).await;
    journey::fulfilment_of(&world.api, &id, SOON).await;

    let tried = operator.json(&format!("orders hold {id} --reason look --dry-run"));
    assert_eq!(tried["events"], json!(["order.hold_placed"]));
    let tried = operator.text(&format!("orders cancel {id} --reason asked --dry-run"));
    assert!(tried.contains("it would record"), "{tried}");
    assert_eq!(
        world.api.order(&id).await["holds"],
        json!([]),
        "nothing was done"
    );

    let until = "2099-01-01T00:00:00Z";
    let line = format!("orders hold {id} --reason look --blocks ship --until {until}");
    let said = operator.text(&line);
    assert!(said.contains("(look)"), "{said}");
    let hold = world.api.order(&id).await["holds"][0].clone();
    assert_eq!(
        (&hold["blocks"], &hold["until"]),
        (&json!(["ship"]), &json!(until))
    );
    assert_eq!(hold["owner"], "operator:operator");
    operator
        .run(&format!("orders release {id} --hold 99 --reason x"))
        .expect(4);
    let second = operator.json(&format!("orders hold {id} --reason again"));
    let both = operator.run(&format!("orders release {id} --reason x"));
    assert!(both.words.contains("--hold NUMBER"), "{both:?}");
    both.expect(5);
    let line = format!(
        "orders release {id} --hold {} --reason x",
        second["hold_id"]
    );
    operator.text(&line);
    let released = operator.text(&format!("orders release {id} --reason looked"));
    assert!(released.contains("holds now  none"), "{released}");
    operator
        .run(&format!("orders release {id} --reason x"))
        .expect(5);

    operator
        .run(&format!("orders cancel {id} --reason asked --if-match 1"))
        .expect(5);
    let cancelled = operator.json(&format!("orders cancel {id} --reason asked"));
    assert_eq!(cancelled["id"], id.as_str());
    world.api.until_stage(&id, &["cancelled"]).await;
    operator
        .run(&format!("orders hold {id} --reason late"))
        .expect(5);
    operator.text(&format!("orders note {id} --reason called"));
    let path = format!("/v1/orders/{id}/timeline");
    let timeline = world.api.get(&path).await.expect(200).to_string();
    assert!(timeline.contains("Noted: called"), "at any stage");

    // Who may not, and what is not there.
    let reader = Operator {
        key: world.hub.make_key("reader", "events:read"),
        ..Operator::of(&world)
    };
    reader.text(&format!("orders show {id}"));
    reader
        .run(&format!("orders hold {id} --reason x"))
        .expect(2);
    let nobody = Operator {
        key: "ohk_nobody".to_owned(),
        ..Operator::of(&world)
    };
    nobody.run("orders ls").expect(2);
    let nowhere = Operator {
        url: format!("http://127.0.0.1:{}", free_port()),
        ..Operator::of(&world)
    };
    nowhere.run("orders ls").expect(3);
    nowhere.run("inventory get SKU-1").expect(3);
    nowhere.run("status").expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_counted_and_read() {
    let world = World::start_with(&["BER1", "HAM2"], None).await;
    let operator = Operator::of(&world);
    let set = operator.json("inventory set BER1 A/B 12 --buffer 2");
    assert_eq!(
        (&set["on_hand"], &set["available"]),
        (&json!(12), &json!(10))
    );
    let table = operator.text("inventory set HAM2 A/B 3");
    assert!(table.contains("HAM2      3 "), "{table}");
    let table = operator.text("inventory get A/B");
    assert!(
        table.contains("BER1      12") && table.contains("HAM2      3 "),
        "{table}"
    );
    let shelf = world.api.get("/v1/inventory/A%2FB").await.expect(200);
    assert_eq!(operator.json("inventory get A/B"), shelf);
    let nowhere = operator.run("inventory set NOWHERE A/B 1");
    assert!(nowhere.words.contains("no location NOWHERE"), "{nowhere:?}");
    nowhere.expect(4);
    let reader = Operator {
        key: world.hub.make_key("reader", "events:read"),
        ..Operator::of(&world)
    };
    reader.run("inventory set BER1 A/B 1").expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_tells_what_the_hub_tells() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let id = world.api.place(&one_unit("W-1", "SKU-1")).await;
    world.api.until_stage(&id, &["fulfilling"]).await;
    let operator = Operator::of(&world);
    let said = until("the order is counted", SOON, || async {
        let said = operator.json("status");
        (said["orders"]["fulfilling"] == 1).then_some(said)
    })
    .await;
    assert_eq!(
        (&said["ready"], &said["node"]),
        (&json!(true), &json!("hub-1"))
    );
    assert_eq!(
        (&said["key"], &said["url"]),
        (&json!("accepted"), &json!(operator.url))
    );
    assert_eq!(said["waiting"]["invariant_violations"], 0);
    assert!(said["started_at"].is_string(), "{said:#}");
    let text = operator.text("status");
    assert!(
        text.contains(", ready") && text.contains("fulfilling  1"),
        "{text}"
    );
    assert!(!text.contains(&operator.key), "{text}");
    world.hub.kill();
    let gone = Said::of(&world.hub.attempt(&["status"]));
    assert!(gone.data.is_empty(), "{gone:?}");
    gone.expect(3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_learns_where_the_demo_is_and_how_to_speak_to_it() {
    let mut demo = Demo::new(&["--no-sims"]);
    demo.start();
    let api = demo.api().await;
    let script = r#"
        set -e
        orderhub status
        eval "$(orderhub status -o env)"
        printf 'url %s\n' "$ORDERHUB_URL"
        printf 'bus %s\n' "$ORDERHUB_DEV_NATS_URL"
        cd /
        orderhub inventory get TEE-RED-M
        orderhub orders ls
        orderhub --config "$ORDERHUB_DEV_CONFIG" keys ls
        orderhub status
    "#;
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_orderhub"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", binary.parent().unwrap().display());
    let told = Command::new("sh")
        .args(["-c", script])
        .current_dir(demo.folder())
        .env_clear()
        .env("PATH", path)
        .stdin(Stdio::null())
        .output();
    let told = Said::of(&told.unwrap());
    for part in [
        "the demo in .orderhub/dev",
        &format!("url {}\n", api.base()),
        "bus nats://127.0.0.1:",
        "STORE-3",
        "EXTERNAL ID",
        "demo",
        "--url or ORDERHUB_URL",
    ] {
        assert!(told.data.contains(part), "{part} is not in {told:?}");
    }
    assert!(!told.data.contains("ohk_"), "a key is shown: {told:?}");
    told.expect(0);
}
