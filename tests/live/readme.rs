//! The README, block by block, as a stranger types it. A block that nobody here executes fails.
//!
//! Words are executed as they stand. What differs is what a reader has of their own: secrets, a
//! database, a free port and the partners' addresses, each named below and each to be found in its block.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::doubles::easypost::EasyPost;
use crate::support::doubles::stripe::{self, Stripe};
use crate::support::hub::{free_port, free_port_of_a_demo};
use crate::support::patience::{SOON, until};
use crate::support::postgres::Cluster;

/// The blocks of the README: their language and their text.
fn blocks() -> Vec<(String, String)> {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, block))) => block.extend([line, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block does not end");
    blocks
}

/// The block with this beginning of a line in it; there is one.
fn block(words: &str) -> String {
    let found = blocks().into_iter().map(|(_, text)| text);
    let mut found = found.filter(|text| text.lines().any(|line| line.starts_with(words)));
    let block = found
        .next()
        .unwrap_or_else(|| panic!("no block has the line {words}"));
    assert!(found.next().is_none(), "two blocks have the line {words}");
    block
}

/// What a reader puts in the place of what stands there.
fn filled(text: &str, own: &[(&str, &str)]) -> String {
    own.iter().fold(text.to_owned(), |text, (theirs, ours)| {
        assert!(text.contains(theirs), "{theirs} is not in:\n{text}");
        text.replace(theirs, ours)
    })
}

/// A folder that stands for the clone, with the binary where a release build puts it.
struct Clone {
    home: TempDir,
}

impl Clone {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let built = home.path().join("target/release");
        std::fs::create_dir_all(&built).unwrap();
        symlink(env!("CARGO_BIN_EXE_orderhub"), built.join("orderhub")).unwrap();
        Self { home }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// A shell in this folder that ends at the first failure.
    fn shell(&self, text: &str) -> Command {
        let mut shell = Command::new("bash");
        shell
            .args(["-euo", "pipefail", "-c", text])
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        for name in [
            "DATABASE_URL",
            "NATS_URL",
            "ORDERHUB_URL",
            "ORDERHUB_KEY",
            "RUST_LOG",
        ] {
            shell.env_remove(name);
        }
        shell
    }

    /// What the text printed; it must end well.
    #[track_caller]
    fn run(&self, text: &str) -> String {
        let output = self.shell(text).output().unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{text}\n{words}");
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A process and its children, ended like by Ctrl-C.
struct Running(Child);

impl Running {
    fn interrupt(&mut self) {
        let group = format!("-{}", self.0.id());
        let sent = Command::new("kill")
            .args(["-INT", "--", &group])
            .status()
            .unwrap();
        assert!(sent.success());
        self.0.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.interrupt();
        }
    }
}

#[test]
fn every_block_is_executed_by_a_test() {
    let executed = [
        "make run",
        "eval ",
        "curl -X POST \"$ORDERHUB_URL",
        "make test",
        "[[sales]]",
    ];
    let executed = executed
        .into_iter()
        .chain(["export DATABASE_URL", "export ORDERHUB_KEY"]);
    let executed: Vec<String> = executed.map(block).collect();
    for (language, text) in blocks() {
        assert!(
            executed.contains(&text),
            "nobody executes this {language} block:\n{text}"
        );
    }
    // This very run is that of this block: CI calls it, and it calls the tests.
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ci = std::fs::read_to_string(root.join(".ci/run")).unwrap();
    assert!(
        ci.lines().any(|line| line == block("make test").trim()),
        "{ci}"
    );
    let makefile = std::fs::read_to_string(root.join("Makefile")).unwrap();
    assert!(makefile.contains("\ntest: setup"), "{makefile}");
    assert!(makefile.contains("$(CARGO) test --workspace"), "{makefile}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_sells_and_answers_what_the_readme_asks() {
    let clone = Clone::new();
    let demo = clone.at(".orderhub/dev");
    let port = free_port_of_a_demo();
    // The same command; what the tests have built is not built again, and the world moves faster.
    let asked = clone.at("asked");
    let built = format!(
        "#!/bin/sh\n[ \"$1\" = build ] || exec cargo \"$@\"\necho \"$*\" >{}\n",
        asked.display()
    );
    let cargo = clone.at("cargo");
    std::fs::write(&cargo, built).unwrap();
    std::fs::set_permissions(&cargo, PermissionsExt::from_mode(0o755)).unwrap();
    let arguments = format!("--folder {} --port {port} --speed 20000", demo.display());
    let target = Path::new(env!("CARGO_BIN_EXE_orderhub"))
        .ancestors()
        .nth(2)
        .unwrap();
    let mut make = clone.shell(block("make run").trim());
    make.current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO", &cargo)
        .env("PROFILE", "dev")
        .env("ARGS", arguments)
        .env("CARGO_TARGET_DIR", target)
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut make = Running(make.spawn().unwrap());
    until("the demo is ready", SOON * 2, || async {
        demo.join("stocked").exists().then_some(())
    })
    .await;
    let asked = std::fs::read_to_string(asked).unwrap();
    assert_eq!(asked, "build --profile dev\n");
    let look = block("eval ");
    let listed: Value = serde_json::from_str(&clone.run(&look)).unwrap();
    assert!(listed["data"].is_array(), "{listed}");
    let sell = block("curl -X POST \"$ORDERHUB_URL");
    let eval = look.lines().next().unwrap();
    let said = clone.run(&format!("{eval}\n{sell}"));
    let id = said
        .split("\"id\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    for word in ["ALLOWED", "Received from web", "BER1"] {
        assert!(said.contains(word), "{word} is not in:\n{said}");
    }
    let key = std::fs::read_to_string(demo.join("key")).unwrap();
    let api = Api::new(format!("http://127.0.0.1:{port}"), Some(key));
    api.until_stage_within(id, &["completed"], SOON * 4).await;
    make.interrupt();
    let left = Command::new("pgrep")
        .args(["-f", &demo.display().to_string()])
        .output()
        .unwrap();
    assert!(
        left.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&left.stdout)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_ones_own_takes_the_first_order() {
    let clone = Clone::new();
    let port = free_port();
    let hook = |family: &str| format!("http://127.0.0.1:{port}/v1/hooks/{family}");
    let stripe = Stripe::start(hook("payments/stripe-eu")).await;
    let easypost = EasyPost::start(hook("carriers/easypost")).await;
    let at = |kind: &str, url: &str| format!("kind = \"{kind}\"\nbase_url = \"{url}\"");
    let (gateway, carrier) = (at("stripe", &stripe.url), at("easypost", &easypost.url));
    let own = [
        ("kind = \"stripe\"", gateway.as_str()),
        ("kind = \"easypost\"", carrier.as_str()),
    ];
    let addresses = format!(
        "[http]\naddr = \"127.0.0.1:{port}\"\n[admin]\naddr = \"127.0.0.1:{}\"\n",
        free_port()
    );
    let config = filled(&block("[[sales]]"), &own);
    std::fs::write(clone.at("orderhub.toml"), addresses + &config).unwrap();

    let database = Cluster::shared().empty_database().await;
    let begin = filled(
        &block("export DATABASE_URL"),
        &[
            (
                "postgres://orderhub@127.0.0.1/orderhub",
                &format!("'{database}'"),
            ),
            ("sk_test_…", stripe::API_KEY),
            ("whsec_…", "whsec_readme"),
            ("EZTK…", "EZTKreadme"),
            (
                "EASYPOST_WEBHOOK_SECRET=…",
                "EASYPOST_WEBHOOK_SECRET=readme",
            ),
        ],
    );
    let (before, serve) = begin
        .split_once("orderhub serve")
        .expect("it serves at last");
    let printed = clone.run(before);
    let key = printed
        .split_whitespace()
        .find(|word| word.starts_with("ohk_"));
    let key = key.expect("the key is printed once");
    let exports = before.split("orderhub migrate").next().unwrap();
    let serve = clone
        .shell(&format!("{exports}\nexec orderhub serve {serve}"))
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _serve = Running(serve.unwrap());
    let api = Api::new(format!("http://127.0.0.1:{port}"), Some(key.to_owned()));
    until("the hub is ready", SOON, || async {
        let reply = Api::try_send(api.request(reqwest::Method::GET, "/readyz")).await?;
        (reply.status == 200).then_some(())
    })
    .await;
    let url = format!("http://127.0.0.1:{port}");
    let first = filled(
        &block("export ORDERHUB_KEY"),
        &[("ohk_…", key), ("http://127.0.0.1:7070", &url)],
    );
    let said = clone.run(&format!("{exports}\n{first}"));
    let id = said
        .split("\"id\":\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert!(said.contains("W-1001"), "{said}");
    api.until_stage(id, &["fulfilling"]).await;
}
