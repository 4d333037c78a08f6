//! The command line as an operator or a script uses it: verbs, what they print and how they end.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::world::World;

/// A verb against a hub, under its key.
pub(crate) struct Operator<'a> {
    pub(crate) world: &'a World,
    pub(crate) url: String,
    pub(crate) key: String,
}

impl<'a> Operator<'a> {
    pub(crate) fn of(world: &'a World) -> Self {
        let key = world.hub.make_key("operator", "ops:act,inventory:write");
        let url = world.api.base().to_owned();
        Self { world, url, key }
    }

    pub(crate) fn run(&self, line: &str) -> Said {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.extend(["--url", &self.url, "--key", &self.key]);
        Said::of(&self.world.hub.attempt(&words))
    }

    /// What it printed for people; it must end well.
    #[track_caller]
    pub(crate) fn text(&self, line: &str) -> String {
        self.run(line).expect(0)
    }

    /// What it printed for programs; it must end well.
    #[track_caller]
    pub(crate) fn json(&self, line: &str) -> Value {
        let printed = self.run(&format!("{line} -o json")).expect(0);
        serde_json::from_str(&printed).unwrap()
    }
}

/// How a process ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) exit: i32,
    pub(crate) data: String,
    pub(crate) words: String,
}

impl Said {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            exit: output.status.code().unwrap(),
            data: String::from_utf8(output.stdout.clone()).unwrap(),
            words: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The data; every failure names the next step.
    #[track_caller]
    pub(crate) fn expect(self, exit: i32) -> String {
        assert_eq!(self.exit, exit, "{self:?}");
        assert!(exit == 0 || self.words.contains("\nnext: "), "{self:?}");
        self.data
    }
}

/// The binary in an empty folder with only these variables, and not a word of configuration else.
pub(crate) fn alone(folder: &TempDir, variables: &[(&str, &str)], line: &str) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_orderhub"))
        .args(line.split_whitespace())
        .current_dir(folder.path())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output();
    Said::of(&output.unwrap())
}
