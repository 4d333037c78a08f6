//! A private Postgres for a test binary: one cluster in a temporary folder, one database per test.
//! A test that stops, freezes or fills the server has a cluster of its own.
//!
//! The server is the child of a small shell that waits for this process to end, however it ends, and
//! then stops the server and removes the folder. Binaries are taken from `$ORDERHUB_PG_BIN`, `PATH`
//! or where Debian and Homebrew keep them. Root hands over to the user `postgres`: the server refuses root.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use orderhub::store::migrate;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::{Mutex, OnceCell};

use super::hub::free_port;

const TEMPLATE: &str = "orderhub_template";

/// A line with a signal's name stops the server; the end of the input also removes the folder.
const KEEPER: &str = r#"
"$1/postgres" -D "$4" -k "$2" -p "$3" \
    -c listen_addresses=127.0.0.1 -c max_connections=200 -c shared_buffers=128MB \
    >>"$2/log" 2>&1 &
pid=$!
read -r signal
kill -"${signal:-QUIT}" "$pid"
kill -CONT "$pid"
wait "$pid"
[ -n "$signal" ] || rm -rf "$2"
"#;

/// Mounts a small file system that only the server sees, and that ends with it. The log of
/// transactions stays outside: what is full is the place of the tables.
const SMALL_DISK: &str = r#"
mount -t tmpfs -o "size=$4m,mode=0700,uid=$5,gid=$6" small /mnt &&
cp -a "$2/data/." /mnt/ &&
exec setpriv --reuid "$5" --regid "$6" --clear-groups \
    /bin/sh -c "$7" keeper "$1" "$2" "$3" /mnt
"#;

/// Where Debian and Homebrew keep Postgres, one folder a version.
const HOMES: [&str; 3] = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"];

/// Room for a new database and some hundred orders, in MiB.
const SMALL_MIB: u32 = 160;

/// A running server.
pub(crate) struct Cluster {
    /// Its TCP port on 127.0.0.1.
    pub(crate) port: u16,
    folder: PathBuf,
    /// Closing its standard input, which the end of this process does, stops the server.
    keeper: Child,
}

/// How a server is stopped.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stop {
    /// As in a crash: it has to recover.
    Immediate,
    /// In good order, without waiting for its clients.
    Fast,
}

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static TEMPLATE_READY: OnceCell<()> = OnceCell::const_new();
static CREATING: Mutex<()> = Mutex::const_new(());
static NUMBER: AtomicU32 = AtomicU32::new(1);

