//! The signature that Stripe's own library is tested with (stripe/stripe-dotnet, `EventUtilityTest.cs`).

use http::HeaderMap;

use super::{at, settings};
use crate::payments::connect;
use crate::port::{Forged, RawRequest};

const SECRET: &str = "webhook_secret";
const HEADER: &str = "t=1533204620,\
    v1=2220f87ef101a04665f11cdf770523143f875572008577fa0f20882ddb9cc3c7,\
    v0=63f3a72374a733066c4be69ed7f8e5ac85c22c9f0a6a612ab9a025a9e4ee7eef";
/// What was signed, with the line's end.
const BODY: &str = r#"{
  "id": "evt_123",
  "object": "event",
  "account": "acct_123",
  "api_version": "2017-05-25",
  "created": 1533204620,
  "data": {
    "object": {
      "id": "cus_123",
      "object": "customer",
      "created": 123456789,
      "email": "test@stripe.com",
      "livemode": false,
      "metadata": {}
    }
  },
  "livemode": false,
  "pending_webhooks": 1,
  "request": {
    "id": "req_123",
    "idempotency_key": "idempotency-key-123"
  },
  "type": "customer.created"
}
"#;

fn verify(header: &str, body: &str) -> Result<(), Forged> {
    let settings = settings("http://127.0.0.1:9").with_secrets("webhook_secrets", [SECRET]);
    let mut headers = HeaderMap::new();
    headers.insert("stripe-signature", header.parse().expect("a header"));
    connect("stripe", &settings)
        .expect("a connection")
        .verify(&RawRequest {
            headers: &headers,
            body: body.as_bytes(),
            url: "",
            received_at: at(1_533_204_650),
        })
}

#[test]
fn the_published_vector_is_believed_and_nothing_like_it() {
    assert_eq!(verify(HEADER, BODY), Ok(()));
    for changed in [
        BODY.trim_end().to_owned(),
        BODY.replace('\n', "\r\n"),
        BODY.replace("cus_123", "cus_124"),
    ] {
        assert_eq!(verify(HEADER, &changed), Err(Forged::Mismatch));
    }
    for header in [
        HEADER.replace("v1=2", "v1=3"),
        HEADER.replace("t=1533204620", "t=1533204621"),
        HEADER.replace("v1=", "v2="),
    ] {
        assert_eq!(verify(&header, BODY), Err(Forged::Mismatch), "{header}");
    }
}
