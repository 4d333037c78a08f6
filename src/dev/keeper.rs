//! Child processes that never outlive this one, however it ends.
//!
//! A child runs under a small shell that waits for the end of its standard input: this process holds
//! the other end of the pipe, and the system closes it even after `kill -9`. The shell then stops
//! the child with the signal that it ends well by. Shell and child are in a process group of their
//! own, so that a Ctrl-C reaches only this process, which drains before it lets them go.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::programs::Account;

const SHELL: &str = r#"
signal=$1
shift
"$@" &
child=$!
read -r _
kill -s "$signal" "$child"
wait "$child"
"#;

/// How long a child may take to end.
const FAREWELL: Duration = Duration::from_secs(15);

/// A child. Dropping it stops it and waits for its end.
pub(super) struct Keeper {
    shell: Child,
}

/// What is run, and how.
pub(super) struct Run<'a> {
    pub(super) program: &'a Path,
    pub(super) arguments: &'a [String],
    /// What it finds in its environment: a command line can be read by everybody on the machine.
    pub(super) secrets: &'a [(&'static str, String)],
    /// Where it says what it does.
    pub(super) log: &'a Path,
    /// The signal that it ends well by.
    pub(super) signal: &'a str,
    /// The account to hand over to, if not our own.
    pub(super) account: Option<Account>,
    /// Where it runs.
    pub(super) folder: &'a Path,
}

impl Keeper {
    /// Starts a child.
    pub(super) fn start(run: &Run<'_>) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(run.log)?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SHELL, "keeper", run.signal])
            .arg(run.program)
            .args(run.arguments)
            .envs(run.secrets.iter().map(|(name, secret)| (name, secret)))
            .current_dir(run.folder)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0);
        if let Some(account) = run.account {
            command.uid(account.user).gid(account.group);
        }
        Ok(Self {
            shell: command.spawn()?,
        })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        let until = Instant::now() + FAREWELL;
        while Instant::now() < until {
            match self.shell.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        tracing::warn!("a server of the demo does not end; it is left to its shell");
    }
}
