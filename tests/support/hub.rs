//! The real `orderhub` binary as a process: configured, migrated, served, killed, served again.

use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempDir};

use super::api::{self, Api};
use super::doubles::{easypost, shop, shop_stock, stripe};
use super::patience::until;
use super::shopify;

/// What a hub is configured with, beyond what every scenario has.
pub(crate) struct Setup {
    pub(crate) database_url: String,
    pub(crate) http_port: u16,
    pub(crate) stripe_url: String,
    pub(crate) stripe_key: String,
    pub(crate) easypost_url: String,
    pub(crate) locations: Vec<String>,
    /// The shop's own address, where it is told of its orders; it is told nothing by default.
    pub(crate) shop_url: Option<String>,
    /// Where events go; nowhere by default.
    pub(crate) nats_url: Option<String>,
    /// `[policy]` and what is below it; the defaults by default.
    pub(crate) policy: String,
}

/// A hub's home and, while it runs, its process. Ends the process when dropped.
pub(crate) struct Hub {
    home: Arc<TempDir>,
    config: PathBuf,
    log: PathBuf,
    http_port: u16,
    admin_port: u16,
    secrets: Vec<(&'static str, String)>,
    key: String,
    process: Option<Child>,
}

/// Every scope there is.
const SCOPES: &str = "orders:write,inventory:write,events:read,ops:act,pii:read,admin";

impl Hub {
    /// Writes the configuration, brings the database up, and makes an API key. Starts nothing.
    pub(crate) fn prepare(setup: &Setup) -> Self {
        let home = tempfile::Builder::new()
            .prefix("orderhub-test-")
            .tempdir()
            .unwrap();
        let admin_port = free_port();
        let config = home.path().join("orderhub.toml");
        std::fs::write(&config, config_text(setup, setup.http_port, admin_port)).unwrap();
        let mut hub = Self {
            log: home.path().join("serve.log"),
            config,
            home: Arc::new(home),
            http_port: setup.http_port,
            admin_port,
            secrets: vec![
                ("DATABASE_URL", setup.database_url.clone()),
                ("SHOP_DE_SECRET", shopify::SECRET.to_owned()),
                ("SHOP_DE_TOKEN", shop::ACCESS_TOKEN.to_owned()),
                ("STRIPE_API_KEY", setup.stripe_key.clone()),
                ("STRIPE_WEBHOOK_SECRET", stripe::WEBHOOK_SECRET.to_owned()),
                ("EASYPOST_API_KEY", easypost::API_KEY.to_owned()),
                (
                    "EASYPOST_WEBHOOK_SECRET",
                    easypost::WEBHOOK_SECRET.to_owned(),
                ),
            ],
            key: String::new(),
            process: None,
        };
        let bus = setup.nats_url.iter().cloned();
        hub.secrets.extend(bus.map(|url| ("NATS_URL", url)));
        hub.verb(&["migrate", "up"]);
        hub.key = hub.make_key("scenarios", SCOPES);
        hub
    }

    /// Makes an API key with these scopes.
    pub(crate) fn make_key(&self, name: &str, scopes: &str) -> String {
        let printed = self.verb(&["keys", "create", name, "--scopes", scopes, "-o", "json"]);
        let made: serde_json::Value = serde_json::from_str(&printed)
            .unwrap_or_else(|_| panic!("`keys create -o json` printed no JSON: {printed}"));
        made["key"].as_str().unwrap().to_owned()
    }

    /// Runs a verb to its end, whatever that is.
    pub(crate) fn attempt(&self, words: &[&str]) -> Output {
        self.command(words).output().unwrap()
    }

