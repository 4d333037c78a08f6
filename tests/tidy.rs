//! House rules that a compiler does not hold: who may depend on whom, where SQL stands, what every
//! connector brings along. Each rule is a test that names the offenders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a rule that cannot be checked fails, and says where"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

const FAMILIES: [&str; 4] = ["sales", "payments", "carriers", "warehouses"];
const SOURCES: [&str; 5] = ["domain", "channels", "actors", "src", "tests"];
const PACKAGES: [&str; 4] = [".", "domain", "channels", "actors"];

/// Kinds that the hub itself defines: there is no vendor whose payloads a fixture could imitate.
const OWN_KINDS: [&str; 2] = ["direct", "managed"];

/// Where a file ends that one reader takes in at one sitting.
const LONGEST_FILE: usize = 400;

/// Longer files, each with the reason why it is one thing all the same.
const LONG_FILES: &[(&str, &str)] = &[
    (
        "tests/contract/stock.rs",
        "one contract of both stores, case by case",
    ),
    (
        "channels/payments/stripe/tests/calls.rs",
        "one table: each answer of the gateway and its meaning",
    ),
    (
        "channels/sales/direct/tests.rs",
        "one table: each member of the canonical form and its refusals",
    ),
    (
        "domain/canonical.rs",
        "the canonical order: one vocabulary, read from top to bottom",
    ),
    (
        "domain/order/event.rs",
        "one closed enum: every event and its stored form",
    ),
    (
        "domain/order/fact.rs",
        "one closed family of enums: every report and its evidence",
    ),
    (
        "domain/order/tests/straight.rs",
        "one life, scene after scene",
    ),
    (
        "domain/order/tests/world.rs",
        "the random world: its state and its moves belong together",
    ),
    (
        "src/cli/tests/orders.rs",
        "one list: each verb about orders and what it prints",
    ),
    (
        "src/http/tests/hub.rs",
        "one stand-in for the front door, a method a verb",
    ),
    ("src/http/table.rs", "one table: every route"),
    (
        "src/http/catalogue/codes.rs",
        "one table: each code of an error and what to do about it",
    ),
    (
        "src/http/table.rs",
        "one table: each route and what a caller must show",
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder that ends like this, by its path from the root.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let name = path.strip_prefix(root()).unwrap();
                let text = fs::read_to_string(&path).unwrap();
                found.push((name.to_string_lossy().into_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn rust_files() -> Vec<(String, String)> {
    let mut all: Vec<_> = SOURCES
        .iter()
        .flat_map(|folder| files(folder, ".rs"))
        .collect();
    if let Ok(text) = fs::read_to_string(root().join("build.rs")) {
        all.push(("build.rs".into(), text));
    }
    all
}

fn manifest(package: &str) -> Table {
    let path = root().join(package).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

fn dependencies(package: &str, section: &str) -> BTreeSet<String> {
    let manifest = manifest(package);
    let section = manifest.get(section).and_then(Value::as_table);
    section
        .map(|table| table.keys().cloned().collect())
        .unwrap_or_default()
}

#[track_caller]
fn nobody(rule: &str, offenders: &[String]) {
    assert!(
        offenders.is_empty(),
        "{rule}:\n  {}",
        offenders.join("\n  ")
    );
}

#[test]
fn imports_run_one_way_and_keep_out_what_a_layer_must_not_know() {
    let forbidden: [(&str, &[&str]); 3] = [
        (
            "domain",
            &[
                "orderhub-channels",
                "orderhub-actors",
                "tokio",
                "tokio-util",
                "futures-util",
                "ractor",
                "sqlx",
                "async-nats",
                "warp",
                "hyper",
                "reqwest",
                "tracing",
                "metrics",
                "rand",
                "fastrand",
            ],
        ),
        (
            "channels",
            &["orderhub-actors", "ractor", "sqlx", "warp", "hyper"],
        ),
        (
            "actors",
            &["sqlx", "async-nats", "warp", "reqwest", "hyper"],
        ),
    ];
    let mut offenders = Vec::new();
    for (package, never) in forbidden {
        let used = dependencies(package, "dependencies");
        let wrong = used.iter().filter(|name| never.contains(&name.as_str()));
        offenders.extend(wrong.map(|name| format!("{package} depends on {name}")));
    }
    nobody("a layer depends on what it must not know", &offenders);
}

#[test]
fn versions_stand_in_one_place() {
    let mut offenders = Vec::new();
    for package in PACKAGES {
        let manifest = manifest(package);
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(section) = manifest.get(section).and_then(Value::as_table) else {
                continue;
            };
            for (name, value) in section {
                let inherited = value.get("workspace").and_then(Value::as_bool);
                if inherited != Some(true) {
                    offenders.push(format!("{package} gives {name} a version of its own"));
                }
            }
        }
    }
    nobody("versions stand in [workspace.dependencies]", &offenders);
}

#[test]
fn the_core_reads_no_clock_and_rolls_no_dice() {
    let banned = [
        "Timestamp::now",
        "Instant::now",
        "SystemTime",
        "Uuid::new_v4",
        "Uuid::now_v7",
        "HashMap",
        "HashSet",
        "std::env",
        "std::fs",
        "std::net",
        "f32",
        "f64",
    ];
    let mut offenders = Vec::new();
    for (name, text) in files("domain", ".rs") {
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            let wrong = banned.iter().find(|word| code.contains(**word));
            offenders.extend(wrong.map(|word| format!("{name}:{} uses {word}", number + 1)));
        }
    }
    nobody("domain is pure", &offenders);
}

#[test]
fn only_the_store_speaks_sql() {
    let spoken = [
        "sqlx",
        "\"insert into ",
        "\"delete from ",
        "\"select count(",
    ];
    let mut offenders = Vec::new();
    for (name, text) in rust_files() {
        if name.starts_with("src/store/") || name.starts_with("tests/") {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            if spoken.iter().any(|word| code.contains(word)) {
                offenders.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    nobody("SQL stands in src/store", &offenders);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["unimple", "mented!"],
        ["to", "do!"],
    ];
    let words: Vec<String> = words.iter().map(|parts| parts.concat()).collect();
    let mut offenders = Vec::new();
    let mut all = rust_files();
    all.extend(files("migrations", ".sql"));
    all.extend(files("scripts", ".sh"));
    for (name, text) in all {
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word.as_str())) {
                offenders.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    nobody("something is left for later", &offenders);
}

#[test]
fn every_module_says_what_it_is() {
    let silent = rust_files()
        .into_iter()
        .filter(|(_, text)| !text.starts_with("//! "));
    let silent: Vec<String> = silent.map(|(name, _)| name).collect();
    nobody("a module without its //! line", &silent);
}

#[test]
fn files_are_short_or_say_why_not() {
    let mut offenders = Vec::new();
    let mut long = BTreeSet::new();
    for (name, text) in rust_files() {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            long.insert(name.clone());
            if !LONG_FILES.iter().any(|(allowed, _)| *allowed == name) {
                offenders.push(format!("{name} has {lines} lines: split it"));
            }
        }
    }
    for (name, reason) in LONG_FILES {
        assert!(!reason.is_empty(), "{name} is long without a reason");
        if !long.contains(*name) {
            offenders.push(format!("{name} is not long any more: take it off the list"));
        }
    }
    nobody("files of more than 400 lines", &offenders);
}

#[test]
fn every_metric_is_described_and_recorded() {
    const CATALOGUE: &str = "src/telemetry/catalogue.rs";
    let names = |text: &str| -> BTreeSet<String> {
        let literals = text.split('"').filter(|part| part.starts_with("orderhub_"));
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        // What ends open is the beginning of some other name.
        let names = literals.filter(|name| name.chars().all(plain) && !name.ends_with('_'));
        names.map(str::to_owned).collect()
    };
    let (mut recorded, mut described) = (BTreeSet::new(), BTreeSet::new());
    for (name, text) in rust_files() {
        if name == CATALOGUE {
            described = names(&text);
            // It is always 1, and said where it is described.
            recorded.insert("orderhub_build_info".to_owned());
        } else if !name.starts_with("tests/") {
            recorded.extend(names(&text));
        }
    }
    let differ: Vec<String> = recorded.symmetric_difference(&described).cloned().collect();
    nobody("metrics of the code and of its catalogue", &differ);
}

#[test]
fn migrations_are_numbered_without_gaps() {
    let names = files("migrations", ".sql").into_iter();
    let names: Vec<String> = names.map(|(name, _)| name).collect();
    let mut offenders = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let file = name.trim_start_matches("migrations/");
        let expected = format!("{:04}_", index + 1);
        let rest = file
            .strip_prefix(&expected)
            .and_then(|rest| rest.strip_suffix(".sql"));
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let said = rest.is_some_and(|rest| rest.contains('_') && rest.chars().all(plain));
        if !said {
            offenders.push(format!("{file} is not {expected}<verb>_<noun>.sql"));
        }
    }
    nobody("migrations", &offenders);
}

#[test]
fn every_connector_brings_fixtures_tests_and_a_row_and_a_page_in_the_docs() {
    let docs = fs::read_to_string(root().join("docs/connectors.md"));
    let docs = docs.expect("docs/connectors.md lists the connectors");
    let mut offenders = Vec::new();
    for family in FAMILIES {
        for folder in folders(&root().join("channels").join(family)) {
            let kind = folder.file_name().unwrap().to_string_lossy().into_owned();
            let place = format!("channels/{family}/{kind}");
            let has_fixtures = files(&format!("{place}/fixtures"), "").len();
            if has_fixtures == 0 && !OWN_KINDS.contains(&kind.as_str()) {
                offenders.push(format!("{place} has no fixtures"));
            }
            let sources = files(&place, ".rs");
            if !sources
                .iter()
                .any(|(_, text)| text.contains("#[test]") || text.contains("::test]"))
            {
                offenders.push(format!("{place} has no tests"));
            }
            if !docs.contains(&format!("| {family} | `{kind}` |")) {
                offenders.push(format!("{place} has no row in docs/connectors.md"));
            }
            let page = format!("connectors/{kind}.md");
            if !root().join("docs").join(&page).is_file() {
                offenders.push(format!("{place} has no page docs/{page}"));
            } else if !docs.contains(&format!("({page})")) {
                offenders.push(format!("{place} has no link to docs/{page}"));
            }
        }
    }
    nobody("connectors", &offenders);
}

fn folders(below: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(below).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    folders
}
