//! `orderhub dev`: everything by itself, and nothing left behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::support::api::Api;
use crate::support::hub::free_port;
use crate::support::patience::{SOON, until};

/// A demo in a folder of its own.
struct Demo {
    home: TempDir,
    options: &'static [&'static str],
    port: u16,
    process: Option<Child>,
}

impl Demo {
    fn new(options: &'static [&'static str]) -> Self {
        // As deep as a home directory may be: a socket's name has no room for it.
        let home = tempfile::Builder::new()
            .prefix(&"a-long-name-".repeat(8))
            .tempdir()
            .unwrap();
        Self {
            home,
            options,
            port: free_port(),
            process: None,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderhub"));
        command
            .args(["dev", "--port", &self.port.to_string()])
            .args(self.options)
            .current_dir(self.home.path())
            .env_remove("DATABASE_URL")
            .env_remove("NATS_URL")
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    fn start(&mut self) {
        self.process = Some(self.command().spawn().unwrap());
    }

    fn signal(&mut self, name: &str) {
        let mut process = self.process.take().expect("the demo runs");
        let id = process.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
        process.wait().unwrap();
    }

    fn kept(&self, name: &str) -> Option<String> {
        let file = self.home.path().join(".orderhub/dev").join(name);
        std::fs::read_to_string(file).ok()
    }

    /// The API, once the shelves are full and the banner is told.
    async fn api(&self) -> Api {
        let key = until("the demo is ready", SOON * 2, || async {
            self.kept("stocked")?;
            self.kept("key")
        })
        .await;
        let banner = self.kept("banner").unwrap();
        let line = banner
            .lines()
            .find(|line| line.contains("/v1/orders"))
            .unwrap();
        let url = line.split_whitespace().last().unwrap();
        Api::new(url.trim_end_matches("/v1/orders").to_owned(), Some(key))
    }

    /// Processes that name the demo's folder or its short name.
    fn left_behind(&self) -> String {
        let banner = self.kept("banner").unwrap_or_default();
        let socket = banner.lines().find_map(|line| line.split("host=").nth(1));
        let socket = socket.expect("the banner names the socket").trim();
        let name = Path::new(socket)
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let found = Command::new("pgrep").args(["-f", &name]).output().unwrap();
        let folder = self.home.path().display().to_string();
        let others = Command::new("pgrep")
            .args(["-f", &folder])
            .output()
            .unwrap();
        String::from_utf8([found.stdout, others.stdout].concat()).unwrap()
    }

    async fn leaves_nothing(&self) {
        until(
            "every process has ended",
            Duration::from_secs(30),
            || async { self.left_behind().is_empty().then_some(()) },
        )
        .await;
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.signal("-INT");
        }
    }
}

fn order() -> serde_json::Value {
    json!({
        "channel": "web", "external_id": "D-1", "placed_at": "2026-11-20T09:00:00Z",
        "currency": "EUR", "tax_mode": "inclusive", "customer": {"name": "Ada Example"},
        "lines": [{"external_id": "1", "sku": "TEE-RED-M", "title": "A tee", "quantity": "1",
                   "unit_price": "19.99"}],
        "payment": {"terms": "invoice"}, "stated_total": "19.99",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_starts_by_itself_goes_on_after_a_kill_and_leaves_nothing_behind() {
    let mut demo = Demo::new(&["--no-sims"]);
    // The port that is wanted is taken; the next one is as good.
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    demo.port = taken.local_addr().unwrap().port();
    demo.start();
    let api = demo.api().await;
    drop(taken);
    let placed = api.post("/v1/orders", &order()).await.expect(201);
    let id = placed["id"].as_str().unwrap();
    api.until_stage(id, &["fulfilling"]).await;
    let shelf = api.get("/v1/inventory/TEE-RED-M").await.expect(200);
    assert_eq!(shelf["locations"].as_array().unwrap().len(), 3);

    // A second one in the same folder only says where the first one is.
    let second = demo.command().stderr(Stdio::piped()).output().unwrap();
    assert!(second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("runs in this folder already"), "{said}");
    assert!(said.contains(api.base()), "{said}");

    demo.signal("-KILL");
    demo.leaves_nothing().await;
    demo.start();
    let api = until("it is back", SOON * 2, || async {
        let api = demo.api().await;
        let request = api.request(reqwest::Method::GET, &format!("/v1/orders/{id}"));
        let reply = Api::try_send(request).await?;
        (reply.status == 200).then_some(api)
    })
    .await;
    let again = api.post("/v1/orders", &order()).await.expect(200);
    assert_eq!(again["id"], placed["id"]);
    demo.signal("-INT");
    demo.leaves_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_sells_by_itself_and_carries_its_orders_to_the_end() {
    let mut demo = Demo::new(&["--rate", "120", "--speed", "20000"]);
    demo.start();
    let api = demo.api().await;
    until("an order is completed", SOON * 4, || async {
        let page = api.get("/v1/orders?stage=completed").await;
        let orders = page.expect(200)["data"].as_array()?.len();
        (orders > 0).then_some(())
    })
    .await;
    let names = ["stripe-eu-webhook", "easypost-key", "shop-de-webhook"];
    let kept = names.map(|name| demo.kept(&format!("secret-{name}")));
    for secret in kept.into_iter().chain([demo.kept("key")]) {
        let secret = secret.expect("the demo keeps its secrets");
        let shown = Command::new("pgrep")
            .args(["-f", secret.trim()])
            .output()
            .unwrap();
        assert!(shown.stdout.is_empty(), "a command line shows a secret");
    }
    demo.signal("-INT");
    demo.leaves_nothing().await;
}
