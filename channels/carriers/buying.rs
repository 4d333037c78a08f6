//! For the tests of carriers: the parcels that labels are asked for, a stand-in that answers, and what it was asked.
//!
//! Not here: what a carrier answers, which is in its own words.

use http::{HeaderMap, HeaderName, HeaderValue};
use orderhub_domain::canonical::Address;
use orderhub_domain::ids::ParcelId;
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::customs::tests::abroad;
use super::{Goods, LabelCall};

/// Where nobody answers.
pub(super) const NOWHERE: &str = "http://127.0.0.1:9";

pub(super) const FULFILMENT: &str = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_1";

/// What the parcel is called where its whole id does not fit: computed apart from this code.
pub(super) const NAME: &str = "03EV8KEJ4XGVR3600OE08ZOTD00010001";

/// The first parcel of the fulfilment.
pub(super) fn parcel() -> ParcelId {
    ParcelId {
        fulfilment: FULFILMENT.parse().expect("a fulfilment id"),
        number: 1,
    }
}

/// A label for half a kilogram of goods.
pub(super) fn label(to: Address, from: Address) -> LabelCall {
    LabelCall {
        readdressed: false,
        parcel: parcel(),
        to,
        from,
        goods: Goods {
            weight_g: 500,
            ..Goods::default()
        },
    }
}

/// One to Berlin, of which nobody says where it starts.
pub(super) fn to_berlin() -> LabelCall {
    let to = Address {
        name: Some("Jane Doe".to_owned()),
        lines: ["1 Own Street", "Floor 2", "Door 3"]
            .map(str::to_owned)
            .to_vec(),
        city: Some("Berlin".to_owned()),
        postcode: Some("01067".to_owned()),
        country: Some("DE".to_owned()),
        ..Address::default()
    };
    label(to, Address::default())
}

/// One within the United States, with more lines of an address than carriers take.
pub(super) fn to_durham() -> LabelCall {
    let to = Address {
        name: Some("Jane Doe".to_owned()),
        company: Some("Own Ltd".to_owned()),
        lines: ["1 Own Street", "Floor 2", "Door 3", "Ring twice"]
            .map(str::to_owned)
            .to_vec(),
        city: Some("Durham".to_owned()),
        postcode: Some("01067".to_owned()),
        region: Some("NC".to_owned()),
        country: Some("US".to_owned()),
        phone: Some("+1 555 0100".to_owned()),
    };
    let from = Address {
        name: Some("Own Shop".to_owned()),
        country: Some("US".to_owned()),
        ..Address::default()
    };
    label(to, from)
}

/// The same goods as [`abroad`], sent to where no customs are met.
pub(super) fn within_the_union(call: LabelCall) -> LabelCall {
    let mut call = abroad(call);
    call.to.country = Some("FR".to_owned());
    call
}

pub(super) fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().expect("a name");
        headers.insert(name, HeaderValue::from_str(value).expect("a value"));
    }
    headers
}

pub(super) fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// An object with members replaced.
pub(super) fn changed(text: &str, changes: Value) -> Value {
    let mut whole = json_of(text);
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        whole[name] = value;
    }
    whole
}

pub(super) fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A stand-in that answers these (verb, path) and 404 to everything else.
pub(super) async fn answering(answers: Vec<(&str, String, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    for (verb, at, answer) in answers {
        Mock::given(method(verb))
            .and(path(at))
            .respond_with(answer)
            .mount(&server)
            .await;
    }
    server
}

/// The same, which hands out this key where it is asked for one.
pub(super) async fn answering_with_key(
    token: &str,
    key: &Value,
    answers: Vec<(&str, &str, ResponseTemplate)>,
) -> MockServer {
    let mut all = vec![("POST", token.to_owned(), ok(key))];
    let answers = answers.into_iter();
    all.extend(answers.map(|(verb, at, answer)| (verb, at.to_owned(), answer)));
    answering(all).await
}

/// The (verb, path) of every request, in their order.
pub(super) async fn asked(server: &MockServer) -> Vec<String> {
    let requests = server.received_requests().await.expect("recorded");
    let asked = requests.iter();
    asked
        .map(|request| format!("{} {}", request.method, request.url.path()))
        .collect()
}

/// What the stand-in was told in a request, counted from the first.
pub(super) async fn told(server: &MockServer, nth: usize) -> Value {
    let requests = server.received_requests().await.expect("recorded");
    requests[nth].body_json().expect("JSON")
}
