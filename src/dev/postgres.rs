//! A Postgres of its own: made at the first start, reached over a socket only.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Server;
use super::home::{Home, private_folder, unusable};
use super::keeper::{Keeper, Run};
use super::programs::{self, Account};
use crate::cli::{Exit, Failure};

/// The superuser and the database.
const NAME: &str = "orderhub";

/// How long it may take to accept connections: it may have a crash to recover from.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where things are.
struct Places {
    bin: PathBuf,
    account: Option<Account>,
    data: PathBuf,
    /// Short: a socket's whole name has room for about a hundred bytes.
    socket: PathBuf,
    log: PathBuf,
}

/// Starts it; one that an earlier run has left behind is stopped first.
pub(super) async fn start(home: &Home) -> Result<Server, Failure> {
    let bin = programs::postgres()?;
    let account = programs::postgres_account()?;
    let places = places(home, bin, account)?;
    private_folder(&places.socket, account)?;
    if !places.data.join("PG_VERSION").exists() {
        places.make()?;
    }
    let url = format!(
        "postgres://{NAME}@localhost/{NAME}?host={}",
        places.socket.display()
    );
    let inside = places.data.starts_with(home.path());
    let folder = places.data.parent().filter(|_| !inside);
    let outside = folder.map(Path::to_path_buf);
    let running = places.run("pg_ctl", &["status"]);
    if running.is_ok_and(|told| told.status.success()) {
        tracing::info!("a Postgres of an earlier run is still there; it is started anew");
        let stopped = places.run("pg_ctl", &["stop", "-m", "fast", "-w"]);
        stopped.map_err(|error| places.broken(&error))?;
    }
    let keeper = places.serve()?;
    places.wait().await?;
    let made = places.client("createdb", &[NAME])?;
    let words = String::from_utf8_lossy(&made.stderr).into_owned();
    if !made.status.success() && !words.contains("already exists") {
        return Err(places.complain(&words));
    }
    Ok(Server {
        url,
        keeper: Some(keeper),
        outside,
        door: Some(places.socket),
    })
}

/// A folder below root's own is closed to the account that Postgres runs under.
fn places(home: &Home, bin: PathBuf, account: Option<Account>) -> Result<Places, Failure> {
    let name = format!("orderhub-dev-{}", home.short_name());
    let own = home.at("postgres");
    let reachable = account.is_none_or(|account| can_enter(home.path(), account));
    let folder = if reachable {
        own
    } else {
        Path::new("/var/tmp").join(&name)
    };
    private_folder(&folder, account)?;
    Ok(Places {
        data: folder.join("data"),
        log: home.at("postgres.log"),
        socket: Path::new("/tmp").join(name),
        bin,
        account,
    })
}

fn can_enter(folder: &Path, account: Account) -> bool {
    let mut test = Command::new("/bin/sh");
    test.args(["-c", "cd \"$1\"", "test"])
        .arg(folder)
        .stderr(Stdio::null());
    let entered = as_account(&mut test, Some(account))
        .current_dir("/")
        .status();
    entered.is_ok_and(|status| status.success())
}

fn as_account(command: &mut Command, account: Option<Account>) -> &mut Command {
    use std::os::unix::process::CommandExt;
    if let Some(account) = account {
        command.uid(account.user).gid(account.group);
    }
    command
}

impl Places {
    /// A data folder, whole or not at all.
    fn make(&self) -> Result<(), Failure> {
        let unfinished = self.data.with_extension("new");
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished).map_err(|error| unusable(&unfinished, &error))?;
        }
        let mut initdb = Command::new(self.bin.join("initdb"));
        initdb
            .args(["-A", "trust", "-U", NAME, "-E", "UTF8", "--no-locale", "-D"])
            .arg(&unfinished)
            .current_dir("/");
        let made = as_account(&mut initdb, self.account).output();
        let made = made.map_err(|error| self.broken(&error))?;
        if !made.status.success() {
            return Err(self.complain(&String::from_utf8_lossy(&made.stderr)));
        }
        std::fs::rename(&unfinished, &self.data).map_err(|error| unusable(&self.data, &error))
    }

    fn serve(&self) -> Result<Keeper, Failure> {
        let arguments = [
            "-D".to_owned(),
            self.data.display().to_string(),
            "-k".to_owned(),
            self.socket.display().to_string(),
            "-c".to_owned(),
            "listen_addresses=".to_owned(),
        ];
        let run = Run {
            program: &self.bin.join("postgres"),
            arguments: &arguments,
            secrets: &[],
            log: &self.log,
            // Fast: sessions are ended, nothing is lost.
            signal: "INT",
            account: self.account,
            folder: Path::new("/"),
        };
        Keeper::start(&run).map_err(|error| self.broken(&error))
    }

    async fn wait(&self) -> Result<(), Failure> {
        let until = Instant::now() + PATIENCE;
        loop {
            if self.client("pg_isready", &["-q"])?.status.success() {
                return Ok(());
            }
            if Instant::now() >= until {
                return Err(self.complain("it does not accept connections"));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    /// A program that talks to the server.
    fn client(&self, program: &str, arguments: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new(self.bin.join(program));
        command
            .arg("-h")
            .arg(&self.socket)
            .args(["-U", NAME])
            .args(arguments);
        command
            .current_dir("/")
            .output()
            .map_err(|error| self.broken(&error))
    }

    /// A program that works on the data folder.
    fn run(&self, program: &str, arguments: &[&str]) -> std::io::Result<Output> {
        let mut command = Command::new(self.bin.join(program));
        command
            .args(arguments)
            .arg("-D")
            .arg(&self.data)
            .current_dir("/");
        as_account(&mut command, self.account).output()
    }

    fn broken(&self, error: &std::io::Error) -> Failure {
        self.complain(&error.to_string())
    }

    fn complain(&self, why: &str) -> Failure {
        let why = why.trim();
        Failure::new(
            Exit::Failed,
            format!("the demo's Postgres does not start: {why}"),
            format!("tail {}", self.log.display()),
        )
    }
}
