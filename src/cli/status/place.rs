//! Which hub is asked: the one that is named, the configured one, or the demo that runs here.

use std::path::Path;

use reqwest::Url;
use secrecy::SecretString;

use crate::cli::client::Hub;
use crate::cli::wire::reached;
use crate::cli::{Failure, given_file, load};
use crate::config::Config;
use crate::dev::{self, Running};

/// A hub and what is known of it before it is asked.
pub(super) struct Place {
    pub(super) http: Url,
    /// Where its metrics are, when its configuration is known.
    pub(super) admin: Option<Url>,
    /// Its node's name, when its configuration is known.
    pub(super) node: Option<String>,
    /// Why it is this one.
    pub(super) found: String,
    /// Keys that it may accept, the one that was given first.
    pub(super) keys: Vec<SecretString>,
    /// The configuration of the demo, if it is that.
    pub(super) demo: Option<Demo>,
}

/// The demo that runs here.
pub(super) struct Demo {
    pub(super) config: String,
    pub(super) database_url: Option<String>,
    pub(super) bus_url: Option<String>,
}

/// A configuration, why it is this one, and the demo that it is of.
struct Known {
    config: Config,
    found: String,
    running: Option<Running>,
}

/// Finds the hub that is meant.
pub(super) fn find(hub: &Hub, file: Option<&Path>) -> Result<Place, Failure> {
    let keys = hub.key()?.into_iter().collect();
    let Some(named) = hub.address()? else {
        return place(known(file)?, keys);
    };
    // What is known of the hub at this address is used; a configuration of another one is none of
    // its business, and a broken one neither.
    if let Ok(known) = known(file)
        && reached(known.config.http.addr)? == named
    {
        return place(known, keys);
    }
    Ok(Place {
        http: named,
        admin: None,
        node: None,
        found: "--url or ORDERHUB_URL".to_owned(),
        keys,
        demo: None,
    })
}

fn known(file: Option<&Path>) -> Result<Known, Failure> {
    if let Some(file) = given_file(file) {
        return Ok(Known {
            config: load(Some(&file), [])?,
            found: format!("the configuration {}", file.display()),
            running: None,
        });
    }
    if let Some(running) = dev::running(Path::new(dev::USUAL_FOLDER)) {
        return Ok(Known {
            config: load(Some(&running.config), [])?,
            found: format!("the demo in {}", dev::USUAL_FOLDER),
            running: Some(running),
        });
    }
    Ok(Known {
        config: load(None, [])?,
        found: "the address that hubs have without a configuration".to_owned(),
        running: None,
    })
}

fn place(known: Known, mut keys: Vec<SecretString>) -> Result<Place, Failure> {
    let Known {
        config,
        found,
        running,
    } = known;
    let url = |secret: &Option<crate::config::Secret>| {
        secret.as_ref().map(|secret| secret.expose().to_owned())
    };
    let demo = running.as_ref().map(|running| Demo {
        config: absolute(&running.config),
        database_url: url(&config.store),
        bus_url: url(&config.bus),
    });
    keys.extend(running.map(|running| running.key));
    Ok(Place {
        http: reached(config.http.addr)?,
        admin: Some(reached(config.admin.addr)?),
        node: Some(config.node.name),
        found,
        keys,
        demo,
    })
}

fn absolute(path: &Path) -> String {
    let whole = std::path::absolute(path);
    whole
        .unwrap_or_else(|_| path.to_owned())
        .display()
        .to_string()
}
