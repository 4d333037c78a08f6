//! The connections: sales channels, gateways, carriers, warehouses; and the locations.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use orderhub_channels::registry::{About, Capability, Family, Form, Setting, kinds};
use orderhub_channels::settings::{self, Settings};
use orderhub_domain::canonical::{Address, CaptureMode};
use orderhub_domain::ids::{LocationCode, Slug};
use orderhub_domain::sourcing::Hours;
use rust_decimal::Decimal;
use secrecy::SecretString;
use toml::{Table, Value};

use super::hours::read_hours;
use super::secret::Secret;
use super::section::{Reading, Section};
use crate::http::fields::nearest;

/// No vendor is asked more often than that.
const SHORTEST_POLL: SignedDuration = SignedDuration::from_secs(1);

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

/// A connection: what every one has, and its kind's own settings.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its short name.
    pub slug: Slug,
    /// Which connector.
    pub kind: &'static About,
    /// In place of the vendor's own scheme and host.
    pub base_url: Option<String>,
    /// As stated; otherwise the connector tells it from its key, else it is live.
    pub mode: Option<Mode>,
    /// Between two questions of what is new there; otherwise what the vendor recommends.
    pub poll_every: Option<SignedDuration>,
    /// What the kind's own settings say, by key.
    pub own: BTreeMap<&'static str, Own>,
}

/// What one of a kind's own settings says.
#[derive(Debug, Clone)]
pub enum Own {
    /// A plain text.
    Text(String),
    /// One secret.
    Secret(Secret),
    /// Secrets of which any may be in force, newest first.
    Secrets(Vec<Secret>),
}

impl Connection {
    /// The vendor's name for the account; without one the slug is the account.
    pub fn account(&self) -> &str {
        let stated = self.kind.account.and_then(|key| self.own.get(key));
        match stated {
            Some(Own::Text(account)) => account,
            _ => self.slug.as_str(),
        }
    }

    /// What a connector is built with.
    pub fn settings(&self) -> Settings {
        let secret = |secret: &Secret| SecretString::from(secret.expose().to_owned());
        let mut settings = Settings::new(self.slug.clone());
        settings.base_url.clone_from(&self.base_url);
        settings.mode = self.mode.map(|mode| match mode {
            Mode::Live => settings::Mode::Live,
            Mode::Test => settings::Mode::Test,
        });
        for (key, own) in &self.own {
            settings = match own {
                Own::Text(text) => settings.with_text(key, text),
                Own::Secret(one) => settings.with_secrets(key, [secret(one)]),
                Own::Secrets(all) => settings.with_secrets(key, all.iter().map(secret)),
            };
        }
        settings
    }
}

/// `[[sales]]`.
#[derive(Debug, Clone)]
pub struct Sales {
    /// The connection.
    pub connection: Connection,
    /// The gateway that its authorised payments are captured at.
    pub payment: Option<Slug>,
}

/// `[[payments]]`.
#[derive(Debug, Clone)]
pub struct Payment {
    /// The connection.
    pub connection: Connection,
    /// How often the account lets us capture one authorisation; once by default.
    pub capture: CaptureMode,
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

/// Reads a connection; `None` when there is no such kind, since nobody can tell then what it takes.
fn connection(family: Family, section: &mut Section<'_, '_>) -> Option<Connection> {
    let slug = section.required_slug("slug");
    let base_url = section.base_url("base_url");
    let mode = section.parsed("mode", "live or test");
    let poll_every = section.optional_duration("poll_every");
    let kind = kind(family, section)?;
    if poll_every.is_some() && !kind.can.contains(&Capability::Polled) {
        section.refuse("poll_every", "is for kinds that are asked what is new");
    }
    if poll_every.is_some_and(|every| every < SHORTEST_POLL) {
        section.refuse("poll_every", "must be at least 1s");
    }
    let mut own = BTreeMap::new();
    for setting in kind.settings {
        if let Some(stated) = read_own(setting, section) {
            own.insert(setting.key, stated);
        }
    }
    Some(Connection {
        slug,
        kind,
        base_url,
        mode,
        poll_every,
        own,
    })
}

fn kind(family: Family, section: &mut Section<'_, '_>) -> Option<&'static About> {
    let word = section.required_text("kind");
    let known = || kinds().filter(|kind| kind.family == family);
    let kind = known().find(|kind| kind.name == word);
    if kind.is_none() && !word.is_empty() {
        let known: Vec<_> = known().map(|kind| kind.name).collect();
        let hint = nearest(&word, &known).map_or_else(
            || format!("must be one of: {}", known.join(", ")),
            |near| format!("is not a kind of connection; did you mean {near}?"),
        );
        section.refuse("kind", hint);
    }
    if kind.is_none() {
        section.forgive_the_rest();
    }
    kind
}

