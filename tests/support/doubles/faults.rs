//! Faults on request: what goes wrong, for which share of which calls, always in the same order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;

use super::server::{self, Answer, Body};

/// Calls that the doubles know apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Authorize,
    Capture,
    Cancel,
    Refund,
    Look,
    CreateShipment,
    BuyLabel,
    VoidLabel,
    NoteShipment,
    NoteCancellation,
    Find,
    Offer,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not carried out: "slow down".
    TooMany,
    /// Not carried out: the vendor is broken.
    Broken,
    /// Not carried out: "look over there".
    Redirect,
    /// Carried out late.
    Delay(Duration),
    /// Refused as a card is refused.
    Decline,
    /// Carried out; the answer comes after this, when nobody waits any more.
    Hang(Duration),
    /// Carried out; the connection ends without an answer.
    LoseAnswer,
    /// Carried out; the answer is no JSON.
    Garbage,
    /// Carried out; the answer is 10 MB.
    Huge,
    /// Carried out; the answer says that it is HTML.
    WrongType,
    /// Carried out; the answer never ends, as fast as it can.
    Endless,
    /// Carried out; the answer never ends, a space at a time.
    Trickle,
    /// Carried out; the answer names another amount.
    OtherAmount,
    /// Carried out; its notification is sent twice.
    NotifyTwice,
}

struct Rule {
    call: Call,
    percent: u32,
    fault: Fault,
    seen: u32,
    left: u32,
}

impl Rule {
    /// Whether this call is hit: spread evenly, the same for every run.
    fn hits(&mut self) -> bool {
        let before = self.seen * self.percent / 100;
        self.seen += 1;
        let hit = self.left > 0 && self.seen * self.percent / 100 > before;
        if hit {
            self.left -= 1;
        }
        hit
    }
}

/// The faults of one double, and its hold points.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Mutex<Vec<Rule>>,
    struck: AtomicU32,
    holds: Mutex<Vec<(Call, Gate)>>,
}

impl Faults {
    /// `percent` of these calls go wrong like this, from now on.
    pub(crate) fn share(&self, call: Call, percent: u32, fault: Fault) {
        self.add(call, percent, fault, u32::MAX);
    }

    /// The next `times` of these calls go wrong like this.
    pub(crate) fn next(&self, call: Call, times: u32, fault: Fault) {
        self.add(call, 100, fault, times);
    }

    fn add(&self, call: Call, percent: u32, fault: Fault, left: u32) {
        self.rules.lock().unwrap().push(Rule {
            call,
            percent,
            fault,
            seen: 0,
            left,
        });
    }

    /// `percent` of these calls go wrong like each of these, other calls for each.
    pub(crate) fn mix(&self, call: Call, percent: u32, faults: &[Fault]) {
        let apart = 100 / percent / u32::try_from(faults.len()).unwrap();
        for (place, fault) in (0..).zip(faults) {
            self.add(call, percent, *fault, u32::MAX);
            let mut rules = self.rules.lock().unwrap();
            rules.last_mut().unwrap().seen = place * apart;
        }
    }

    /// Everything goes right again.
    pub(crate) fn heal(&self) {
        self.rules.lock().unwrap().clear();
    }

    /// How often something went wrong so far.
    pub(crate) fn struck(&self) -> u32 {
        self.struck.load(Ordering::Relaxed)
    }

    fn draw(&self, call: Call, wanted: fn(Fault) -> bool) -> Option<Fault> {
        let mut rules = self.rules.lock().unwrap();
        let matching = rules
            .iter_mut()
            .filter(|rule| rule.call == call && wanted(rule.fault));
        let mut drawn = None;
        for rule in matching {
            if rule.hits() {
                self.struck.fetch_add(1, Ordering::Relaxed);
                drawn = drawn.or(Some(rule.fault));
            }
        }
        drawn
    }

    /// Whether this execution is refused as a card is. Asked once per execution, never for a
    /// replay.
    pub(crate) fn declines(&self, call: Call) -> bool {
        self.draw(call, |fault| fault == Fault::Decline).is_some()
    }

    /// Whether this execution's answer names another amount.
    pub(crate) fn misstates(&self, call: Call) -> bool {
        self.draw(call, |fault| fault == Fault::OtherAmount)
            .is_some()
    }

    /// Whether this execution's notification goes out twice.
    pub(crate) fn notifies_twice(&self, call: Call) -> bool {
        self.draw(call, |fault| fault == Fault::NotifyTwice)
            .is_some()
    }

