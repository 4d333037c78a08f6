//! A client of the running hub, for verbs that only it may carry out: they go through its API like
//! everybody else's requests. What the hub refuses becomes an exit code and the next step.

use std::time::Duration;

use http::header::{CONTENT_TYPE, IF_MATCH};
use http::{Method, StatusCode};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::output::printable;
use super::wire::{Answer, Going, Wire, reached, stated};
use super::{Exit, Failure};
use crate::config::Config;
use crate::http::catalogue;

/// How long the hub may work on a file before the command gives up waiting.
const LONGEST_WORK: Duration = Duration::from_mins(30);

/// Which hub to speak to, and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Hub {
    /// Where the hub answers, in place of [http] addr.
    #[arg(long, env = "ORDERHUB_URL", value_name = "URL")]
    url: Option<String>,
    /// The API key. Others on this machine can see a command line: the variable is safer.
    #[arg(long, env = "ORDERHUB_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<SecretString>,
}

impl Hub {
    /// The address that is named, if one is. An empty variable is none.
    pub(super) fn address(&self) -> Result<Option<Url>, Failure> {
        let named = self.url.as_deref().filter(|url| !url.is_empty());
        named.map(stated).transpose()
    }

    /// The key that is given, if one is.
    pub(super) fn key(&self) -> Result<Option<SecretString>, Failure> {
        let given = |key: &&SecretString| !key.expose_secret().is_empty();
        let key = self.key.as_ref().filter(given).cloned();
        let plain = |key: &SecretString| key.expose_secret().bytes().all(|b| b.is_ascii_graphic());
        if key.as_ref().is_some_and(|key| !plain(key)) {
            let message = "the API key is none: keys have neither spaces nor control characters";
            return Err(Failure::usage(message, "correct --key or ORDERHUB_KEY"));
        }
        Ok(key)
    }
}

/// A hub that runs, and the key that it knows us by.
pub(super) struct Client {
    wire: Wire,
    key: SecretString,
}

/// Why there is no answer, and the hub's code for it if it was the hub that refused.
pub(super) struct Refused {
    code: Option<String>,
    failure: Failure,
}

impl Refused {
    /// Whether another key would have been answered.
    pub(super) fn is_about_the_key(&self) -> bool {
        self.code.as_deref() == Some("unauthorized")
    }

    /// Whether the same request may well be answered a little later.
    pub(super) fn passes(&self) -> bool {
        const PASSING: [&str; 3] = ["store_unavailable", "overloaded", "outcome_unknown"];
        let code = self.code.as_deref();
        code.is_some_and(|code| PASSING.contains(&code))
    }

    /// The failure; `unknown` in place of an address where there is nothing.
    pub(super) fn or_unknown(self, unknown: impl FnOnce() -> Failure) -> Failure {
        match self.code.as_deref() {
            Some("not_found") => unknown(),
            _ => self.failure,
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        let code = None;
        Self { code, failure }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        refused.failure
    }
}

impl Client {
    /// Speaks to the hub that is named, or else to the configured one.
    pub(super) fn new(
        named: &Hub,
        config: impl FnOnce() -> Result<Config, Failure>,
    ) -> Result<Self, Failure> {
        let key = named.key()?.ok_or_else(|| {
            let message = "no API key is given: neither --key nor ORDERHUB_KEY is set";
            let next = "orderhub keys create NAME --scopes SCOPES, then export ORDERHUB_KEY";
            Failure::usage(message, next)
        })?;
        let hub = match named.address()? {
            Some(named) => named,
            None => reached(config()?.http.addr)?,
        };
        Self::at(hub, key)
    }

    /// Speaks to the hub at this address.
    pub(super) fn at(hub: Url, key: SecretString) -> Result<Self, Failure> {
        let wire = Wire::to(hub)?;
        Ok(Self { wire, key })
    }

    /// Asks for what is at a path, by its segments.
    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> Result<Value, Refused> {
        let request = self.wire.request(Method::GET, path)?;
        self.send(request.query(query)).await
    }

    /// States what is so.
    pub(super) async fn put(
        &self,
        path: &[&str],
        body: &Value,
        version: Option<u64>,
    ) -> Result<Value, Refused> {
        let request = self.wire.request(Method::PUT, path)?.json(body);
        self.send(of_version(request, version)).await
    }

    /// Asks for a change; of that version alone, if one is given.
    pub(super) async fn post(
        &self,
        path: &[&str],
        body: &Value,
        version: Option<u64>,
    ) -> Result<Value, Refused> {
        let request = self.wire.request(Method::POST, path)?.json(body);
        self.send(of_version(request, version)).await
    }

