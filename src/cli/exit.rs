//! How a command line ends.

use std::process::ExitCode;

use orderhub_actors::ports::Unavailable;

/// Exit codes. A promise to scripts: numbers never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0.
    Done = 0,
    /// 1: it was tried and did not work.
    Failed = 1,
    /// 2: the command line or the configuration is wrong; nothing was tried.
    Usage = 2,
    /// 3: something that must run or be installed is not there.
    Missing = 3,
    /// 4: what was named does not exist.
    NotFound = 4,
    /// 5: it is in a state that does not allow it.
    Conflict = 5,
    /// 6: a part of it was done.
    Partial = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a verb did not do what was asked, and what to run next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the process ends.
    pub exit: Exit,
    /// One sentence.
    pub message: String,
    /// The next command to run.
    pub next: String,
}

impl Failure {
    /// A failure with this exit.
    pub fn new(exit: Exit, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            next: next.into(),
        }
    }

    /// The command line or the configuration is wrong.
    pub fn usage(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message, next)
    }

    /// No database is configured.
    pub fn no_store() -> Self {
        let message = "no database is configured: neither [store] url nor DATABASE_URL is set";
        let next = "export DATABASE_URL=postgres://user@host/database";
        Self::usage(message, next)
    }
}

impl From<Unavailable> for Failure {
    fn from(error: Unavailable) -> Self {
        Self::new(Exit::Missing, error.to_string(), "orderhub migrate status")
    }
}
