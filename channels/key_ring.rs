//! The public keys of a vendor, by the names that its webhooks give them: fetched when a webhook names one,
//! kept for a while, and fetched again.
//!
//! Whether a webhook is believed is asked without any I/O, so a key has to be here before; one that is not is
//! [`Forged::KeyUnknown`], and whoever asked fetches it and asks again. Anybody can make up names: those that the
//! vendor does not have are remembered, and only a few a minute are asked for. What a vendor serves over
//! TLS from its own host is its key; the connector asks no other host.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::timeout;

use crate::outbound::Answer;
use crate::port::{CallError, Forged};
use crate::public_key::PublicKey;

/// How long a webhook waits for its key: vendors wait a few seconds for their answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Names without a key that are asked for within [`WHILE`].
const STRANGERS: usize = 4;

/// How long a name counts that was asked for in vain, and one that the vendor does not have.
const WHILE: SignedDuration = SignedDuration::from_mins(1);

/// How long a key that is held and too old is not asked for again after it could not be fetched.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);

/// Keys that are held: vendors use one or two at a time.
const HELD: usize = 16;

/// What a vendor serves: keys by their names.
type Served = Vec<(String, PublicKey)>;

/// A vendor's keys, shared by all who check webhooks and fetch keys.
pub(crate) struct KeyRing {
    life: SignedDuration,
    patience: Duration,
    inside: Mutex<Inside>,
    /// Held by who asks the vendor: whoever else wants a key waits for that answer first.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Inside {
    held: BTreeMap<String, Held>,
    absent: BTreeMap<String, Timestamp>,
    /// When names were asked for without getting a key.
    in_vain: Vec<Timestamp>,
}

struct Held {
    key: Arc<PublicKey>,
    fetched_at: Timestamp,
    failed_at: Option<Timestamp>,
}

/// Whether this much time or more lies between the two, whichever is later: clocks are set back.
fn is_over(time: SignedDuration, since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since).abs() >= time
}

