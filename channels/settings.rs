//! What a connector is made of: the part of the configuration that connectors understand, and the
//! checks that every one of them makes before it starts.

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
    /// Secrets that sign the vendor's webhooks; several while one is being replaced.
    pub secrets: Vec<SecretString>,
    /// The key for calls to the vendor.
    pub api_key: Option<SecretString>,
    /// `scheme://host[:port]` in place of the vendor's own.
    pub base_url: Option<String>,
    /// Whether the connection moves real goods and money; by default as the key says, else live.
    pub mode: Option<Mode>,
    /// The shop that webhooks must come from.
    pub shop_domain: Option<String>,
    /// The shop's own id of the location whose numbers it is told; it is told none otherwise.
    pub stock_location: Option<String>,
    /// The gateway that orders of a sales channel are paid through.
    pub payment: Option<Gateway>,
    /// How often a gateway's account lets us capture one authorisation.
    pub capture: CaptureMode,
    /// How long one call may take in all.
    pub timeout: Duration,
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
        "connection \"{slug}\" needs {what}; add it as {{ env = \"NAME\" }} or {{ file = \"PATH\" }}"
    )]
    MissingSecret {
        /// The connection.
        slug: Slug,
        /// Which secret.
        what: &'static str,
    },
    /// A secret is empty or one that everybody knows.
    #[error(
        "connection \"{slug}\" has an empty or well-known value for {what}; set the vendor's own"
    )]
    WeakSecret {
        /// The connection.
        slug: Slug,
        /// Which secret.
        what: &'static str,
    },
    /// The base URL cannot be used.
    #[error("connection \"{slug}\" has a base_url that {reason}")]
    BadBaseUrl {
        /// The connection.
        slug: Slug,
        /// What is wrong and what would be right.
        reason: &'static str,
    },
    /// It is to be told what it can offer, and nobody can be called.
    #[error(
        "connection \"{slug}\" has a stock_location, which needs base_url and access_token too"
    )]
    StockGoesNowhere {
        /// The connection.
        slug: Slug,
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
            secrets: Vec::new(),
            api_key: None,
            base_url: None,
            mode: None,
            shop_domain: None,
            stock_location: None,
            payment: None,
            capture: CaptureMode::Once,
            timeout: Duration::from_secs(10),
        }
    }

    /// Whether the connection is live: as configured, else as the key's prefix says, else live.
    pub(crate) fn is_live(&self, test_prefixes: &[&str]) -> bool {
        match self.mode {
            Some(mode) => mode == Mode::Live,
            None => !self.api_key.as_ref().is_some_and(|key| {
                let key = key.expose_secret();
                test_prefixes.iter().any(|prefix| key.starts_with(prefix))
            }),
        }
    }

    /// The secrets that sign webhooks: at least one, none of them weak.
    pub(crate) fn signing_secrets(&self) -> Result<Vec<SecretString>, ConfigError> {
        let what = "the secret that signs its webhooks";
        if self.secrets.is_empty() {
            return Err(self.missing(what));
        }
        for secret in &self.secrets {
            self.refuse_weak(secret, what)?;
        }
        Ok(self.secrets.clone())
    }

    /// The key for calls: present and not weak.
    pub(crate) fn call_key(&self) -> Result<SecretString, ConfigError> {
        let what = "its api_key";
        let key = self.api_key.as_ref().ok_or_else(|| self.missing(what))?;
        self.refuse_weak(key, what)?;
        Ok(key.clone())
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

    fn missing(&self, what: &'static str) -> ConfigError {
        ConfigError::MissingSecret {
            slug: self.slug.clone(),
            what,
        }
    }

    fn refuse_weak(&self, secret: &SecretString, what: &'static str) -> Result<(), ConfigError> {
        let value = secret.expose_secret().trim();
        let weak = value.is_empty()
            || WELL_KNOWN
                .iter()
                .any(|known| value.eq_ignore_ascii_case(known));
        if weak {
            return Err(ConfigError::WeakSecret {
                slug: self.slug.clone(),
                what,
            });
        }
        Ok(())
    }
}

/// The constructor of a kind in its family's registry.
pub(crate) fn constructor<C: Copy>(
    family: &'static str,
    kinds: &[(&str, C)],
    kind: &str,
) -> Result<C, ConfigError> {
    let found = kinds.iter().find(|(name, _)| *name == kind);
    found.map(|(_, constructor)| *constructor).ok_or_else(|| {
        let known: Vec<_> = kinds.iter().map(|(name, _)| *name).collect();
        ConfigError::UnknownKind {
            family,
            kind: kind.to_owned(),
            known: known.join(", "),
        }
    })
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
            let mut settings = Settings::new("acme".into());
            settings.secrets = vec!["a-good-one".into(), weak.into()];
            let refused = settings.signing_secrets().map(|_| ());
            assert!(
                matches!(refused, Err(ConfigError::WeakSecret { .. })),
                "{weak:?}"
            );
        }
        let mut settings = Settings::new("acme".into());
        settings.api_key = Some("sk_live_do_not_print".into());
        assert!(!format!("{settings:?}").contains("do_not_print"));
        assert!(settings.signing_secrets().is_err());
        assert!(settings.call_key().is_ok());
    }

    #[test]
    fn the_mode_follows_the_key_unless_it_is_stated() {
        let mut settings = Settings::new("acme".into());
        assert!(settings.is_live(&["sk_test_"]));
        settings.api_key = Some("sk_test_1".into());
        assert!(!settings.is_live(&["sk_test_"]));
        settings.mode = Some(Mode::Live);
        assert!(settings.is_live(&["sk_test_"]));
    }
}
