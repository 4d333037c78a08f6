//! A simulator as a process: the real binary's `orderhub sim`, started, killed, asked to end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use super::patience::{SOON, until};

/// A simulator's process. Ends when dropped.
pub(crate) struct Sim {
    log: PathBuf,
    words: Vec<String>,
    process: Child,
}

impl Sim {
    /// Starts a simulator with these words, each argument without spaces.
    pub(crate) fn start(folder: &Path, kind: &str, words: &str) -> Self {
        let log = folder.join(format!("{kind}.log"));
        let words = format!("sim {kind} {words}");
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        let process = spawn(&log, &words);
        Self {
            log,
            words,
            process,
        }
    }

    /// Ends it without a warning and starts it again as it was.
    pub(crate) fn crash(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        self.process = spawn(&self.log, &self.words);
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status();
        assert!(asked.unwrap().success());
        self.ended().await
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        until("the simulator ends", SOON, || {
            std::future::ready(self.process.try_wait().unwrap())
        })
        .await
    }

    /// Everything that it wrote.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            let lines: Vec<&str> = said.lines().collect();
            let last = &lines[lines.len().saturating_sub(15)..];
            eprintln!(
                "--- {} said last:\n{}\n---",
                self.log.display(),
                last.join("\n")
            );
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn spawn(log: &Path, words: &[String]) -> Child {
    let log = File::options().create(true).append(true).open(log).unwrap();
    Command::new(env!("CARGO_BIN_EXE_orderhub"))
        .args(words)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}
