//! Adyen's standard notifications as it sends them: one item, signed over eight of its values under the
//! hexadecimal key, the message under basic authentication.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Signing, Specimen, Taken, Taking, Thing};

/// A merchant account that is told what happened.
#[derive(Debug)]
pub(super) struct Merchant;

impl Specimen for Merchant {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "hmac_keys",
            window: None,
        }
    }

    fn secret(&self, number: u8) -> String {
        hex::encode([number; 32])
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let Ok(mut body) = serde_json::from_slice::<Value>(&pushed.raw) else {
            return;
        };
        let item = &mut body["notificationItems"][0]["NotificationRequestItem"];
        let key = hex::decode(secret).unwrap_or_default();
        let tag = STANDARD.encode(mac(&key, &[signed(item).as_bytes()]));
        item["additionalData"]["hmacSignature"] = tag.into();
        pushed.raw = body.to_string().into_bytes();
        let user = scene.settings.text("webhook_user").unwrap_or_default();
        let passwords = scene.settings.secrets("webhook_passwords");
        let password = passwords.ok().and_then(|all| all.into_iter().next());
        let password = password.as_ref().map_or("", |one| one.expose_secret());
        let basic = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        pushed.headers.insert("authorization".to_owned(), basic);
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let account = scene.settings.text("merchant_account").unwrap_or_default();
        let item = item(taking, account);
        Some(Statement::json(&json!({
            "live": "true",
            "notificationItems": [{ "NotificationRequestItem": item }],
        })))
    }
}

fn item(taking: &Taking, account: &str) -> Value {
    let (event, success) = match taking.what {
        Taken::Authorized => ("AUTHORISATION", "true"),
        Taken::Declined => ("AUTHORISATION", "false"),
        Taken::Captured => ("CAPTURE", "true"),
        Taken::Refunded => ("REFUND", "true"),
        Taken::Disputed => ("CHARGEBACK", "true"),
        Taken::Odd => ("OWN_WORD", "true"),
    };
    let payment = format!("PSP{}", taking.number);
    let mut item = json!({
        "additionalData": {}, "eventCode": event, "success": success,
        "amount": {
            "currency": taking.amount.currency().code(), "value": taking.amount.minor(),
        },
        "eventDate": taking.at.to_string(), "merchantAccountCode": account,
        "merchantReference": taking.order, "paymentMethod": "mc", "reason": "",
    });
    if event == "AUTHORISATION" {
        item["pspReference"] = payment.into();
    } else {
        item["pspReference"] = format!("MOD{}", taking.number).into();
        item["originalReference"] = payment.into();
    }
    item
}

/// The eight values that are signed, joined.
fn signed(item: &Value) -> String {
    let text = |name: &str| item[name].as_str().unwrap_or_default().to_owned();
    let amount = &item["amount"];
    let values = [
        text("pspReference"),
        text("originalReference"),
        text("merchantAccountCode"),
        text("merchantReference"),
        amount["value"].to_string(),
        amount["currency"].as_str().unwrap_or_default().to_owned(),
        text("eventCode"),
        text("success"),
    ];
    values.join(":")
}
