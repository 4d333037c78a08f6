//! Signatures over bytes that were written once more on the way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::scene::{as_it_is, changed, noon, only, sale, vendor};
use crate::port::{Forged, Inbound, Statement};
use crate::specimen::{Seen, Sighting, Thing};

/// With white space around every member, as nobody's library writes it.
fn spaced(mut stated: Statement) -> Statement {
    let text = String::from_utf8(stated.raw).expect("a text");
    stated.raw = text.replace("\":", "\" : ").into_bytes();
    stated
}

#[test]
fn trap_22_easyposts_signature_is_over_the_bytes_that_came_and_no_others() {
    let easypost = vendor("easypost");
    let sighting = Sighting {
        tracking_number: "OWN0000000001".to_owned(),
        seen: Seen::InTransit,
        at: noon(),
    };
    let stated = easypost.stated(Thing::Sighting(&sighting), |event| {
        event["result"]["weight"] = json!("614.40");
    });
    // A number whose last zero every library drops that writes it once more.
    let text = String::from_utf8(stated.raw.clone()).expect("a text");
    let text = text.replace("\"614.40\"", "614.40");
    let raw = text.into_bytes();
    let came = easypost.signed(spaced(Statement { raw, ..stated }));
    assert_eq!(easypost.verify(&came), Ok(()));
    assert!(matches!(only(easypost.read(&came)), Inbound::Scans { .. }));
    let rewritten = changed(came.clone(), as_it_is);
    assert_ne!(rewritten.raw, came.raw);
    assert_eq!(easypost.verify(&rewritten), Err(Forged::Mismatch));
}

#[test]
fn trap_22_ebays_notification_says_the_same_however_it_was_written() {
    let ebay = vendor("ebay");
    let word = ebay.word(Thing::Sale(&sale()));
    let signature = json!({ "alg": "ECDSA", "kid": "own-key-1", "digest": "SHA1",
        "signature": STANDARD.encode("by a key that is fetched") });
    let word = word.with("x-ebay-signature", STANDARD.encode(signature.to_string()));
    let came = spaced(word.clone());
    assert_ne!(came.raw, word.raw);
    // What is believed of it once the key is here, the connector's own tests try.
    for pushed in [&word, &came] {
        assert_eq!(ebay.verify(pushed), Err(Forged::KeyUnknown));
    }
    let named = only(ebay.read(&came));
    assert_eq!(named, only(ebay.read(&word)));
    assert!(matches!(named, Inbound::Changed(_)), "{named:?}");
}
