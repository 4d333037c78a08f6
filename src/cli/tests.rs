//! Verbs, their output and their exit codes.

mod orders;
mod scripted;
mod simulate;
mod status;
mod webhooks;

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use serde_json::{Value, json};

use super::*;
use crate::http::keys::{KeptKey, KeyBook, NewKey, is_well_formed, token_hash};
use crate::http::messages::Messages;

#[derive(Default, Clone)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a lock").clone()).expect("UTF-8")
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[derive(Default)]
struct Book(Mutex<Vec<NewKey>>);

#[async_trait]
impl KeyBook for Book {
    async fn add(&self, key: &NewKey) -> Result<(), Unavailable> {
        self.0.lock().expect("a lock").push(key.clone());
        Ok(())
    }

    async fn list(&self) -> Result<Vec<KeptKey>, Unavailable> {
        let keys = self.0.lock().expect("a lock");
        let kept = keys.iter().map(|new| KeptKey {
            key: new.key.clone(),
            created_at: Timestamp::UNIX_EPOCH,
            revoked_at: None,
        });
        Ok(kept.collect())
    }

    async fn revoke(&self, id: &str) -> Result<bool, Unavailable> {
        Ok(self
            .0
            .lock()
            .expect("a lock")
            .iter()
            .any(|new| new.key.id == id))
    }
}

#[derive(Default)]
struct World {
    book: Arc<Book>,
    steps: Vec<MigrationStep>,
    shelf: Arc<webhooks::Shelf>,
    findings: Vec<Finding>,
}

#[async_trait]
impl Root for World {
    async fn serve(&self, config: Config) -> Result<(), Failure> {
        Err(Failure::new(
            Exit::Missing,
            format!("asked to serve {}", config.http.addr),
            "orderhub version",
        ))
    }

    async fn migrations(&self, _: &Config) -> Result<Vec<MigrationStep>, Failure> {
        Ok(self.steps.clone())
    }

    async fn migrate(&self, _: &Config) -> Result<Vec<MigrationStep>, Failure> {
        Ok(self.steps.clone())
    }

    async fn keys(&self, _: &Config) -> Result<Arc<dyn KeyBook>, Failure> {
        Ok(self.book.clone())
    }

    async fn messages(&self, _: &Config) -> Result<Arc<dyn Messages>, Failure> {
        Ok(self.shelf.clone())
    }

    async fn examine(&self, _: &Config) -> Vec<Finding> {
        self.findings.clone()
    }
}

const FILE: &str = "[[sales]]\nslug = \"web\"\nkind = \"direct\"\n";

/// Runs a line with a configuration file; gives the exit, stdout and stderr.
async fn run_on(world: &World, file: &str, line: &str) -> (Exit, String, String) {
    let mut config = tempfile::NamedTempFile::new().expect("a file");
    config.write_all(file.as_bytes()).expect("written");
    let path = config.path().display().to_string();
    let mut arguments = vec!["orderhub", "--config", &path];
    arguments.extend(line.split_whitespace());
    let (data, words) = (Paper::default(), Paper::default());
    let mut out = Out::new(Box::new(data.clone()), Box::new(words.clone()));
    let exit = run(arguments, world, &mut out).await;
    (exit, data.text(), words.text())
}

async fn run_line(line: &str) -> (Exit, String, String) {
    run_on(&World::default(), FILE, line).await
}

#[test]
fn every_verb_and_flag_has_a_name_of_its_own() {
    Cli::command().debug_assert();
}

#[tokio::test]
async fn a_made_key_is_printed_once_and_kept_as_a_hash() {
    let world = World::default();
    let line = "keys create till --scopes orders:write,ops:act --channel web -o json";
    let (exit, data, words) = run_on(&world, FILE, line).await;
    assert_eq!(exit, Exit::Done, "{words}");
    let made: Value = serde_json::from_str(&data).expect("JSON");
    let token = made["key"].as_str().expect("a key");
    assert!(is_well_formed(token));
    assert_eq!(made["scopes"], json!(["orders:write", "ops:act"]));
    let kept = world.book.0.lock().expect("a lock")[0].clone();
    assert_eq!(kept.token_hash, token_hash(token));
    assert_eq!(made["id"], kept.key.id.as_str());
    let (_, listed, _) = run_on(&world, FILE, "keys ls").await;
    assert!(
        listed.contains("till") && !listed.contains(token),
        "{listed}"
    );
    let (exit, ..) = run_on(&world, FILE, &format!("keys revoke {}", kept.key.id)).await;
    assert_eq!(exit, Exit::Done);
}

