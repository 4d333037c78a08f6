//! What a connector is made of: the part of the configuration that connectors understand, and the
//! checks that every one of them makes before it starts.

use std::collections::BTreeMap;
use std::time::Duration;

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::Slug;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// Settings of one connection. Secrets print as `[REDACTED]`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The connection's short name; metrics and evidence carry it.
    pub slug: Slug,
    /// `scheme://host[:port]` in place of the vendor's own.
    pub base_url: Option<String>,
    /// Whether the connection moves real goods and money; by default as the key says, else live.
    pub mode: Option<Mode>,
    /// The gateway that orders of a sales channel are paid through.
    pub payment: Option<Gateway>,
    /// How often a gateway's account lets us capture one authorisation.
    pub capture: CaptureMode,
    /// How long one call may take in all.
    pub timeout: Duration,
    /// What the kind's own settings say, by key.
    own: BTreeMap<&'static str, Own>,
}

/// What one of a kind's own settings says.
#[derive(Debug, Clone)]
enum Own {
    Text(String),
    Secrets(Vec<SecretString>),
}

/// A gateway connection, as a sales channel knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// Its short name.
    pub slug: Slug,
    /// How often its account lets us capture one authorisation.
    pub capture: CaptureMode,
}

/// Whether a connection moves real goods and money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Test data is recorded and changes nothing.
    Live,
    /// Test data counts.
    Test,
}

/// Why a connection cannot start. Each says what to do about it; none contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// There is no connector of that kind in the family.
    #[error("there is no {family} connector \"{kind}\"; use one of: {known}")]
    UnknownKind {
        /// The family: `sales`, `payments`, ...
        family: &'static str,
        /// What was asked for.
        kind: String,
        /// What there is.
        known: String,
    },
    /// The scheme needs a secret and there is none.
    #[error(
        "connection \"{slug}\" needs {key}; add it as {{ env = \"NAME\" }} or {{ file = \"PATH\" }}"
    )]
    MissingSecret {
        /// The connection.
        slug: Slug,
        /// The key of the secret.
        key: &'static str,
    },
    /// A setting is not there, or not as it has to be.
    #[error("connection \"{slug}\" needs {key}: {what}")]
    BadSetting {
        /// The connection.
        slug: Slug,
        /// The key of the setting.
        key: &'static str,
        /// What it has to be.
        what: &'static str,
    },
    /// A secret is empty or one that everybody knows.
    #[error(
        "connection \"{slug}\" has an empty or well-known value for {key}; set the vendor's own"
    )]
    WeakSecret {
        /// The connection.
        slug: Slug,
        /// The key of the secret.
        key: &'static str,
    },
    /// The base URL cannot be used.
    #[error("connection \"{slug}\" has a base_url that {reason}")]
    BadBaseUrl {
        /// The connection.
        slug: Slug,
        /// What is wrong and what would be right.
        reason: &'static str,
    },
    /// The HTTP client cannot be built.
    #[error("connection \"{slug}\" cannot make outbound calls: {reason}")]
    NoClient {
        /// The connection.
        slug: Slug,
        /// Why.
        reason: String,
    },
}

/// Values that protect nothing because examples and templates use them.
const WELL_KNOWN: [&str; 12] = [
    "change-me",
    "change_me",
    "changeme",
    "default",
    "default_secret",
    "example",
    "password",
    "secret",
    "sk_test_",
    "test",
    "todo",
    "whsec_",
];

impl Settings {
    /// Settings with nothing but a name.
    pub fn new(slug: Slug) -> Self {
        Self {
            slug,
            base_url: None,
            mode: None,
            payment: None,
            capture: CaptureMode::Once,
            timeout: Duration::from_secs(10),
            own: BTreeMap::new(),
        }
    }

    /// With a text for one of the kind's own settings.
    #[must_use]
    pub fn with_text(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.own.insert(key, Own::Text(text.into()));
        self
    }

    /// With one of the kind's own settings on or off.
    #[must_use]
    pub fn with_flag(self, key: &'static str, on: bool) -> Self {
        self.with_text(key, if on { "true" } else { "false" })
    }

    /// With secrets for one of the kind's own settings, newest first.
    #[must_use]
    pub fn with_secrets<S: Into<SecretString>>(
        mut self,
        key: &'static str,
        secrets: impl IntoIterator<Item = S>,
    ) -> Self {
        let secrets = secrets.into_iter().map(Into::into).collect();
        self.own.insert(key, Own::Secrets(secrets));
        self
    }

    /// Whether the connection is live: as configured, else live.
    pub fn is_live(&self) -> bool {
        self.mode.is_none_or(|mode| mode == Mode::Live)
    }

    /// Whether the connection is live: as configured, else as the prefix of the key says that its
    /// calls are made with, else live.
    pub fn is_live_by(&self, key: &'static str, test_prefixes: &[&str]) -> bool {
        let is_test = |secret: &SecretString| {
            let secret = secret.expose_secret();
            test_prefixes
                .iter()
                .any(|prefix| secret.starts_with(prefix))
        };
        match self.mode {
            Some(mode) => mode == Mode::Live,
            None => !self.stated_secrets(key).iter().any(is_test),
        }
    }

