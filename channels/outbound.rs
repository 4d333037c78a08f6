//! Calls to partners: one HTTP client per connection, bounded in time and in bytes, that never
//! follows a redirect and says of every failure whether the request may have been carried out.
//!
//! Reasons are fixed sentences: no URL, no header, no payload and no secret gets into them.

use std::time::{Duration, Instant};

use http::{HeaderMap, StatusCode};
use reqwest::{Client, Method, RequestBuilder, Url};

use crate::port::CallError;
use crate::settings::{ConfigError, Settings, is_loopback};

/// Longest wait for a connection, its TLS handshake included.
const CONNECT: Duration = Duration::from_secs(3);

/// Largest answer that is read.
const LARGEST_ANSWER: usize = 256 * 1024;

/// Makes ring the process's TLS provider unless one is installed already. Connectors call it
/// themselves; a program that uses `rustls` before its first connector calls it at the start.
pub fn install_crypto() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Losing a race against another thread means that a provider is installed: all is well.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
    }
}

/// A connection's HTTP client.
#[derive(Debug, Clone)]
pub(crate) struct Outbound {
    client: Client,
    base: Url,
    timeout: Duration,
}

/// What came back, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why nothing (usable) came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The partner has certainly not seen the request.
    NotSent(&'static str),
    /// The request may have been carried out.
    Lost(&'static str),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(reason) => Self::not_done(reason),
            Failure::Lost(reason) => Self::unknown(reason),
        }
    }
}

impl Failure {
    /// The failure of a call that changes nothing there: whatever became of it, it was not done.
    pub(crate) fn of_look_up(self) -> CallError {
        let (Self::NotSent(reason) | Self::Lost(reason)) = self;
        CallError::not_done(reason)
    }
}

impl Outbound {
    /// A client for a connection; `vendor` is the vendor's own base URL.
    pub(crate) fn new(settings: &Settings, vendor: &str) -> Result<Self, ConfigError> {
        let base = settings.base(vendor)?;
        install_crypto();
        let mut builder = Client::builder()
            .user_agent(concat!("orderhub/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT.min(settings.timeout))
            .timeout(settings.timeout)
            .referer(false);
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| ConfigError::NoClient {
            slug: settings.slug.clone(),
            reason: error.without_url().to_string(),
        })?;
        Ok(Self {
            client,
            base,
            timeout: settings.timeout,
        })
    }

    /// A client for a host that the vendor keeps apart from the one that the connection calls: its own,
    /// whatever `base_url` says, but for a stand-in on this machine.
    pub(crate) fn apart(settings: &Settings, vendor: &str) -> Result<Self, ConfigError> {
        let mut settings = settings.clone();
        let here = settings.base(vendor).is_ok_and(|base| is_loopback(&base));
        settings.base_url.take_if(|_| !here);
        Self::new(&settings, vendor)
    }

    /// A request to a path of the partner. The path is a literal, or made of checked ids.
    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(self.url(path))
    }

    /// A request that changes something.
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// A request that sets what is there.
    pub(crate) fn put(&self, path: &str) -> RequestBuilder {
        self.client.put(self.url(path))
    }

    /// A request that takes away what is there.
    pub(crate) fn delete(&self, path: &str) -> RequestBuilder {
        self.client.delete(self.url(path))
    }

    /// A request to an address that the vendor names, without anything that says who we are: over TLS to a host
    /// below this domain, or on this machine where the connection calls a stand-in here. `None` for any other.
    pub(crate) fn there(
        &self,
        method: Method,
        address: &str,
        domain: &str,
    ) -> Option<RequestBuilder> {
        let url = Url::parse(address).ok()?;
        let front = url.host_str()?.strip_suffix(domain);
        let below = front.is_some_and(|front| front.ends_with('.'));
        let theirs = url.scheme() == "https" && url.port().is_none() && below;
        let here = is_loopback(&self.base) && is_loopback(&url);
        (theirs || here).then(|| self.client.request(method, url))
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    /// Sends it and reads the whole answer, of at most 256 KiB.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let started = Instant::now();
        let mut response = request.send().await.map_err(|error| classify(&error))?;
        let status = response.status();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let announced = response.content_length().unwrap_or(0);
        if announced > LARGEST_ANSWER as u64 {
            return Err(TOO_LARGE);
        }
        while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
            // The client's own limit is per request; this one holds if it is ever per read.
            if started.elapsed() > self.timeout {
                return Err(NO_ANSWER);
            }
            if body.len() + chunk.len() > LARGEST_ANSWER {
                return Err(TOO_LARGE);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }
}

const NO_ANSWER: Failure = Failure::Lost("the partner did not answer in time");
const TOO_LARGE: Failure = Failure::Lost("the partner's answer is larger than 256 KiB");

fn classify(error: &reqwest::Error) -> Failure {
    if error.is_builder() {
        Failure::NotSent("the request could not be built")
    } else if error.is_connect() {
        Failure::NotSent("the partner cannot be reached")
    } else if error.is_timeout() {
        NO_ANSWER
    } else {
        Failure::Lost("the connection broke before the partner's answer was complete")
    }
}

impl Answer {
    /// How long the partner asked us to wait (`Retry-After` in seconds), at most an hour.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
        let seconds: u64 = seconds.trim().parse().ok()?;
        Some(Duration::from_secs(seconds.min(3600)))
    }

