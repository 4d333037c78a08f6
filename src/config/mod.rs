//! Configuration: flag > `ORDERHUB__SECTION__KEY` > `orderhub.toml` > default.
//!
//! Everything that is wrong is told at once, with the nearest known name; secrets are read, kept
//! out of every output, and refused when anybody on the machine could read them.

mod calendar;
mod claims;
mod connections;
mod hours;
mod policy;
mod returns;
mod secret;
mod section;
mod sections;
mod show;
mod sources;
mod sourcing;

use std::fmt;
use std::net::SocketAddr;

use orderhub_domain::policy::Policy;

pub use connections::{Connection, Location, Mode, Own, Payment, Sales};
pub use secret::{Origin, Secret};
pub use section::duration;
pub(crate) use show::leaves;
pub use show::shown;
pub use sources::{Given, Sources};

/// All of it, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// `[http]`: the API, webhooks and console.
    pub http: Http,
    /// `[admin]`: metrics.
    pub admin: Admin,
    /// `[node]`.
    pub node: Node,
    /// `[policy]`.
    pub policy: Policy,
    /// `[store]`; `None` when neither the file nor `DATABASE_URL` names a database.
    pub store: Option<Secret>,
    /// `[store] seal_key`: 64 hexadecimal digits that seal personal data; the database keeps one of
    /// its own otherwise.
    pub seal_key: Option<Secret>,
    /// `[bus]`; without it events wait in the log.
    pub bus: Option<Secret>,
    /// `[[sales]]`.
    pub sales: Vec<Sales>,
    /// `[[payments]]`.
    pub payments: Vec<Payment>,
    /// `[[carriers]]`.
    pub carriers: Vec<Connection>,
    /// `[[warehouses]]`.
    pub warehouses: Vec<Connection>,
    /// `[[locations]]`, in the operator's order.
    pub locations: Vec<Location>,
    /// Where each value that is no default came from, by path.
    pub given: Given,
}

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Scheme and host under which vendors reach the hub; `http://<addr>` by default.
    pub public_url: String,
}

/// `[admin]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Where it listens.
    pub addr: SocketAddr,
}

/// `[node]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name; a second node of the same name supersedes the first.
    pub name: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where: `sales[0].slug`.
    pub at: String,
    /// What, and what would be right.
    pub what: String,
}

/// Everything that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "" } else { "s" };
        write!(f, "the configuration has {} fault{plural}:", self.0.len())?;
        for fault in &self.0 {
            write!(f, "\n  {}: {}", fault.at, fault.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

impl Config {
    /// Every connection of all families.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        let sales = self.sales.iter().map(|shop| &shop.connection);
        let payments = self.payments.iter().map(|gateway| &gateway.connection);
        sales
            .chain(payments)
            .chain(&self.carriers)
            .chain(&self.warehouses)
    }

    /// Reads and checks what the sources give.
    pub fn load(sources: &Sources) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let config = sections::read(sources, &mut faults);
        match config {
            Some(config) if faults.is_empty() => Ok(config),
            _ => Err(Faults(faults)),
        }
    }
}

#[cfg(test)]
mod tests;