    /// The text of a setting, if it is there.
    pub fn text(&self, key: &str) -> Option<&str> {
        match self.own.get(key) {
            Some(Own::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The text of a setting that must be there.
    pub fn required_text(&self, key: &'static str) -> Result<&str, ConfigError> {
        let text = self.text(key).filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| self.bad(key, "it is missing"))
    }

    /// Whether a setting is on; it is off where nothing is said.
    pub fn flag(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    /// The secrets of a setting: at least one, none of them weak.
    pub fn secrets(&self, key: &'static str) -> Result<Vec<SecretString>, ConfigError> {
        let secrets = self.stated_secrets(key);
        if secrets.is_empty() {
            let slug = self.slug.clone();
            return Err(ConfigError::MissingSecret { slug, key });
        }
        for secret in secrets {
            self.refuse_weak(secret, key)?;
        }
        Ok(secrets.to_vec())
    }

    /// The secret of a setting that must be there: present and not weak.
    pub fn secret(&self, key: &'static str) -> Result<SecretString, ConfigError> {
        let secret = self.secret_if_any(key)?;
        let slug = || self.slug.clone();
        secret.ok_or_else(|| ConfigError::MissingSecret { slug: slug(), key })
    }

    /// The secret of a setting, which is not weak if it is there.
    pub fn secret_if_any(&self, key: &'static str) -> Result<Option<SecretString>, ConfigError> {
        let Some(secret) = self.stated_secrets(key).first() else {
            return Ok(None);
        };
        self.refuse_weak(secret, key)?;
        Ok(Some(secret.clone()))
    }

    /// A setting is not as it has to be.
    pub fn bad(&self, key: &'static str, what: &'static str) -> ConfigError {
        let slug = self.slug.clone();
        ConfigError::BadSetting { slug, key, what }
    }

    fn stated_secrets(&self, key: &str) -> &[SecretString] {
        match self.own.get(key) {
            Some(Own::Secrets(secrets)) => secrets,
            _ => &[],
        }
    }

    /// Where calls go: the configured base URL or the vendor's own, without a slash at the end.
    pub(crate) fn base(&self, vendor: &str) -> Result<Url, ConfigError> {
        let bad = |reason| ConfigError::BadBaseUrl {
            slug: self.slug.clone(),
            reason,
        };
        let text = self.base_url.as_deref().unwrap_or(vendor);
        let url = Url::parse(text).map_err(|_| bad("is not a URL; write scheme://host[:port]"))?;
        let bare = matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !bare || url.host_str().is_none() {
            return Err(bad(
                "has more than scheme://host[:port]; the connector adds the path",
            ));
        }
        match url.scheme() {
            "https" => Ok(url),
            "http" if is_loopback(&url) => Ok(url),
            "http" => Err(bad(
                "is plain http on a host that is not this one; use https",
            )),
            _ => Err(bad("is neither https nor http; use https")),
        }
    }

    fn refuse_weak(&self, secret: &SecretString, key: &'static str) -> Result<(), ConfigError> {
        let value = secret.expose_secret().trim();
        let weak = value.is_empty()
            || WELL_KNOWN
                .iter()
                .any(|known| value.eq_ignore_ascii_case(known));
        if weak {
            return Err(ConfigError::WeakSecret {
                slug: self.slug.clone(),
                key,
            });
        }
        Ok(())
    }
}

/// Whether a URL's host is this machine, by its address or by the one name that says so.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else {
        return false;
    };
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_base(base_url: &str) -> Result<Url, ConfigError> {
        let mut settings = Settings::new("acme".into());
        settings.base_url = Some(base_url.to_owned());
        settings.base("https://api.example.com")
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for allowed in [
            "http://127.0.0.1:9301",
            "http://127.8.0.1/",
            "http://[::1]:80",
            "http://localhost:9301",
            "https://gateway.example.com",
        ] {
            assert!(with_base(allowed).is_ok(), "{allowed}");
        }
        for refused in [
            "http://gateway.example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "127.0.0.1:9301",
            "https://user:word@gateway.example.com",
            "https://gateway.example.com/v1",
            "https://gateway.example.com?x=1",
        ] {
            assert!(with_base(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn weak_secrets_are_refused_and_never_printed() {
        for weak in ["", "  ", "changeme", "ChangeMe", "secret", "whsec_"] {
            let settings = Settings::new("acme".into()).with_secrets("signs", ["a-good-one", weak]);
            let refused = settings.secrets("signs").map(|_| ());
            assert!(
                matches!(refused, Err(ConfigError::WeakSecret { .. })),
                "{weak:?}"
            );
        }
        let settings =
            Settings::new("acme".into()).with_secrets("api_key", ["sk_live_do_not_print"]);
        assert!(!format!("{settings:?}").contains("do_not_print"));
        assert!(settings.secrets("signs").is_err());
        assert!(settings.secret("signs").is_err());
        assert!(matches!(settings.secret_if_any("signs"), Ok(None)));
        assert!(settings.secret("api_key").is_ok());
    }

    #[test]
    fn the_mode_follows_the_key_unless_it_is_stated() {
        let mut settings = Settings::new("acme".into());
        assert!(settings.is_live());
        assert!(settings.is_live_by("api_key", &["sk_test_"]));
        settings = settings.with_secrets("api_key", ["sk_test_1"]);
        assert!(!settings.is_live_by("api_key", &["sk_test_"]));
        settings.mode = Some(Mode::Live);
        assert!(settings.is_live_by("api_key", &["sk_test_"]));
        settings.mode = Some(Mode::Test);
        assert!(!settings.is_live());
    }

    #[test]
    fn a_text_that_must_be_there_is_not_empty() {
        let settings = Settings::new("acme".into()).with_text("account", " ");
        assert!(settings.required_text("account").is_err());
        assert!(settings.required_text("other").is_err());
        let settings = settings.with_text("account", "Acme");
        assert_eq!(settings.required_text("account"), Ok("Acme"));
    }
}