    /// Certainly not carried out, to be tried again when the partner wants.
    pub(crate) fn not_done(&self, reason: impl Into<String>) -> CallError {
        let status = self.status.as_u16();
        CallError::NotDone {
            reason: reason.into(),
            retry_after: self.retry_after(),
            well: self.status.is_client_error() && !matches!(status, 401 | 403 | 408 | 429),
        }
    }

    /// The answers that mean the same for every partner and every call: it is not us that they
    /// know, they are busy, or they broke down on the way. `None`: what it means depends.
    pub(crate) fn failure(&self) -> Option<CallError> {
        match self.status.as_u16() {
            401 | 403 => Some(self.not_done("the partner refuses our key; check api_key and mode")),
            429 => Some(self.not_done("the partner asks us to slow down")),
            408 | 500.. => Some(CallError::unknown(format!(
                "the partner answered {} and may have carried it out",
                self.status.as_u16()
            ))),
            100..=199 | 300..=399 => Some(CallError::unknown(format!(
                "something that is not the partner's API answered {}; check base_url",
                self.status.as_u16()
            ))),
            _ => None,
        }
    }
}

/// Measures one operation against a partner.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    started: Instant,
    histogram: &'static str,
    label: &'static str,
    partner: String,
    operation: &'static str,
}

impl Stopwatch {
    /// Starts for a gateway's operation.
    pub(crate) fn gateway(slug: &str, operation: &'static str) -> Self {
        let histogram = "orderhub_payment_operation_duration_seconds";
        Self::start(histogram, "gateway", slug, operation)
    }

    /// Starts for a carrier's operation.
    pub(crate) fn carrier(slug: &str, operation: &'static str) -> Self {
        let histogram = "orderhub_carrier_operation_duration_seconds";
        Self::start(histogram, "carrier", slug, operation)
    }

    /// Starts for a sales channel's operation.
    pub(crate) fn channel(slug: &str, operation: &'static str) -> Self {
        let histogram = "orderhub_channel_operation_duration_seconds";
        Self::start(histogram, "channel", slug, operation)
    }

    fn start(
        histogram: &'static str,
        label: &'static str,
        partner: &str,
        operation: &'static str,
    ) -> Self {
        Self {
            started: Instant::now(),
            histogram,
            label,
            partner: partner.to_owned(),
            operation,
        }
    }

    /// Lets the operation be seen before it is first called, so that the first failure counts.
    pub(crate) fn announce(self) {
        for result in ["ok", "not_done", "unknown"] {
            drop(metrics::histogram!(
                self.histogram,
                self.label => self.partner.clone(),
                "operation" => self.operation,
                "result" => result,
            ));
        }
    }

    /// Ends with an answer: `refused` tells a partner's no from a yes.
    pub(crate) fn stop<T>(self, answer: &Result<T, CallError>, refused: impl Fn(&T) -> bool) {
        let result = match answer {
            Ok(evidence) if refused(evidence) => "refused",
            Ok(_) => "ok",
            Err(CallError::NotDone { .. }) => "not_done",
            Err(CallError::Unknown { well: true, .. }) => "under_way",
            Err(CallError::Unknown { .. }) => "unknown",
        };
        metrics::histogram!(
            self.histogram,
            self.label => self.partner,
            "operation" => self.operation,
            "result" => result,
        )
        .record(self.started.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there(base: &str, address: &str) -> bool {
        let mut settings = Settings::new("own".into());
        settings.base_url = Some(base.to_owned());
        let door = Outbound::new(&settings, base).expect("a door");
        door.there(Method::PUT, address, "files.example").is_some()
    }

    #[test]
    fn an_address_that_a_vendor_names_is_one_of_its_own() {
        let vendor = "https://api.example";
        assert!(there(vendor, "https://own.s3.files.example/a?b=c"));
        for elsewhere in [
            "https://files.example.evil.example/a",
            "https://ownfiles.example/a",
            "http://own.files.example/a",
            "https://own.files.example:8443/a",
            "http://127.0.0.1:9/a",
            "not an address",
            "",
        ] {
            assert!(!there(vendor, elsewhere), "{elsewhere}");
        }
        let here = "http://127.0.0.1:9";
        assert!(there(here, "http://127.0.0.1:9/a"));
        assert!(!there(here, "http://10.0.0.1/a"));
    }
}
