//! A client of the running hub, for verbs that only it may carry out: they go through its API like
//! everybody else's requests. What the hub refuses becomes an exit code and the next step.
//!
//! Nothing is sent twice by itself, no redirect is followed and no proxy is asked (the key would go
//! along), and an answer is bounded in time and in bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use http::StatusCode;
use orderhub_channels::outbound::install_crypto;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::output::printable;
use super::{Exit, Failure};
use crate::config::Config;
use crate::http::catalogue;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// Longest wait for a whole answer; the hub itself gives up before.
const ANSWER: Duration = Duration::from_secs(30);

/// Largest answer that is read.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// Which hub to speak to, and as whom.
#[derive(Debug, clap::Args)]
pub(super) struct Hub {
    /// Where the hub answers, in place of [http] addr.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The API key. Others on this machine can see a command line: the variable is safer.
    #[arg(long, env = "ORDERHUB_KEY", hide_env_values = true, value_name = "KEY")]
    key: Option<SecretString>,
}

/// A hub that runs, and the key that it knows us by.
pub(super) struct Client {
    http: reqwest::Client,
    hub: Url,
    key: SecretString,
}

impl Client {
    /// Speaks to the hub that is named, or else to the configured one.
    pub(super) fn new(
        named: Hub,
        config: impl FnOnce() -> Result<Config, Failure>,
    ) -> Result<Self, Failure> {
        let key = named.key.filter(|key| !key.expose_secret().is_empty());
        let key = key.ok_or_else(|| {
            let message = "no API key is given: neither --key nor ORDERHUB_KEY is set";
            let next = "orderhub keys create NAME --scopes SCOPES, then export ORDERHUB_KEY";
            Failure::usage(message, next)
        })?;
        let plain = |key: &str| key.bytes().all(|b| b.is_ascii_graphic());
        if !plain(key.expose_secret()) {
            let message = "the API key is none: keys have neither spaces nor control characters";
            return Err(Failure::usage(message, "correct --key or ORDERHUB_KEY"));
        }
        let hub = match named.url {
            Some(text) => stated(&text)?,
            None => configured(config()?.http.addr)?,
        };
        install_crypto();
        let http = reqwest::Client::builder()
            .user_agent(concat!("orderhub/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            .build()
            .map_err(|error| {
                let message = format!("no HTTP client can be made: {}", error.without_url());
                Failure::new(Exit::Failed, message, "orderhub version")
            })?;
        Ok(Self { http, hub, key })
    }

    /// Asks for a change. The path is a literal, or made of checked ids.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.http.post(self.at(path)).json(body)).await
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.hub.clone();
        url.set_path(path);
        url
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let request = request.bearer_auth(self.key.expose_secret());
        let mut response = request.send().await.map_err(|error| self.silent(&error))?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.silent(&error))?
        {
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(self.stranger());
            }
            body.extend_from_slice(&chunk);
        }
        let Ok(answer) = serde_json::from_slice::<Value>(&body) else {
            return Err(self.stranger());
        };
        if status.is_success() {
            return Ok(answer);
        }
        match (answer["code"].as_str(), answer["detail"].as_str()) {
            (Some(code), Some(detail)) => Err(refused(status, code, detail)),
            _ => Err(self.stranger()),
        }
    }

    /// No whole answer came.
    fn silent(&self, error: &reqwest::Error) -> Failure {
        let hub = self.name();
        if error.is_connect() {
            let message = format!("the hub at {hub} does not answer");
            let next = "orderhub serve; or name the hub that runs with --url";
            return Failure::new(Exit::Missing, message, next);
        }
        if error.is_builder() {
            let message = "the request could not be built";
            return Failure::new(Exit::Failed, message, "orderhub version");
        }
        let message =
            format!("the hub at {hub} gave no whole answer; it may have done what was asked");
        Failure::new(Exit::Failed, message, "look first, then try again")
    }

    /// Something answered that does not speak like a hub.
    fn stranger(&self) -> Failure {
        let message = format!("what answers at {} is no orderhub", self.name());
        let next = "name the hub that runs with --url";
        Failure::new(Exit::Missing, message, next)
    }

    fn name(&self) -> &str {
        self.hub.as_str().trim_end_matches('/')
    }
}

/// A hub's address as it is typed.
fn stated(text: &str) -> Result<Url, Failure> {
    let whole = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    };
    Url::parse(text).ok().filter(whole).ok_or_else(|| {
        let message = "--url is not http://HOST or https://HOST, with :PORT where needed";
        Failure::usage(message, "correct --url, or leave it out to use [http] addr")
    })
}

/// Where the configured hub is reached from this machine: a hub that listens on every address
/// listens on loopback too.
fn configured(mut address: SocketAddr) -> Result<Url, Failure> {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    Url::parse(&format!("http://{address}")).map_err(|error| {
        let message = format!("[http] addr {address} cannot be spoken to: {error}");
        Failure::usage(message, "name the hub with --url")
    })
}

/// The hub's own words, and what its catalogue of errors says is to be done.
fn refused(status: StatusCode, code: &str, detail: &str) -> Failure {
    let exit = match status.as_u16() {
        404 => Exit::NotFound,
        409 | 412 => Exit::Conflict,
        408 | 429 => Exit::Failed,
        400..=499 => Exit::Usage,
        _ => Exit::Failed,
    };
    let remedy = catalogue::find(code).map(|entry| entry.remedy);
    let next = remedy.unwrap_or("look at the hub's log, then try again");
    Failure::new(exit, printable(detail, &[]), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hub_that_listens_everywhere_is_reached_over_loopback() {
        for (address, url) in [
            ("0.0.0.0:7070", "http://127.0.0.1:7070/"),
            ("[::]:7070", "http://[::1]:7070/"),
            ("10.0.0.5:80", "http://10.0.0.5/"),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(configured(address).expect("a URL").as_str(), url);
        }
    }

    #[test]
    fn only_a_scheme_and_a_host_name_a_hub() {
        for good in ["http://127.0.0.1:7070", "https://hub.example/"] {
            assert!(stated(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "127.0.0.1:7070",
            "ftp://hub.example",
            "https://me:secret@hub.example",
            "https://hub.example/v1",
            "https://hub.example?key=1",
        ] {
            let refused = stated(bad).expect_err(bad);
            assert_eq!(refused.exit, Exit::Usage);
            assert!(!refused.message.contains("secret"), "{}", refused.message);
        }
    }
}
