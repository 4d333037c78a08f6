//! The social shop: signed requests, units that leave once, and what is told.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderValue, Method};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Account, Social, TOKEN_LIFE, news, wire};
use crate::sim::courier::Teller as _;
use crate::sim::ledger::{Ledger, Manner};
use crate::sim::offered::Offered;
use crate::sim::server::{Asked, Peer as _};
use crate::sim::tokens::Tokens;
use crate::sim::{locked, signing};

const SECRET: &str = "app-secret";

fn skus() -> [String; 3] {
    ["SKU-1", "SKU-2", "SKU-3"].map(str::to_owned)
}

fn social() -> Social {
    Social {
        ledger: Arc::new(Mutex::new(
            Ledger::open("social", None, news).expect("a ledger"),
        )),
        offered: Arc::new(Mutex::new(Offered::of(&skus()))),
        tokens: Tokens::living(TOKEN_LIFE),
        account: Account {
            app_key: "app-key".to_owned(),
            app_secret: SECRET.to_owned().into(),
            refresh_token: "refresh".to_owned().into(),
            shop_id: "7495".to_owned(),
            shop_cipher: "cipher".to_owned(),
        },
    }
}

fn sell(social: &Social) -> u64 {
    let sold = locked(&social.ledger).sell(1, &skus(), Manner::SentUnlessAsked);
    locked(&social.offered).sold(&sold.expect("sold"));
    let ever = (Timestamp::MIN, Timestamp::MAX);
    let ledger = locked(&social.ledger);
    ledger.changed(ever, None, 1).0[0].id
}

fn encoded(query: &[(String, String)]) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.extend_pairs(query).finish()
}

async fn send(social: &Social, method: Method, path: &str, query: &str, body: &str) -> Value {
    let (token, _) = social.tokens.hand_out();
    let mut headers = HeaderMap::new();
    headers.insert(
        "x-tts-access-token",
        HeaderValue::from_str(&token).expect("a header"),
    );
    let asked = Asked {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: body.to_owned().into(),
    };
    social.answer(asked).await.body
}

async fn ask(social: &Social, path: &str, more: &[(&str, &str)], body: Option<Value>) -> Value {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let now = Timestamp::now().as_second().to_string();
    let common = [
        ("app_key", "app-key"),
        ("shop_cipher", "cipher"),
        ("timestamp", now.as_str()),
    ];
    let mut query: Vec<_> = common.iter().chain(more).map(pair).collect();
    let method = if body.is_some() {
        Method::POST
    } else {
        Method::GET
    };
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let sign = signing::tiktok_request(SECRET, path, &query, body.as_bytes());
    query.push(("sign".to_owned(), sign));
    send(social, method, path, &encoded(&query), &body).await
}

async fn order(social: &Social, id: u64) -> Value {
    let id = id.to_string();
    let found = ask(social, "/order/202309/orders", &[("ids", &id)], None).await;
    assert_eq!(found["code"], 0);
    found["data"]["orders"][0].clone()
}

fn units(order: &Value) -> Vec<Value> {
    let units = order["line_items"].as_array().expect("units").iter();
    units.map(|unit| unit["id"].clone()).collect()
}

async fn ship(social: &Social, id: u64, units: &[Value]) -> i64 {
    let body = json!({
        "tracking_number": "94001", "shipping_provider_id": "7117858858072016686",
        "order_line_item_ids": units,
    });
    let path = format!("/fulfillment/202309/orders/{id}/packages");
    ask(social, &path, &[], Some(body)).await["code"]
        .as_i64()
        .expect("a code")
}

#[tokio::test]
async fn only_what_the_app_signed_is_answered() {
    let social = social();
    let id = sell(&social).to_string();
    let path = "/order/202309/orders";
    let right = ask(&social, path, &[("ids", &id)], None).await;
    assert_eq!(right["code"], 0);
    let now = Timestamp::now().as_second();
    for (sign, time, code) in [("x", now, 106_001), ("x", now - 400, 106_003)] {
        let query = format!("app_key=app-key&shop_cipher=cipher&timestamp={time}&sign={sign}");
        let refused = send(&social, Method::GET, path, &query, "").await;
        assert_eq!(refused["code"], code);
    }
    let query =
        "app_key=app-key&app_secret=app-secret&refresh_token=refresh&grant_type=refresh_token";
    let token = send(&social, Method::GET, "/api/v2/token/refresh", query, "").await;
    let token = token["data"]["access_token"]
        .as_str()
        .expect("a token")
        .to_owned();
    assert!(social.tokens.holds(Some(&token)));
    let query = query.replace("refresh_token=refresh", "refresh_token=other");
    let refused = send(&social, Method::GET, "/api/v2/token/refresh", &query, "").await;
    assert_ne!(refused["code"], 0);
}

