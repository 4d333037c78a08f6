//! Everything a sender can get wrong: the right refusal, pointing at the right place, nothing
//! stored, and never a 5xx.

use serde_json::{Value, json};

use crate::support::api::Reply;
use crate::support::checker;
use crate::support::orders::two_and_shipping;
use crate::support::world::World;

/// A body that is not an order at all.
struct Bytes {
    what: &'static str,
    body: Vec<u8>,
    content_type: &'static str,
    status: u16,
}

/// An order that is wrong in one place.
struct Wrong {
    what: &'static str,
    change: fn(&mut Value),
    pointer: &'static str,
    code: &'static str,
}

fn bytes(what: &'static str, body: impl Into<Vec<u8>>, status: u16) -> Bytes {
    Bytes {
        what,
        body: body.into(),
        content_type: "application/json",
        status,
    }
}

const fn wrong(
    what: &'static str,
    pointer: &'static str,
    code: &'static str,
    change: fn(&mut Value),
) -> Wrong {
    Wrong {
        what,
        change,
        pointer,
        code,
    }
}

/// Of the members that every problem has, those that are missing or wrong.
fn flaws(reply: &Reply) -> Vec<String> {
    let problem = reply.json();
    let mut flaws = Vec::new();
    let mut must = |holds: bool, flaw: &str| {
        if !holds {
            flaws.push(flaw.to_owned());
        }
    };
    let kind = reply.header("content-type");
    must(kind.starts_with("application/problem+json"), "content-type");
    let code = problem["code"].as_str().unwrap_or_default();
    must(!code.is_empty(), "code");
    must(problem["type"] == format!("/docs/errors/{code}"), "type");
    must(problem["status"] == reply.status, "status");
    for text in ["title", "detail", "request_id"] {
        must(
            problem[text].as_str().is_some_and(|text| !text.is_empty()),
            text,
        );
    }
    must(problem["retryable"].is_boolean(), "retryable");
    must(problem["errors"].is_array(), "errors");
    flaws
}

fn nested(levels: usize) -> String {
    format!("{}{}", "{\"a\":".repeat(levels), "1") + &"}".repeat(levels)
}

fn bodies() -> Vec<Bytes> {
    let order = two_and_shipping("B-1", "SKU-1").to_string();
    let large = order.replacen("A thing", &"x".repeat(1_100_000), 1);
    let mut invalid_utf8 = order.clone().into_bytes();
    invalid_utf8[20] = 0xff;
    let mut all = vec![
        bytes("empty", "", 400),
        bytes("a list", "[]", 400),
        bytes("a number", "42", 400),
        bytes("null", "null", 400),
        bytes(
            "cut in the middle",
            &order.as_bytes()[..order.len() / 2],
            400,
        ),
        bytes("two objects", format!("{order}{order}"), 400),
        bytes("not UTF-8", invalid_utf8, 400),
        bytes("deeper than 32", nested(40), 400),
        bytes("much deeper", nested(20_000), 400),
        bytes("over 1 MiB", large, 413),
        bytes("an empty object", "{}", 422),
    ];
    for content_type in ["text/plain", "application/x-www-form-urlencoded"] {
        let mut body = bytes("another media type", order.clone(), 415);
        body.content_type = content_type;
        all.push(body);
    }
    all
}

