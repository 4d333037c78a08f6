//! The connections: sales channels, gateways, carriers, warehouses; and the locations.

use std::fmt;
use std::str::FromStr;

use orderhub_domain::canonical::{Address, CaptureMode};
use orderhub_domain::ids::{LocationCode, Slug};
use orderhub_domain::sourcing::Hours;
use rust_decimal::Decimal;
use toml::{Table, Value};

use super::Fault;
use super::hours::read_hours;
use super::kinds::{KINDS, Kind};
use super::secret::Secret;
use super::section::{Reading, Section};
use crate::http::fields::nearest;

/// Whether a connection moves real money and parcels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It does; what is marked as test is recorded and changes nothing.
    Live,
    /// It does not; what is marked as test counts.
    Test,
}

impl FromStr for Mode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "live" => Ok(Self::Live),
            "test" => Ok(Self::Test),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::Test => "test",
        })
    }
}

/// What every connection has.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its short name.
    pub slug: Slug,
    /// Which connector.
    pub kind: &'static Kind,
    /// In place of the vendor's own scheme and host.
    pub base_url: Option<String>,
    /// As stated; otherwise the connector tells it from its key, else it is live.
    pub mode: Option<Mode>,
}

/// `[[sales]]`.
#[derive(Debug, Clone)]
pub struct Sales {
    /// What every connection has.
    pub connection: Connection,
    /// Secrets that its webhooks are signed with, newest first.
    pub secrets: Vec<Secret>,
    /// The gateway that its authorised payments are captured at.
    pub payment: Option<Slug>,
    /// The shop's own domain, checked when set.
    pub shop_domain: Option<String>,
    /// For the way back.
    pub access_token: Option<Secret>,
    /// The shop's own id of the location whose numbers it is told.
    pub stock_location: Option<String>,
}

/// `[[payments]]`.
#[derive(Debug, Clone)]
pub struct Payment {
    /// What every connection has.
    pub connection: Connection,
    /// For calls.
    pub api_key: Option<Secret>,
    /// Secrets that its webhooks are signed with, newest first.
    pub webhook_secrets: Vec<Secret>,
    /// How often the account lets us capture one authorisation; once by default.
    pub capture: CaptureMode,
}

/// `[[carriers]]`.
#[derive(Debug, Clone)]
pub struct Carrier {
    /// What every connection has.
    pub connection: Connection,
    /// For calls.
    pub api_key: Option<Secret>,
    /// Secrets that its webhooks are signed with, newest first.
    pub webhook_secrets: Vec<Secret>,
}

/// `[[warehouses]]`.
#[derive(Debug, Clone)]
pub struct Warehouse {
    /// What every connection has.
    pub connection: Connection,
}

/// `[[locations]]`.
#[derive(Debug, Clone)]
pub struct Location {
    /// Its code; immutable.
    pub code: LocationCode,
    /// The connection that runs it.
    pub warehouse: Slug,
    /// `warehouse`, `store`, ...; `warehouse` by default.
    pub kind: String,
    /// ISO 3166 two-letter country.
    pub country: Option<String>,
    /// Degrees north.
    pub lat: Option<f64>,
    /// Degrees east.
    pub lon: Option<f64>,
    /// Pieces of work that it takes on in a day.
    pub capacity_per_day: Option<u32>,
    /// What a parcel costs there; it only ranks locations.
    pub parcel_cost: Option<Decimal>,
    /// When it works.
    pub hours: Hours,
    /// Where its parcels start.
    pub address: Address,
    /// The carrier connection that it ships with; the first by default.
    pub carrier: Option<Slug>,
}

/// Reads what every connection has.
fn connection(family: &'static str, section: &mut Section<'_, '_>) -> Option<Connection> {
    let slug = section.required_slug("slug");
    let base_url = section.base_url("base_url");
    let mode = section.parsed("mode", "live or test");
    let word = section.required_text("kind");
    let kind = KINDS
        .iter()
        .find(|kind| kind.family == family && kind.kind == word);
    if kind.is_none() && !word.is_empty() {
        let known: Vec<_> = KINDS.iter().filter(|kind| kind.family == family).collect();
        let known: Vec<_> = known.iter().map(|kind| kind.kind).collect();
        let hint = nearest(&word, &known).map_or_else(
            || format!("must be one of: {}", known.join(", ")),
            |near| format!("is not a kind of connection; did you mean {near}?"),
        );
        section.refuse("kind", hint);
    }
    Some(Connection {
        slug,
        kind: kind?,
        base_url,
        mode,
    })
}

fn demand(section: &mut Section<'_, '_>, connection: Option<&Connection>, have: &[(&str, bool)]) {
    let needs = connection.map_or(&[][..], |connection| connection.kind.needs);
    for need in needs {
        if have.iter().any(|(key, there)| key == need && !there) {
            section.refuse(
                need,
                "is missing: a connection of this kind does not start without it",
            );
        }
    }
}