#[tokio::test]
async fn every_failure_has_its_exit_code_and_names_the_next_command() {
    for (line, exit) in [
        ("fly", Exit::Usage),
        ("keys create", Exit::Usage),
        ("keys create till --scopes orders:fly", Exit::Usage),
        ("keys create till/x --scopes admin", Exit::Usage),
        (
            "keys create till --scopes admin --channel none",
            Exit::NotFound,
        ),
        ("keys revoke none", Exit::NotFound),
        ("serve", Exit::Missing),
        ("orders show 4af2", Exit::Usage),
        ("status --url http://127.0.0.1:1", Exit::Missing),
        ("serve --http nowhere", Exit::Usage),
    ] {
        let (got, data, words) = run_line(line).await;
        assert_eq!(got, exit, "{line}: {words}");
        assert!(data.is_empty(), "{line}: {data}");
        let last = words
            .trim_end()
            .lines()
            .last()
            .unwrap_or_default()
            .to_owned();
        assert!(
            last.contains("orderhub") || last.contains("--help"),
            "{line}: {words}"
        );
    }
    let (exit, _, words) = run_on(&World::default(), "[htttp]\n", "config check").await;
    assert_eq!(exit, Exit::Usage);
    assert!(
        words.contains("did you mean http?") && words.contains("next: "),
        "{words}"
    );
}

#[tokio::test]
async fn a_schema_of_another_release_is_not_planned_over() {
    let step = |version, state| MigrationStep {
        version,
        name: "create journal".into(),
        state,
    };
    let mut world = World {
        steps: vec![
            step(1, MigrationState::Applied),
            step(2, MigrationState::Pending),
        ],
        ..World::default()
    };
    let (exit, data, _) = run_on(&world, FILE, "migrate plan -o json").await;
    let planned = json!([{ "version": 2, "name": "create journal", "state": "pending" }]);
    assert_eq!(
        (exit, serde_json::from_str(&data).ok()),
        (Exit::Done, Some(planned))
    );
    world.steps.push(step(3, MigrationState::Unknown));
    assert_eq!(run_on(&world, FILE, "migrate plan").await.0, Exit::Conflict);
}

#[tokio::test]
async fn kinds_and_connections_are_listed_for_programs() {
    let (exit, data, _) = run_line("channel ls --kinds -o json").await;
    let kinds: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(exit, Exit::Done);
    for kind in [
        ("sales", "direct"),
        ("sales", "shopify"),
        ("warehouses", "managed"),
    ] {
        let is_it = |listed: &Value| listed["family"] == kind.0 && listed["kind"] == kind.1;
        let listed = kinds
            .as_array()
            .and_then(|kinds| kinds.iter().find(|one| is_it(one)));
        let can = listed.and_then(|listed| listed["can"].as_str());
        assert!(can.is_some_and(|can| !can.is_empty()), "{data}");
    }
    let (_, data, _) = run_line("channel ls -o json").await;
    let listed: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(
        (&listed[0]["slug"], &listed[0]["kind"]),
        (&json!("web"), &json!("direct"))
    );
}

#[tokio::test]
async fn every_kind_has_a_section_that_can_be_filled_in() {
    for about in orderhub_channels::registry::kinds() {
        let line = format!("channel new {} own-one", about.name);
        let (exit, section, _) = run_line(&line).await;
        assert_eq!(exit, Exit::Done, "{section}");
        let table: toml::Table = section.parse().expect("a section of TOML");
        let written = &table[about.family.word()][0];
        assert_eq!(written["kind"].as_str(), Some(about.name));
        for setting in about.settings {
            let there = written.get(setting.key).is_some();
            assert_eq!(there, setting.required, "{}: {}", about.name, setting.key);
        }
    }
    let (exit, _, words) = run_line("channel new shopfy own").await;
    assert_eq!(exit, Exit::NotFound);
    assert!(words.contains("channel ls --kinds"), "{words}");
}

