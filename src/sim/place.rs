//! Where a simulator listens and whom it talks to: this machine and nobody else. A simulated world
//! must not be let loose on a real one.

use std::net::SocketAddr;
use std::str::FromStr;

use reqwest::Url;

/// Why an address or a URL is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHere {
    /// It cannot be read.
    #[error("it must be {0}")]
    Unreadable(&'static str),
    /// It is somewhere else.
    #[error("simulators stay on this machine: the host must be 127.0.0.1 or another of its own")]
    Elsewhere,
}

/// An address to listen at, on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalAddress(pub(super) SocketAddr);

impl FromStr for LocalAddress {
    type Err = NotHere;

    fn from_str(text: &str) -> Result<Self, NotHere> {
        let address: SocketAddr = text
            .parse()
            .map_err(|_| NotHere::Unreadable("an address like 127.0.0.1:9301"))?;
        if !address.ip().is_loopback() {
            return Err(NotHere::Elsewhere);
        }
        Ok(Self(address))
    }
}

impl std::fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A URL of a hub on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubUrl(Url);

impl FromStr for HubUrl {
    type Err = NotHere;

    fn from_str(text: &str) -> Result<Self, NotHere> {
        let unreadable = NotHere::Unreadable("a URL like http://127.0.0.1:7070");
        let Ok(url) = Url::parse(text) else {
            return Err(unreadable);
        };
        let (Some(host), "http") = (url.host_str(), url.scheme()) else {
            return Err(unreadable);
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let here = match bare.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => bare.eq_ignore_ascii_case("localhost"),
        };
        if here {
            Ok(Self(url))
        } else {
            Err(NotHere::Elsewhere)
        }
    }
}

impl HubUrl {
    /// The URL itself.
    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }

    /// A path of the same host; each segment is escaped.
    pub(super) fn path(&self, segments: &[&str]) -> Self {
        let mut url = self.0.clone();
        url.set_query(None);
        // Only a URL that cannot be a base has no segments, and http always can.
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        Self(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulators_stay_on_this_machine() {
        assert!("127.0.0.1:9301".parse::<LocalAddress>().is_ok());
        assert!("[::1]:0".parse::<LocalAddress>().is_ok());
        for elsewhere in ["0.0.0.0:9301", "10.0.0.1:80"] {
            assert_eq!(
                elsewhere.parse::<LocalAddress>(),
                Err(NotHere::Elsewhere),
                "{elsewhere}"
            );
        }
        assert!("9301".parse::<LocalAddress>().is_err());
        for here in [
            "http://127.0.0.1:7070",
            "http://localhost:1",
            "http://[::1]:1/x",
        ] {
            assert!(here.parse::<HubUrl>().is_ok(), "{here}");
        }
        for elsewhere in [
            "http://hub.example",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
        ] {
            assert_eq!(
                elsewhere.parse::<HubUrl>(),
                Err(NotHere::Elsewhere),
                "{elsewhere}"
            );
        }
        assert!("https://127.0.0.1".parse::<HubUrl>().is_err());
        assert!("127.0.0.1:7070".parse::<HubUrl>().is_err());
    }

    #[test]
    fn what_stands_in_a_path_cannot_leave_its_segment() {
        let hub: HubUrl = "http://127.0.0.1:7070/x?y=z".parse().expect("a URL");
        let url = hub.path(&["v1", "inventory", "BER1", "A/B ?"]);
        assert_eq!(
            url.url().as_str(),
            "http://127.0.0.1:7070/v1/inventory/BER1/A%2FB%20%3F"
        );
    }
}
