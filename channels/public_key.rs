//! Public keys that vendors sign with, read from the forms in which they serve them, and whether
//! something was signed by one.
//!
//! Only the arithmetic is here: RSA is ring's, ECDSA is p256's, because ring signs nothing over SHA-1 and
//! eBay signs nothing else. Where a key comes from is [`crate::key_ring`]'s business, and which bytes are
//! signed is each connector's.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;

/// `rsaEncryption` (RFC 8017, A.1), `id-ecPublicKey` and `secp256r1` (RFC 5480, 2.1.1), as DER writes them.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Tags of DER.
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;
const NAME: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

/// What is signed of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    /// SHA-1: for ECDSA only, where a vendor still signs so.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// A key that signs in one way.
#[derive(Debug)]
pub(crate) struct PublicKey(Scheme);

#[derive(Debug)]
enum Scheme {
    /// RSA with SHA-256 (PKCS #1 v1.5): modulus and exponent, without zeros in front.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// ECDSA over the curve P-256; signatures are DER.
    Ecdsa { point: VerifyingKey, hash: Hash },
}

impl PublicKey {
    /// An RSA key by its modulus and exponent, as a JWK states them once they are decoded (RFC 7518, 6.3.1).
    pub(crate) fn rsa(n: &[u8], e: &[u8]) -> Self {
        let bare = |number: &[u8]| {
            let zeros = number.iter().take_while(|byte| **byte == 0).count();
            number.get(zeros..).unwrap_or_default().to_vec()
        };
        Self(Scheme::Rsa {
            n: bare(n),
            e: bare(e),
        })
    }

    /// A key as `BEGIN PUBLIC KEY` (RFC 7468, 13), with or without line breaks; an elliptic one signs what
    /// this hash makes of a text.
    pub(crate) fn from_pem(pem: &str, hash: Hash) -> Option<Self> {
        let inside = pem.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
        let inside = inside.strip_suffix("-----END PUBLIC KEY-----")?;
        let inside: String = inside.split_ascii_whitespace().collect();
        Self::from_info(&STANDARD.decode(inside).ok()?, hash)
    }

    /// The key of the first certificate of a chain. Nobody looks who issued it, or until when: whoever
    /// fetched it vouches for it.
    pub(crate) fn from_certificate(pem: &[u8]) -> Option<Self> {
        let certificate = CertificateDer::from_pem_slice(pem).ok()?;
        let parsed = ParsedCertificate::try_from(&certificate).ok()?;
        Self::from_info(&parsed.subject_public_key_info(), Hash::Sha256)
    }

    /// A `SubjectPublicKeyInfo` (RFC 5280, 4.1.2.7): the algorithm and the key's bits.
    fn from_info(der: &[u8], hash: Hash) -> Option<Self> {
        let (inside, _) = part(SEQUENCE, der)?;
        let (algorithm, rest) = part(SEQUENCE, inside)?;
        let (bits, _) = part(BITS, rest)?;
        // The first byte counts the bits of the last one that are not used: none.
        let (_, key) = bits.split_first().filter(|(unused, _)| **unused == 0)?;
        let (name, parameters) = part(NAME, algorithm)?;
        match (name, hash) {
            (RSA, Hash::Sha256) => {
                let (numbers, _) = part(SEQUENCE, key)?;
                let (n, rest) = part(INTEGER, numbers)?;
                let (e, _) = part(INTEGER, rest)?;
                Some(Self::rsa(n, e))
            }
            (EC, _) => {
                part(NAME, parameters).filter(|(curve, _)| *curve == P256)?;
                let point = VerifyingKey::from_sec1_bytes(key).ok()?;
                Some(Self(Scheme::Ecdsa { point, hash }))
            }
            _ => None,
        }
    }

    /// Whether it signed the text. An RSA key of less than 2048 bits signs nothing.
    pub(crate) fn signed(&self, text: &[u8], signature: &[u8]) -> bool {
        match &self.0 {
            Scheme::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, text, signature)
                .is_ok(),
            Scheme::Ecdsa { point, hash } => {
                let hash = match hash {
                    Hash::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
                    Hash::Sha256 => &SHA256,
                };
                let sum = digest(hash, text);
                Signature::from_der(signature)
                    .is_ok_and(|signature| point.verify_prehash(sum.as_ref(), &signature).is_ok())
            }
        }
    }
}

