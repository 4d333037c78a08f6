//! Who the connection is to the NATS server, and that nobody listens: beyond this machine only under TLS.

use std::path::PathBuf;

use async_nats::{ConnectOptions, ServerAddr};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::{ConfigError, Settings, is_loopback};

/// The first line of a `.creds` file.
const CREDENTIALS: &str = "-----BEGIN NATS USER JWT-----";
/// Characters of a user's nkey seed, which begins with `SU`.
const SEED: usize = 58;

/// Where the server is, and how it knows us.
pub(super) struct Access {
    servers: Vec<ServerAddr>,
    /// One of the servers is another machine.
    beyond: bool,
    roots: Option<PathBuf>,
    user: Option<String>,
    secret: SecretString,
}

impl Access {
    /// From a connection's settings.
    pub(super) fn of(settings: &Settings) -> Result<Self, ConfigError> {
        let what = "nats:// or tls://, a host and perhaps a port; who connects is in credentials";
        let bad = || settings.bad("url", what);
        let mut servers = Vec::new();
        let mut beyond = false;
        for one in settings.required_text("url")?.split(',') {
            let url: Url = one.trim().parse().map_err(|_| bad())?;
            let bare = matches!(url.path(), "" | "/")
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none();
            let known = matches!(url.scheme(), "nats" | "tls") && url.has_host();
            if !bare || !known {
                return Err(bad());
            }
            beyond |= !is_loopback(&url);
            servers.push(one.trim().parse().map_err(|_| bad())?);
        }
        let secret = settings.secret("credentials")?;
        let access = Self {
            servers,
            beyond,
            roots: settings.text("ca_file").map(PathBuf::from),
            user: settings.text("user").map(str::to_owned),
            secret,
        };
        if access.known().is_none() {
            let what = "the whole text of a .creds file: a JWT and a seed";
            return Err(settings.bad("credentials", what));
        }
        Ok(access)
    }

    /// The servers.
    pub(super) fn servers(&self) -> Vec<ServerAddr> {
        self.servers.clone()
    }

    /// How to connect; `None` when the credentials cannot be read.
    pub(super) fn options(&self) -> Option<ConnectOptions> {
        let mut options = self.known()?;
        options = if self.beyond {
            // Without this, somebody on the way could say that the server knows no TLS.
            options.require_tls(true)
        } else {
            // It may name others, on other machines.
            options.ignore_discovered_servers()
        };
        if let Some(roots) = &self.roots {
            options = options.add_root_certificates(roots.clone());
        }
        Some(options)
    }

    fn known(&self) -> Option<ConnectOptions> {
        let secret = self.secret.expose_secret().trim();
        let seed = secret.len() == SEED && secret.starts_with("SU");
        Some(match &self.user {
            Some(user) => ConnectOptions::with_user_and_password(user.clone(), secret.to_owned()),
            None if secret.starts_with(CREDENTIALS) => {
                ConnectOptions::with_credentials(secret).ok()?
            }
            None if seed => ConnectOptions::with_nkey(secret.to_owned()),
            None => ConnectOptions::with_token(secret.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(url: &str, credentials: &str) -> Result<Access, ConfigError> {
        let settings = Settings::new("north".into()).with_text("url", url);
        Access::of(&settings.with_secrets("credentials", [credentials]))
    }

    #[test]
    fn a_server_beyond_this_machine_is_spoken_to_under_tls_only() {
        for (url, beyond) in [
            ("nats://127.0.0.1:4222", false),
            ("nats://localhost", false),
            ("nats://[::1]:4222", false),
            ("nats://nats.example.com:4222", true),
            ("tls://10.0.0.7:4222", true),
            ("nats://127.0.0.1:4222, nats://nats.example.com", true),
        ] {
            let access = access(url, "a-token").expect("an access");
            assert_eq!(access.beyond, beyond, "{url}");
            assert_eq!(access.servers.len(), url.split(',').count());
        }
    }

    #[test]
    fn an_address_that_says_more_or_less_than_a_server_is_refused() {
        for url in [
            "nats.example.com",
            "https://nats.example.com",
            "ws://nats.example.com",
            "nats://",
            "nats://user:word@nats.example.com",
            "nats://nats.example.com/a",
            "nats://nats.example.com?a=1",
            "nats://127.0.0.1:4222,",
        ] {
            let refused = access(url, "a-token").map(|_| ());
            let why = refused.expect_err(url).to_string();
            assert!(why.contains("url") && !why.contains("word@"), "{why}");
        }
    }

    #[test]
    fn credentials_that_are_cut_off_are_refused_and_not_quoted() {
        let cut = format!("{CREDENTIALS}\neyJ0eXAiOiJKV1QifQ\n");
        let why = access("tls://nats.example.com", &cut).map(|_| ());
        let why = why.expect_err("there is no seed").to_string();
        assert!(why.contains(".creds") && !why.contains("eyJ0"), "{why}");
    }
}
