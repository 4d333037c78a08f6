//! The public keys of PayPal's certificates, by the names that webhooks give.
//!
//! A webhook names its certificate by an address. Whether one is believed is asked without any I/O, so a
//! key has to be here before: a name that is not known yet is noted as wanted, its webhook is refused
//! (PayPal brings it again, up to 25 times in 3 days), and the next round of asking fetches the
//! certificate. It is fetched from PayPal's own host over TLS, which is what vouches for it, and again
//! every day: one that PayPal no longer serves is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::ParsedCertificate;

/// How long a key counts before its certificate is fetched again.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// Certificates that are wanted at once: strangers can name what they like.
const WANTED: usize = 4;

/// Certificates that are held: PayPal uses one or two at a time.
const HELD: usize = 8;

/// Keys, shared by whoever checks a webhook and whoever fetches certificates.
#[derive(Default)]
pub(super) struct Keys {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    held: BTreeMap<String, Held>,
    wanted: BTreeSet<String>,
}

struct Held {
    key: Arc<[u8]>,
    fetched_at: Timestamp,
}

impl Keys {
    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing that holds the lock can leave it half changed.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a certificate; one that is not held is wanted from now on.
    pub(super) fn key(&self, name: &str) -> Option<Arc<[u8]>> {
        let mut inside = self.inside();
        if let Some(held) = inside.held.get(name) {
            return Some(Arc::clone(&held.key));
        }
        if inside.wanted.len() < WANTED {
            inside.wanted.insert(name.to_owned());
        }
        None
    }

    /// The certificates to fetch now: those that are wanted, and those that are held for long.
    pub(super) fn due(&self, now: Timestamp) -> Vec<String> {
        let inside = self.inside();
        let old = inside.held.iter().filter(|(_, held)| {
            let age = now.duration_since(held.fetched_at);
            age >= FRESH
        });
        let old = old.map(|(name, _)| name);
        inside.wanted.iter().chain(old).cloned().collect()
    }

    /// A certificate as PayPal serves it; one that is none is as good as not there.
    pub(super) fn learn(&self, name: &str, pem: &[u8], now: Timestamp) {
        let Some(key) = public_key(pem) else {
            self.forget(name);
            return;
        };
        let mut inside = self.inside();
        inside.wanted.remove(name);
        if inside.held.len() >= HELD && !inside.held.contains_key(name) {
            let oldest = inside.held.iter().min_by_key(|(_, held)| held.fetched_at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                inside.held.remove(&oldest);
            }
        }
        let key = key.into();
        let fetched_at = now;
        let held = Held { key, fetched_at };
        inside.held.insert(name.to_owned(), held);
    }

    /// PayPal serves no such certificate.
    pub(super) fn forget(&self, name: &str) {
        let mut inside = self.inside();
        inside.wanted.remove(name);
        inside.held.remove(name);
    }
}

/// The key of the first certificate of a chain, as the verification of signatures takes it.
fn public_key(pem: &[u8]) -> Option<Vec<u8>> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let parsed = ParsedCertificate::try_from(&certificate).ok()?;
    let info = parsed.subject_public_key_info();
    // SubjectPublicKeyInfo (RFC 5280, 4.1.2.7): a sequence of the algorithm and the key's bits.
    let (inside, _) = part(0x30, &info)?;
    let (_algorithm, rest) = part(0x30, inside)?;
    let (bits, _) = part(0x03, rest)?;
    // The first byte counts the bits of the last one that are not used: none.
    let (unused, key) = bits.split_first()?;
    (*unused == 0).then(|| key.to_vec())
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