    /// Runs a verb to its end, which must be good; what it printed.
    pub(crate) fn verb(&self, words: &[&str]) -> String {
        let output = self.attempt(words);
        assert!(
            output.status.success(),
            "`orderhub {}` ended with {}: {}",
            words.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Begins a verb and lets it go on; both of its outputs are kept.
    pub(crate) fn spawn(&self, words: &[String]) -> Child {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = self.command(&words);
        let begun = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        begun.unwrap()
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_orderhub"));
        command
            .args(words)
            .arg("--config")
            .arg(&self.config)
            .current_dir(self.home.path())
            .stdin(Stdio::null());
        for name in [
            "NATS_URL",
            "ORDERHUB_KEY",
            "ORDERHUB_URL",
            "ORDERHUB_CONFIG",
            "RUST_LOG",
            "http_proxy",
            "HTTP_PROXY",
        ] {
            command.env_remove(name);
        }
        for (name, value) in &self.secrets {
            command.env(name, value);
        }
        command
    }

    /// Starts serving and waits until orders are accepted; how long that took.
    pub(crate) async fn start(&mut self) -> Duration {
        assert!(self.process.is_none(), "the hub runs already");
        let log = File::options()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let since = Instant::now();
        let mut serve = self.command(&["serve"]);
        serve.stdout(log.try_clone().unwrap()).stderr(log);
        self.process = Some(serve.spawn().unwrap());
        let client = api::plain_client();
        let url = format!("http://127.0.0.1:{}/readyz", self.http_port);
        until("the hub is ready", Duration::from_mins(1), || {
            if let Some(status) = self.has_ended() {
                panic!(
                    "`orderhub serve` ended with {status}:\n{}",
                    self.last_words()
                );
            }
            let asked = client.get(&url).send();
            async {
                asked
                    .await
                    .is_ok_and(|answer| answer.status() == 200)
                    .then_some(())
            }
        })
        .await;
        since.elapsed()
    }

    /// Ends the process without a warning, as a power cut would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().expect("the hub runs");
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Asks the process to end in its own way, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let id = self.process.as_ref().expect("the hub runs").id();
        let asked = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status();
        assert!(asked.unwrap().success());
        let status = until("the hub ends", Duration::from_secs(40), || {
            std::future::ready(self.has_ended())
        })
        .await;
        self.process = None;
        status
    }

    /// How the process ended, if it has.
    pub(crate) fn has_ended(&mut self) -> Option<ExitStatus> {
        let process = self.process.as_mut()?;
        process.try_wait().unwrap()
    }

    /// Memory that the process holds, in KiB.
    pub(crate) fn memory_kib(&self) -> u64 {
        let id = self.process.as_ref().expect("the hub runs").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.unwrap().trim().trim_end_matches(" kB");
        number.parse().unwrap()
    }

    /// A second hub under the same node name on the same database, at other addresses.
    pub(crate) fn namesake(&self, setup: &Setup) -> Self {
        let (http_port, admin_port) = (free_port(), free_port());
        let config = self.home.path().join("namesake.toml");
        std::fs::write(&config, config_text(setup, http_port, admin_port)).unwrap();
        Self {
            home: Arc::clone(&self.home),
            config,
            log: self.home.path().join("namesake.log"),
            http_port,
            admin_port,
            secrets: self.secrets.clone(),
            key: self.key.clone(),
            process: None,
        }
    }

    /// The API under the key with every scope.
    pub(crate) fn api(&self) -> Api {
        let base = format!("http://127.0.0.1:{}", self.http_port);
        Api::new(base, Some(self.key.clone()))
    }

    /// The admin address, which needs no key.
    pub(crate) fn admin(&self) -> Api {
        Api::new(format!("http://127.0.0.1:{}", self.admin_port), None)
    }

    /// The end of the log.
    pub(crate) fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the hub's log ends:\n{}\n---", self.last_words());
        }
        if let Some(mut process) = self.process.take() {
            process.kill().ok();
            process.wait().ok();
        }
    }
}

/// A file with a secret that only its owner reads.
pub(crate) fn kept_secret(secret: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(secret.as_bytes()).unwrap();
    std::fs::set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    file
}

/// A port on loopback that is free. It is below those that the system hands out by itself, so that no
/// connection and no double takes it before its hub does, and away from those that demos look for by themselves
/// (`src/dev`).
pub(crate) fn free_port() -> u16 {
    next_free(10_000, 4_000, 1)
}

/// The same for a demo, which looks for its second port right behind.
pub(crate) fn free_port_of_a_demo() -> u16 {
    next_free(16_300, 1_500, 2)
}

/// The next free port of so many places, which are a step apart.
fn next_free(first: u16, places: u32, step: u16) -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Processes that run at once begin at different places.
    let begin = std::process::id().wrapping_mul(997);
    (0..places)
        .find_map(|_| {
            let next = begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % places;
            let port = first + u16::try_from(next).ok()? * step;
            std::net::TcpListener::bind(("127.0.0.1", port)).ok()?;
            Some(port)
        })
        .expect("a free port")
}

/// A configuration after `docs/interface.md`: one connection of each kind.
fn config_text(setup: &Setup, http_port: u16, admin_port: u16) -> String {
    let way_back = setup
        .shop_url
        .as_ref()
        .map(|url| format!("base_url = \"{url}\"\naccess_token = {{ env = \"SHOP_DE_TOKEN\" }}\nstock_location = \"{}\"", shop_stock::LOCATION));
    let way_back = way_back.unwrap_or_default();
    let mut text = format!(
        r#"[http]
addr = "127.0.0.1:{http_port}"
[admin]
addr = "127.0.0.1:{admin_port}"
[node]
name = "hub-1"

[[sales]]
slug = "web"
kind = "direct"
payment = "stripe-eu"
[[sales]]
slug = "shop-de"
kind = "shopify"
secrets = [{{ env = "SHOP_DE_SECRET" }}]
payment = "stripe-eu"
{}

[[payments]]
slug = "stripe-eu"
kind = "stripe"
api_key = {{ env = "STRIPE_API_KEY" }}
webhook_secrets = [{{ env = "STRIPE_WEBHOOK_SECRET" }}]
base_url = "{}"

[[carriers]]
slug = "easypost"
kind = "easypost"
api_key = {{ env = "EASYPOST_API_KEY" }}
webhook_secrets = [{{ env = "EASYPOST_WEBHOOK_SECRET" }}]
base_url = "{}"

[[warehouses]]
slug = "own"
kind = "managed"
"#,
        way_back, setup.stripe_url, setup.easypost_url
    );
    for code in &setup.locations {
        write!(
            text,
            "[[locations]]\ncode = \"{code}\"\nwarehouse = \"own\"\nkind = \"warehouse\"\n\
             country = \"DE\"\nlat = 52.5\nlon = 13.4\ncapacity_per_day = 5000\n"
        )
        .unwrap();
    }
    text.push_str(&setup.policy);
    text
}
