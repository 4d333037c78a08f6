//! Keys that partners hand out for an hour or so (OAuth 2.0, RFC 6749 section 4.4 and 6): asked for when a
//! call needs one, kept until shortly before they end, asked for again when the partner refuses one early.
//!
//! Not here: keys that a person makes once (those are settings), and how each partner wants to be asked.

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::outbound::{Answer, Failure, Outbound};
use crate::wire::Exact;

/// How long before its end a key is not used any more.
const MARGIN: Duration = Duration::from_mins(1);

/// How long a key is used whose partner does not say how long it lives.
const UNSAID: Duration = Duration::from_mins(5);

/// The request that a partner hands out a key for: to its own address, with our id and secret.
type Login = Box<dyn Fn(&Outbound) -> RequestBuilder + Send + Sync>;

/// Calls that carry a short-lived key. One key is held for all of a connection's calls.
pub(crate) struct Tokens {
    door: Outbound,
    login: Login,
    header: HeaderName,
    scheme: &'static str,
    held: Mutex<Option<Held>>,
}

struct Held {
    value: SecretString,
    until: Instant,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

/// What the partner hands out (RFC 6749 section 5.1); some state the seconds as a text.
#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    expires_in: Option<Exact>,
}

impl Tokens {
    /// Keys that `login` asks for at `door`, sent as `Authorization: Bearer`.
    pub(crate) fn new(
        door: Outbound,
        login: impl Fn(&Outbound) -> RequestBuilder + Send + Sync + 'static,
    ) -> Self {
        Self {
            door,
            login: Box::new(login),
            header: http::header::AUTHORIZATION,
            scheme: "Bearer ",
            held: Mutex::new(None),
        }
    }

    /// The same, for a partner that wants the bare key in a header of its own.
    #[must_use]
    pub(crate) fn in_header(mut self, header: HeaderName) -> Self {
        self.header = header;
        self.scheme = "";
        self
    }

    /// The same, for a partner that wants the key under a word of its own.
    #[must_use]
    pub(crate) fn under(mut self, scheme: &'static str) -> Self {
        self.scheme = scheme;
        self
    }

    /// Sends a request with a key. When the partner refuses a key that it handed out before, the request
    /// was not carried out: it is sent once more, with a new one.
    pub(crate) async fn send(
        &self,
        outbound: &Outbound,
        request: RequestBuilder,
    ) -> Result<Answer, Failure> {
        let again = request.try_clone();
        let (key, fresh) = self.key().await?;
        let answer = outbound.send(self.signed(request, &key)?).await?;
        let refused = answer.status == http::StatusCode::UNAUTHORIZED;
        let Some(again) = again.filter(|_| refused && !fresh) else {
            return Ok(answer);
        };
        self.forget(&key).await;
        let (key, _) = self.key().await?;
        outbound.send(self.signed(again, &key)?).await
    }

    fn signed(
        &self,
        request: RequestBuilder,
        key: &SecretString,
    ) -> Result<RequestBuilder, Failure> {
        let text = format!("{}{}", self.scheme, key.expose_secret());
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| Failure::NotSent("the partner handed out a key that cannot be sent"))?;
        value.set_sensitive(true);
        Ok(request.header(self.header.clone(), value))
    }

    /// A key that is good, and whether it was handed out just now. Whoever comes while one is being asked
    /// for waits for that one.
    async fn key(&self) -> Result<(SecretString, bool), Failure> {
        let mut held = self.held.lock().await;
        if let Some(good) = held.as_ref().filter(|key| Instant::now() < key.until) {
            return Ok((good.value.clone(), false));
        }
        let new = self.ask().await?;
        let value = new.value.clone();
        *held = Some(new);
        Ok((value, true))
    }

    async fn forget(&self, refused: &SecretString) {
        let mut held = self.held.lock().await;
        let same = |key: &Held| key.value.expose_secret() == refused.expose_secret();
        if held.as_ref().is_some_and(same) {
            *held = None;
        }
    }

    async fn ask(&self) -> Result<Held, Failure> {
        let asked = self.door.send((self.login)(&self.door)).await;
        let answer = asked.map_err(|_| Failure::NotSent("the partner hands out no key"))?;
        match answer.status.as_u16() {
            200..=299 => {}
            400 | 401 | 403 => {
                let why = "the partner refuses our id and secret; check them, and the mode";
                return Err(Failure::NotSent(why));
            }
            429 => {
                let why = "the partner asks us to slow down before it hands out a key";
                return Err(Failure::NotSent(why));
            }
            _ => return Err(Failure::NotSent("the partner hands out no key")),
        }
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::NotSent("the partner's answer to our id and secret is not a key")
        })?;
        let lives = granted.expires_in.and_then(|text| text.0.parse().ok());
        let lives = lives.map_or(UNSAID, Duration::from_secs);
        // Half of its life at least, however short that is.
        let used = lives.saturating_sub(MARGIN).max(lives / 2);
        let until = Instant::now().checked_add(used);
        Ok(Held {
            value: granted.access_token,
            until: until.unwrap_or_else(Instant::now),
        })
    }
}

