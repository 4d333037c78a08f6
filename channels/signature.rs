//! HMAC-SHA256 over raw bytes, in constant time, against every secret that is in force.
//!
//! Only the arithmetic is here; which header, which encoding and which bytes are signed is each
//! connector's business.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `tag` is the HMAC-SHA256 of the joined `parts` under any of the keys. All keys are
/// tried, so the time does not tell which one matched.
pub(crate) fn signed_by_any<K: AsRef<[u8]>>(
    keys: impl IntoIterator<Item = K>,
    parts: &[&[u8]],
    tag: &[u8],
) -> bool {
    let mut matched = false;
    for key in keys {
        // A key of any length is legal for HMAC; an error would mean no match, never a pass.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_ref()) else {
            continue;
        };
        for part in parts {
            mac.update(part);
        }
        matched |= mac.verify_slice(tag).is_ok();
    }
    matched
}

/// The HMAC-SHA256 of the joined `parts`: what a vendor would send. Never used to verify.
pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    // A key of any length is legal for HMAC; an error would give a tag that nobody believes.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, test case 2.
    const TAG: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    #[test]
    fn the_published_vector_is_accepted_in_parts_and_beside_other_keys() {
        let tag = hex::decode(TAG).expect("hexadecimal");
        let parts: [&[u8]; 2] = [b"what do ya want ", b"for nothing?"];
        assert!(signed_by_any(["other", "Jefe"], &parts, &tag));
        assert!(!signed_by_any(["jefe"], &parts, &tag));
        assert!(!signed_by_any(["Jefe"], &parts[..1], &tag));
        assert!(!signed_by_any(["Jefe"], &parts, &tag[..31]));
        assert!(!signed_by_any(["Jefe"], &parts, b""));
        assert!(!signed_by_any(Vec::<&str>::new(), &parts, &tag));
    }
}