#[tokio::test]
async fn a_unit_leaves_once_and_an_order_of_which_one_has_left_is_not_cancelled() {
    let social = social();
    let id = sell(&social);
    let units = units(&order(&social, id).await);
    let cancel =
        json!({ "order_id": id.to_string(), "cancel_reason": "seller_cancel_reason_out_of_stock" });
    assert_eq!(ship(&social, id, &units).await, 0);
    assert_ne!(ship(&social, id, &units).await, 0);
    let after = order(&social, id).await;
    assert_eq!(after["status"], "IN_TRANSIT");
    assert_eq!(after["line_items"][0]["tracking_number"], "94001");
    let path = "/return_refund/202309/cancellations";
    assert_ne!(ask(&social, path, &[], Some(cancel)).await["code"], 0);
}

#[tokio::test]
async fn a_cancelled_order_is_not_shipped_and_both_are_told() {
    let social = social();
    let id = sell(&social);
    let units = units(&order(&social, id).await);
    let body =
        json!({ "order_id": id.to_string(), "cancel_reason": "seller_cancel_reason_out_of_stock" });
    let path = "/return_refund/202309/cancellations";
    assert_eq!(ask(&social, path, &[], Some(body)).await["code"], 0);
    assert_ne!(ship(&social, id, &units).await, 0);
    let letters = social.due(Timestamp::MAX);
    let told = letters.iter().map(|letter| {
        let hook: Value = serde_json::from_str(&letter.body).expect("JSON");
        assert_eq!(
            (&hook["shop_id"], &hook["type"]),
            (&json!("7495"), &json!(1))
        );
        hook["data"]["order_status"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    });
    let told: std::collections::BTreeSet<String> = told.collect();
    assert!(
        told.contains("CANCELLED") && told.contains("AWAITING_SHIPMENT"),
        "{told:?}"
    );
}

#[tokio::test]
async fn who_does_not_want_an_order_asks_and_the_seller_cancels_it() {
    let social = social();
    for _ in 0..120 {
        sell(&social);
    }
    locked(&social.ledger)
        .regret(Timestamp::MAX)
        .expect("noted");
    let mut asked = Vec::new();
    loop {
        let due = social.due(Timestamp::MAX);
        if due.is_empty() {
            break;
        }
        for letter in due {
            let hook: Value = serde_json::from_str(&letter.body).expect("JSON");
            asked.extend((hook["type"] == 11).then_some(hook));
            social.told(letter.number, true);
        }
    }
    assert!(!asked.is_empty());
    for hook in asked {
        let id = hook["data"]["order_id"]
            .as_str()
            .and_then(|id| id.parse().ok());
        let id: u64 = id.expect("an id");
        let open = order(&social, id).await;
        let state = (&open["status"], &open["is_buyer_request_cancel"]);
        assert_eq!(state, (&json!("AWAITING_SHIPMENT"), &json!(true)));
        let body = json!({ "order_id": id.to_string(), "cancel_reason": "own" });
        let path = "/return_refund/202309/cancellations";
        assert_eq!(ask(&social, path, &[], Some(body)).await["code"], 0);
        let over = order(&social, id).await;
        let state = (&over["status"], &over["is_buyer_request_cancel"]);
        assert_eq!(state, (&json!("CANCELLED"), &json!(false)));
    }
}

#[tokio::test]
async fn the_units_come_to_the_total_and_changes_are_found_page_by_page() {
    let social = social();
    for _ in 0..30 {
        sell(&social);
    }
    let stretch = json!({ "update_time_ge": 0, "update_time_lt": 9_000_000_000_i64 });
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let mut query = vec![("page_size", "20")];
        if !token.is_empty() {
            query.push(("page_token", token.as_str()));
        }
        let path = "/order/202309/orders/search";
        let page = ask(&social, path, &query, Some(stretch.clone())).await;
        found.extend(page["data"]["orders"].as_array().expect("orders").clone());
        token = page["data"]["next_page_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found.len(), 30);
    let cents = |amount: &Value| -> u64 {
        let digits = amount.as_str().expect("an amount").replace('.', "");
        digits.parse().expect("digits")
    };
    for order in found {
        let units = order["line_items"].as_array().expect("units").iter();
        let goods: u64 = units.map(|unit| cents(&unit["sale_price"])).sum();
        let shipping = cents(&order["payment"]["shipping_fee"]);
        assert_eq!(cents(&order["payment"]["total_amount"]), goods + shipping);
    }
}

#[tokio::test]
async fn what_is_offered_is_told_by_product() {
    let social = social();
    let wanted = json!({ "seller_skus": ["SKU-2"] });
    let path = "/product/202309/products/search";
    let found = ask(&social, path, &[("page_size", "100")], Some(wanted)).await;
    let product = &found["data"]["products"][0];
    let path = format!(
        "/product/202309/products/{}/inventory/update",
        product["id"].as_str().expect("an id")
    );
    let sku = &product["skus"][0]["id"];
    let told = json!({ "skus": [{ "id": sku, "inventory": [{ "quantity": 12 }] }] });
    assert_eq!(ask(&social, &path, &[], Some(told)).await["code"], 0);
    assert_eq!(locked(&social.offered).units("SKU-2"), Some(12));
    let other =
        json!({ "skus": [{ "id": wire::sku_id("SKU-1"), "inventory": [{ "quantity": 9 }] }] });
    assert_ne!(ask(&social, &path, &[], Some(other)).await["code"], 0);
}
