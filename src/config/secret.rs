//! Secrets: named in the configuration, kept elsewhere, never printed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use toml::Value;

/// Values that stand in documentation and get forgotten.
const DEFAULTS: [&str; 8] = [
    "changeme",
    "change-me",
    "change_me",
    "default",
    "default_secret",
    "password",
    "secret",
    "todo",
];

/// A secret and where it came from.
#[derive(Clone)]
pub struct Secret {
    origin: Origin,
    value: SecretString,
}

/// Where a secret came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A variable of the environment.
    Env(String),
    /// A file.
    File(PathBuf),
    /// The configuration itself; only addresses, which may hold a password, stand there.
    Here,
}

impl Secret {
    /// The value. Callers hand it to a connector and keep no copy.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }

    /// Where it came from.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// An address that stands in the configuration itself.
    pub fn address(text: String) -> Self {
        Self {
            origin: Origin::Here,
            value: text.into(),
        }
    }

    /// Reads the secret that a value names; the error says what to do.
    pub(super) fn named_by(
        value: &Value,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, String> {
        const FORM: &str = "must be { env = \"NAME\" } or { file = \"PATH\" }: secrets stand outside of the configuration";
        let named = value
            .as_table()
            .filter(|table| table.len() == 1)
            .ok_or(FORM)?;
        let (how, name) = named.iter().next().ok_or(FORM)?;
        let name = name.as_str().ok_or(FORM)?;
        let (origin, value) = match how.as_str() {
            "env" => {
                let value = environment.get(name).cloned();
                let value = value.ok_or_else(|| format!("the variable {name} is not set"))?;
                (Origin::Env(name.to_owned()), value)
            }
            "file" => {
                let path = PathBuf::from(name);
                let value = read_private(&path)?;
                (Origin::File(path), value)
            }
            _ => return Err(FORM.to_owned()),
        };
        if value.trim().is_empty() {
            return Err(format!("{origin} is empty"));
        }
        if DEFAULTS.contains(&value.trim().to_ascii_lowercase().as_str()) {
            return Err(format!(
                "{origin} holds a default that everybody knows; make a new secret"
            ));
        }
        Ok(Self {
            origin,
            value: value.into(),
        })
    }
}

fn read_private(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let wrong = |error: std::io::Error| format!("the file {shown} cannot be read: {error}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path).map_err(wrong)?.permissions().mode();
        if mode & 0o004 != 0 {
            return Err(format!(
                "the file {shown} can be read by everybody; run: chmod o-rwx {shown}"
            ));
        }
    }
    let text = std::fs::read_to_string(path).map_err(wrong)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Here => f.write_str("the configuration"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({:?})", self.origin)
    }
}
