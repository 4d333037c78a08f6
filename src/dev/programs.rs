//! The system's programs that a demo hub runs: where they are, and who may run them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::{Exit, Failure};

/// The oldest Postgres that the hub works with.
const OLDEST_POSTGRES: u32 = 14;

/// What the demo runs of it.
const POSTGRES_PROGRAMS: [&str; 5] = ["initdb", "postgres", "pg_ctl", "pg_isready", "createdb"];

/// Folders under which package managers keep Postgres, one folder a version.
const POSTGRES_HOMES: [&str; 4] = [
    "/usr/lib/postgresql",
    "/opt/homebrew/opt",
    "/usr/local/opt",
    "/usr",
];

/// A user and a group by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// The folder with Postgres's programs: the one that is named, the first on the path, or the newest
/// that a package manager has put beside it.
pub(super) fn postgres() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("ORDERHUB_PG_BIN").map(PathBuf::from);
    named
        .into_iter()
        .chain(on_path())
        .chain(newest_first(&POSTGRES_HOMES.map(PathBuf::from)))
        .find(|folder| is_usable(folder))
        .ok_or_else(|| missing("PostgreSQL 14 or newer", "postgresql", "postgresql@16"))
}

/// Every Postgres below these folders. Homebrew keeps its versions off the path, as Debian does.
fn newest_first(homes: &[PathBuf]) -> Vec<PathBuf> {
    let mut installed: Vec<PathBuf> = homes
        .iter()
        .filter_map(|home| std::fs::read_dir(home).ok())
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|folder| folder.join("initdb").exists())
        .collect();
    installed.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    installed
}

/// Whether the demo can run the Postgres in this folder.
fn is_usable(folder: &Path) -> bool {
    let mut programs = POSTGRES_PROGRAMS.iter();
    programs.all(|program| folder.join(program).exists())
        && version(folder) >= Some(OLDEST_POSTGRES)
}

/// The major version of the Postgres in this folder.
fn version(folder: &Path) -> Option<u32> {
    let told = Command::new(folder.join("postgres"))
        .arg("--version")
        .output();
    let text = String::from_utf8(told.ok()?.stdout).ok()?;
    // `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`
    let number = text.split_whitespace().nth(2)?;
    number
        .split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

/// nats-server: the one that is named, on the path, or where packages put it.
pub(super) fn nats_server() -> Result<PathBuf, Failure> {
    let named = std::env::var_os("ORDERHUB_NATS_SERVER").map(PathBuf::from);
    let usual = ["/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"].map(PathBuf::from);
    named
        .into_iter()
        .chain(
            on_path()
                .into_iter()
                .chain(usual)
                .map(|folder| folder.join("nats-server")),
        )
        .find(|file| file.exists())
        .ok_or_else(|| missing("nats-server", "nats-server", "nats-server"))
}

/// The account that Postgres runs under: our own, but it refuses root, which hands over to the
/// account that the package made.
pub(super) fn postgres_account() -> Result<Option<Account>, Failure> {
    if number(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let account = number(&["-u", "postgres"]).zip(number(&["-g", "postgres"]));
    let Some((user, group)) = account else {
        let message = "Postgres does not run as root, and there is no user postgres";
        return Err(Failure::new(
            Exit::Missing,
            message,
            "run orderhub dev as a plain user",
        ));
    };
    Ok(Some(Account { user, group }))
}

fn number(arguments: &[&str]) -> Option<u32> {
    let told = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(told.stdout).ok()?.trim().parse().ok()
}

fn on_path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect()
}

/// One line that installs what is not there.
fn missing(what: &str, debian: &str, brew: &str) -> Failure {
    let next = if cfg!(target_os = "macos") {
        format!("brew install {brew}")
    } else {
        format!("sudo apt-get install -y {debian}")
    };
    Failure::new(Exit::Missing, format!("{what} is not installed"), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lays out what `brew install postgresql@16` and others make. A process of its own writes the
    /// programs: one that this process had open for writing could not be run by another thread.
    const KEGS: &str = r#"
cd "$1"
for version in 13 14 16 17; do
    mkdir -p "postgresql@$version/bin"
    for program in initdb postgres pg_ctl pg_isready createdb; do
        printf '#!/bin/sh\necho "%s (PostgreSQL) %s.4 (Homebrew)"\n' "$program" "$version" \
            >"postgresql@$version/bin/$program"
        chmod +x "postgresql@$version/bin/$program"
    done
done
rm postgresql@17/bin/pg_ctl
mkdir -p libpq/bin jq/bin
"#;

    #[test]
    fn of_the_postgres_kegs_of_homebrew_the_newest_whole_one_is_found() {
        let opt = tempfile::tempdir().expect("a folder");
        let mut lay_out = Command::new("/bin/sh");
        lay_out.args(["-c", KEGS, "kegs"]).arg(opt.path());
        assert!(lay_out.status().expect("a shell").success());

        let found = newest_first(&[opt.path().join("absent"), opt.path().to_path_buf()]);
        let versions: Vec<u32> = found.iter().filter_map(|bin| version(bin)).collect();
        assert_eq!(versions, [17, 16, 14, 13]);
        let usable: Vec<&PathBuf> = found.iter().filter(|bin| is_usable(bin)).collect();
        let expected = ["postgresql@16", "postgresql@14"].map(|keg| opt.path().join(keg));
        assert_eq!(
            usable,
            expected
                .each_ref()
                .map(|keg| keg.join("bin"))
                .iter()
                .collect::<Vec<_>>()
        );
    }
}
