//! A NATS server of its own, with `JetStream`.

use std::net::TcpStream;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::home::{Home, private_folder};
use super::keeper::{Keeper, Run};
use super::{Server, free_from, programs};
use crate::cli::{Exit, Failure};

/// Where free ports are looked for.
const FIRST_PORT: u16 = 14_222;
/// How many demos begin at places of their own.
const SLOTS: u16 = 2_000;

/// How long it may take to listen: it may have a store to read.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts it.
pub(super) async fn start(home: &Home) -> Result<Server, Failure> {
    let program = programs::nats_server()?;
    let store = home.at("nats");
    private_folder(&store, None)?;
    let port = free_from(FIRST_PORT + home.slot(SLOTS))?;
    let log = home.at("nats.log");
    let arguments = [
        "-a".to_owned(),
        "127.0.0.1".to_owned(),
        "-p".to_owned(),
        port.to_string(),
        "-js".to_owned(),
        "-sd".to_owned(),
        store.display().to_string(),
    ];
    let broken = |why: String| {
        let message = format!("the demo's NATS does not start: {why}");
        Failure::new(Exit::Failed, message, format!("tail {}", log.display()))
    };
    let keeper = Keeper::start(&Run {
        program: &program,
        arguments: &arguments,
        secrets: &[],
        log: &log,
        signal: "TERM",
        account: None,
        folder: home.path(),
    })
    .map_err(|error| broken(error.to_string()))?;
    let until = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if Instant::now() >= until {
            return Err(broken("it does not listen".to_owned()));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(Server {
        url: format!("nats://127.0.0.1:{port}"),
        keeper: Some(keeper),
        outside: None,
        door: None,
    })
}
