//! The console in a real browser: `console.py` drives the system's Chromium against a demo, and this
//! starts the demo, kills it under the browser's eyes and starts it again.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::support::demo::Demo;

/// Where `make setup` puts Playwright, and the name of the browser that it found.
fn playwright() -> (PathBuf, String) {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join(".orderhub/playwright");
    let browser = std::fs::read_to_string(home.join("browser"));
    let missing = "Playwright or its browser is not there. Install them with: make setup";
    (
        home.join("bin/python"),
        browser.expect(missing).trim().to_owned(),
    )
}

/// The browser's side, and what it asks for meanwhile.
struct Person {
    process: Child,
}

impl Person {
    fn sit_down(base: &str, key: &str, order: &str, pictures: &Path) -> Self {
        let (python, browser) = playwright();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/console.py");
        let process = Command::new(python)
            .arg(script)
            .args([base, order, &browser])
            .arg(pictures)
            .env("ORDERHUB_KEY", key)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Playwright: make setup installs it");
        Self { process }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_watches_orders_move_acts_on_one_and_sees_the_hub_come_back() {
    let mut demo = Demo::new(&["--rate", "120", "--speed", "2000"]);
    demo.start();
    let api = demo.api().await;
    let order = |external_id: &str, sku: &str| {
        json!({
            "channel": "web", "external_id": external_id, "placed_at": "2026-11-20T09:00:00Z",
            "currency": "EUR", "tax_mode": "inclusive", "customer": {"name": "Ada Example"},
            "lines": [{"external_id": "1", "sku": sku, "title": "A tee", "quantity": "1",
                       "unit_price": "19.99"}],
            "payment": {"terms": "invoice"}, "stated_total": "19.99",
        })
    };
    let unsold = order("<b>CON-1</b>", "NEVER-ON-A-SHELF");
    let placed = api.post("/v1/orders", &unsold).await.expect(201);
    let id = placed["id"].as_str().unwrap().to_owned();
    let pictures = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("ORDERHUB_PICTURES").map(PathBuf::from);
    let folder = kept.unwrap_or_else(|| pictures.path().to_owned());
    let mut person = Person::sit_down(api.base(), &demo.kept("key").unwrap(), &id, &folder);
    let (said, mut answer) = (person.process.stdout.take(), person.process.stdin.take());
    for line in BufReader::new(said.unwrap()).lines() {
        let line = line.unwrap();
        println!("{line}");
        let mut done = "done".to_owned();
        match line.as_str() {
            "kill the hub" => demo.signal("-KILL"),
            "an order that stands" => {
                let standing = order("CON-2", "TEE-RED-S");
                let placed = api.post("/v1/orders", &standing).await.expect(201);
                placed["id"].as_str().unwrap().clone_into(&mut done);
                let hold = json!({ "reason": "the buyer is on the line", "blocks": ["ship"] });
                let path = format!("/v1/orders/{done}/actions/hold");
                api.post(&path, &hold).await.expect(200);
            }
            "start the hub" => {
                demo.leaves_nothing().await;
                demo.start();
            }
            _ => continue,
        }
        writeln!(answer.as_mut().unwrap(), "{done}").unwrap();
    }
    let ended = person.process.wait().unwrap();
    assert!(
        ended.success(),
        "the person did not see what they should see: {ended}"
    );
}
