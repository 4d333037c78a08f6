//! HTTP to a hub: one request, one bounded answer, or one that goes on. What it means is `client`'s.
//!
//! Nothing is sent twice by itself, no redirect is followed and no proxy is asked (the key would go
//! along), and an answer is bounded in time and in bytes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use orderhub_channels::outbound::install_crypto;
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, Url};
use tokio::time::timeout;

use super::{Exit, Failure};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// Longest wait for a whole answer; the hub itself gives up before.
const ANSWER: Duration = Duration::from_secs(30);

/// Longest silence of an answer that goes on: the hub gives a sign of life every 15 seconds.
const SILENCE: Duration = Duration::from_secs(45);

/// Longer than anybody listens.
const FOR_EVER: Duration = Duration::from_hours(24 * 365);

/// Largest answer that is read.
const LARGEST_ANSWER: usize = 8 * 1024 * 1024;

/// The way to one address of a hub.
pub(super) struct Wire {
    http: reqwest::Client,
    hub: Url,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
}

/// An answer that goes on.
pub(super) struct Going(Response);

impl Going {
    /// The next piece; `None` when the hub has ended it, or has gone.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        let piece = timeout(SILENCE, self.0.chunk()).await;
        piece.ok()?.ok()?
    }
}

impl Wire {
    /// To this address.
    pub(super) fn to(hub: Url) -> Result<Self, Failure> {
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
        Ok(Self { http, hub })
    }

    /// A request for the path of these segments, which may hold anything.
    pub(super) fn request(&self, method: Method, path: &[&str]) -> Result<RequestBuilder, Failure> {
        let mut url = self.hub.clone();
        // Dots alone are steps in a tree of folders, whoever writes them, and name nothing.
        let lost = path
            .iter()
            .any(|segment| matches!(*segment, "." | ".." | ""));
        match url.path_segments_mut() {
            Ok(mut segments) if !lost => drop(segments.clear().extend(path)),
            _ => {
                let message = "an empty name, . and .. cannot be asked for";
                return Err(Failure::usage(message, "orderhub --help"));
            }
        }
        Ok(self.http.request(method, url))
    }

    /// Sends it; an answer that is good goes on, any other is read whole.
    pub(super) async fn begin(
        &self,
        request: RequestBuilder,
    ) -> Result<Result<Going, Answer>, Failure> {
        let request = request.timeout(FOR_EVER);
        let waited = timeout(ANSWER, request.send()).await;
        let answered = waited.map_err(|_| self.unanswered())?;
        let response = answered.map_err(|error| self.silent(&error))?;
        if response.status().is_success() {
            return Ok(Ok(Going(response)));
        }
        self.read(response).await.map(Err)
    }

    /// Sends it and reads the whole answer.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let response = request.send().await.map_err(|error| self.silent(&error))?;
        self.read(response).await
    }

    async fn read(&self, mut response: Response) -> Result<Answer, Failure> {
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
        Ok(Answer { status, body })
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
        self.unanswered()
    }

    fn unanswered(&self) -> Failure {
        let hub = self.name();
        let message =
            format!("the hub at {hub} gave no whole answer; it may have done what was asked");
        Failure::new(Exit::Failed, message, "look first, then try again")
    }

    /// Something answered that does not speak like a hub.
    pub(super) fn stranger(&self) -> Failure {
        let message = format!("what answers at {} is no orderhub", self.name());
        let next = "name the hub that runs with --url";
        Failure::new(Exit::Missing, message, next)
    }

    /// The address for people.
    pub(super) fn name(&self) -> &str {
        self.hub.as_str().trim_end_matches('/')
    }
}

/// A hub's address as it is typed.
pub(super) fn stated(text: &str) -> Result<Url, Failure> {
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
        let message = "the hub's URL is not http://HOST or https://HOST, with :PORT where needed";
        let next = "correct --url or ORDERHUB_URL, or leave both out to use [http] addr";
        Failure::usage(message, next)
    })
}

/// Where a hub that listens at this address is reached from this machine: one that listens on every
/// address listens on loopback too.
pub(super) fn reached(mut address: SocketAddr) -> Result<Url, Failure> {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        });
    }
    Url::parse(&format!("http://{address}")).map_err(|error| {
        let message = format!("the configured address {address} cannot be spoken to: {error}");
        Failure::usage(message, "name the hub with --url")
    })
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
            assert_eq!(reached(address).expect("a URL").as_str(), url);
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

    #[test]
    fn a_segment_stays_one_whatever_it_holds() {
        let wire = Wire::to(stated("http://127.0.0.1:1").expect("a URL")).expect("a client");
        let asked = |path: &[&str]| {
            let request = wire.request(Method::GET, path).ok()?;
            Some(request.build().ok()?.url().path().to_owned())
        };
        let sku = asked(&["v1", "inventory", "a/b %#?ä"]);
        assert_eq!(
            sku.as_deref(),
            Some("/v1/inventory/a%2Fb%20%25%23%3F%C3%A4")
        );
        assert_eq!(asked(&["v1", "inventory", ".."]), None);
    }
}
