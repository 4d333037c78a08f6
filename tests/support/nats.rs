//! A private NATS server with `JetStream`: stopped, wiped and started again as the scenario wants.

use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use async_nats::jetstream::{self, Context};
use serde_json::Value;
use tempfile::TempDir;

use super::hub::free_port;
use super::patience::{SOON, until};

/// The server is the child of a shell that waits for this process to end, however it ends.
pub(super) const KEEPER: &str = r#"
"$@" >/dev/null 2>&1 &
pid=$!
read -r _
kill -KILL "$pid"
wait "$pid"
"#;

/// Which server.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Server {
    /// The system's; Debian 12 has 2.9.10.
    Installed,
    /// A current one, which `make setup` puts beside it.
    Current,
}

/// Makes two tests of each scenario, one for each server.
macro_rules! on_both_servers {
    ($($scenario:ident),+ $(,)?) => {
        mod on_the_installed_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                super::$scenario(super::Server::Installed).await;
            })+
        }

        mod on_a_current_server {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $scenario() {
                super::$scenario(super::Server::Current).await;
            })+
        }
    };
}
pub(crate) use on_both_servers;

/// An address for a server, its store and, while it runs, the server.
pub(crate) struct Nats {
    binary: PathBuf,
    port: u16,
    home: TempDir,
    server: Option<Child>,
}

/// A message of the stream of events.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) subject: String,
    pub(crate) msg_id: String,
    pub(crate) traceparent: String,
    pub(crate) raw: String,
    pub(crate) event: Value,
}

impl Published {
    /// A member that is text; empty when it is not.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.event[name].as_str().unwrap_or_default()
    }
}

impl Nats {
    /// Chooses an address; nothing listens there yet.
    pub(crate) fn absent(server: Server) -> Self {
        let home = tempfile::Builder::new().prefix("ohnats").tempdir().unwrap();
        let port = free_port();
        let nats = Self {
            binary: server.binary(),
            port,
            home,
            server: None,
        };
        nats.limit_payload(1_048_576);
        nats
    }

    /// A running server.
    pub(crate) async fn start(server: Server) -> Self {
        let mut nats = Self::absent(server);
        nats.bring_up().await;
        nats
    }

    /// A running server that keeps nothing.
    pub(crate) async fn without_jetstream(server: Server) -> Self {
        let mut nats = Self::absent(server);
        let config = format!("listen: \"127.0.0.1:{}\"\n", nats.port);
        std::fs::write(nats.home.path().join("nats.conf"), config).unwrap();
        nats.bring_up().await;
        nats
    }

    pub(crate) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The largest message that it takes from its next start on, in bytes.
    pub(crate) fn limit_payload(&self, bytes: u32) {
        self.configure(&format!("max_payload: {bytes}\n"));
    }

    /// Lets these users in, and nobody else, from its next start on.
    pub(crate) fn admit(&self, users: &str) {
        self.configure(&format!("authorization {{ users = [\n{users}] }}\n"));
    }

    fn configure(&self, more: &str) {
        let config = format!(
            "listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: \"{}\" }}\n{more}",
            self.port,
            self.store().display()
        );
        std::fs::write(self.home.path().join("nats.conf"), config).unwrap();
    }

    /// Starts it over what its store has.
    pub(crate) async fn bring_up(&mut self) {
        assert!(self.server.is_none(), "the bus runs already");
        let server = Command::new("/bin/sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(&self.binary)
            .arg("-c")
            .arg(self.home.path().join("nats.conf"))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Not ended by the terminal together with the tests, or nobody would clean up.
            .process_group(0)
            .spawn();
        self.server = Some(server.unwrap());
        until("the bus listens", SOON, || {
            std::future::ready(TcpStream::connect(("127.0.0.1", self.port)).ok())
        })
        .await;
    }

    /// Ends it without a warning.
    pub(crate) fn kill(&mut self) {
        let mut server = self.server.take().expect("the bus runs");
        drop(server.stdin.take());
        server.wait().unwrap();
    }

    /// Forgets everything that it stored.
    pub(crate) fn wipe(&self) {
        assert!(self.server.is_none(), "the bus still runs");
        std::fs::remove_dir_all(self.store()).unwrap();
    }

    /// Keeps a copy of what it has stored; it does not run.
    pub(crate) fn keep_copy(&self) {
        copy(&self.store(), &self.home.path().join("copy"));
    }

    /// Goes back to the copy: what came after it was never on a disk.
    pub(crate) fn go_back(&self) {
        self.wipe();
        copy(&self.home.path().join("copy"), &self.store());
    }

    /// Stops answering without hanging up, or goes on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let keeper = self.server.as_ref().expect("the bus runs").id().to_string();
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let sent = Command::new("pkill").args([signal, "-P", &keeper]).status();
        assert!(sent.unwrap().success());
    }

    /// A connection of somebody else.
    pub(crate) async fn context(&self) -> Context {
        let client = async_nats::connect(self.url()).await.unwrap();
        jetstream::new(client)
    }

    /// Everything in the stream of events, in its order; nothing while there is no stream.
    pub(crate) async fn published(&self) -> Vec<Published> {
        let context = self.context().await;
        let Ok(stream) = context.get_stream("ORDERHUB_EVENTS").await else {
            return Vec::new();
        };
        let state = &stream.cached_info().state;
        let mut published = Vec::new();
        for seq in state.first_sequence.max(1)..=state.last_sequence {
            let message = stream.get_raw_message(seq).await.unwrap();
            let header = |name| message.headers.get(name).map(ToString::to_string);
            let raw = String::from_utf8(message.payload.to_vec()).unwrap();
            published.push(Published {
                subject: message.subject.to_string(),
                msg_id: header("Nats-Msg-Id").unwrap_or_default(),
                traceparent: header("traceparent").unwrap_or_default(),
                event: serde_json::from_str(&raw).unwrap(),
                raw,
            });
        }
        published
    }

    /// How many messages the stream of events has.
    pub(crate) async fn messages(&self) -> u64 {
        let client = async_nats::connect(self.url()).await.unwrap();
        let stream = jetstream::new(client).get_stream("ORDERHUB_EVENTS").await;
        stream.map_or(0, |stream| stream.cached_info().state.messages)
    }

    fn store(&self) -> PathBuf {
        self.home.path().join("store")
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.kill();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status();
    assert!(copied.unwrap().success());
}

impl Server {
    fn binary(self) -> PathBuf {
        match self {
            Self::Installed => installed(),
            Self::Current => {
                let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
                let binary = root.join(".orderhub/nats/bin/nats-server");
                assert!(
                    binary.exists(),
                    "a current nats-server is not installed: run `make setup`"
                );
                binary
            }
        }
    }
}

fn installed() -> PathBuf {
    let named = std::env::var_os("ORDERHUB_NATS_SERVER").map(PathBuf::from);
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let installed = std::env::split_paths(&on_path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/bin")])
        .map(|folder| folder.join("nats-server"));
    named
        .into_iter()
        .chain(installed)
        .find(|file| file.exists())
        .expect("nats-server: run `make setup`, or set ORDERHUB_NATS_SERVER to its path")
}
