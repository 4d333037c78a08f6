//! Meta: what buyers put into their cart in a WhatsApp conversation, by webhook. A cart is a wish and no order:
//! it has no number, no total, no tax, no address and no payment, so it is recorded as not yet one and nothing
//! is allocated for it.
//!
//! Not here: orders of Facebook's and Instagram's own checkout. Meta has ended that checkout and removed the
//! Commerce Order Management API from every version of the Graph API on 27 October 2026, without a
//! replacement (`developers.facebook.com/docs/graph-api/changelog/version26.0`). Shops send their buyers to
//! the seller's own site now, whose orders come from there.

mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;

use super::taken::{digits, parse, unreadable};
use super::{SalesConnector, WayBack};
use crate::port::{Connector, Forged, Greeting, Inbound, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::signature::{mac, signed_by_any};
use crate::wire::code;

/// The longest challenge that is given back.
const LONGEST_CHALLENGE: usize = 128;

/// A connection to a WhatsApp Business Account.
struct MetaCommerce {
    secrets: Vec<SecretString>,
    verify_token: SecretString,
    account: String,
    live: bool,
}

const ACCOUNT: &str = "business_account_id";

/// What there is to know of a Meta connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "meta_commerce",
        standing: Standing::Sampled,
        can: &[Capability::Webhooks],
        settings: &[
            Setting::required(
                "secrets",
                Form::Secrets,
                "the app's secret, which signs its webhooks: App Dashboard, App settings, Basic",
            ),
            Setting::required(
                "verify_token",
                Form::Secret,
                "a word of your own, the same as in the field Verify token of the webhook (App Dashboard, WhatsApp, Configuration)",
            ),
            Setting::required(
                ACCOUNT,
                Form::Digits,
                "the WhatsApp Business Account ID, in the App Dashboard (WhatsApp, API Setup)",
            ),
        ],
        account: Some(ACCOUNT),
    },
    connect,
    specimen: Some(&specimen::Conversation),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let account = digits(settings.required_text(ACCOUNT)?);
    Ok(Arc::new(MetaCommerce {
        secrets: settings.secrets("secrets")?,
        verify_token: settings.secret("verify_token")?,
        account: account.ok_or_else(|| settings.bad(ACCOUNT, "digits only"))?,
        live: settings.is_live(),
    }))
}

fn unknown(topic: impl Into<String>) -> Inbound {
    Inbound::Unknown {
        topic: topic.into(),
    }
}

fn word(text: &str) -> String {
    code(text).unwrap_or_else(|| "odd".to_owned())
}

impl MetaCommerce {
    /// What an entry says: one item for each thing in it.
    fn entry(&self, object: &str, raw: &RawValue) -> Vec<Inbound> {
        let Ok(entry) = parse::<wire::Entry<'_>>(raw.get().as_bytes()) else {
            return vec![unreadable("an entry").into()];
        };
        if entry.id.0 != self.account {
            return vec![unknown(format!("another_account:{object}"))];
        }
        if entry.changes.is_empty() {
            return vec![unknown(format!("{object}:no_changes"))];
        }
        let changes = entry.changes.into_iter();
        changes.flat_map(|raw| change(object, raw)).collect()
    }
}

/// What a change says.
fn change(object: &str, raw: &RawValue) -> Vec<Inbound> {
    let Ok(change) = parse::<wire::Change<'_>>(raw.get().as_bytes()) else {
        return vec![unreadable("a change").into()];
    };
    let field = word(&change.field);
    if object != "whatsapp_business_account" || field != "messages" {
        return vec![unknown(format!("{object}:{field}"))];
    }
    let Ok(value) = parse::<wire::Value<'_>>(change.value.get().as_bytes()) else {
        return vec![unreadable("the value of a change").into()];
    };
    let mut items: Vec<Inbound> = value.messages.into_iter().map(message).collect();
    let statuses = value.statuses.iter();
    items.extend(statuses.map(|_| unknown("whatsapp:status")));
    if items.is_empty() {
        items.push(unknown("whatsapp:no_message"));
    }
    items
}

/// What a message is: a cart, or something else that somebody wrote.
fn message(raw: &RawValue) -> Inbound {
    let Ok(message) = parse::<wire::Message>(raw.get().as_bytes()) else {
        return unreadable("a message").into();
    };
    if message.form != "order" {
        return unknown(format!("whatsapp:message.{}", word(&message.form)));
    }
    match message.order.filter(|cart| !cart.items.is_empty()) {
        Some(_) => unknown("not_yet:whatsapp_cart"),
        None => unreadable("a cart").into(),
    }
}

impl Connector for MetaCommerce {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let hook: wire::Hook<'_> = match parse(request.body) {
            Ok(hook) => hook,
            Err(why) => return vec![why.into()],
        };
        let Some(object) = hook.object.as_deref().map(word) else {
            return vec![unknown("no_object")];
        };
        if hook.entries.is_empty() {
            return vec![unknown(format!("{object}:no_entry"))];
        }
        let entries = hook.entries.into_iter();
        entries.flat_map(|raw| self.entry(&object, raw)).collect()
    }

    fn is_live(&self) -> bool {
        self.live
    }

    /// Meta asks when the address is entered, and gives the word that was entered beside it.
    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        let stated = |name: &str| {
            let mut found = query.iter().filter(|(key, _)| key == name);
            found.next().map(|(_, value)| value.as_str())
        };
        let token = stated("hub.verify_token")?.as_bytes();
        let own = self.verify_token.expose_secret().as_bytes();
        // Compared through their tags, so that the time does not tell how much of the word is right.
        let ours = signed_by_any([own], &[token], &mac(own, &[own]));
        let asked = stated("hub.mode") == Some("subscribe");
        let challenge = stated("hub.challenge").filter(|_| ours && asked)?;
        let plain = challenge
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        let fits = plain && (1..=LONGEST_CHALLENGE).contains(&challenge.len());
        fits.then(|| Greeting::Text(challenge.to_owned()))
    }
}

impl SalesConnector for MetaCommerce {
    /// Nobody at Meta listens any more.
    fn way_back(&self) -> Option<&dyn WayBack> {
        None
    }
}
