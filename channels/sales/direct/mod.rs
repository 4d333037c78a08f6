//! The canonical API's own channel: orders in the canonical form, sent by programs that know the
//! hub. It has no webhooks; [`parse`] is what the API, batches and the inbox call. Files with columns are
//! turned into canonical orders by [`sheet`] first.
//!
//! Nothing is forgiven and nothing is fixed: an order that differs from the contract in any point
//! is refused, and one answer names every point.

pub(crate) mod card;
mod history;
mod kits;
mod order;
mod payment;
mod people;
mod reader;
pub mod sheet;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use orderhub_domain::canonical::{Address, CaptureMode, Submission, Violation};
use orderhub_domain::ids::Slug;
use orderhub_domain::order::History;
use orderhub_domain::sourcing::Point;

use super::{SalesConnector, WayBack};
use crate::canonical::{NoCanonicalValue, Repeated, hash};
use crate::json::{self, Json, NotJson};
use crate::port::{Connector, Forged, Inbound, RawRequest};
use crate::registry::{About, Capability, Family, Kind, Standing};
use crate::settings::{ConfigError, Settings};

/// An order that can be placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedOrder {
    /// The channel that the sender named.
    pub channel: Slug,
    /// The order.
    pub submission: Submission,
    /// Hexadecimal SHA-256 of the canonical value of the body.
    pub body_hash: String,
}

/// Why a body is not an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It is not a JSON object at all: empty, not JSON, too deep, or another value.
    #[error("{detail}")]
    NotAnObject {
        /// `empty_body`, `malformed_json`, `too_deep` or `not_an_object`.
        code: &'static str,
        /// What is wrong, one sentence.
        detail: String,
    },
    /// It is a JSON object and breaks the contract in these points, at least one.
    #[error("the order cannot be accepted; see errors")]
    Invalid(Vec<Violation>),
}

/// Reads a canonical order. `capture_mode` says how often a gateway connection's account lets us
/// capture one authorisation; `None` when there is no such connection.
///
/// Whether the named channel exists, is direct and may be used by the sender is the caller's
/// business.
pub fn parse(
    body: &[u8],
    capture_mode: &dyn Fn(&Slug) -> Option<CaptureMode>,
) -> Result<ParsedOrder, OrderError> {
    let value = value(body)?;
    let mut problems = reader::Problems::default();
    let read = order::read(&value, capture_mode, &mut problems);
    finish(&value, read, problems)
}

/// Reads an order of the past: a canonical order with the member `history`, which says how it ended. Its
/// hash is that of the order without it, so that the same order is recognised when it is posted.
pub(crate) fn parse_past(body: &[u8]) -> Result<(ParsedOrder, History), OrderError> {
    let mut value = value(body)?;
    let stated = history::taken_out(&mut value);
    let mut problems = reader::Problems::default();
    let nobody_captures = |_: &Slug| None;
    let read = order::read(&value, &nobody_captures, &mut problems);
    let draft = read.as_ref().map(|(_, submission)| &submission.draft);
    let history = history::read(stated.as_ref(), draft, &mut problems);
    let parsed = finish(&value, read, problems)?;
    let unread = || OrderError::Invalid(Vec::new());
    history.map(|history| (parsed, history)).ok_or_else(unread)
}

/// A body that is a JSON object.
fn value(body: &[u8]) -> Result<Json<'_>, OrderError> {
    let value = json::parse(body).map_err(|error| OrderError::NotAnObject {
        code: match error {
            NotJson::Empty => "empty_body",
            NotJson::Syntax { .. } => "malformed_json",
            NotJson::TooDeep => "too_deep",
        },
        detail: NoCanonicalValue::from(error).to_string(),
    })?;
    if !matches!(value, Json::Object(_)) {
        let detail = "the body is JSON but not an object; send a JSON object".to_owned();
        return Err(OrderError::NotAnObject {
            code: "not_an_object",
            detail,
        });
    }
    Ok(value)
}

/// The order with its hash, or everything that is wrong with it.
fn finish(
    value: &Json<'_>,
    read: Option<(Slug, Submission)>,
    mut problems: reader::Problems,
) -> Result<ParsedOrder, OrderError> {
    let body_hash = match hash(value, Repeated::Refused) {
        Ok(body_hash) => Some(body_hash),
        Err(NoCanonicalValue::RepeatedMember) => None,
        Err(error) => {
            problems.add("", "out_of_range", &error.to_string());
            None
        }
    };
    match (read, body_hash) {
        (Some((channel, submission)), Some(body_hash)) if problems.found.is_empty() => {
            Ok(ParsedOrder {
                channel,
                submission,
                body_hash,
            })
        }
        _ => Err(OrderError::Invalid(problems.found)),
    }
}

/// Reads an address that goods go to, with about where it is, as an order's `ship_to` is read. `pointer`
/// says where it stands in the body.
///
/// # Errors
/// With every point in which it breaks the contract.
pub fn address(text: &[u8], pointer: &str) -> Result<(Address, Option<Point>), Vec<Violation>> {
    let mut problems = reader::Problems::default();
    let Ok(value) = json::parse(text) else {
        problems.add(pointer, "wrong_type", "an object");
        return Err(problems.found);
    };
    problems.sweep(&value, pointer);
    let address = people::address(&value, pointer, true, &mut problems);
    let point = people::point_of(&value, pointer, &mut problems);
    match address {
        Some(address) if problems.found.is_empty() => Ok((address, point)),
        _ => Err(problems.found),
    }
}

/// The channel's connection: it accepts no webhooks, whoever signs them.
struct Direct {
    live: bool,
}

/// What there is to know of the canonical API's channel. There is no secret: senders have API keys.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "direct",
        standing: Standing::Live,
        can: &[Capability::Submitted],
        settings: &[],
        account: None,
    },
    connect,
    specimen: None,
};

#[expect(
    clippy::unnecessary_wraps,
    reason = "every constructor of the registry may fail"
)]
fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    Ok(Arc::new(Direct {
        live: settings.is_live(),
    }))
}

impl Connector for Direct {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, _: &RawRequest<'_>) -> Vec<Inbound> {
        Vec::new()
    }

    fn is_live(&self) -> bool {
        self.live
    }
}

impl SalesConnector for Direct {
    fn way_back(&self) -> Option<&dyn WayBack> {
        None
    }
}
