//! `orderhub dev`: a whole hub with a database, a bus and partners of its own, for a person who has
//! just cloned the project. Everything it keeps stands in one folder; it listens on loopback only.
//!
//! `programs` finds the system's binaries, `keeper` runs them so that none outlives this process,
//! `postgres` and `bus` are the two servers, `home` is the folder, `world` is what the hub is
//! configured with and has on its shelves, `sims` are the partners, `banner` is what is printed, `running` is how others find it. The
//! hub itself is the one that `serve` runs, in this process.

mod banner;
mod bus;
mod home;
mod keeper;
mod postgres;
mod programs;
mod running;
mod sims;
mod world;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::sleep;

use crate::cli::{Exit, Failure, Out, Root};
use crate::config::{Config, Sources};
use home::Home;
use keeper::Keeper;
pub use running::{Running, running};
use world::{Partners, Places};

/// Where free ports for the partners are looked for: each demo begins in a slot of its own. They end
/// where the system begins to give ports away.
const PARTNERS_FROM: u16 = 19_301;
/// How many partners listen.
const PARTNERS: u16 = 10;
/// How many slots there are.
const SLOTS: u16 = 1_300;

/// Where a demo keeps everything when nothing else is said.
pub const USUAL_FOLDER: &str = ".orderhub/dev";

/// How a demo is asked for.
#[derive(Debug, Clone)]
pub struct Demo {
    /// Where everything is kept.
    pub folder: PathBuf,
    /// Everything is gone at the end.
    pub ephemeral: bool,
    /// The port that is wanted for the API; the next free one when it is taken.
    pub port: u16,
    /// Partners of its own, and orders that come by themselves.
    pub partners: bool,
    /// The same seed makes the same world.
    pub seed: u64,
    /// Orders that come by themselves.
    pub orders_per_minute: u32,
    /// How much faster than life parcels and people move.
    pub speed: u32,
    /// Partners fail now and then.
    pub faults: bool,
}

/// The system's programs that a demo runs, each by what it is: where it is, or what installs it.
pub fn programs() -> Vec<(&'static str, Result<String, Failure>)> {
    let place = |path: PathBuf| path.display().to_string();
    let account = programs::postgres_account().map(|account| {
        let who = account.map_or("this account", |_| "the account postgres");
        format!("it runs under {who}")
    });
    vec![
        ("Postgres for dev", programs::postgres().map(place)),
        ("Postgres' account for dev", account),
        ("nats-server for dev", programs::nats_server().map(place)),
    ]
}

/// A server of the demo, or somebody else's that is used in its place.
struct Server {
    url: String,
    /// Stops it when dropped.
    keeper: Option<Keeper>,
    /// What it keeps outside of the demo's folder.
    outside: Option<PathBuf>,
    /// Where it is reached while it runs, outside of the demo's folder.
    door: Option<PathBuf>,
}

impl Server {
    /// Stops it. Of an ephemeral demo nothing is left.
    fn stop(self, ephemeral: bool) {
        drop(self.keeper);
        let outside = self.outside.filter(|_| ephemeral);
        for folder in outside.into_iter().chain(self.door) {
            home::remove(&folder);
        }
    }
}

/// Runs a demo until it is told to stop.
pub async fn run(demo: Demo, root: &dyn Root, out: &mut Out) -> Result<(), Failure> {
    let Some(home) = Home::open(&demo.folder, demo.ephemeral)? else {
        return attach(&demo, out);
    };
    out.words(&format!("orderhub dev: in {}", home.path().display()));
    let database = match given("DATABASE_URL") {
        Some(theirs) => theirs,
        None => postgres::start(&home).await?,
    };
    let bus = match given("NATS_URL") {
        Some(theirs) => theirs,
        None => bus::start(&home).await?,
    };
    let mut ports = PARTNERS_FROM + PARTNERS * home.slot(SLOTS);
    let mut port = || -> Result<u16, Failure> {
        let free = free_from(ports)?;
        ports = free.saturating_add(1);
        Ok(free)
    };
    let partners = Partners {
        gateways: [port()?, port()?],
        carriers: [port()?, port()?],
        shops: [port()?, port()?],
        till: port()?,
        marketplace: port()?,
        social: port()?,
        wms: port()?,
    };
    let http = free_from(demo.port)?;
    let places = Places {
        http,
        admin: free_from(http.saturating_add(1))?,
        database_url: database.url.clone(),
        bus_url: bus.url.clone(),
        partners,
    };
    let config = load(&world::configure(&home, &places)?)?;
    root.migrate(&config).await?;
    let key = world::key(&home, &config, root).await?;
    let banner = banner::text(&home, &places, &key, &demo);
    home.write("banner", &banner)?;

    let served = {
        let opening = async {
            while TcpStream::connect((Ipv4Addr::LOCALHOST, http)).is_err() {
                sleep(Duration::from_millis(50)).await;
            }
            world::stock_shelves(&home, http, &key).await?;
            let sims = if demo.partners {
                sims::start(&home, &places, &key, &demo)?
            } else {
                Vec::new()
            };
            out.words(&banner);
            Ok::<_, Failure>(sims)
        };
        let serving = root.serve(config);
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => ended,
            opened = opening => match opened {
                Err(failure) => Err(failure),
                // The partners go first: what they still owe, the hub's log remembers.
                Ok(sims) => {
                    let ended = serving.await;
                    drop(sims);
                    ended
                }
            },
        }
    };
    // The hub has drained by now; its servers end after it.
    bus.stop(demo.ephemeral);
    database.stop(demo.ephemeral);
    home.close();
    served
}

/// Another process runs the demo of this folder: say again what it said.
fn attach(demo: &Demo, out: &mut Out) -> Result<(), Failure> {
    let banner = std::fs::read_to_string(demo.folder.join("banner")).map_err(|_| {
        let message = "another orderhub dev is starting in this folder";
        Failure::new(
            Exit::Conflict,
            message,
            "orderhub dev, in a moment or with another --folder",
        )
    })?;
    out.words("orderhub dev runs in this folder already:");
    out.words(&banner);
    Ok(())
}

/// A server that the environment names.
fn given(name: &str) -> Option<Server> {
    let url = std::env::var(name).ok().filter(|url| !url.is_empty())?;
    Some(Server {
        url,
        keeper: None,
        outside: None,
        door: None,
    })
}

/// The first free port of loopback from here on.
fn free_from(wanted: u16) -> Result<u16, Failure> {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    (wanted..=u16::MAX).find(free).ok_or_else(|| {
        let message = format!("no port from {wanted} on is free");
        Failure::new(
            Exit::Failed,
            message,
            "orderhub dev --port PORT, with a lower one",
        )
    })
}

fn load(file: &std::path::Path) -> Result<Config, Failure> {
    let sources = Sources::of_process(Some(file)).map_err(|error| home::unusable(file, &error))?;
    Config::load(&sources).map_err(|faults| {
        let next = format!("orderhub config check --config {}", file.display());
        Failure::usage(faults.to_string(), next)
    })
}
