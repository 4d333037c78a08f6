//! The conformance kit: what every connector must make of what its vendor may send, tried in process and
//! without a word to the vendor. What is sent is written by the kind's own [`Specimen`]; what is held
//! against it is the connection as it is configured.
//!
//! Not here: outbound calls, which run against doubles in each connector's tests.

mod carriers;
pub(crate) mod desk;
mod payments;
mod sales;
mod trust;
mod warehouses;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use orderhub_domain::money::{Currency, Money};
use secrecy::ExposeSecret;

use crate::port::{Connector, Forged, Inbound, RawRequest, Statement};
use crate::registry::{self, About, Family};
use crate::settings::{ConfigError, Settings};
use crate::specimen::{Scene, Signing, Specimen, Thing};

/// What came of one thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was tried, in a few words.
    pub check: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it must be.
    Holds,
    /// It is not; why, in one sentence.
    Fails(String),
    /// There is nothing to try; why, in one clause.
    NotTried(String),
}

impl Verdict {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails(_) => "fails",
            Self::NotTried(_) => "not_tried",
        }
    }

    /// Why, where there is anything to say.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Holds => None,
            Self::Fails(why) | Self::NotTried(why) => Some(why),
        }
    }
}

/// What a check comes to: an error is why it fails.
type Tried = Result<(), Failed>;

/// Why a check does not hold, or was not tried.
#[derive(Debug)]
enum Failed {
    Fails(String),
    NotTried(String),
}

fn fails<T>(why: impl fmt::Display) -> Result<T, Failed> {
    Err(Failed::Fails(why.to_string()))
}

fn not_tried<T>(why: impl fmt::Display) -> Result<T, Failed> {
    Err(Failed::NotTried(why.to_string()))
}

/// That two things are the same.
fn same<T: PartialEq + fmt::Debug>(what: &str, found: &T, wanted: &T) -> Tried {
    if found == wanted {
        Ok(())
    } else {
        fails(format_args!("{what} is {found:?} and not {wanted:?}"))
    }
}

/// Holds a configured connection against everything that its kind must do.
///
/// # Errors
/// When the connection cannot be built with its settings.
pub fn try_connection(about: &About, settings: &Settings) -> Result<Vec<Finding>, ConfigError> {
    let connection = registry::connector(about, settings)?;
    let Some(specimen) = registry::specimen(about) else {
        let why = "nothing is pushed here: orders and work come through the hub's own API";
        return Ok(vec![finding("what the vendor sends", not_tried(why))]);
    };
    let kit = Kit {
        about,
        settings,
        connection,
        specimen,
        now: Timestamp::now(),
    };
    Ok(findings(&kit))
}

fn findings(kit: &Kit<'_>) -> Vec<Finding> {
    let mut findings = match kit.about.family {
        Family::Sales => sales::tried(kit),
        Family::Payments => payments::tried(kit),
        Family::Carriers => carriers::tried(kit),
        Family::Warehouses => warehouses::tried(kit),
    };
    findings.extend(trust::tried(kit));
    findings
}

fn finding(check: &'static str, tried: Tried) -> Finding {
    let verdict = match tried {
        Ok(()) => Verdict::Holds,
        Err(Failed::Fails(why)) => Verdict::Fails(why),
        Err(Failed::NotTried(why)) => Verdict::NotTried(why),
    };
    Finding { check, verdict }
}

/// Where the vendor is told to send to. Schemes that sign it sign this.
const URL: &str = "https://hub.example/v1/hooks/conformance";

/// What is needed to try a connection.
struct Kit<'a> {
    about: &'a About,
    settings: &'a Settings,
    connection: Arc<dyn Connector>,
    specimen: &'static dyn Specimen,
    now: Timestamp,
}

