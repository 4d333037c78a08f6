//! What every kind says of itself, held against its connections.

use std::collections::BTreeSet;

use http::HeaderMap;
use jiff::Timestamp;

use super::*;
use crate::port::RawRequest;
use crate::sales::SalesConnector;

/// Settings of a connection that has everything its kind takes.
pub(crate) fn whole(about: &About) -> Settings {
    let mut settings = Settings::new("own".into());
    settings.base_url = Some("https://127.0.0.1:9".to_owned());
    about.settings.iter().fold(settings, given(about))
}

fn given(about: &About) -> impl Fn(Settings, &Setting) -> Settings {
    let secret = |number| match specimen(about) {
        Some(specimen) => specimen.secret(number),
        None => hex::encode([number; 16]),
    };
    move |settings, setting| match setting.form {
        Form::Digits => settings.with_text(setting.key, "77"),
        Form::Url => settings.with_text(setting.key, "https://hub.example/here"),
        Form::Nats => settings.with_text(setting.key, "nats://127.0.0.1:9"),
        Form::Text => settings.with_text(setting.key, "acme"),
        Form::Flag => settings.with_flag(setting.key, true),
        Form::Secret => settings.with_secrets(setting.key, [secret(7)]),
        Form::Secrets => settings.with_secrets(setting.key, [secret(8), secret(9)]),
    }
}

fn sales(about: &About) -> Option<Arc<dyn SalesConnector>> {
    let kind = crate::sales::KINDS
        .iter()
        .find(|kind| kind.about == *about)?;
    Some((kind.connect)(&whole(about)).unwrap_or_else(|error| panic!("{}: {error}", about.name)))
}

#[test]
fn names_and_keys_are_told_apart() {
    let mut names = BTreeSet::new();
    for about in kinds() {
        assert!(names.insert((about.family, about.name)), "{}", about.name);
        let mut keys = BTreeSet::from(["slug", "kind", "base_url", "mode", "payment", "capture"]);
        for setting in about.settings {
            assert!(keys.insert(setting.key), "{}: {}", about.name, setting.key);
            assert!(!setting.what.is_empty(), "{}: {}", about.name, setting.key);
        }
        assert!(
            about.account.is_none_or(|key| keys.contains(key)),
            "{}",
            about.name
        );
    }
}

#[test]
fn no_connection_starts_without_what_its_kind_demands() {
    for about in kinds() {
        let name = about.name;
        let all = connector(about, &whole(about)).map(|_| ());
        assert_eq!(all, Ok(()), "{name}");
        for left_out in about.settings.iter().filter(|setting| setting.required) {
            let mut settings = Settings::new("own".into());
            settings.base_url = Some("https://127.0.0.1:9".to_owned());
            let others = about
                .settings
                .iter()
                .filter(|other| other.key != left_out.key);
            let settings = others.fold(settings, given(about));
            let Err(error) = connector(about, &settings) else {
                panic!("{name} starts without {}", left_out.key);
            };
            assert!(error.to_string().contains(left_out.key), "{name}: {error}");
        }
    }
}

#[test]
fn a_kind_does_what_it_says_and_nothing_else() {
    for about in kinds() {
        let name = about.name;
        let connection = connector(about, &whole(about)).expect("a connection");
        let says = |capability| about.can(capability);
        assert_eq!(
            says(Capability::LooksUp),
            connection.look_up().is_some(),
            "{name}"
        );
        assert_eq!(
            says(Capability::Polled),
            connection.poll().is_some() || connection.follow().is_some(),
            "{name}"
        );
        assert_eq!(
            says(Capability::Enlists),
            connection.enlist().is_some(),
            "{name}"
        );
        let Some(shop) = sales(about) else { continue };
        let told = says(Capability::Shipments) || says(Capability::Cancellations);
        assert_eq!(told, shop.way_back().is_some(), "{name}");
        assert_eq!(
            says(Capability::Stock),
            shop.stock_way().is_some(),
            "{name}"
        );
    }
}

/// A vendor that signs nothing is not believed either: what it names is looked up.
#[test]
fn no_connection_believes_a_stranger() {
    let headers = HeaderMap::new();
    for about in kinds() {
        let connection = connector(about, &whole(about)).expect("a connection");
        for body in [&b""[..], b"{}", b"[]", b"\xff", b"id=1"] {
            let request = RawRequest {
                headers: &headers,
                body,
                url: "https://hub.example/v1/hooks/own",
                received_at: Timestamp::UNIX_EPOCH,
            };
            if connection.verify(&request).is_err() {
                continue;
            }
            let said = connection.read(&request);
            let harmless = said.iter().all(|item| {
                use crate::port::Inbound::{Changed, Unknown, Unreadable};
                matches!(item, Changed(_) | Unknown { .. } | Unreadable { .. })
            });
            assert!(harmless, "{} believes a stranger that {said:?}", about.name);
        }
    }
}
