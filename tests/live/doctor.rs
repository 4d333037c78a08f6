//! `orderhub doctor` against databases, buses and ports that are well, and that are not.

use serde_json::Value;

use crate::postgres::Cluster;
use crate::support::hub::free_port;
use crate::support::nats::{Nats, Server};
use crate::support::operator::{Said, alone};
use crate::support::orders::one_unit;
use crate::support::world::World;

/// The verdict of a check, by its name; of ports, by their section.
fn verdict<'a>(found: &'a Value, check: &str) -> &'a Value {
    let mut found = found.as_array().unwrap().iter();
    let named = |one: &&Value| {
        let detail = one["detail"].as_str().unwrap();
        one["check"] == check
            || (one["check"] == "port" && detail.starts_with(&format!("[{check}]")))
    };
    found.find(named).unwrap_or(&Value::Null)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_finds_a_hub_that_runs_well() {
    let nats = Nats::start(Server::Installed).await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.place(&one_unit("W-1", "SKU-1")).await;
    let found = Said::of(&world.hub.attempt(&["doctor", "-o", "json"])).expect(0);
    let found: Value = serde_json::from_str(&found).unwrap();
    for check in [
        "configuration",
        "connections",
        "database",
        "migrations",
        "sealing key",
        "clock",
        "bus",
        "http",
        "admin",
    ] {
        assert_eq!(
            verdict(&found, check)["verdict"],
            "ok",
            "{check}: {found:#}"
        );
    }
    let said = |check| verdict(&found, check)["detail"].as_str().unwrap();
    assert!(
        said("http").contains("is at") && said("admin").contains("is at"),
        "{found:#}"
    );
    assert!(said("bus").contains("with JetStream"), "{found:#}");
    assert!(
        said("sealing key").contains("opens what was sealed last"),
        "{found:#}"
    );
    let text = Said::of(&world.hub.attempt(&["doctor"])).expect(0);
    assert!(text.contains("\nok    database  - Postgres "), "{text}");
    assert!(!text.contains("FAIL"), "{text}");

    // The same database under a key that is not the one that sealed.
    let folder = tempfile::tempdir().unwrap();
    let config = "[store]\nseal_key = { env = \"SEAL\" }\n[http]\naddr = \"127.0.0.1:0\"\n\
                  [admin]\naddr = \"127.0.0.1:0\"\n";
    std::fs::write(folder.path().join("orderhub.toml"), config).unwrap();
    let (key, url) = ("0a".repeat(32), world.setup.database_url.as_str());
    let other = alone(&folder, &[("DATABASE_URL", url), ("SEAL", &key)], "doctor");
    assert!(other.data.contains("FAIL  sealing key"), "{other:?}");
    other.expect(2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doctor_says_what_is_missing_and_what_mends_it() {
    let folder = tempfile::tempdir().unwrap();
    let free = ["ORDERHUB__HTTP__ADDR", "ORDERHUB__ADMIN__ADDR"].map(|name| (name, "127.0.0.1:0"));
    let doctor = |variables: &[(&str, &str)]| {
        let variables = [free.as_slice(), variables].concat();
        let said = alone(&folder, &variables, "doctor -o json");
        let found: Value = serde_json::from_str(&said.data).unwrap();
        (said, found)
    };
    let cluster = Cluster::shared();
    let empty = cluster.empty_database().await;
    let (said, found) = doctor(&[("DATABASE_URL", &empty)]);
    assert_eq!(verdict(&found, "database")["verdict"], "ok");
    assert_eq!(verdict(&found, "migrations")["next"], "orderhub migrate up");
    assert!(said.words.contains("next: orderhub migrate up"), "{said:?}");
    said.expect(3);
    let migrated = cluster.database().await;
    let (said, found) = doctor(&[("DATABASE_URL", &migrated)]);
    assert_eq!(verdict(&found, "migrations")["verdict"], "ok");
    said.expect(0);

    let dead = format!("postgres://postgres@127.0.0.1:{}/x", free_port());
    let (said, found) = doctor(&[("DATABASE_URL", &dead)]);
    assert!(
        verdict(&found, "database")["next"]
            .as_str()
            .unwrap()
            .contains("postgresql")
    );
    assert!(verdict(&found, "migrations").is_null(), "it was not asked");
    said.expect(3);
    let (said, found) = doctor(&[("DATABASE_URL", &cluster.url("nowhere"))]);
    assert!(
        verdict(&found, "database")["next"]
            .as_str()
            .unwrap()
            .contains("createdb")
    );
    said.expect(3);
    let bus = format!("nats://127.0.0.1:{}", free_port());
    let (said, found) = doctor(&[("DATABASE_URL", &migrated), ("NATS_URL", &bus)]);
    assert!(
        verdict(&found, "bus")["next"]
            .as_str()
            .unwrap()
            .contains("nats-server -js")
    );
    said.expect(3);

    let forgetful = Nats::without_jetstream(Server::Installed).await;
    let (said, found) = doctor(&[("DATABASE_URL", &migrated), ("NATS_URL", &forgetful.url())]);
    let bus = verdict(&found, "bus");
    assert!(
        bus["detail"].as_str().unwrap().contains("no JetStream"),
        "{bus}"
    );
    assert_eq!(bus["next"], "start nats-server with -js");
    said.expect(3);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let port = [
        ("DATABASE_URL", migrated.as_str()),
        ("ORDERHUB__HTTP__ADDR", &address),
    ];
    let (said, found) = doctor(&port);
    let next = verdict(&found, "http")["next"].as_str().unwrap();
    assert!(next.contains("ORDERHUB__HTTP__ADDR"), "{found:#}");
    said.expect(3);
    let (said, found) = doctor(&[("ORDERHUB__HTTP__ADRR", "x"), ("DATABASE_URL", &dead)]);
    assert_eq!(verdict(&found, "configuration")["verdict"], "fail");
    said.expect(2);

    let (said, found) = doctor(&[]);
    let next = verdict(&found, "database")["next"].as_str().unwrap();
    assert!(next.starts_with("export DATABASE_URL="), "{found:#}");
    said.expect(2);

    // Nothing at all is configured: this machine is looked at for a demo.
    let said = alone(&folder, &[], "doctor");
    assert!(said.data.contains("ok    nats-server for dev"), "{said:?}");
    assert!(!said.data.contains("database"), "{said:?}");
    said.expect(0);
}