pub(super) fn sales(at: String, table: Table, reading: &mut Reading<'_>) -> Option<Sales> {
    let mut section = Section::new(at, table, reading);
    let access_token = section.secret("access_token");
    let connection = connection("sales", &mut section);
    let stated = section.take("secrets");
    let named = stated.is_some();
    let secrets = stated.map_or_else(Vec::new, |stated| section.secrets_in("secrets", stated));
    demand(&mut section, connection.as_ref(), &[("secrets", named)]);
    let payment = section.slug("payment");
    let shop_domain = section.text("shop_domain");
    let stock_location = section.text("stock_location");
    let named = |id: &String| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if stock_location.as_ref().is_some_and(|id| !named(id)) {
        section.refuse(
            "stock_location",
            "must be the number at the end of the address of the location in the shop's admin, in quotes",
        );
    }
    section.finish();
    Some(Sales {
        connection: connection?,
        secrets,
        payment,
        shop_domain,
        access_token,
        stock_location,
    })
}

pub(super) fn payment(at: String, table: Table, reading: &mut Reading<'_>) -> Option<Payment> {
    let mut table = table;
    let capture = read_capture(&at, table.remove("capture").as_ref(), reading);
    let (connection, api_key, webhook_secrets) = keyed("payments", at, table, reading)?;
    Some(Payment {
        connection,
        api_key,
        webhook_secrets,
        capture,
    })
}

fn read_capture(at: &str, stated: Option<&Value>, reading: &mut Reading<'_>) -> CaptureMode {
    match stated.map(Value::as_str) {
        None | Some(Some("once")) => CaptureMode::Once,
        Some(Some("many")) => CaptureMode::Many,
        Some(_) => {
            let what = "must be once or many: how often the account captures one authorisation";
            reading.faults.push(Fault {
                at: format!("{at}.capture"),
                what: what.to_owned(),
            });
            CaptureMode::Once
        }
    }
}

pub(super) fn carrier(at: String, table: Table, reading: &mut Reading<'_>) -> Option<Carrier> {
    let (connection, api_key, webhook_secrets) = keyed("carriers", at, table, reading)?;
    Some(Carrier {
        connection,
        api_key,
        webhook_secrets,
    })
}

fn keyed(
    family: &'static str,
    at: String,
    table: Table,
    reading: &mut Reading<'_>,
) -> Option<(Connection, Option<Secret>, Vec<Secret>)> {
    let mut section = Section::new(at, table, reading);
    let key = section.take("api_key");
    let api_key = key
        .as_ref()
        .and_then(|key| section.secret_in("api_key", key));
    let stated = section.take("webhook_secrets");
    let named = stated.is_some();
    let secrets = stated.map_or_else(Vec::new, |stated| {
        section.secrets_in("webhook_secrets", stated)
    });
    let connection = connection(family, &mut section);
    let have = [("api_key", key.is_some()), ("webhook_secrets", named)];
    demand(&mut section, connection.as_ref(), &have);
    section.finish();
    Some((connection?, api_key, secrets))
}

pub(super) fn warehouse(at: String, table: Table, reading: &mut Reading<'_>) -> Option<Warehouse> {
    let mut section = Section::new(at, table, reading);
    let connection = connection("warehouses", &mut section);
    section.finish();
    Some(Warehouse {
        connection: connection?,
    })
}

pub(super) fn location(at: &str, table: Table, reading: &mut Reading<'_>) -> Location {
    let mut section = Section::new(at, table, reading);
    let code = section.required_text("code");
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if code.len() > 64 || !code.bytes().all(legal) {
        section.refuse("code", "must be at most 64 letters, digits, -, _ and .");
    }
    let warehouse = section.required_slug("warehouse");
    let kind = section
        .text("kind")
        .unwrap_or_else(|| "warehouse".to_owned());
    let country = section.text("country");
    if country
        .as_ref()
        .is_some_and(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase()))
    {
        section.refuse("country", "must be an ISO 3166 code of two capital letters");
    }
    let lat = section.degrees("lat", 90.0);
    let lon = section.degrees("lon", 180.0);
    let capacity_per_day = section.whole("capacity_per_day", 1, u32::MAX);
    let parcel_cost = section.parsed::<Decimal>("parcel_cost", "an amount as text, like \"4.10\"");
    let dear = |cost: &Decimal| cost.is_sign_negative() || *cost > Decimal::from(1_000_000);
    if parcel_cost.as_ref().is_some_and(dear) {
        section.refuse("parcel_cost", "must be from 0 to 1000000");
    }
    let hours = read_hours(&mut section);
    let carrier = section.slug("carrier");
    let stated = section.table("address");
    section.finish();
    let mut address = read_address(format!("{at}.address"), stated, reading);
    address.country.clone_from(&country);
    Location {
        code: LocationCode(code),
        warehouse,
        kind,
        country,
        lat,
        lon,
        capacity_per_day,
        parcel_cost,
        hours,
        address,
        carrier,
    }
}

fn read_address(at: String, table: Table, reading: &mut Reading<'_>) -> Address {
    let mut section = Section::new(at, table, reading);
    let lines = match section.take("lines") {
        None => Vec::new(),
        Some(Value::String(line)) => vec![line],
        Some(Value::Array(items)) => {
            let lines = items.into_iter().filter_map(|item| match item {
                Value::String(line) => Some(line),
                _ => None,
            });
            lines.collect()
        }
        Some(_) => {
            section.refuse("lines", "must be a list of texts");
            Vec::new()
        }
    };
    let address = Address {
        name: section.text("name"),
        company: section.text("company"),
        lines,
        city: section.text("city"),
        postcode: section.text("postcode"),
        region: section.text("region"),
        country: None,
        phone: section.text("phone"),
    };
    section.finish();
    address
}