impl KeyRing {
    /// A ring whose keys count for so long before they are fetched again.
    pub(crate) fn new(life: SignedDuration) -> Self {
        Self {
            life,
            patience: PATIENCE,
            inside: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        // Nothing that holds the lock can leave it half changed.
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of this name. One that the vendor does not have has signed nothing.
    pub(crate) fn key(&self, name: &str, now: Timestamp) -> Result<Arc<PublicKey>, Forged> {
        let inside = self.inside();
        let held = inside.held.get(name);
        if let Some(held) = held.filter(|held| !is_over(self.life, held.fetched_at, now)) {
            return Ok(Arc::clone(&held.key));
        }
        match inside.absent.get(name) {
            Some(since) if !is_over(WHILE, *since, now) => Err(Forged::Mismatch),
            _ => Err(Forged::KeyUnknown),
        }
    }

    /// Asks the vendor for the key of this name, if that is not known by now: `fetch` gives what is served
    /// in answer, which may be other keys too, or nothing when the vendor firmly has none.
    pub(crate) async fn learn(
        &self,
        name: &str,
        now: Timestamp,
        fetch: impl Future<Output = Result<Served, CallError>> + Send,
    ) -> Result<(), CallError> {
        let learnt = timeout(self.patience, async {
            let _turn = self.turn.lock().await;
            if !matches!(self.key(name, now), Err(Forged::KeyUnknown)) {
                return Ok(());
            }
            self.begin(name, now)?;
            let served = fetch.await?;
            self.take(name, served, now);
            Ok(())
        });
        let late = || CallError::not_done("the vendor did not send its public key in time");
        learnt.await.unwrap_or_else(|_| Err(late()))
    }

    /// Whether the vendor may be asked now; that it was in vain is noted until there is an answer.
    fn begin(&self, name: &str, now: Timestamp) -> Result<(), CallError> {
        let mut inside = self.inside();
        if let Some(held) = inside.held.get_mut(name) {
            if held.failed_at.is_some_and(|at| !is_over(PAUSE, at, now)) {
                let why = "the vendor's public key is too old and could not be fetched just now";
                return Err(CallError::not_done(why));
            }
            held.failed_at = Some(now);
            return Ok(());
        }
        inside.in_vain.retain(|at| !is_over(WHILE, *at, now));
        if inside.in_vain.len() >= STRANGERS {
            let why = "too many public keys were asked for that the vendor does not serve";
            return Err(CallError::not_now(why));
        }
        inside.in_vain.push(now);
        Ok(())
    }

    fn take(&self, name: &str, served: Served, now: Timestamp) {
        let mut inside = self.inside();
        let known = inside.held.remove(name).is_some();
        for (name, key) in served {
            let key = Arc::new(key);
            let held = Held {
                key,
                fetched_at: now,
                failed_at: None,
            };
            inside.held.insert(name, held);
        }
        while inside.held.len() > HELD {
            // Never the one that was asked for.
            let others = inside.held.iter().filter(|(other, _)| *other != name);
            let oldest = others.min_by_key(|(_, held)| held.fetched_at);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else {
                break;
            };
            inside.held.remove(&oldest);
        }
        inside
            .absent
            .retain(|_, since| !is_over(WHILE, *since, now));
        if !inside.held.contains_key(name) {
            inside.absent.insert(name.to_owned(), now);
        } else if !known {
            inside.in_vain.pop();
        }
    }
}

/// What a vendor answered that was asked for one key: the key, or none when it firmly has none.
pub(crate) fn served<K>(
    answer: &Answer,
    read: impl FnOnce(&[u8]) -> Option<K>,
) -> Result<Option<K>, CallError> {
    match answer.status.as_u16() {
        200..=299 => match read(&answer.body) {
            Some(key) => Ok(Some(key)),
            None => Err(answer.not_done("what the vendor serves as its public key is none")),
        },
        400 | 404 | 410 | 422 => Ok(None),
        _ => Err(answer.not_done("the vendor does not serve its public key now")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const LIFE: SignedDuration = SignedDuration::from_hours(1);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_760_000_000 + second).expect("a time")
    }

    fn any() -> PublicKey {
        PublicKey::rsa(&[1], &[3])
    }

    /// A vendor that has some keys and counts how often it is asked.
    struct Vendor {
        has: &'static [&'static str],
        works: bool,
        asked: AtomicUsize,
    }

    impl Vendor {
        fn with(has: &'static [&'static str]) -> Self {
            let asked = AtomicUsize::new(0);
            let works = true;
            Self { has, works, asked }
        }

        async fn fetch(&self) -> Result<Served, CallError> {
            self.asked.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            if !self.works {
                return Err(CallError::not_done("it is away"));
            }
            Ok(self
                .has
                .iter()
                .map(|name| ((*name).to_owned(), any()))
                .collect())
        }

        async fn teach(&self, ring: &KeyRing, name: &str, second: i64) -> Result<(), CallError> {
            ring.learn(name, at(second), self.fetch()).await
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    fn knows(ring: &KeyRing, name: &str, second: i64) -> Result<(), Forged> {
        ring.key(name, at(second)).map(|_| ())
    }

    #[tokio::test]
    async fn a_key_is_asked_for_once_and_again_when_it_is_old() {
        let (ring, vendor) = (KeyRing::new(LIFE), Vendor::with(&["a", "b"]));
        assert_eq!(knows(&ring, "a", 0), Err(Forged::KeyUnknown));
        let (one, other) = tokio::join!(vendor.teach(&ring, "a", 0), vendor.teach(&ring, "a", 0));
        assert_eq!((one, other, vendor.asked()), (Ok(()), Ok(()), 1));
        assert_eq!(knows(&ring, "a", 3_599), Ok(()));
        assert_eq!(knows(&ring, "b", 3_599), Ok(()), "what is served beside it");
        assert_eq!(knows(&ring, "a", 3_600), Err(Forged::KeyUnknown));
        assert_eq!(vendor.teach(&ring, "a", 3_600).await, Ok(()));
        assert_eq!((knows(&ring, "a", 3_600), vendor.asked()), (Ok(()), 2));
    }

    #[tokio::test]
    async fn what_the_vendor_does_not_have_has_signed_nothing_for_a_while() {
        let (ring, vendor) = (KeyRing::new(LIFE), Vendor::with(&[]));
        assert_eq!(vendor.teach(&ring, "x", 0).await, Ok(()));
        assert_eq!(knows(&ring, "x", 59), Err(Forged::Mismatch));
        assert_eq!(vendor.teach(&ring, "x", 59).await, Ok(()));
        assert_eq!(vendor.asked(), 1);
        assert_eq!(knows(&ring, "x", 60), Err(Forged::KeyUnknown));
    }

    #[tokio::test]
    async fn strangers_cannot_have_many_keys_asked_for_nor_keep_out_those_that_are_held() {
        let (ring, vendor) = (KeyRing::new(LIFE), Vendor::with(&["own"]));
        assert_eq!(vendor.teach(&ring, "own", 0).await, Ok(()));
        for number in 0..50 {
            let taught = vendor.teach(&ring, &format!("made-up-{number}"), 1).await;
            assert_eq!(taught.is_ok(), number < STRANGERS, "{number}");
        }
        assert_eq!(vendor.asked(), 1 + STRANGERS);
        assert_eq!(knows(&ring, "own", 1), Ok(()));
        let mut second = 3_600;
        assert_eq!(vendor.teach(&ring, "made-up-x", second).await, Ok(()));
        for number in 0..50 {
            let _refused = vendor
                .teach(&ring, &format!("again-{number}"), second)
                .await;
        }
        second += 1;
        assert_eq!(vendor.teach(&ring, "own", second).await, Ok(()));
        assert_eq!(knows(&ring, "own", second), Ok(()), "it is fetched again");
    }

    #[tokio::test]
    async fn a_vendor_that_is_away_leaves_everything_open_and_is_not_asked_at_once_again() {
        let (ring, mut vendor) = (KeyRing::new(LIFE), Vendor::with(&["own"]));
        assert_eq!(vendor.teach(&ring, "own", 0).await, Ok(()));
        vendor.works = false;
        for (second, asked) in [(3_600, 2), (3_604, 2), (3_605, 3)] {
            assert!(vendor.teach(&ring, "own", second).await.is_err());
            assert_eq!(vendor.asked(), asked, "{second}");
            assert_eq!(knows(&ring, "own", second), Err(Forged::KeyUnknown));
        }
        assert!(vendor.teach(&ring, "new", 3_605).await.is_err());
        assert_eq!(knows(&ring, "new", 3_605), Err(Forged::KeyUnknown));
        vendor.works = true;
        assert_eq!(vendor.teach(&ring, "own", 3_610).await, Ok(()));
        assert_eq!(knows(&ring, "own", 3_610), Ok(()));
    }

    #[tokio::test]
    async fn a_vendor_that_hangs_is_not_waited_for() {
        let mut ring = KeyRing::new(LIFE);
        ring.patience = Duration::ZERO;
        let hangs = std::future::pending::<Result<Served, CallError>>;
        let (one, other) = tokio::join!(
            ring.learn("a", at(0), hangs()),
            ring.learn("b", at(0), hangs())
        );
        assert!(one.is_err() && other.is_err());
        assert_eq!(knows(&ring, "a", 0), Err(Forged::KeyUnknown));
    }

    #[tokio::test]
    async fn only_so_many_keys_are_held_and_the_newest_of_them() {
        let ring = KeyRing::new(LIFE);
        for number in 0..=HELD {
            let name = number.to_string();
            let second = i64::try_from(number).expect("small");
            let served = async { Ok(vec![(name.clone(), any())]) };
            assert_eq!(ring.learn(&name, at(second), served).await, Ok(()));
        }
        assert_eq!(knows(&ring, "0", 20), Err(Forged::KeyUnknown));
        assert_eq!(knows(&ring, "1", 20), Ok(()));
        assert_eq!(knows(&ring, &HELD.to_string(), 20), Ok(()));
    }
}