    /// Sends a file, however long the work on it takes.
    pub(super) async fn send_file(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        file: Vec<u8>,
    ) -> Result<Value, Refused> {
        let request = self.wire.request(Method::POST, path)?.query(query);
        let request = request.header(CONTENT_TYPE, "text/csv").body(file);
        self.send(request.timeout(LONGEST_WORK)).await
    }

    /// Sends lines of JSON, however long the work on them takes.
    pub(super) async fn send_lines(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        lines: Vec<u8>,
    ) -> Result<Value, Refused> {
        let request = self.wire.request(Method::POST, path)?.query(query);
        let request = request.header(CONTENT_TYPE, "application/x-ndjson");
        self.send(request.body(lines).timeout(LONGEST_WORK)).await
    }

    /// Sends orders, as rows or as lines, however long the work on them takes; a verdict each.
    pub(super) async fn send_orders(
        &self,
        query: &[(&str, String)],
        media: &'static str,
        orders: Vec<u8>,
    ) -> Result<Vec<Value>, Refused> {
        let path = ["v1", "orders", "batch"];
        let request = self.wire.request(Method::POST, &path)?.query(query);
        let request = request.header(CONTENT_TYPE, media).body(orders);
        let request = request.bearer_auth(self.key.expose_secret());
        let answer = self.wire.send(request.timeout(LONGEST_WORK)).await?;
        if !answer.status.is_success() {
            let refused = self.meaning(&answer).err();
            return Err(refused.unwrap_or_else(|| self.wire.stranger().into()));
        }
        let lines = answer.body.split(|byte| *byte == b'\n');
        let verdicts = lines.filter(|line| !line.is_empty());
        let verdict = |line| serde_json::from_slice(line);
        let verdicts: Result<Vec<Value>, _> = verdicts.map(verdict).collect();
        verdicts.map_err(|_| self.wire.stranger().into())
    }

    /// Listens to what goes on at a path, after this event if one is named.
    pub(super) async fn listen(
        &self,
        path: &[&str],
        query: &[(&str, String)],
        last: Option<&str>,
    ) -> Result<Going, Refused> {
        let mut request = self.wire.request(Method::GET, path)?.query(query);
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let request = request.bearer_auth(self.key.expose_secret());
        match self.wire.begin(request).await? {
            Ok(going) => Ok(going),
            Err(answer) => Err(match self.meaning(&answer) {
                Ok(_) => self.wire.stranger().into(),
                Err(refused) => refused,
            }),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Refused> {
        let request = request.bearer_auth(self.key.expose_secret());
        let answer = self.wire.send(request).await?;
        self.meaning(&answer)
    }

    fn meaning(&self, answer: &Answer) -> Result<Value, Refused> {
        let Answer { status, body } = answer;
        let status = *status;
        let Ok(answer) = serde_json::from_slice::<Value>(body) else {
            return Err(self.wire.stranger().into());
        };
        if status.is_success() {
            return Ok(answer);
        }
        match (answer["code"].as_str(), answer["detail"].as_str()) {
            (Some(code), Some(detail)) => Err(refused(status, code, detail, &answer["errors"])),
            _ => Err(self.wire.stranger().into()),
        }
    }
}

/// The hub's own words, and what its catalogue of errors says is to be done.
fn refused(status: StatusCode, code: &str, detail: &str, errors: &Value) -> Refused {
    let exit = match (status.as_u16(), code) {
        (404, _) | (422, "no_such_hold") => Exit::NotFound,
        (409 | 412, _) => Exit::Conflict,
        (408 | 429, _) => Exit::Failed,
        (400..=499, _) => Exit::Usage,
        _ => Exit::Failed,
    };
    let remedy = catalogue::find(code).map(|entry| entry.remedy);
    let next = remedy.unwrap_or("look at the hub's log, then try again");
    let mut message = printable(detail, &[]);
    // A single one stands in the detail already.
    let several = errors.as_array().filter(|errors| errors.len() > 1);
    for error in several.into_iter().flatten() {
        let word = |name: &str| printable(error[name].as_str().unwrap_or_default(), &[]);
        let line = format!("\n  {}: {}", word("pointer"), word("hint"));
        message.push_str(&line);
    }
    Refused {
        code: Some(code.to_owned()),
        failure: Failure::new(exit, message, next),
    }
}

/// The request, for that version alone if one is given.
fn of_version(request: RequestBuilder, version: Option<u64>) -> RequestBuilder {
    match version {
        Some(version) => request.header(IF_MATCH, format!("\"{version}\"")),
        None => request,
    }
}