#[tokio::test]
async fn a_connection_is_tried_and_says_what_holds() {
    let file = "[store]\nurl = \"postgres://127.0.0.1/x\"\n[[payments]]\nslug = \"pm\"\nkind = \"stripe\"\n\
        api_key = { file = \"/dev/null\" }\nwebhook_secrets = [{ file = \"/dev/null\" }]\n";
    let (exit, _, words) = run_on(&World::default(), file, "channel test pm").await;
    assert_eq!(
        exit,
        Exit::Usage,
        "an empty secret protects nothing: {words}"
    );
    let (exit, data, _) = run_line("channel test web -o json").await;
    let findings: Value = serde_json::from_str(&data).expect("JSON");
    assert_eq!(exit, Exit::Done);
    assert_eq!(findings[0]["verdict"], "not_tried");
    let (exit, _, words) = run_line("channel test nobody").await;
    assert_eq!(exit, Exit::NotFound);
    assert!(words.contains("channel ls"), "{words}");
}

#[tokio::test]
async fn a_doctor_says_what_was_found_and_fails_if_anything_is_missing() {
    let missing = Failure::new(Exit::Missing, "it is \u{1b}[2Jgone", "bring it back");
    let world = World {
        findings: vec![
            Finding::of("database", Ok("it is well".into())),
            Finding::of("bus", Err(missing)),
        ],
        ..World::default()
    };
    let free = |file: &str| {
        format!("[http]\naddr = \"127.0.0.1:0\"\n[admin]\naddr = \"127.0.0.1:0\"\n{file}")
    };
    let (exit, data, words) = run_on(&world, &free(FILE), "doctor").await;
    assert_eq!(exit, Exit::Missing, "{words}");
    assert!(data.contains("ok    database  - it is well\n"), "{data}");
    let failed = "FAIL  bus  - it is \u{fffd}[2Jgone\n      next: bring it back\n";
    assert!(data.contains(failed), "{data}");
    assert!(
        words.contains("1 of ") && words.contains("next: bring it back"),
        "{words}"
    );
    let (_, data, _) = run_on(&world, &free(FILE), "doctor -o json").await;
    let found: Value = serde_json::from_str(&data).expect("JSON");
    let found = found.as_array().expect("a list");
    let bus = found
        .iter()
        .find(|one| one["check"] == "bus")
        .expect("the bus");
    assert_eq!(
        (&bus["verdict"], &bus["next"]),
        (&json!("fail"), &json!("bring it back"))
    );
    let well = found.iter().filter(|one| one["verdict"] == "ok");
    assert!(
        well.clone().any(|one| one["check"] == "configuration"),
        "{data}"
    );
    assert_eq!(
        well.filter(|one| one["check"] == "port").count(),
        2,
        "{data}"
    );
    // A wrong configuration is told, and what does not need it is looked at all the same.
    let (exit, data, _) = run_on(&World::default(), "[htttp]\n[storre]\n", "doctor").await;
    assert_eq!(exit, Exit::Usage);
    assert!(data.starts_with("FAIL  configuration  - "), "{data}");
    assert!(
        data.contains("did you mean store?") && data.contains("file descriptors"),
        "{data}"
    );
}

#[tokio::test]
async fn what_is_asked_for_is_data_and_ends_well() {
    for line in [
        "version",
        "--help",
        "config show",
        "config show --sources",
        "config check",
        "completions bash",
    ] {
        let (exit, data, words) = run_line(line).await;
        assert_eq!(exit, Exit::Done, "{line}: {words}");
        assert!(!data.is_empty() || line == "config check", "{line}");
    }
    let (_, data, _) = run_line("config show --sources").await;
    assert!(
        data.contains("http.addr = \"127.0.0.1:7070\"  # default"),
        "{data}"
    );
}