impl Kit<'_> {
    fn scene(&self) -> Scene<'_> {
        self.scene_at(self.now)
    }

    fn scene_at(&self, at: Timestamp) -> Scene<'_> {
        Scene {
            settings: self.settings,
            url: URL,
            at,
        }
    }

    /// What the connection reads out of a statement. It comes signed, where the vendor signs: some sign
    /// item by item, and who reads looks at that again.
    fn read(&self, stated: &Statement) -> Result<Vec<Inbound>, Failed> {
        self.read_at(stated, self.now)
    }

    fn read_at(&self, stated: &Statement, at: Timestamp) -> Result<Vec<Inbound>, Failed> {
        let mut stated = stated.clone();
        if let Signing::By { key, .. } = self.specimen.signing()
            && let Ok(Some(secret)) = self.settings.secret_if_any(key)
        {
            let secret = secret.expose_secret();
            self.specimen.sign(&mut stated, secret, &self.scene_at(at));
        }
        let headers = headers(&stated)?;
        Ok(self.connection.read(&request(&headers, &stated, at)))
    }

    /// The one thing that it reads out of a statement.
    fn read_one(&self, stated: &Statement) -> Result<Inbound, Failed> {
        let mut items = self.read(stated)?;
        match (items.pop(), items.is_empty()) {
            (Some(item), true) => Ok(item),
            (None, _) => fails("nothing is read out of what says one thing"),
            (Some(_), false) => fails(format_args!(
                "{} things are read out of what says one",
                items.len() + 1
            )),
        }
    }

    /// What is read of a thing, and once more of another delivery of it an hour later: the vendor heard no
    /// answer, or is asked again. Both have to say the same, word for word, or the hub takes one thing for two:
    /// it knows a repeat by the vendor's own ids and times, and neither may come from the delivery.
    fn delivered_twice(&self, thing: Thing<'_>) -> Result<[Vec<Inbound>; 2], Failed> {
        let later = self.now.saturating_add(SignedDuration::from_hours(1));
        let later = later.unwrap_or(self.now);
        let told = |at| {
            let stated = self.specimen.state(thing, &self.scene_at(at));
            let word = self.specimen.word(thing, &self.scene_at(at));
            let mut items = Vec::new();
            for stated in stated.iter().chain(&word) {
                items.extend(self.read_at(stated, at)?);
            }
            Ok(items)
        };
        let (once, again) = (told(self.now)?, told(later)?);
        if once.is_empty() {
            return fails("nothing is read out of it");
        }
        same("what is read of another delivery", &again, &once)?;
        Ok([once, again])
    }

    /// Whether a connection believes what was pushed.
    fn believed(
        &self,
        by: &dyn Connector,
        pushed: &Statement,
    ) -> Result<Result<(), Forged>, Failed> {
        let headers = headers(pushed)?;
        Ok(by.verify(&request(&headers, pushed, self.now)))
    }

    /// What the vendor states of a thing.
    fn stated(&self, thing: Thing<'_>) -> Result<Statement, Failed> {
        match self.specimen.state(thing, &self.scene()) {
            Some(stated) => Ok(stated),
            None => not_tried("the vendor states no such thing"),
        }
    }

    /// What is pushed, unsigned: the thing itself, or the word that it has changed.
    fn pushed(&self, thing: Thing<'_>) -> Result<Statement, Failed> {
        match self.specimen.word(thing, &self.scene()) {
            Some(word) => Ok(word),
            None => self.stated(thing),
        }
    }
}

/// An amount of so many smallest units.
fn money(currency: &str, minor: i64) -> Result<Money, Failed> {
    let currency = Currency::from_code(currency);
    match currency.and_then(|currency| Money::from_minor(minor, currency)) {
        Some(money) => Ok(money),
        None => fails("the kit has an amount that no currency has"),
    }
}

fn headers(stated: &Statement) -> Result<HeaderMap, Failed> {
    let mut headers = HeaderMap::new();
    for (name, value) in &stated.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) else {
            return fails("the specimen has a header that cannot be sent");
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

fn request<'a>(headers: &'a HeaderMap, stated: &'a Statement, at: Timestamp) -> RawRequest<'a> {
    RawRequest {
        headers,
        body: &stated.raw,
        url: URL,
        received_at: at,
    }
}
