//! The command line: data on stdout, words on stderr, and an exit code that scripts can rely on.

mod channel;
mod client;
mod config;
mod dev;
mod doctor;
mod events;
mod exit;
mod feeds;
mod import;
mod inventory;
mod keys;
mod locations;
mod migrate;
mod orders;
mod output;
mod quotas;
mod returns;
mod settlements;
mod sim;
mod simulate;
mod status;
#[cfg(test)]
mod tests;
mod webhooks;
mod wire;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::config::{Config, Sources};
use crate::telemetry::{self, LogFormat};

pub use doctor::Finding;
pub use exit::{Exit, Failure};
pub use migrate::{MigrationState, MigrationStep};
use output::Output;
pub use output::{Format, Out};

/// What the verbs that need more than the configuration stand on. The composition root implements
/// it; the command line knows neither Postgres nor actors.
#[async_trait::async_trait]
pub trait Root: Send + Sync {
    /// Runs the hub until it is told to stop.
    async fn serve(&self, config: Config) -> Result<(), Failure>;

    /// Every migration, in order, and whether the database has it.
    async fn migrations(&self, config: &Config) -> Result<Vec<MigrationStep>, Failure>;

    /// Applies what is pending and answers what that was.
    async fn migrate(&self, config: &Config) -> Result<Vec<MigrationStep>, Failure>;

    /// The keys of this hub.
    async fn keys(
        &self,
        config: &Config,
    ) -> Result<std::sync::Arc<dyn crate::http::keys::KeyBook>, Failure>;

    /// The messages from outside that this hub remembers.
    async fn messages(
        &self,
        config: &Config,
    ) -> Result<std::sync::Arc<dyn crate::http::messages::Messages>, Failure>;

    /// What a hub with this configuration would stand on, looked at without changing anything.
    async fn examine(&self, config: &Config) -> Vec<Finding>;
}

/// The order hub that retailers run in the middle of everything they sell through.
#[derive(Debug, Parser)]
#[command(name = "orderhub", version, propagate_version = true)]
struct Cli {
    /// The configuration file; orderhub.toml in this folder if there is one.
    #[arg(long, global = true, env = "ORDERHUB_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// How data is printed.
    #[arg(short, long, global = true, value_enum, default_value_t)]
    output: Output,
    /// How log lines look.
    #[arg(long, global = true, value_enum, default_value_t)]
    log: LogFormat,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the hub.
    Serve {
        /// Address of the API, in place of [http] addr.
        #[arg(long, value_name = "ADDRESS")]
        http: Option<String>,
        /// Address of the metrics, in place of [admin] addr.
        #[arg(long, value_name = "ADDRESS")]
        admin: Option<String>,
    },
    /// Run a whole demo: a hub with a database, a bus and partners of its own.
    Dev(dev::Arguments),
    /// Say whether the hub is there, and what waits. With -o env, lines for a shell.
    Status {
        #[command(flatten)]
        hub: client::Hub,
    },
    /// Say why the hub does not start, and what mends it.
    Doctor,
    /// The database's schema.
    #[command(subcommand)]
    Migrate(migrate::Verb),
    /// API keys.
    #[command(subcommand)]
    Keys(keys::Verb),
    /// The configuration.
    #[command(subcommand)]
    Config(config::Verb),
    /// Connections to channels, gateways, carriers and warehouses.
    #[command(subcommand)]
    Channel(channel::Verb),
    /// The running hub's orders.
    #[command(subcommand)]
    Orders(orders::Verb),
    /// What buyers of the running hub's orders send back.
    #[command(subcommand)]
    Returns(returns::Verb),
    /// The running hub's stock.
    #[command(subcommand)]
    Inventory(inventory::Verb),
    /// The running hub's locations.
    #[command(subcommand)]
    Locations(locations::Verb),
    /// What the running hub has committed.
    #[command(subcommand)]
    Events(events::Verb),
    /// Payout files of gateways and marketplaces.
    #[command(subcommand)]
    Settlements(settlements::Verb),
    /// Read orders of the past in from a file. Nothing is charged, shipped or told for them.
    Import(import::Arguments),
    /// Webhooks that came, and reading them again.
    #[command(subcommand)]
    Webhooks(webhooks::Verb),
    /// A simulated world around a hub, one part a process.
    #[command(subcommand)]
    Sim(sim::Verb),
    /// The rules in a seeded world of partners that fail; exit 1 when an invariant falls.
    Simulate(simulate::Arguments),
    /// What this binary is.
    Version,
    /// Completions for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Runs a command line and says how the process should end.
pub async fn run<I, T>(arguments: I, root: &dyn Root, out: &mut Out) -> Exit
where
    I: IntoIterator<Item = T>,
    T: Into<OsString> + Clone,
{
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version are what was asked for; everything else is a usage error.
        Err(error) if !error.use_stderr() => {
            out.data(&error.to_string());
            return Exit::Done;
        }
        Err(error) => {
            out.words(error.to_string().trim_end());
            if !error.to_string().contains("--help") {
                out.words("next: orderhub --help");
            }
            return Exit::Usage;
        }
    };
    telemetry::start_logging(cli.log);
    match carry_out(cli, root, out).await {
        Ok(()) => Exit::Done,
        Err(failure) => {
            out.words(&format!("error: {}", failure.message));
            out.words(&format!("next: {}", failure.next));
            failure.exit
        }
    }
}

