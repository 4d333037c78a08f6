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
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

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

    /// A key that is handed out in hexadecimal, a plain text and its signature in base64, as `openssl dgst
    /// -sha256 -mac HMAC -macopt hexkey:...` makes it: the form of Adyen's signatures of whole texts.
    const HEX_KEY: &str = "5A1F0C37E2894BD6A0735E9C14F8B2617D3C90AE56F41B82C7E80D95233FA64B";
    const PLAIN: &[u8] = b"report.ready for OwnShop";
    const OF_PLAIN: &str = "MP31JO4N0bRH0X4NjMC1JhMEBKDF6ymJsITuk34Xkuw=";

    #[test]
    fn a_whole_text_is_signed_by_the_bytes_of_its_key_and_by_nothing_near_them() {
        let key = hex::decode(HEX_KEY).expect("hexadecimal");
        let tag = STANDARD.decode(OF_PLAIN).expect("base64");
        assert!(signed_by_any([&key], &[PLAIN], &tag));
        assert_eq!(mac(&key, &[PLAIN]), tag);
        // The key's text is not the key.
        assert!(!signed_by_any([HEX_KEY], &[PLAIN], &tag));
        assert!(!signed_by_any([hex::encode(&key)], &[PLAIN], &tag));
        for place in 0..key.len() {
            let mut other = key.clone();
            other[place] ^= 1;
            assert!(!signed_by_any([&other], &[PLAIN], &tag), "{place}");
        }
        for place in 0..PLAIN.len() {
            let mut other = PLAIN.to_vec();
            other[place] ^= 1;
            assert!(!signed_by_any([&key], &[&other], &tag), "{place}");
        }
        for place in 0..tag.len() {
            let mut other = tag.clone();
            other[place] ^= 1;
            assert!(!signed_by_any([&key], &[PLAIN], &other), "{place}");
            assert!(!signed_by_any([&key], &[PLAIN], &tag[..place]), "{place}");
        }
        assert!(!signed_by_any([&key], &[PLAIN, b"\n"], &tag));
    }
}
