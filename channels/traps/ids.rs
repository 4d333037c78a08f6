//! Ids that no float can hold, and texts that look like numbers or truth values.

use orderhub_domain::canonical::FulfilledBy;
use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{path, path_regex};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::scene::{as_it_is, comes_to, evidence, only, order, sale, vendor, vendor_at};
use crate::port::Resource;
use crate::specimen::{Taken, Thing};

/// What a float makes of the id whose last digits are 508.
const ROUNDED: u64 = 820_982_911_946_154_500;

#[test]
fn trap_13_a_gid_is_trusted_beside_a_number_that_lost_its_digits() {
    let order = vendor("shopify").order(|order| {
        order["id"] = ROUNDED.into();
        order["admin_graphql_api_id"] = "gid://shopify/Order/820982911946154508".into();
        order["line_items"][0]["id"] = 866_550_311_766_439_000_u64.into();
        order["line_items"][0]["admin_graphql_api_id"] =
            "gid://shopify/LineItem/866550311766439020".into();
        order["customer"]["id"] = 115_310_627_314_723_940_u64.into();
        order["customer"]["admin_graphql_api_id"] =
            "gid://shopify/Customer/115310627314723954".into();
    });
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "820982911946154508");
    assert_eq!(draft.lines[0].external_id, "866550311766439020");
    let customer = order.submission.private.customer.expect("a customer");
    assert_eq!(customer.external_id.as_deref(), Some("115310627314723954"));
}

#[test]
fn trap_13_an_id_beyond_floats_keeps_its_digits_without_a_gid() {
    let draft = vendor("shopify").draft(|order| {
        order["id"] = 820_982_911_946_154_508_u64.into();
        order["line_items"][0]["id"] = 866_550_311_766_439_021_u64.into();
        order["line_items"][0]["admin_graphql_api_id"].take();
        order["admin_graphql_api_id"].take();
    });
    assert_eq!(draft.external_id, "820982911946154508");
    assert_eq!(draft.lines[0].external_id, "866550311766439021");
    // Ids leave the hub as texts, so that nobody else's floats touch them.
    let written = serde_json::to_value(&draft).expect("JSON");
    assert_eq!(written["external_id"], "820982911946154508");
}

#[test]
fn trap_14_leading_zeros_belong_to_ids_and_postcodes() {
    let amazon = vendor("amazon").order(|order| {
        order["orderItems"][0]["orderItemId"] = "05015851154158".into();
        order["recipient"]["deliveryAddress"]["postalCode"] = "01234".into();
    });
    let draft = &amazon.submission.draft;
    assert_eq!(draft.lines[0].external_id, "05015851154158");
    let adobe = vendor("adobe_commerce").order(|order| {
        order["increment_id"] = "000000013".into();
        let shipping = &mut order["extension_attributes"]["shipping_assignments"][0];
        shipping["shipping"]["address"]["postcode"] = "01234".into();
    });
    assert_eq!(adobe.submission.draft.number.as_deref(), Some("#000000013"));
    for order in [amazon, adobe] {
        let to = order.submission.private.ship_to.expect("an address");
        assert_eq!(to.postcode.as_deref(), Some("01234"));
    }
}

#[test]
fn trap_14_a_postcode_that_is_a_number_is_read_as_its_digits() {
    let order = vendor("adobe_commerce").order(|order| {
        let shipping = &mut order["extension_attributes"]["shipping_assignments"][0];
        shipping["shipping"]["address"]["postcode"] = 78_768.into();
    });
    let to = order.submission.private.ship_to.expect("an address");
    assert_eq!(to.postcode.as_deref(), Some("78768"));
}

#[test]
fn trap_14_a_truth_value_in_quotes_is_read_as_what_it_says() {
    let adyen = |success: &str| {
        let read = vendor("adyen").taking(Taken::Authorized, |body| {
            let item = &mut body["notificationItems"][0]["NotificationRequestItem"];
            item["success"] = success.into();
        });
        evidence(read)
    };
    assert!(matches!(
        adyen("true")[..],
        [PaymentEvidence::Authorized { .. }]
    ));
    assert!(matches!(
        adyen("false")[..],
        [PaymentEvidence::Declined { .. }]
    ));
    for (stated, by) in [("0", FulfilledBy::Us), ("1", FulfilledBy::Nobody)] {
        let draft = vendor("adobe_commerce").draft(|order| {
            order["items"][0]["is_virtual"] = stated.into();
        });
        comes_to(&draft, "44.98");
        assert_eq!(draft.lines[0].fulfilled_by, by, "{stated}");
    }
    // A gift that is none, in quotes, costs nothing more.
    let draft = vendor("amazon").draft(|order| order["orderItems"][0]["isGift"] = json!("false"));
    comes_to(&draft, "44.98");
}

/// A customer whose id is the text `null` is nobody, and nobody is looked up.
#[tokio::test]
async fn trap_14_an_id_that_says_null_in_quotes_is_none() {
    let server = MockServer::start().await;
    let till = vendor_at("lightspeed", &server.uri());
    let stated = till.stated(Thing::Sale(&sale()), as_it_is);
    let mut whole: Value = serde_json::from_slice(&stated.raw).expect("JSON");
    whole["sale"]["customer_id"] = "null".into();
    let id = whole["sale"]["id"].as_str().expect("an id").to_owned();
    let answers = |data: &Value| {
        let body = json!({ "data": data });
        ResponseTemplate::new(200).set_body_json(body)
    };
    for (place, data) in [
        (format!("/sales/{id}"), &whole["sale"]),
        ("/retailer".to_owned(), &whole["retailer"]),
        ("/fulfillments".to_owned(), &whole["fulfillments"]),
        ("/products/product-11".to_owned(), &whole["products"][0]),
        ("/products/product-12".to_owned(), &whole["products"][1]),
    ] {
        Mock::given(path(format!("/api/2026-07{place}")))
            .respond_with(answers(data))
            .mount(&server)
            .await;
    }
    Mock::given(path_regex("customers"))
        .respond_with(ResponseTemplate::new(400))
        .expect(0)
        .mount(&server)
        .await;
    let way = till.connection.look_up().expect("a way");
    let kind = "sale".to_owned();
    let found = way.look_up(&Resource { kind, id }).await;
    let found = found.expect("the sale is looked up");
    let read = order(only(till.read(&found[0])));
    comes_to(&read.submission.draft, "44.98");
    assert_eq!(read.submission.private.customer, None);
}