    /// What happens before a call is carried out: an answer here means that it is not.
    pub(crate) async fn before(&self, call: Call) -> Option<Answer> {
        let early = |fault: Fault| {
            matches!(
                fault,
                Fault::TooMany | Fault::Broken | Fault::Redirect | Fault::Delay(_)
            )
        };
        match self.draw(call, early)? {
            Fault::TooMany => {
                let body = Bytes::from_static(br#"{"error":{"code":"rate_limit"}}"#);
                let mut answer = server::bytes(429, body);
                let wait = http::HeaderValue::from_static("1");
                answer.headers_mut().insert("retry-after", wait);
                Some(Some(answer))
            }
            Fault::Broken => {
                let body = Bytes::from_static(br#"{"error":{"type":"api_error"}}"#);
                Some(Some(server::bytes(500, body)))
            }
            Fault::Redirect => {
                let mut answer = server::bytes(307, Bytes::new());
                // On the same server: who follows it is seen there.
                let there = http::HeaderValue::from_static("/elsewhere");
                answer.headers_mut().insert("location", there);
                Some(Some(answer))
            }
            Fault::Delay(wait) => {
                tokio::time::sleep(wait).await;
                None
            }
            _ => None,
        }
    }

    /// What happens to the answer of a call that was carried out: held while a test holds it, then
    /// spoilt if a rule says so.
    pub(crate) async fn after(&self, call: Call, right: http::Response<Body>) -> Answer {
        let gate = self.gate(call);
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let late = |fault: Fault| {
            matches!(
                fault,
                Fault::Hang(_)
                    | Fault::LoseAnswer
                    | Fault::Garbage
                    | Fault::Huge
                    | Fault::WrongType
                    | Fault::Endless
                    | Fault::Trickle
            )
        };
        match self.draw(call, late) {
            Some(Fault::Hang(wait)) => {
                tokio::time::sleep(wait).await;
                None
            }
            Some(Fault::LoseAnswer) => None,
            Some(Fault::Garbage) => Some(server::bytes(200, Bytes::from_static(b"<html>gateway"))),
            Some(Fault::Huge) => Some(server::bytes(200, Bytes::from(vec![b' '; 10_000_000]))),
            Some(Fault::Endless) => Some(server::endless(None)),
            Some(Fault::Trickle) => Some(server::endless(Some(Duration::from_millis(100)))),
            Some(Fault::WrongType) => {
                let mut right = right;
                let html = http::HeaderValue::from_static("text/html");
                right.headers_mut().insert("content-type", html);
                Some(right)
            }
            _ => Some(right),
        }
    }

    fn gate(&self, call: Call) -> Option<Gate> {
        let holds = self.holds.lock().unwrap();
        let gate = holds.iter().find(|(held, _)| *held == call);
        gate.map(|(_, gate)| gate.clone())
    }

    /// Holds the answers of these calls, which are carried out, until released.
    pub(crate) fn hold(&self, call: Call) -> Gate {
        let gate = Gate::default();
        self.holds.lock().unwrap().push((call, gate.clone()));
        gate
    }

    /// Releases all held answers and holds no more.
    pub(crate) fn release(&self) {
        for (_, gate) in self.holds.lock().unwrap().drain(..) {
            gate.open.send_replace(true);
        }
    }
}

/// A place between a call's execution and its answer.
#[derive(Clone)]
pub(crate) struct Gate {
    open: watch::Sender<bool>,
    reached: watch::Sender<u32>,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            open: watch::channel(false).0,
            reached: watch::channel(0).0,
        }
    }
}

impl Gate {
    /// Waits until so many calls were carried out and wait for their answer.
    pub(crate) async fn reached(&self, calls: u32) {
        let mut reached = self.reached.subscribe();
        let wait = reached.wait_for(|count| *count >= calls);
        let limit = Duration::from_mins(1);
        let result = tokio::time::timeout(limit, wait).await;
        assert!(
            result.is_ok(),
            "the hub did not make the call within a minute"
        );
    }

    async fn pass(&self) {
        self.reached.send_modify(|count| *count += 1);
        let mut open = self.open.subscribe();
        open.wait_for(|open| *open).await.ok();
    }
}

#[test]
fn a_share_is_spread_evenly_and_the_same_every_time() {
    let faults = Faults::default();
    faults.share(Call::Authorize, 40, Fault::Decline);
    let declined: Vec<bool> = (0..10).map(|_| faults.declines(Call::Authorize)).collect();
    let expected = [
        false, false, true, false, true, false, false, true, false, true,
    ];
    assert_eq!(declined, expected);
}
