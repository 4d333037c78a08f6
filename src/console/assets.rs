//! The console's scripts and styles, part of the binary. Those of others are vendored as released:
//! htmx 4.0.1 and its extension for server-sent events (Zero-Clause BSD, `LICENSE-htmx`).

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    /// Its name below `/console/assets/`.
    pub name: &'static str,
    /// Its content type.
    pub kind: &'static str,
    /// What it says.
    pub text: &'static str,
    /// Another text has another tag; in quotes, as headers have it.
    pub tag: String,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

static ASSETS: LazyLock<[Asset; 4]> = LazyLock::new(|| {
    [
        asset("console.css", STYLE, include_str!("assets/console.css")),
        asset("console.js", SCRIPT, include_str!("assets/console.js")),
        asset(
            "htmx-4.0.1.min.js",
            SCRIPT,
            include_str!("assets/htmx-4.0.1.min.js"),
        ),
        asset(
            "hx-sse-4.0.1.min.js",
            SCRIPT,
            include_str!("assets/hx-sse-4.0.1.min.js"),
        ),
    ]
});

/// The asset of this name.
pub fn find(name: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name == name)
}

fn asset(name: &'static str, kind: &'static str, text: &'static str) -> Asset {
    let digest = Sha256::digest(text);
    let tag = format!("\"{}\"", hex::encode(&digest[..8]));
    Asset {
        name,
        kind,
        text,
        tag,
    }
}
