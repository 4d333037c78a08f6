//! Warehouses with a system of their own that speaks NATS: requests go out to one stream of `JetStream`,
//! progress is taken from another. The messages are those of the `webhook` kind, word for word;
//! `docs/connectors/nats.md` is the description for whoever writes the other side.
//!
//! Nothing comes in over HTTP, so nothing that does is believed. Who may publish to the stream of reports
//! is the NATS server's own business: its accounts and permissions.

mod access;
mod link;
mod names;
mod poll;
mod position;
mod specimen;
mod streams;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{FulfilmentId, LocationCode};
use orderhub_domain::order::FulfilmentEvidence;

use self::access::Access;
use self::link::Link;
use self::names::Names;
use self::poll::Reports;
use super::{FulfilmentCall, WarehouseConnector, asking, reports};
use crate::port::{Checkup, Connector, Forged, Inbound, Poll, RawRequest, WorkAnswer};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// A connection to a warehouse's own system.
struct Warehouse {
    live: bool,
    names: Arc<Names>,
    link: Arc<Link>,
    reports: Reports,
}

/// What there is to know of a warehouse that speaks NATS.
pub(super) const KIND: Kind<dyn WarehouseConnector> = Kind {
    about: About {
        family: Family::Warehouses,
        name: "nats",
        standing: Standing::Documented,
        can: &[
            Capability::Polled,
            Capability::Requests,
            Capability::Progress,
        ],
        settings: &[
            Setting::required(
                "url",
                Form::Nats,
                "the NATS server: nats:// or tls://, host and port; several of a cluster with commas between",
            ),
            Setting::required(
                "credentials",
                Form::Secret,
                "what a .creds file has in it, an nkey's seed or a token; the password where there is a user",
            ),
            Setting::optional("user", Form::Text, "the user that the password is of"),
            Setting::optional(
                "ca_file",
                Form::Text,
                "certificates to trust in place of the system's, for a server that has one of your own: a PEM file",
            ),
            Setting::optional(
                "prefix",
                Form::Text,
                "what the subjects begin with; orderhub.warehouses.<slug> by default",
            ),
            Setting::optional(
                "stream",
                Form::Text,
                "what the names of the two streams begin with; ORDERHUB_<SLUG> by default",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Site),
};

fn connect(settings: &Settings) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    let names = Arc::new(Names::of(settings)?);
    let access = Access::of(settings)?;
    let link = Arc::new(Link::new(settings, access, Arc::clone(&names)));
    Ok(Arc::new(Warehouse {
        live: settings.is_live(),
        reports: Reports::new(Arc::clone(&link), Arc::clone(&names)),
        names,
        link,
    }))
}

impl Connector for Warehouse {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    /// The server says who may publish on which subject, so a report counts for the location in its
    /// subject and for no other.
    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let subject = request.header(poll::SUBJECT).unwrap_or_default();
        let item = reports::read(request.body);
        let elsewhere = match &item {
            Inbound::Work { location, .. } => {
                self.names.location_of(subject) != Some(location.0.as_str())
            }
            _ => false,
        };
        if elsewhere {
            let reason = "data.location is not the location that the subject ends with".to_owned();
            return vec![Inbound::Unreadable { reason }];
        }
        vec![item]
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.reports)
    }

    fn checkup(&self) -> Option<&dyn Checkup> {
        Some(self.link.as_ref())
    }
}

/// What the stream has acknowledged has arrived. Without an acknowledgement nobody knows, and it is
/// published again: the stream drops a repeat of an id that it remembers, and after that the warehouse
/// knows the work by its own id.
#[async_trait]
impl WarehouseConnector for Warehouse {
    async fn request(&self, call: &FulfilmentCall) -> WorkAnswer {
        let message = asking::requested(call)?;
        self.link.publish(&call.location, message).await?;
        Ok(FulfilmentEvidence::Delivered)
    }

    async fn cancel(&self, fulfilment: FulfilmentId, location: &LocationCode) -> WorkAnswer {
        let message = asking::cancel_requested(fulfilment, location)?;
        self.link.publish(location, message).await?;
        Err(asking::stop_is_under_way())
    }
}
