//! Reads one table key by key and collects what is wrong; what nobody asked for is refused.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::SignedDuration;
use orderhub_domain::ids::Slug;
use toml::{Table, Value};

use super::Fault;
use super::secret::Secret;
use crate::http::fields::nearest;

/// What every section needs beside its own table.
pub(super) struct Reading<'a> {
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) faults: &'a mut Vec<Fault>,
}

/// A table that is being read.
pub(super) struct Section<'a, 'b> {
    at: String,
    rest: Table,
    known: Vec<&'static str>,
    reading: &'b mut Reading<'a>,
}

impl<'a, 'b> Section<'a, 'b> {
    pub(super) fn new(at: impl Into<String>, table: Table, reading: &'b mut Reading<'a>) -> Self {
        Self {
            at: at.into(),
            rest: table,
            known: Vec::new(),
            reading,
        }
    }

    /// For a table within this one.
    pub(super) fn reading(&mut self) -> &mut Reading<'a> {
        self.reading
    }

    pub(super) fn refuse(&mut self, key: &str, what: impl Into<String>) {
        let at = if self.at.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.at)
        };
        let what = what.into();
        self.reading.faults.push(Fault { at, what });
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.rest.remove(key)
    }

    /// The table at this key, empty if absent.
    pub(super) fn table(&mut self, key: &'static str) -> Table {
        match self.take(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.refuse(key, format!("must be a section: [{key}]"));
                Table::new()
            }
        }
    }

    /// The tables of a list, empty if absent.
    pub(super) fn tables(&mut self, key: &'static str) -> Vec<Table> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let tables = match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| match item {
                    Value::Table(table) => Some(table),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        tables.unwrap_or_else(|| {
            self.refuse(key, format!("must be a list of sections: [[{key}]]"));
            Vec::new()
        })
    }

    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        match self.take(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            Value::String(_) => {
                self.refuse(key, "must not be empty; leave it out instead");
                None
            }
            _ => {
                self.refuse(key, "must be a text");
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, key: &'static str) -> String {
        let before = self.reading.faults.len();
        let text = self.text(key);
        if text.is_none() && self.reading.faults.len() == before {
            self.refuse(key, "is missing");
        }
        text.unwrap_or_default()
    }

    /// A value with a textual form: an address, a word.
    pub(super) fn parsed<T: FromStr>(&mut self, key: &'static str, form: &str) -> Option<T> {
        let text = self.text(key)?;
        let value = text.parse().ok();
        if value.is_none() {
            self.refuse(key, format!("must be {form}"));
        }
        value
    }

    pub(super) fn slug(&mut self, key: &'static str) -> Option<Slug> {
        let text = self.text(key)?;
        if Slug::is_valid(&text) {
            return Some(Slug(text));
        }
        self.refuse(
            key,
            "must be 1 to 32 of a-z, 0-9 and -, beginning with a letter",
        );
        None
    }

    pub(super) fn required_slug(&mut self, key: &'static str) -> Slug {
        let before = self.reading.faults.len();
        let slug = self.slug(key);
        if slug.is_none() && self.reading.faults.len() == before {
            self.refuse(key, "is missing");
        }
        slug.unwrap_or_else(|| Slug(String::new()))
    }

    /// A whole number; the environment gives it as text.
    pub(super) fn whole<T>(&mut self, key: &'static str, least: T, most: T) -> Option<T>
    where
        T: TryFrom<i64> + PartialOrd + Copy + std::fmt::Display,
    {
        let number = match self.take(key)? {
            Value::Integer(number) => Some(number),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        let number = number
            .and_then(|number| T::try_from(number).ok())
            .filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(
                key,
                format!("must be a whole number from {least} to {most}"),
            );
        }
        number
    }

    /// True or false; `otherwise` when absent.
    pub(super) fn flag(&mut self, key: &'static str, otherwise: bool) -> bool {
        match self.take(key) {
            None => otherwise,
            Some(Value::Boolean(flag)) => flag,
            Some(Value::String(text)) if text == "true" || text == "false" => text == "true",
            Some(_) => {
                self.refuse(key, "must be true or false");
                otherwise
            }
        }
    }

    /// One of a few words; `otherwise` when absent.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
        otherwise: T,
    ) -> T {
        let Some(text) = self.text(key) else {
            return otherwise;
        };
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == text) {
            return *meant;
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.refuse(key, format!("must be {}", known.join(" or ")));
        otherwise
    }

    /// A coordinate in degrees.
    pub(super) fn degrees(&mut self, key: &'static str, most: f64) -> Option<f64> {
        let degrees = match self.take(key)? {
            Value::Float(degrees) => Some(degrees),
            Value::Integer(degrees) => i32::try_from(degrees).ok().map(f64::from),
            _ => None,
        };
        let degrees = degrees.filter(|degrees| degrees.abs() <= most);
        if degrees.is_none() {
            self.refuse(
                key,
                format!("must be a number of degrees from -{most} to {most}"),
            );
        }
        degrees
    }

    /// A duration like `15m`; `otherwise` when absent.
    pub(super) fn duration(
        &mut self,
        key: &'static str,
        otherwise: SignedDuration,
    ) -> SignedDuration {
        self.optional_duration(key).unwrap_or(otherwise)
    }

    /// A duration like `15m`; `None` when absent.
    pub(super) fn optional_duration(&mut self, key: &'static str) -> Option<SignedDuration> {
        let read = duration(&self.text(key)?);
        if read.is_none() {
            self.refuse(
                key,
                "must be a duration above zero: a number and ms, s, m, h or d, like 15m",
            );
        }
        read
    }

    /// A list of texts; the environment gives them separated by commas.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<Vec<String>> {
        let texts = match self.take(key)? {
            Value::Array(items) => items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>(),
            Value::String(text) => {
                let parts = text.split(',').map(str::trim);
                Some(
                    parts
                        .filter(|part| !part.is_empty())
                        .map(str::to_owned)
                        .collect(),
                )
            }
            _ => None,
        };
        if texts.is_none() {
            self.refuse(key, "must be a list of texts, like [\"one\", \"two\"]");
        }
        texts
    }

    /// A list of durations.
    pub(super) fn durations(&mut self, key: &'static str) -> Option<Vec<SignedDuration>> {
        let texts = self.texts(key)?;
        let read: Option<Vec<_>> = texts.iter().map(|text| duration(text)).collect();
        if read.is_none() {
            self.refuse(key, "must be a list of durations, like [\"15m\", \"2h\"]");
        }
        read
    }

    pub(super) fn secret(&mut self, key: &'static str) -> Option<Secret> {
        let value = self.take(key)?;
        self.secret_in(key, &value)
    }

    /// One or several secrets, so that one can be exchanged without a pause. At least one.
    pub(super) fn secrets_in(&mut self, key: &str, value: Value) -> Vec<Secret> {
        let items = match value {
            Value::Array(items) => items,
            single => vec![single],
        };
        if items.is_empty() {
            self.refuse(key, "must name at least one secret");
        }
        let mut secrets = Vec::new();
        for (index, item) in items.iter().enumerate() {
            secrets.extend(self.secret_in(&format!("{key}[{index}]"), item));
        }
        secrets
    }

    /// An address that may hold a password: a text, or a secret.
    pub(super) fn address(&mut self, key: &'static str) -> Option<Secret> {
        match self.take(key)? {
            Value::String(text) if !text.trim().is_empty() => Some(Secret::address(text)),
            Value::String(_) => {
                self.refuse(key, "must not be empty; leave it out instead");
                None
            }
            named => self.secret_in(key, &named),
        }
    }

    pub(super) fn secret_in(&mut self, key: &str, value: &Value) -> Option<Secret> {
        match Secret::named_by(value, self.reading.environment) {
            Ok(secret) => Some(secret),
            Err(what) => {
                self.refuse(key, what);
                None
            }
        }
    }

    /// `scheme://host[:port]` without a path; plain http on loopback only.
    pub(super) fn base_url(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        match base_url(&text) {
            Ok(()) => Some(text.trim_end_matches('/').to_owned()),
            Err(what) => {
                self.refuse(key, what);
                None
            }
        }
    }

    /// Nobody can tell what else belongs here: what is wrong already says why.
    pub(super) fn forgive_the_rest(&mut self) {
        self.rest.clear();
    }

    pub(super) fn finish(mut self) {
        let rest = std::mem::take(&mut self.rest);
        for key in rest.keys() {
            let what = nearest(key, &self.known).map_or_else(
                || format!("is not known here; known are {}", self.known.join(", ")),
                |near| format!("is not known here; did you mean {near}?"),
            );
            self.refuse(key, what);
        }
    }
}

/// A duration above zero, like `15m`.
pub fn duration(text: &str) -> Option<SignedDuration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: i64 = number.parse().ok()?;
    let milliseconds: i64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    let duration = SignedDuration::from_millis(number.checked_mul(milliseconds)?);
    duration.is_positive().then_some(duration)
}

fn base_url(text: &str) -> Result<(), String> {
    const FORM: &str = "must be scheme://host[:port], without a path";
    let url: http::Uri = text.parse().map_err(|_| FORM)?;
    let host = url.host().filter(|host| !host.is_empty()).ok_or(FORM)?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none();
    let user = url
        .authority()
        .is_some_and(|authority| authority.as_str().contains('@'));
    if !bare || user {
        return Err(FORM.to_owned());
    }
    let address = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>();
    let loopback = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match url.scheme_str() {
        Some("https") => Ok(()),
        Some("http") if loopback => Ok(()),
        Some("http") => Err("must be https; plain http is for loopback only".to_owned()),
        _ => Err(FORM.to_owned()),
    }
}
