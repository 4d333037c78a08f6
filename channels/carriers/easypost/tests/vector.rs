//! The signature that EasyPost's own libraries are tested with (EasyPost/examples,
//! `official/fixtures/event-body.json`).

use http::HeaderMap;

use crate::carriers::connect;
use crate::port::{Forged, RawRequest};
use crate::settings::Settings;

/// As it is typed; the key is its NFKD form.
const SECRET: &str = "s\u{e9}cret";
const HEADER: &str =
    "hmac-sha256-hex=e93977c8ccb20363d51a62b3fe1fc402b7829be1152da9e88cf9e8d07115a46b";
const BODY: &str = concat!(
    r#"{"result":{"id":"batch_123...","object":"Batch","mode":"test","state":"created","#,
    r#""num_shipments":0,"reference":null,"created_at":"2022-07-26T17:22:32Z","#,
    r#""updated_at":"2022-07-26T17:22:32Z","scan_form":null,"shipments":[],"status":{"created":0,"#,
    r#""queued_for_purchase":0,"creation_failed":0,"postage_purchased":0,"#,
    r#""postage_purchase_failed":0},"pickup":null,"label_url":null},"#,
    r#""description":"batch.created","mode":"test","previous_attributes":null,"#,
    r#""completed_urls":null,"user_id":"user_123...","status":"pending","object":"Event","#,
    r#""id":"evt_123..."}"#,
);

fn verify(secret: &str, header: &str, body: &str) -> Result<(), Forged> {
    let mut settings = Settings::new("easypost".into())
        .with_secrets("api_key", ["EZTKown"])
        .with_secrets("webhook_secrets", [secret]);
    settings.base_url = Some("http://127.0.0.1:9".to_owned());
    let mut headers = HeaderMap::new();
    headers.insert("x-hmac-signature", header.parse().expect("a header"));
    connect("easypost", &settings)
        .expect("a connection")
        .verify(&RawRequest {
            headers: &headers,
            body: body.as_bytes(),
            url: "",
            received_at: jiff::Timestamp::UNIX_EPOCH,
        })
}

#[test]
fn the_published_vector_is_believed_and_nothing_like_it() {
    assert_eq!(verify(SECRET, HEADER, BODY), Ok(()));
    assert_eq!(verify("se\u{301}cret", HEADER, BODY), Ok(()));
    for (secret, header, body) in [
        ("s\u{e8}cret", HEADER.to_owned(), BODY.to_owned()),
        (SECRET, HEADER.replace("=e9", "=e8"), BODY.to_owned()),
        (SECRET, HEADER.replace("-hex", ""), BODY.to_owned()),
        (SECRET, HEADER.to_owned(), format!("{BODY}\n")),
        (SECRET, HEADER.to_owned(), BODY.replace("pending", "done")),
    ] {
        assert_eq!(verify(secret, &header, &body), Err(Forged::Mismatch));
    }
}
