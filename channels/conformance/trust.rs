//! Whom a connection believes: the vendor under each secret that is in force, at the time that it signs,
//! and nobody else.

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use super::{Failed, Finding, Kit, Tried, fails, finding, not_tried, same};
use crate::port::{Connector, Forged, Statement};
use crate::registry::{self, Family};
use crate::specimen::{Scene, Signing, Thing};

/// The numbers of secrets of the kit's own.
const OLD: u8 = 1;
const NEW: u8 = 2;
const OTHER: u8 = 3;

pub(super) fn tried(kit: &Kit<'_>) -> Vec<Finding> {
    vec![
        finding("forged", forged(kit)),
        finding("rotated secret", rotated(kit)),
        finding("clock skew", skewed(kit)),
    ]
}

/// How it signs, if it can be tried.
fn signing(kit: &Kit<'_>) -> Result<(&'static str, Option<SignedDuration>), Failed> {
    match kit.specimen.signing() {
        Signing::By { key, window } => Ok((key, window)),
        Signing::Theirs { because } => not_tried(because),
        Signing::Silent => not_tried("the vendor pushes nothing"),
    }
}

/// Something that is pushed, whatever it says.
fn anything(kit: &Kit<'_>) -> Result<Statement, Failed> {
    match kit.about.family {
        Family::Sales => kit.pushed(Thing::Sale(&super::sales::plain(kit)?)),
        Family::Payments => kit.pushed(Thing::Taking(&super::payments::plain(kit)?)),
        Family::Carriers => kit.pushed(Thing::Sighting(&super::carriers::plain(kit))),
        Family::Warehouses => kit.pushed(Thing::Work(&super::warehouses::plain(kit))),
    }
}

fn signed(kit: &Kit<'_>, scene: &Scene<'_>, secret: &str) -> Result<Statement, Failed> {
    let mut pushed = anything(kit)?;
    kit.specimen.sign(&mut pushed, secret, scene);
    Ok(pushed)
}

/// The secret that the connection itself is configured with.
fn own(kit: &Kit<'_>, key: &'static str) -> Result<SecretString, Failed> {
    let secrets = kit.settings.secrets(key);
    match secrets.map(|secrets| secrets.into_iter().next()) {
        Ok(Some(secret)) => Ok(secret),
        _ => not_tried("the connection has no secret of the kind's"),
    }
}

/// What is signed with the connection's own secret is believed; with a bit changed, without its
/// signature, or under another secret, it is not.
fn forged(kit: &Kit<'_>) -> Tried {
    let (key, _) = signing(kit)?;
    let secret = own(kit, key)?;
    let by = kit.connection.as_ref();
    let genuine = signed(kit, &kit.scene(), secret.expose_secret())?;
    same(
        "the answer to what is genuine",
        &kit.believed(by, &genuine)?,
        &Ok(()),
    )?;
    let mut changed = genuine.clone();
    if let Some(byte) = changed
        .raw
        .iter_mut()
        .rev()
        .find(|byte| byte.is_ascii_digit())
    {
        *byte ^= 1;
    }
    let bare = anything(kit)?;
    let foreign = signed(kit, &kit.scene(), &kit.specimen.secret(OTHER))?;
    for (what, forged) in [
        ("what was changed on the way", changed),
        ("what is not signed", bare),
        ("what somebody else signed", foreign),
    ] {
        if kit.believed(by, &forged)?.is_ok() {
            return fails(format_args!("{what} is believed"));
        }
    }
    Ok(())
}

/// While a secret is being replaced, the vendor signs with the old one or the new one.
fn rotated(kit: &Kit<'_>) -> Tried {
    let (key, _) = signing(kit)?;
    own(kit, key)?;
    let both = connected(kit, key, &[NEW, OLD])?;
    let only_new = connected(kit, key, &[NEW])?;
    for secret in [OLD, NEW] {
        let pushed = signed(kit, &kit.scene(), &kit.specimen.secret(secret))?;
        let answer = kit.believed(both.as_ref(), &pushed)?;
        same("the answer under either of two secrets", &answer, &Ok(()))?;
    }
    let late = signed(kit, &kit.scene(), &kit.specimen.secret(OLD))?;
    if kit.believed(only_new.as_ref(), &late)?.is_ok() {
        return fails("a secret that is gone is still believed");
    }
    Ok(())
}

fn connected(
    kit: &Kit<'_>,
    key: &'static str,
    secrets: &[u8],
) -> Result<Arc<dyn Connector>, Failed> {
    let secrets = secrets.iter().map(|number| kit.specimen.secret(*number));
    let settings = kit.settings.clone().with_secrets(key, secrets);
    registry::connector(kit.about, &settings).or_else(fails)
}

/// A clock may be a little wrong, either way; what was signed long ago, or is yet to be, is a replay.
fn skewed(kit: &Kit<'_>) -> Tried {
    let (key, window) = signing(kit)?;
    let Some(window) = window else {
        return not_tried("the vendor signs no time");
    };
    let secret = own(kit, key)?;
    let second = SignedDuration::from_secs(1);
    for (offset, wanted) in [
        (window - second, Ok(())),
        (second - window, Ok(())),
        (window + second, Err(Forged::Stale)),
        (-window - second, Err(Forged::Stale)),
    ] {
        let Ok(at) = kit.now.checked_add(offset) else {
            return fails("the time is out of range");
        };
        let scene = Scene { at, ..kit.scene() };
        let pushed = signed(kit, &scene, secret.expose_secret())?;
        let answer = kit.believed(kit.connection.as_ref(), &pushed)?;
        same("the answer to what was signed then", &answer, &wanted)?;
    }
    Ok(())
}
