//! A real Prometheus over the shipped configuration. Only the ports and the pace are the test's own.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use reqwest::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::api::plain_client;
use super::hub::free_port;
use super::nats::KEEPER;
use super::patience::{SOON, until};

/// Where the shipped files are.
pub(crate) fn shipped(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("dashboards");
    folder.join(name)
}

/// `prometheus` or `promtool`: unpacked beside the sources, or on PATH.
pub(crate) fn program(name: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let unpacked = root.join(".orderhub/prometheus/usr/bin");
    let mut found = [unpacked]
        .into_iter()
        .chain(std::env::split_paths(&on_path))
        .map(|folder| folder.join(name));
    found
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("there is no {name}: run scripts/prometheus.sh"))
}

/// A sample of an answer: its labels and its value.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) labels: Value,
    pub(crate) value: f64,
}

/// A running server with a store of its own. Ends with the test.
pub(crate) struct Prometheus {
    server: Child,
    url: String,
    client: Client,
    _home: TempDir,
}

impl Prometheus {
    /// Scrapes this address every second.
    pub(crate) async fn scraping(address: &str) -> Self {
        let home = tempfile::Builder::new().prefix("ohprom").tempdir().unwrap();
        let config = fs::read_to_string(shipped("prometheus.yml")).unwrap();
        assert!(config.contains("127.0.0.1:7071") && config.contains("interval: 15s"));
        let config = config
            .replace("127.0.0.1:7071", address)
            .replace("interval: 15s", "interval: 1s");
        fs::write(home.path().join("prometheus.yml"), config).unwrap();
        fs::copy(shipped("alerts.yml"), home.path().join("alerts.yml")).unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        let server = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(program("prometheus"))
            .arg(format!("--web.listen-address={listen}"))
            .arg("--config.file=prometheus.yml")
            .arg("--storage.tsdb.path=data")
            .current_dir(home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        let prometheus = Self {
            server,
            url: format!("http://{listen}"),
            client: plain_client(),
            _home: home,
        };
        until("Prometheus is ready", SOON, || async {
            let asked = prometheus.client.get(format!("{}/-/ready", prometheus.url));
            let answer = asked.send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        prometheus
    }

    /// The `data` of an answer of its API.
    pub(crate) async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let asked = self.client.get(format!("{}/api/v1/{path}", self.url));
        let answer = asked.query(parameters).send().await.unwrap();
        let mut said: Value = answer.json().await.unwrap();
        assert_eq!(said["status"], "success", "{path} {parameters:?}: {said}");
        said["data"].take()
    }

    /// What a query says now.
    pub(crate) async fn now(&self, expr: &str) -> Vec<Sample> {
        let data = self.ask("query", &[("query", expr)]).await;
        let result = data["result"].as_array().unwrap();
        let sample = |found: &Value| Sample {
            labels: found["metric"].clone(),
            value: found["value"][1].as_str().unwrap().parse().unwrap(),
        };
        result.iter().map(sample).collect()
    }

    /// What a panel draws of the last seconds: every point of every line.
    pub(crate) async fn drawn(&self, expr: &str, seconds: u32) -> Vec<f64> {
        let now = jiff::Timestamp::now().as_second();
        let (start, end) = ((now - i64::from(seconds)).to_string(), now.to_string());
        let asked = [
            ("query", expr),
            ("start", &start),
            ("end", &end),
            ("step", "1"),
        ];
        let data = self.ask("query_range", &asked).await;
        let lines = data["result"].as_array().unwrap().iter();
        let points = lines.flat_map(|line| line["values"].as_array().unwrap());
        points
            .map(|point| point[1].as_str().unwrap().parse().unwrap())
            .collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.server.stdin.take());
        self.server.wait().ok();
    }
}
