//! Checks of this machine: ports, programs, room on the disk, file descriptors.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::Finding;
use crate::cli::wire::{Wire, reached};
use crate::cli::{Exit, Failure};
use crate::dev;
use crate::http::Limits;

/// How long whoever has a port may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(3);

/// File descriptors beside those of connections from outside: the database, the bus, partners, logs.
const OTHER_DESCRIPTORS: usize = 512;

/// Room that a demo should have, in MiB.
const ROOM_MIB: u64 = 1_024;

/// Whether the hub may listen at an address of a section, or does already.
pub(super) async fn port(section: &'static str, address: SocketAddr) -> Finding {
    let found = match TcpListener::bind(address) {
        Ok(_) => Ok(format!("[{section}] {address} is free")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match hub_at(address).await {
            Some(version) => Ok(format!(
                "[{section}] orderhub {version} is at {address} already"
            )),
            None => Err(taken(
                section,
                &format!("{address} belongs to another program"),
            )),
        },
        Err(error) => Err(taken(
            section,
            &format!("{address} cannot be used: {error}"),
        )),
    };
    Finding::of("port", found)
}

fn taken(section: &str, why: &str) -> Failure {
    let message = format!("[{section}] {why}");
    let name = section.to_uppercase();
    let next = format!("export ORDERHUB__{name}__ADDR=ADDRESS:PORT, with a free one");
    Failure::new(Exit::Missing, message, next)
}

/// The version of the hub that answers at an address, if it is a hub.
async fn hub_at(address: SocketAddr) -> Option<String> {
    let wire = Wire::to(reached(address).ok()?).ok()?;
    let request = wire.request(Method::GET, &["version"]).ok()?;
    let answer = tokio::time::timeout(PATIENCE, wire.send(request)).await;
    let said: Value = serde_json::from_slice(&answer.ok()?.ok()?.body).ok()?;
    let ours = said["name"] == "orderhub";
    ours.then(|| said["version"].as_str().map(str::to_owned))?
}

/// What `orderhub dev` runs.
pub(super) fn programs() -> Vec<Finding> {
    let programs = dev::programs().into_iter();
    programs
        .map(|(what, found)| Finding::of(what, found))
        .collect()
}

/// Room for a demo. Only this machine's own disks can be looked at, not the database's.
pub(super) fn disk() -> Finding {
    let what = "disk";
    let folder = Path::new(dev::USUAL_FOLDER);
    let folder = folder.ancestors().find(|folder| folder.is_dir());
    let folder = folder.unwrap_or(Path::new("."));
    let told = Command::new("df").arg("-Pk").arg(folder).output();
    let Some(mib) = told
        .ok()
        .and_then(|told| free_mib(&String::from_utf8_lossy(&told.stdout)))
    else {
        let detail = "df does not say how much room there is";
        return Finding::warning(what, detail, "df -h .");
    };
    let detail = format!("{mib} MiB are free where orderhub dev keeps everything");
    if mib < ROOM_MIB {
        return Finding::warning(
            what,
            detail,
            "orderhub dev --folder FOLDER, on a larger disk",
        );
    }
    Finding::of(what, Ok(detail))
}

/// The fourth column of POSIX's second line, in KiB there.
fn free_mib(told: &str) -> Option<u64> {
    let line = told.lines().nth(1)?;
    let kib: u64 = line.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1_024)
}

/// How many files and connections a process that is started here may have open.
pub(super) fn descriptors() -> Finding {
    let what = "file descriptors";
    let told = Command::new("sh").args(["-c", "ulimit -n"]).output();
    let told = told.map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned());
    let told = told.unwrap_or_default();
    let wanted = Limits::default().connections + OTHER_DESCRIPTORS;
    let enough = match told.parse::<usize>() {
        Ok(most) => most >= wanted,
        Err(_) => told == "unlimited",
    };
    if enough {
        return Finding::of(what, Ok(format!("{told} at once")));
    }
    let detail = format!("{told} at once; {wanted} let the hub take as many connections as it may");
    let next = format!("ulimit -n {wanted}; under systemd LimitNOFILE={wanted}");
    Finding::warning(what, detail, next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_read_from_what_posix_prescribes() {
        let told = "Filesystem 1024-blocks Used Available Capacity Mounted on\n\
                    /dev/sda1 41152736 9437184 2097152 24% /\n";
        assert_eq!(free_mib(told), Some(2_048));
        assert_eq!(free_mib("df: no such file\n"), None);
    }

    #[tokio::test]
    async fn a_port_is_free_or_taken_by_a_stranger() {
        let stranger = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = stranger.local_addr().expect("an address");
        // It accepts and hangs up, as what speaks another protocol does.
        let hanging_up = std::thread::spawn(move || drop(stranger.accept()));
        let found = port("http", address).await;
        assert_eq!(found.verdict, super::super::Verdict::Fail(Exit::Missing));
        assert!(
            found
                .next
                .is_some_and(|next| next.contains("ORDERHUB__HTTP__ADDR"))
        );
        hanging_up.join().expect("it hung up");
        let found = port("http", address).await;
        assert_eq!(found.verdict, super::super::Verdict::Ok, "{found:?}");
    }
}
