//! PayPal's webhook signature: RSA-SHA256 (PKCS #1 v1.5) in base64 over
//! `<transmission id>|<transmission time>|<webhook id>|<CRC32 of the raw body, decimal>`
//! (developer.paypal.com/api/rest/webhooks/rest). The certificate's address is in a header, so it is
//! believed on PayPal's own hosts and in PayPal's own folder only. PayPal documents no time after which a
//! transmission is too old; what one brings is looked up anyway.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::STATED;
use crate::key_ring::KeyRing;
use crate::port::{Forged, RawRequest};
use crate::wire::path_id;

/// Hosts that serve PayPal's certificates, live and sandbox.
const HOSTS: [&str; 4] = [
    "api.paypal.com",
    "api-m.paypal.com",
    "api.sandbox.paypal.com",
    "api-m.sandbox.paypal.com",
];

/// The folder that they are served from.
pub(super) const FOLDER: &str = "/v1/notifications/certs/";

/// The longest name of a certificate.
const LONGEST_NAME: usize = 64;

/// The one algorithm that PayPal states.
const ALGORITHM: &str = "SHA256withRSA";

/// Whether a webhook is from PayPal and meant for this one of the app's webhooks.
pub(super) fn verify(
    webhook: &str,
    keys: &KeyRing,
    request: &RawRequest<'_>,
) -> Result<(), Forged> {
    // What we asked for never comes this way.
    if request.headers.contains_key(STATED) {
        return Err(Forged::Mismatch);
    }
    let header = |name| request.header(name).ok_or(Forged::Missing);
    let signature = header("paypal-transmission-sig")?;
    let id = header("paypal-transmission-id")?;
    let time = header("paypal-transmission-time")?;
    let name = named(request)?;
    let algorithm = header("paypal-auth-algo")?;
    // A separator in a value would let another value have the same text.
    if algorithm != ALGORITHM || [id, time].iter().any(|value| value.contains('|')) {
        return Err(Forged::Mismatch);
    }
    let signature = STANDARD.decode(signature).map_err(|_| Forged::Mismatch)?;
    let key = keys.key(&name, request.received_at)?;
    let text = signed_text(id, time, webhook, request.body);
    if key.signed(text.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// The name of the certificate that a webhook states.
pub(super) fn named(request: &RawRequest<'_>) -> Result<String, Forged> {
    let address = request.header("paypal-cert-url").ok_or(Forged::Missing)?;
    certificate(address).ok_or(Forged::Mismatch)
}

/// The name of the certificate at an address; `None` when the address is not PayPal's.
fn certificate(address: &str) -> Option<String> {
    let url = Url::parse(address).ok()?;
    let theirs = url.scheme() == "https"
        && url.host_str().is_some_and(|host| HOSTS.contains(&host))
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let name = path_id(url.path().strip_prefix(FOLDER)?)?;
    (theirs && name.len() <= LONGEST_NAME).then(|| name.to_owned())
}

/// What PayPal signs of a transmission.
pub(super) fn signed_text(id: &str, time: &str, webhook: &str, body: &[u8]) -> String {
    format!("{id}|{time}|{webhook}|{}", crc32(body))
}

/// The CRC-32 of ISO-HDLC (as in zip and PNG): polynomial 04C11DB7, reflected.
fn crc32(bytes: &[u8]) -> u32 {
    let all = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let lowest = (crc & 1).wrapping_neg();
            (crc >> 1) ^ (0xEDB8_8320 & lowest)
        })
    });
    !all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_algorithm_is_right() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn only_paypals_own_certificates_have_names() {
        let name = |address: &str| certificate(address);
        for host in HOSTS {
            let address = format!("https://{host}/v1/notifications/certs/CERT-360caa42-own");
            assert_eq!(name(&address).as_deref(), Some("CERT-360caa42-own"));
        }
        for wrong in [
            "http://api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com.example.com/v1/notifications/certs/CERT-1",
            "https://example.com/v1/notifications/certs/CERT-1",
            "https://apiXpaypal.com/v1/notifications/certs/CERT-1",
            "https://www.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com:444/v1/notifications/certs/CERT-1",
            "https://api.paypal.com@example.com/v1/notifications/certs/CERT-1",
            "https://me@api.paypal.com/v1/notifications/certs/CERT-1",
            "https://api.paypal.com/v1/notifications/certs/",
            "https://api.paypal.com/v1/notifications/certs/../x",
            "https://api.paypal.com/v1/notifications/certs/a/b",
            "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
            "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
            "https://api.paypal.com/other/CERT-1",
            "not an address",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        let long = format!("https://api.paypal.com{FOLDER}{}", "C".repeat(65));
        assert_eq!(name(&long), None);
    }
}