const ORDERS: &[Wrong] = &[
    wrong(
        "total off by a cent",
        "/stated_total",
        "total_mismatch",
        |o| {
            o["stated_total"] = "44.98".into();
        },
    ),
    wrong("amount as a number", "/stated_total", "", |o| {
        o["stated_total"] = json!(44.97);
    }),
    wrong("price as a number", "/lines/0/unit_price", "", |o| {
        o["lines"][0]["unit_price"] = json!(19.99);
    }),
    wrong("quantity as a number", "/lines/0/quantity", "", |o| {
        o["lines"][0]["quantity"] = json!(2);
    }),
    wrong("quantity zero", "/lines/0/quantity", "", |o| {
        o["lines"][0]["quantity"] = "0".into();
    }),
    wrong("quantity below zero", "/lines/0/quantity", "", |o| {
        o["lines"][0]["quantity"] = "-2".into();
    }),
    wrong("quantity no number", "/lines/0/quantity", "", |o| {
        o["lines"][0]["quantity"] = "two".into();
    }),
    wrong("quantity beyond measure", "/lines/0/quantity", "", |o| {
        o["lines"][0]["quantity"] = "9".repeat(60).into();
    }),
    wrong("price below zero", "/lines/0/unit_price", "", |o| {
        o["lines"][0]["unit_price"] = "-19.99".into();
    }),
    wrong(
        "price with seven decimals",
        "/lines/0/unit_price",
        "",
        |o| {
            o["lines"][0]["unit_price"] = "19.9900001".into();
        },
    ),
    wrong("cents of a cent", "/stated_total", "", |o| {
        o["stated_total"] = "44.970001".into();
    }),
    wrong("exponent notation", "/stated_total", "", |o| {
        o["stated_total"] = "4497e-2".into();
    }),
    wrong("no currency", "/currency", "", |o| {
        o.as_object_mut().unwrap().remove("currency");
    }),
    wrong("no such currency", "/currency", "", |o| {
        o["currency"] = "EUX".into();
    }),
    wrong("no external id", "/external_id", "", |o| {
        o["external_id"] = "".into();
    }),
    wrong("external id null", "/external_id", "", |o| {
        o["external_id"] = Value::Null;
    }),
    wrong("NUL in the external id", "/external_id", "", |o| {
        o["external_id"] = "B\u{0}1".into();
    }),
    wrong("NUL in a name", "/customer/name", "", |o| {
        o["customer"]["name"] = "A\u{0}da".into();
    }),
    wrong("NUL in a SKU", "/lines/0/sku", "", |o| {
        o["lines"][0]["sku"] = "SKU\u{0}".into();
    }),
    wrong("unknown channel", "/channel", "unknown_channel", |o| {
        o["channel"] = "ebay".into();
    }),
    wrong(
        "a channel of another kind",
        "/channel",
        "unknown_channel",
        |o| {
            o["channel"] = "shop-de".into();
        },
    ),
    wrong("unknown member", "/surprise", "", |o| {
        o["surprise"] = true.into();
    }),
    wrong("unknown member of a line", "/lines/0/colour", "", |o| {
        o["lines"][0]["colour"] = "red".into();
    }),
    wrong("no lines", "/lines", "", |o| o["lines"] = json!([])),
    wrong("lines are an object", "/lines", "", |o| {
        o["lines"] = json!({});
    }),
    wrong("two lines with one id", "/lines/1/external_id", "", |o| {
        let line = o["lines"][0].clone();
        o["lines"].as_array_mut().unwrap().push(line);
    }),
    wrong("no SKU", "/lines/0/sku", "", |o| {
        o["lines"][0].as_object_mut().unwrap().remove("sku");
    }),
    wrong("a time without a zone", "/placed_at", "", |o| {
        o["placed_at"] = "2026-11-20 09:00:00".into();
    }),
    wrong("no payment", "/payment", "", |o| {
        o.as_object_mut().unwrap().remove("payment");
    }),
    wrong("unknown gateway", "/payment/gateway", "", |o| {
        o["payment"]["gateway"] = "adyen-eu".into();
    }),
    wrong("unknown terms", "/payment/terms", "", |o| {
        o["payment"]["terms"] = "barter".into();
    }),
    wrong("weight as text", "/lines/0/weight_g", "", |o| {
        o["lines"][0]["weight_g"] = "400".into();
    }),
    wrong("unknown tax mode", "/tax_mode", "", |o| {
        o["tax_mode"] = "maybe".into();
    }),
    wrong("shipping below zero", "/shipping/0/amount", "", |o| {
        o["shipping"][0]["amount"] = "-4.99".into();
    }),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_order_is_refused_where_it_is_wrong_and_not_stored() {
    let world = World::start().await;
    let before = checker::rows(&world.audit).await;
    let mut complaints = Vec::new();
    for case in bodies() {
        let headers = [("content-type", case.content_type)];
        let reply = world
            .api
            .post_bytes("/v1/orders", &headers, case.body)
            .await;
        if reply.status != case.status {
            let line = format!("{}: {} instead of {}", case.what, reply.status, case.status);
            complaints.push(line);
        }
        complaints.extend(
            flaws(&reply)
                .iter()
                .map(|flaw| format!("{}: {flaw}", case.what)),
        );
    }
    for case in ORDERS {
        let mut order = two_and_shipping("B-1", "SKU-1");
        (case.change)(&mut order);
        let reply = world.api.post("/v1/orders", &order).await;
        let problem = reply.json();
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let pointed = errors.iter().any(|error| {
            let code = case.code.is_empty() || error["code"] == case.code;
            error["pointer"] == case.pointer && code
        });
        if reply.status != 422 || !pointed {
            complaints.push(format!("{}: {} {problem}", case.what, reply.status));
        }
        complaints.extend(
            flaws(&reply)
                .iter()
                .map(|flaw| format!("{}: {flaw}", case.what)),
        );
    }
    assert_eq!(complaints, Vec::<String>::new());
    assert_eq!(checker::rows(&world.audit).await, before);
    // The hub has not caught anything from all that.
    world.api.place(&two_and_shipping("B-1", "SKU-1")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_paths_and_methods_get_their_own_answers() {
    let world = World::start().await;
    let api = &world.api;
    let order = api.place(&two_and_shipping("B-2", "SKU-1")).await;
    api.until_stage(&order, &["rejected"]).await;
    let reader = world.hub.make_key("reader", "events:read");
    let before = checker::rows(&world.audit).await;

    let body = two_and_shipping("B-3", "SKU-1");
    let unknown = api.with_key(Some("ohk_nobody_has_this_key"));
    let scoped = api.with_key(Some(&reader));
    let nowhere = "/v1/orders/ord_00000000000000000000000000000000";
    let cancel = format!("/v1/orders/{order}/actions/cancel");
    let stock = "/v1/inventory/BER1/SKU-1";
    let replies = [
        (
            "no key",
            401,
            api.with_key(None).post("/v1/orders", &body).await,
        ),
        ("unknown key", 401, unknown.post("/v1/orders", &body).await),
        (
            "no scope for orders",
            403,
            scoped.post("/v1/orders", &body).await,
        ),
        (
            "no scope for stock",
            403,
            scoped.put(stock, &json!({"on_hand": 1})).await,
        ),
        (
            "no scope for actions",
            403,
            scoped.post(&cancel, &json!({"reason": "x"})).await,
        ),
        ("no such order", 404, api.get(nowhere).await),
        ("no order id", 404, api.get("/v1/orders/42").await),
        ("no such path", 404, api.get("/v1/nothing").await),
        (
            "no such location",
            404,
            api.put("/v1/inventory/NOPE/S", &json!({"on_hand": 1}))
                .await,
        ),
        (
            "no such fulfilment",
            404,
            api.post("/v1/fulfilments/ful_x_1/accept", &json!({})).await,
        ),
        ("another method", 405, api.put("/v1/orders", &body).await),
        (
            "count below zero",
            422,
            api.put(stock, &json!({"on_hand": -1})).await,
        ),
        (
            "count as text",
            422,
            api.put(stock, &json!({"on_hand": "1"})).await,
        ),
        (
            "count as a fraction",
            422,
            api.put(stock, &json!({"on_hand": 1.5})).await,
        ),
        (
            "count beyond measure",
            422,
            api.put(stock, &json!({"on_hand": u64::MAX})).await,
        ),
        ("no count", 422, api.put(stock, &json!({})).await),
        (
            "too late to cancel",
            409,
            api.post(&cancel, &json!({"reason": "x"})).await,
        ),
    ];
    let mut complaints = Vec::new();
    for (what, status, reply) in &replies {
        if reply.status != *status {
            complaints.push(format!("{what}: {} instead of {status}", reply.status));
        }
        complaints.extend(flaws(reply).iter().map(|flaw| format!("{what}: {flaw}")));
    }
    let stale = [("if-match", "\"1\"")];
    let hold = format!("/v1/orders/{order}/actions/hold");
    let stale = api.post_bytes(&hold, &stale, r#"{"reason":"x"}"#).await;
    assert_eq!(
        (stale.status, stale.code().as_str()),
        (412, "stale_version")
    );
    assert_eq!(complaints, Vec::<String>::new());
    assert_eq!(checker::rows(&world.audit).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_needs_no_key_on_either_address() {
    let world = World::start().await;
    for path in ["/livez", "/readyz", "/startupz"] {
        world.api.with_key(None).get(path).await.expect(200);
        world.hub.admin().get(path).await.expect(200);
    }
}