/// The content of the first DER value, which has this tag, and what comes after it.
fn part(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (stated, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let digits = usize::from(*first & 0x7f);
        let digits = rest.get(..digits).filter(|_| (1..=4).contains(&digits))?;
        let length = digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit));
        (length, rest.get(digits.len()..)?)
    };
    let content = rest.get(..length).filter(|_| *stated == tag)?;
    Some((content, rest.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"what was sent";

    /// Keys made for these tests, and their signatures of the text.
    const EC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfzyv8UaE8RryaYdXbML1inN1Z4SpJLwUD7bEdMGv8BgWx4JQinQ3tml7ZKXfO8scpNM90rIUkeTb6CI31JLr0w==";
    const EC_SHA1: &str = "MEYCIQDzYADHQwyIxM0c8DdbZ4nvr+xxpGoX5peGWNrBTYkrbgIhALu6uYCFo90n8g/NjcG6b67pnzbzuaUN0QKOALViH6aV";
    const EC_SHA256: &str = "MEUCIAoIaqpqNBR7+D/40f5sL7pJx/4vJcmPDaDwZ+UH1rfFAiEAyipFtNVqkdWLCfVxUrBSh50tr+txTBRDnPHh8m8VYy8=";
    const RSA_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtsqhdh3bSs1H5Afn8u7YttIyVg4WfqUD96dA/CaSJcW5zC4PV62qqCgG79TVmyu1dkBupiC3Np534SpuTSNg/Una72sXzNxqkKDZVeSfnQBU2EMJAzYNcW6XxNj75fRfliPzf62C/4jCycowWXR2WP+OJGGXQOqZvDGebgjCISZCEyPmYdWEmxkfrSS9KGGoFCQBDJEisbt8XdXIGnE+zbAg3Y39bCrhIsS1HrjZ2zZBKfckruF/TZi4CQGoJAfSJuVzBUq9QHES8xSkOqoj1g1R4HHCDFHtosp0b4585fnpMFGo9rSTJrzgUKfkrQWvHcmDMH1XKrgXs/HA/DGDxQIDAQAB";
    const RSA_SHA256: &str = "QmzwdPpEeGhfNYGXlcpwqiWXH6E/v3hSlcVti/6IrCePFPzNGAkog6CBUtVkOCfWsnW+aU4wYMHAiZO8hF6Ltrm0pkALOi0RBDcXX0f/X+yKeEYAGCJaLuFMlU1heeas5dEJb5+Y1MJ5mJk5mPiUlzf9GOm/K9UtHzSM7gQE87lxpi3s+IcDNAmm9IUzHEQnXNYpo1m0YGbdOzWkKWNmwCbadzAwj4c+0ROW8pU5lmFYfYrXG2Z9+C7MFQVyD+7HIfbqkNm7B+6JWHbyvJAHG4WGfPegn1bh+PviSOv6SJngFmBahC1DHO0jpmFZbjcnKcwmGX1XxEGSeg6COkXUsA==";
    const SHORT_KEY: &str = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDDlUU3b4fhGUAURTxIWrO6iebiAr+fU9wZ+2QJkbGPKc8fTNfxYfQGjL9IKYIA+qRK4fqyPiQA6LcCNbvB3nbTWdOG/uOYyqLW76MKtKbI0Cg9uUfO9zAC4li5CrZ8ncIKND6/pnHEYc70nQMnVQtkGErKG4QWheOsxPRtRYMvbQIDAQAB";
    const SHORT_SHA256: &str = "Jkd1buj5PCR8PpNpy7LNr+GN869Zm5UlUYejZYYGNJo0ZhPO8yD898xd3GbQkLA/9qa7jIGYn/1UWsvWsikAdAT8V8ueI2tc20tRHs8uqJrTmmdqHW+0ZRhdV6qYRqnnf4LVUA8jhFUVHkDC9gkstNxRhPGEl503YgUqzS8dDGs=";
    /// A key on the curve P-384.
    const OTHER_CURVE: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEDfjK7+0fYoJbc0aDjqvT84vqga20FfOVykqwngagi6ILvbfw08nTlV27vEdPhIQ+D4qE6ocjzzlmjgy2ahsREWRU+mGi16XNChSsv5p06BHA0e2XLzgO8qRfQ3UCVofC";

    fn pem(inside: &str) -> String {
        format!("-----BEGIN PUBLIC KEY-----\n{inside}\n-----END PUBLIC KEY-----\n")
    }

    fn bytes(base64: &str) -> Vec<u8> {
        STANDARD.decode(base64).expect("base64")
    }

    fn key(inside: &str, hash: Hash) -> PublicKey {
        PublicKey::from_pem(&pem(inside), hash).expect("a key")
    }

    #[test]
    fn a_key_signs_its_own_text_in_its_own_way_and_no_other() {
        let ec = |hash| key(EC_KEY, hash);
        let rsa = key(RSA_KEY, Hash::Sha256);
        assert!(ec(Hash::Sha1).signed(TEXT, &bytes(EC_SHA1)));
        assert!(ec(Hash::Sha256).signed(TEXT, &bytes(EC_SHA256)));
        assert!(rsa.signed(TEXT, &bytes(RSA_SHA256)));
        assert!(!ec(Hash::Sha256).signed(TEXT, &bytes(EC_SHA1)));
        assert!(!ec(Hash::Sha1).signed(TEXT, &bytes(EC_SHA256)));
        assert!(!rsa.signed(TEXT, &bytes(EC_SHA256)));
        for (key, signature) in [
            (ec(Hash::Sha1), EC_SHA1),
            (ec(Hash::Sha256), EC_SHA256),
            (rsa, RSA_SHA256),
        ] {
            let genuine = bytes(signature);
            assert!(!key.signed(b"what was senT", &genuine));
            for place in [0, 1, 3, 4, 20, 40, genuine.len() - 1] {
                let mut changed = genuine.clone();
                changed[place] ^= 1;
                assert!(!key.signed(TEXT, &changed), "{key:?} {place}");
                assert!(!key.signed(TEXT, &genuine[..place]), "{key:?} {place}");
            }
        }
    }

    #[test]
    fn an_rsa_key_of_less_than_2048_bits_signs_nothing() {
        let short = key(SHORT_KEY, Hash::Sha256);
        assert!(!short.signed(TEXT, &bytes(SHORT_SHA256)));
    }

    #[test]
    fn a_key_is_read_with_and_without_line_breaks_and_with_zeros_in_front() {
        let flat = pem(EC_KEY).replace('\n', "");
        let flat = PublicKey::from_pem(&flat, Hash::Sha1).expect("a key");
        assert!(flat.signed(TEXT, &bytes(EC_SHA1)));
        let Scheme::Rsa { n, e } = key(RSA_KEY, Hash::Sha256).0 else {
            panic!("another key");
        };
        let padded = PublicKey::rsa(&[&[0, 0], &n[..]].concat(), &[&[0], &e[..]].concat());
        assert!(padded.signed(TEXT, &bytes(RSA_SHA256)));
        assert!(!PublicKey::rsa(&[], &[]).signed(TEXT, &bytes(RSA_SHA256)));
    }

    #[test]
    fn what_is_no_key_of_these_kinds_is_none() {
        let whole = bytes(RSA_KEY);
        for length in 0..whole.len() {
            let cut = STANDARD.encode(&whole[..length]);
            assert!(PublicKey::from_pem(&pem(&cut), Hash::Sha256).is_none());
        }
        // RSA over SHA-1 is not believed, whoever says that it is used.
        assert!(PublicKey::from_pem(&pem(RSA_KEY), Hash::Sha1).is_none());
        assert!(PublicKey::from_pem(&pem(OTHER_CURVE), Hash::Sha256).is_none());
        for odd in ["", "<html>", EC_KEY, "-----BEGIN PUBLIC KEY-----"] {
            assert!(PublicKey::from_pem(odd, Hash::Sha256).is_none(), "{odd}");
            assert!(PublicKey::from_certificate(odd.as_bytes()).is_none());
        }
    }
}