async fn carry_out(cli: Cli, root: &dyn Root, out: &mut Out) -> Result<(), Failure> {
    let file = cli.config.as_deref();
    let format = match cli.verb {
        // It has a form of its own beside the formats of all.
        Verb::Status { .. } => Format::default(),
        _ => cli.output.format()?,
    };
    match cli.verb {
        Verb::Serve { http, admin } => {
            let flags = [("http.addr", http), ("admin.addr", admin)];
            let flags = flags
                .into_iter()
                .filter_map(|(path, value)| Some((path, value?)));
            let config = load(file, flags.map(|(path, value)| (path.to_owned(), value)))?;
            root.serve(config).await
        }
        Verb::Status { hub } => status::run(&hub, file, cli.output, out).await,
        Verb::Doctor => doctor::run(file, root, format, out).await,
        Verb::Dev(arguments) => crate::dev::run(arguments.into(), root, out).await,
        Verb::Migrate(verb) => migrate::run(&verb, &load(file, [])?, root, format, out).await,
        Verb::Keys(verb) => keys::run(verb, &load(file, [])?, root, format, out).await,
        Verb::Config(verb) => {
            config::run(&verb, &load(file, [])?, format, out);
            Ok(())
        }
        Verb::Channel(verb) => channel::run(&verb, || load(file, []), format, out),
        Verb::Orders(verb) => orders::run(verb, || load(file, []), format, out).await,
        Verb::Events(verb) => events::run(verb, || load(file, []), format, out).await,
        Verb::Returns(verb) => returns::run(verb, || load(file, []), format, out).await,
        Verb::Locations(verb) => locations::run(verb, || load(file, []), format, out).await,
        Verb::Inventory(verb) => inventory::run(verb, || load(file, []), format, out).await,
        Verb::Settlements(verb) => settlements::run(verb, || load(file, []), format, out).await,
        Verb::Import(arguments) => import::run(arguments, || load(file, []), format, out).await,
        Verb::Webhooks(verb) => webhooks::run(verb, || load(file, []), root, format, out).await,
        Verb::Sim(verb) => sim::run(verb).await,
        Verb::Simulate(arguments) => simulate::run(&arguments, format, out),
        Verb::Version => {
            let version = env!("CARGO_PKG_VERSION");
            let revision = telemetry::REVISION;
            let value =
                serde_json::json!({ "name": "orderhub", "version": version, "revision": revision });
            out.value(format, &value, &format!("orderhub {version} ({revision})"));
            Ok(())
        }
        Verb::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "orderhub", &mut text);
            out.data(&String::from_utf8_lossy(&text));
            Ok(())
        }
    }
}

/// The file that is used when none is named.
const USUAL_FILE: &str = "orderhub.toml";

/// The file that is named, or the usual one if it is there.
fn given_file(named: Option<&Path>) -> Option<PathBuf> {
    let usual = PathBuf::from(USUAL_FILE);
    let named = named.map(Path::to_owned);
    named.or_else(|| usual.exists().then_some(usual))
}

fn load(
    file: Option<&Path>,
    flags: impl IntoIterator<Item = (String, String)>,
) -> Result<Config, Failure> {
    let file = given_file(file);
    let mut sources = Sources::of_process(file.as_deref()).map_err(|error| {
        let name = file
            .as_ref()
            .map(|file| file.display().to_string())
            .unwrap_or_default();
        Failure::usage(
            format!("the configuration file {name} cannot be read: {error}"),
            "orderhub config check --config FILE",
        )
    })?;
    sources.flags.extend(flags);
    Config::load(&sources).map_err(|faults| {
        let named = file
            .as_ref()
            .map(|file| format!(" --config {}", file.display()));
        let next = format!(
            "correct it, then: orderhub config check{}",
            named.unwrap_or_default()
        );
        Failure::usage(faults.to_string(), next)
    })
}
