//! `orderhub dev` in a folder of its own, as a person runs it who has just cloned the project.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::api::Api;
use super::hub::free_port_of_a_demo;
use super::patience::{SOON, until};

/// A demo in a folder of its own.
pub(crate) struct Demo {
    home: TempDir,
    pub(crate) options: &'static [&'static str],
    pub(crate) port: u16,
    process: Option<Child>,
}

impl Demo {
    pub(crate) fn new(options: &'static [&'static str]) -> Self {
        // As deep as a home directory may be: a socket's name has no room for it.
        let home = tempfile::Builder::new()
            .prefix(&"a-long-name-".repeat(8))
            .tempdir()
            .unwrap();
        Self {
            home,
            options,
            port: free_port_of_a_demo(),
            process: None,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn command(&self) -> Command {
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

    pub(crate) fn start(&mut self) {
        self.process = Some(self.command().spawn().unwrap());
    }

    pub(crate) fn signal(&mut self, name: &str) {
        let mut process = self.process.take().expect("the demo runs");
        let id = process.id().to_string();
        let sent = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(sent.success());
        process.wait().unwrap();
    }

    pub(crate) fn kept(&self, name: &str) -> Option<String> {
        let file = self.home.path().join(".orderhub/dev").join(name);
        std::fs::read_to_string(file).ok()
    }

    /// The API, once the shelves are full and the banner is told.
    pub(crate) async fn api(&self) -> Api {
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

    /// Where its Postgres is reached while it runs.
    pub(crate) fn socket(&self) -> PathBuf {
        let banner = self.kept("banner").unwrap_or_default();
        let socket = banner.lines().find_map(|line| line.split("host=").nth(1));
        PathBuf::from(socket.expect("the banner names the socket").trim())
    }

    /// Processes that name the demo's folder or its short name.
    fn left_behind(&self) -> String {
        let socket = self.socket();
        let name = socket.file_name().unwrap().to_string_lossy().into_owned();
        let found = Command::new("pgrep").args(["-f", &name]).output().unwrap();
        let folder = self.home.path().display().to_string();
        let others = Command::new("pgrep")
            .args(["-f", &folder])
            .output()
            .unwrap();
        String::from_utf8([found.stdout, others.stdout].concat()).unwrap()
    }

    pub(crate) async fn leaves_nothing(&self) {
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