impl Cluster {
    /// The cluster of this test binary.
    pub(crate) fn shared() -> &'static Self {
        CLUSTER.get_or_init(Self::start)
    }

    /// A new database with the present schema; answers its URL.
    pub(crate) async fn database(&self) -> String {
        TEMPLATE_READY.get_or_init(|| self.make_template()).await;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let statement = format!("create database {name} template {TEMPLATE}");
        // Two copies of one template at once get into each other's way.
        let _alone = CREATING.lock().await;
        self.run("postgres", statement).await;
        self.url(&name)
    }

    /// A new database without anything in it.
    pub(crate) async fn empty_database(&self) -> String {
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        self.run("postgres", format!("create database {name}"))
            .await;
        self.url(&name)
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    async fn make_template(&self) {
        self.run("postgres", format!("create database {TEMPLATE}"))
            .await;
        migrate::up(&self.url(TEMPLATE))
            .await
            .expect("the migrations apply to an empty database");
    }

    async fn run(&self, database: &str, statement: String) {
        let mut conn = self.connect(database).await;
        sqlx::raw_sql(AssertSqlSafe(statement))
            .execute(&mut conn)
            .await
            .expect("an administrator's statement");
        conn.close().await.expect("closed");
    }

    /// Connects, waiting for a server that is starting up.
    async fn connect(&self, database: &str) -> PgConnection {
        let options: PgConnectOptions = self.url(database).parse().expect("a URL");
        for _ in 0..200 {
            if let Ok(conn) = PgConnection::connect_with(&options).await {
                return conn;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        panic!("Postgres did not start:\n{log}");
    }

    fn start() -> Self {
        let folder = new_folder();
        let port = free_port();
        let keeper = keep(&folder, port);
        Self {
            port,
            folder,
            keeper,
        }
    }

    /// A cluster for one test alone, which may do with the server what it wants.
    pub(crate) fn private() -> Self {
        Self::start()
    }

    /// The same with its tables on a small disk. `None` where this process may not mount one.
    pub(crate) fn on_small_disk() -> Option<Self> {
        let (uid, gid) = account()?;
        let may_mount = Command::new("unshare")
            .args(["--mount", "mount", "-t", "tmpfs", "probe", "/mnt"])
            .stderr(Stdio::null())
            .status();
        if !may_mount.is_ok_and(|status| status.success()) {
            return None;
        }
        let folder = new_folder();
        let port = free_port();
        let keeper = Command::new("unshare")
            .args(["--mount", "/bin/sh", "-c", SMALL_DISK, "keeper"])
            .arg(binaries())
            .arg(&folder)
            .args([port.to_string(), SMALL_MIB.to_string()])
            .args([uid.to_string(), gid.to_string()])
            .arg(KEEPER)
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("the server's keeper runs");
        Some(Self {
            port,
            folder,
            keeper,
        })
    }

    /// Stops the server and starts it again over what it has.
    pub(crate) fn restart(&mut self, how: Stop) {
        let signal = match how {
            Stop::Immediate => "QUIT",
            Stop::Fast => "INT",
        };
        let mut orders = self.keeper.stdin.take().expect("the keeper listens");
        writeln!(orders, "{signal}").expect("the keeper listens");
        self.keeper.wait().expect("the server ended");
        self.keeper = keep(&self.folder, self.port);
    }

    /// Stops every process of the server without ending a connection, or lets them go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        let keeper = self.keeper.id().to_string();
        let found = Command::new("pgrep").args(["-P", &keeper]).output();
        let postmaster = String::from_utf8(found.expect("pgrep runs").stdout).expect("numbers");
        let postmaster = postmaster.trim();
        // The postmaster first when it stops and last when it goes on: it starts no other.
        let (signal, parents) = if frozen {
            ("-STOP", [keeper.as_str(), postmaster])
        } else {
            ("-CONT", [postmaster, keeper.as_str()])
        };
        for parent in parents {
            let sent = Command::new("pkill").args([signal, "-P", parent]).status();
            assert!(sent.expect("pkill runs").success(), "{signal} {parent}");
        }
    }

    /// Takes all the room that is left on the small disk.
    pub(crate) fn fill_disk(&self) {
        let mut ballast = File::create(self.ballast()).expect("a file on the small disk");
        for piece in [vec![1; 1 << 20], vec![1; 1 << 12]] {
            while ballast.write_all(&piece).is_ok() {}
        }
    }

    /// Gives it back.
    pub(crate) fn free_disk(&self) {
        std::fs::remove_file(self.ballast()).expect("the ballast is there");
    }

    /// A file on the small disk, as seen from outside the server's file systems.
    fn ballast(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root/mnt/ballast", self.keeper.id()))
    }
}

/// A new folder with an empty database cluster.
fn new_folder() -> PathBuf {
    // A short path: a Unix socket's name has room for about a hundred bytes.
    let folder = tempfile::Builder::new()
        .prefix("ohpg")
        .tempdir_in("/tmp")
        .expect("a temporary folder")
        .keep();
    let account = account();
    if let Some((uid, gid)) = account {
        std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).expect("chown as root");
    }
    let made = as_account(Command::new(binaries().join("initdb")), account, &folder)
        .args([
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ])
        .arg(folder.join("data"))
        .arg("-X")
        .arg(folder.join("wal"))
        .output()
        .expect("initdb runs");
    let complaint = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "initdb failed: {complaint}");
    folder
}

/// Starts the server of a folder under its keeper.
fn keep(folder: &Path, port: u16) -> Child {
    as_account(Command::new("/bin/sh"), account(), folder)
        .args(["-c", KEEPER, "keeper"])
        .arg(binaries())
        .arg(folder)
        .arg(port.to_string())
        .arg(folder.join("data"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Not ended by the terminal together with the tests, or nobody would clean up.
        .process_group(0)
        .spawn()
        .expect("the server's keeper runs")
}

/// The folder with the server's binaries.
fn binaries() -> PathBuf {
    let named = std::env::var_os("ORDERHUB_PG_BIN").map(PathBuf::from);
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut installed: Vec<(u32, PathBuf)> = HOMES
        .into_iter()
        .filter_map(|home| std::fs::read_dir(home).ok())
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let name = name.to_str()?;
            let version = name.strip_prefix("postgresql@").unwrap_or(name);
            Some((version.parse().ok()?, entry.path().join("bin")))
        })
        .collect();
    installed.sort();
    let newest_first = installed.into_iter().rev().map(|(_, path)| path);
    named
        .into_iter()
        .chain(std::env::split_paths(&on_path))
        .chain(newest_first)
        .find(|folder| folder.join("initdb").exists() && folder.join("postgres").exists())
        .expect("PostgreSQL's initdb and postgres; set ORDERHUB_PG_BIN to their folder")
}

/// The account to hand over to, when this is root.
fn account() -> Option<(u32, u32)> {
    let number = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if number(&["-u"])? != 0 {
        return None;
    }
    let uid = number(&["-u", "postgres"]).expect("a user postgres, because root cannot run it");
    Some((uid, number(&["-g", "postgres"])?))
}

fn as_account(mut command: Command, account: Option<(u32, u32)>, folder: &Path) -> Command {
    command.current_dir(folder);
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}