fn read_own(setting: &Setting, section: &mut Section<'_, '_>) -> Option<Own> {
    let key = setting.key;
    let Some(value) = section.take(key) else {
        if setting.required {
            section.refuse(key, format!("is missing: {}", setting.what));
        }
        return None;
    };
    match setting.form {
        Form::Secret => section.secret_in(key, &value).map(Own::Secret),
        Form::Secrets => Some(Own::Secrets(section.secrets_in(key, value))),
        Form::Flag => {
            if let Value::Boolean(on) = value {
                return Some(Own::Text(on.to_string()));
            }
            section.refuse(key, format!("must be true or false: {}", setting.what));
            None
        }
        Form::Text | Form::Digits | Form::Url | Form::Nats => {
            let (form, fits): (&str, fn(&str) -> bool) = match setting.form {
                Form::Digits => ("digits in quotes", |text| {
                    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
                }),
                Form::Url => ("an https:// address", |text| {
                    let url = text.parse::<http::Uri>();
                    url.is_ok_and(|url| url.scheme_str() == Some("https") && url.host().is_some())
                }),
                Form::Nats => ("nats:// or tls:// and a host", |text| {
                    let server = |one: &str| {
                        let url = one.trim().parse::<http::Uri>();
                        url.is_ok_and(|url| {
                            matches!(url.scheme_str(), Some("nats" | "tls")) && url.host().is_some()
                        })
                    };
                    text.split(',').all(server)
                }),
                _ => ("a text", |text| !text.trim().is_empty()),
            };
            match value {
                Value::String(text) if fits(&text) => Some(Own::Text(text)),
                _ => {
                    section.refuse(key, format!("must be {form}: {}", setting.what));
                    None
                }
            }
        }
    }
}

pub(super) fn sales(at: String, table: Table, reading: &mut Reading<'_>) -> Option<Sales> {
    let mut section = Section::new(at, table, reading);
    let payment = section.slug("payment");
    let connection = connection(Family::Sales, &mut section);
    section.finish();
    Some(Sales {
        connection: connection?,
        payment,
    })
}

pub(super) fn payment(at: String, table: Table, reading: &mut Reading<'_>) -> Option<Payment> {
    let mut section = Section::new(at, table, reading);
    let capture = match section.take("capture").as_ref().map(Value::as_str) {
        None | Some(Some("once")) => CaptureMode::Once,
        Some(Some("many")) => CaptureMode::Many,
        Some(_) => {
            let what = "must be once or many: how often the account captures one authorisation";
            section.refuse("capture", what);
            CaptureMode::Once
        }
    };
    let connection = connection(Family::Payments, &mut section);
    section.finish();
    Some(Payment {
        connection: connection?,
        capture,
    })
}

/// A connection of a family that has nothing but its kinds' settings.
pub(super) fn plain(
    family: Family,
    at: String,
    table: Table,
    reading: &mut Reading<'_>,
) -> Option<Connection> {
    let mut section = Section::new(at, table, reading);
    let connection = connection(family, &mut section);
    section.finish();
    connection
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