#[cfg(test)]
mod tests {
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::settings::Settings;

    fn grant(key: &str, lives: u64) -> ResponseTemplate {
        let body = serde_json::json!({ "access_token": key, "expires_in": lives.to_string() });
        ResponseTemplate::new(200).set_body_json(body)
    }

    fn open(server: &MockServer) -> (Outbound, Tokens) {
        let mut settings = Settings::new("acme".into());
        settings.base_url = Some(server.uri());
        let outbound = Outbound::new(&settings, "https://api.example.com").expect("a client");
        let tokens = Tokens::new(outbound.clone(), |door| door.post("/token"));
        (outbound, tokens)
    }

    async fn call(outbound: &Outbound, tokens: &Tokens) -> Result<u16, Failure> {
        let answer = tokens.send(outbound, outbound.get("/thing")).await?;
        Ok(answer.status.as_u16())
    }

    async fn hand_out(server: &MockServer, answer: ResponseTemplate, times: u64) {
        Mock::given(method("POST"))
            .and(path("/token"))
            .respond_with(answer)
            .up_to_n_times(times)
            .expect(times)
            .mount(server)
            .await;
    }

    async fn take(server: &MockServer, key: &str, status: u16, times: u64) {
        Mock::given(method("GET"))
            .and(path("/thing"))
            .and(header("authorization", format!("Bearer {key}").as_str()))
            .respond_with(ResponseTemplate::new(status))
            .expect(times)
            .mount(server)
            .await;
    }

    #[tokio::test]
    async fn one_key_serves_calls_that_come_together_and_after() {
        let server = MockServer::start().await;
        hand_out(&server, grant("k1", 3600), 1).await;
        take(&server, "k1", 200, 3).await;
        let (outbound, tokens) = open(&server);
        let together = tokio::join!(call(&outbound, &tokens), call(&outbound, &tokens));
        assert_eq!(together, (Ok(200), Ok(200)));
        assert_eq!(call(&outbound, &tokens).await, Ok(200));
    }

    #[tokio::test]
    async fn a_key_that_is_refused_early_is_replaced_once() {
        let server = MockServer::start().await;
        hand_out(&server, grant("k1", 3600), 1).await;
        hand_out(&server, grant("k2", 3600), 1).await;
        let (outbound, tokens) = open(&server);
        let once = Mock::given(method("GET")).and(header("authorization", "Bearer k1"));
        let once = once.respond_with(ResponseTemplate::new(200));
        once.up_to_n_times(1).mount(&server).await;
        assert_eq!(call(&outbound, &tokens).await, Ok(200));
        take(&server, "k1", 401, 1).await;
        take(&server, "k2", 401, 1).await;
        // The answer to a key that was handed out just now is the partner's own.
        assert_eq!(call(&outbound, &tokens).await, Ok(401));
    }

    #[tokio::test]
    async fn a_key_that_has_ended_is_asked_for_again() {
        let server = MockServer::start().await;
        hand_out(&server, grant("k1", 0), 1).await;
        hand_out(&server, grant("k2", 3600), 1).await;
        take(&server, "k1", 200, 1).await;
        take(&server, "k2", 200, 2).await;
        let (outbound, tokens) = open(&server);
        for _ in 0..3 {
            assert_eq!(call(&outbound, &tokens).await, Ok(200));
        }
    }

    #[tokio::test]
    async fn without_a_key_nothing_is_sent_and_the_reason_quotes_nothing() {
        for answer in [
            ResponseTemplate::new(401).set_body_string("jane@example.com"),
            ResponseTemplate::new(503),
            ResponseTemplate::new(200).set_body_string("{}"),
            grant("two\nlines", 3600),
        ] {
            let server = MockServer::start().await;
            hand_out(&server, answer, 1).await;
            let (outbound, tokens) = open(&server);
            let failed = call(&outbound, &tokens).await;
            assert!(
                matches!(failed, Err(Failure::NotSent(_))),
                "not sent: {failed:?}"
            );
            let asked = server.received_requests().await.unwrap_or_default();
            assert!(asked.iter().all(|request| request.url.path() == "/token"));
        }
    }
}
