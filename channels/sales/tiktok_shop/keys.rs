//! The shop's access token: handed out for the refresh token, good for about a week, asked for again shortly
//! before its end or when the API refuses it.
//!
//! The shared keys of OAuth 2.0 do not fit: the answer is wrapped, states the moment of the end and not a
//! life, and may carry another refresh token, which counts from then on.

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::outbound::{Failure, Outbound};
use crate::settings::{ConfigError, Settings};
use crate::wire::Exact;

/// Where keys are handed out.
const VENDOR: &str = "https://auth.tiktok-shops.com";

/// How long before its end a key is not used any more.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// How long a key is used whose end is not stated.
const UNSAID: SignedDuration = SignedDuration::from_mins(5);

/// Numbers below this are seconds to live and no moment.
const MOMENTS: i64 = 1_000_000_000;

/// The keys of one shop.
pub(super) struct Keys {
    door: Outbound,
    app_key: String,
    app_secret: SecretString,
    held: Mutex<Held>,
}

struct Held {
    refresh: SecretString,
    access: Option<(SecretString, Timestamp)>,
}

#[derive(Deserialize)]
struct Answered {
    code: i64,
    #[serde(default)]
    data: Option<Granted>,
}

#[derive(Deserialize)]
struct Granted {
    access_token: SecretString,
    #[serde(default)]
    access_token_expire_in: Option<Exact>,
    #[serde(default)]
    refresh_token: Option<SecretString>,
}

impl Keys {
    /// Those of the shop that gave this refresh token to the app.
    pub(super) fn open(
        settings: &Settings,
        app_key: &str,
        app_secret: SecretString,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            door: Outbound::new(settings, VENDOR)?,
            app_key: app_key.to_owned(),
            app_secret,
            held: Mutex::new(Held {
                refresh: settings.secret("refresh_token")?,
                access: None,
            }),
        })
    }

    /// A key that is good, and whether it was handed out just now.
    pub(super) async fn key(&self) -> Result<(SecretString, bool), Failure> {
        let mut held = self.held.lock().await;
        let now = Timestamp::now();
        if let Some((key, until)) = &held.access
            && now < *until
        {
            return Ok((key.clone(), false));
        }
        let granted = self.ask(&held.refresh).await?;
        let stated = granted.access_token_expire_in;
        let stated: Option<i64> = stated.and_then(|text| text.0.parse().ok());
        let end = match stated {
            Some(seconds) if seconds < MOMENTS => {
                now.checked_add(SignedDuration::from_secs(seconds)).ok()
            }
            Some(moment) => Timestamp::from_second(moment).ok(),
            None => None,
        };
        let until = end.and_then(|end| end.checked_sub(MARGIN).ok());
        let until = until.or_else(|| now.checked_add(UNSAID).ok());
        held.access = Some((granted.access_token.clone(), until.unwrap_or(now)));
        if let Some(refresh) = granted.refresh_token {
            held.refresh = refresh;
        }
        Ok((granted.access_token, true))
    }

    /// A key that the API refuses is not used again.
    pub(super) async fn forget(&self, refused: &SecretString) {
        let mut held = self.held.lock().await;
        let key = held.access.as_ref().map(|(key, _)| key.expose_secret());
        if key == Some(refused.expose_secret()) {
            held.access = None;
        }
    }

    /// The vendor wants the app's secret in the query; no reason of ours quotes an address.
    async fn ask(&self, refresh: &SecretString) -> Result<Granted, Failure> {
        let asked = self.door.get("/api/v2/token/refresh").query(&[
            ("app_key", self.app_key.as_str()),
            ("app_secret", self.app_secret.expose_secret()),
            ("refresh_token", refresh.expose_secret()),
            ("grant_type", "refresh_token"),
        ]);
        let answer = self.door.send(asked).await;
        let answer = answer.map_err(|_| Failure::NotSent("the channel hands out no key"))?;
        if !answer.status.is_success() {
            return Err(Failure::NotSent("the channel hands out no key"));
        }
        let answered: Answered = serde_json::from_slice(&answer.body).map_err(|_| {
            Failure::NotSent("the channel's answer to our refresh token is not a key")
        })?;
        let granted = answered.data.filter(|_| answered.code == 0);
        granted.ok_or(Failure::NotSent(
            "the channel refuses our refresh token; check app_key, secrets and refresh_token",
        ))
    }
}
