//! How Clover is told from a stranger: `X-Clover-Auth` is a code of the application's, the same in every
//! message, and nothing is signed (docs.clover.com/docs/webhooks). It is compared in constant time. Codes
//! overlap while one is being replaced.
//!
//! Before there is such a code, Clover sends `{"verificationCode":"..."}` to the address, which a person has to
//! read and type in on the application's page. These bytes say nothing else and are let through; they are
//! kept, so that the person finds them, and nothing is ever read out of them.

use secrecy::{ExposeSecret, SecretString};

use crate::port::{Forged, RawRequest};
use crate::sales::till::poses_as_stated;
use crate::signature::{mac, signed_by_any};

/// Makes codes of any length comparable in constant time; it protects nothing.
const LABEL: &[u8] = b"x-clover-auth";

/// Checks the code.
pub(super) fn verify(secrets: &[SecretString], request: &RawRequest<'_>) -> Result<(), Forged> {
    if poses_as_stated(request) {
        return Err(Forged::Mismatch);
    }
    let Some(header) = request.header("x-clover-auth") else {
        let is_code = is_verification(request.body);
        return if is_code {
            Ok(())
        } else {
            Err(Forged::Missing)
        };
    };
    let stated = mac(LABEL, &[header.trim().as_bytes()]);
    let same = |own: &SecretString| {
        let own = own.expose_secret().trim().as_bytes();
        signed_by_any([LABEL], &[own], &stated)
    };
    // All are tried, so the time does not tell which one matched.
    if secrets.iter().fold(false, |any, own| any | same(own)) {
        Ok(())
    } else {
        Err(Forged::Mismatch)
    }
}

/// Whether a body is the verification code, to the byte.
pub(super) fn is_verification(body: &[u8]) -> bool {
    let code = body.trim_ascii().strip_prefix(b"{\"verificationCode\":\"");
    let code = code.and_then(|code| code.strip_suffix(b"\"}"));
    code.is_some_and(|code| {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        (1..=64).contains(&code.len()) && code.iter().all(plain)
    })
}
