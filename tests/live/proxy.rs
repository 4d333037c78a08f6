//! A TCP proxy in the test's hands: it cuts connections and holds bytes back.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the connections made so far may do.
#[derive(Clone, Copy, Default)]
struct Gates {
    /// Hold what the client sends.
    requests_held: bool,
    /// Hold what the server answers.
    answers_held: bool,
    /// End the connection.
    cut: bool,
}

/// A running proxy.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    connections: Arc<Mutex<Vec<watch::Sender<Gates>>>>,
}

impl Proxy {
    /// Forwards to this port.
    pub(crate) async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let connections = Arc::new(Mutex::new(Vec::new()));
        let made = connections.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (gates, seen) = watch::channel(Gates::default());
                made.lock().expect("not poisoned").push(gates);
                if let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await {
                    tokio::spawn(forward(client, server, seen));
                }
            }
        });
        Self { port, connections }
    }

    /// Ends every connection made so far.
    pub(crate) fn cut(&self) {
        self.set(|gates| gates.cut = true);
    }

    /// Holds the answers on every connection made so far.
    pub(crate) fn hold_answers(&self) {
        self.set(|gates| gates.answers_held = true);
    }

    /// Holds the requests on every connection made so far, even after the client has gone.
    pub(crate) fn hold_requests(&self) {
        self.set(|gates| gates.requests_held = true);
    }

    /// Delivers the requests that were held.
    pub(crate) fn deliver_requests(&self) {
        self.set(|gates| gates.requests_held = false);
    }

    fn set(&self, change: impl Fn(&mut Gates)) {
        for gates in self.connections.lock().expect("not poisoned").iter() {
            gates.send_modify(&change);
        }
    }
}

async fn forward(client: TcpStream, server: TcpStream, mut gates: watch::Receiver<Gates>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = pump(from_client, to_server, gates.clone(), |gates| {
        gates.requests_held
    });
    let down = pump(from_server, to_client, gates.clone(), |gates| {
        gates.answers_held
    });
    tokio::select! {
        // Both directions end by themselves, or are dropped here with their sockets.
        _ = async { tokio::join!(up, down) } => {}
        _ = gates.wait_for(|gates| gates.cut) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut gates: watch::Receiver<Gates>,
    held: fn(&Gates) -> bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer).await.unwrap_or(0);
        let open = gates.wait_for(|gates| !held(gates)).await.is_ok();
        if read == 0 || !open || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
    }
    to.shutdown().await.ok();
}
