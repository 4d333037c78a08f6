//! Canonical orders: what is taken, and that every fault is named where it stands.

use std::collections::BTreeSet;

use orderhub_domain::canonical::{CaptureMode, FulfilledBy, FundedBy, Terms};
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};

use super::{OrderError, ParsedOrder, parse};
use crate::canonical::canonical_hash;

const ORDER: &str = include_str!("fixtures/order.json");

fn gateways(slug: &Slug) -> Option<CaptureMode> {
    match slug.as_str() {
        "stripe-eu" => Some(CaptureMode::Once),
        "many" => Some(CaptureMode::Many),
        _ => None,
    }
}

fn valid() -> Value {
    serde_json::from_str(ORDER).expect("JSON")
}

/// The order with the value at each pointer replaced, or taken out by `null`.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut order = valid();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        let parent = order.pointer_mut(parent).expect("a parent");
        match (parent, value) {
            (Value::Object(members), Value::Null) => {
                members.remove(name);
            }
            (Value::Object(members), value) => {
                members.insert(name.to_owned(), value.clone());
            }
            (parent, value) => parent[name.parse::<usize>().expect("an index")] = value.clone(),
        }
    }
    order
}

fn read(order: &Value) -> Result<ParsedOrder, OrderError> {
    parse(&serde_json::to_vec(order).expect("JSON"), &gateways)
}

fn taken(changes: &[(&str, Value)]) -> ParsedOrder {
    read(&with(changes)).expect("an order")
}

/// What is wrong, as (pointer, code).
fn faults(changes: &[(&str, Value)]) -> BTreeSet<(String, &'static str)> {
    match read(&with(changes)) {
        Err(OrderError::Invalid(found)) => {
            assert!(found.iter().all(|violation| !violation.hint.is_empty()));
            found
                .into_iter()
                .map(|violation| (violation.pointer, violation.code))
                .collect()
        }
        other => panic!("{changes:?} is not refused: {other:?}"),
    }
}

fn only_fault(pointer: &str, value: impl Into<Value>, at: &str, code: &'static str) {
    let value = value.into();
    let found = faults(&[(pointer, value.clone())]);
    let expected = BTreeSet::from([(at.to_owned(), code)]);
    assert_eq!(found, expected, "{pointer} = {value}");
}

#[test]
fn an_order_is_taken_as_it_is() {
    let parsed = parse(ORDER.as_bytes(), &gateways).expect("an order");
    assert_eq!(parsed.channel.as_str(), "web");
    assert_eq!(Ok(parsed.body_hash), canonical_hash(ORDER.as_bytes()));
    let draft = &parsed.submission.draft;
    assert_eq!(draft.external_id, "W-1001");
    assert_eq!(draft.stated_total, draft.totals().grand);
    assert_eq!(draft.destination.as_deref(), Some("DE"));
    let line = &draft.lines[0];
    assert_eq!(
        (line.weight_g, line.fulfilled_by),
        (Some(400), FulfilledBy::Us)
    );
    assert_eq!(line.discounts[0].funded_by, FundedBy::Seller);
    let Terms::ToAuthorize { gateway, token, .. } = &draft.tenders[0].terms else {
        panic!("to be authorised");
    };
    assert_eq!((gateway.as_str(), token.as_str()), ("stripe-eu", "pm_own"));
    let text = serde_json::to_string(draft).expect("JSON");
    assert!(
        !text.contains("Jane"),
        "personal data stands beside the draft"
    );
    assert_eq!(
        parsed.submission.private.attributes["exact"],
        "0.10000000000000000001"
    );
}

#[test]
fn what_is_optional_may_be_missing() {
    for pointer in [
        "/number",
        "/test",
        "/ship_to",
        "/bill_to",
        "/pickup_location",
        "/attributes",
        "/ship_to/region",
        "/ship_to/phone",
        "/customer/email",
        "/lines/0/weight_g",
        "/lines/0/taxes",
        "/lines/0/fulfilled_by",
        "/fees",
        "/shipping/0/taxes",
    ] {
        taken(&[(pointer, Value::Null)]);
    }
    taken(&[("/customer", json!({}))]);
    taken(&[("/ship_to/postcode", json!(""))]);
}

#[test]
fn what_is_required_is_asked_for_where_it_belongs() {
    for pointer in [
        "/channel",
        "/external_id",
        "/placed_at",
        "/currency",
        "/tax_mode",
        "/customer",
        "/lines",
        "/payment",
        "/stated_total",
        "/lines/0/external_id",
        "/lines/0/sku",
        "/lines/0/title",
        "/lines/0/quantity",
        "/lines/0/unit_price",
        "/payment/terms",
        "/payment/gateway",
        "/payment/token",
        "/ship_to/name",
        "/ship_to/lines",
        "/ship_to/city",
        "/ship_to/postcode",
        "/ship_to/country",
        "/shipping/0/title",
        "/shipping/0/amount",
    ] {
        only_fault(pointer, Value::Null, pointer, "required");
    }
    only_fault("/lines", json!([]), "/lines", "required");
    only_fault("/external_id", json!("  "), "/external_id", "required");
}

#[test]
fn unknown_members_are_refused_at_every_level() {
    for pointer in [
        "/colour",
        "/customer/age",
        "/ship_to/planet",
        "/lines/0/price",
        "/payment/iban",
        "/lines/0/discounts/0/percent",
        "/lines/0/taxes/0/country",
        "/shipping/0/carrier",
    ] {
        only_fault(pointer, json!("x"), pointer, "unknown_field");
    }
    only_fault("/a~1b", json!(1), "/a~01b", "unknown_field");
}

#[test]
fn decimals_are_texts_and_plain() {
    for pointer in [
        "/stated_total",
        "/lines/0/quantity",
        "/lines/0/unit_price",
        "/lines/0/taxes/0/rate",
        "/lines/0/taxes/0/amount",
        "/lines/0/discounts/0/amount",
        "/shipping/0/amount",
    ] {
        only_fault(pointer, json!(2), pointer, "decimal_as_number");
        only_fault(pointer, json!(true), pointer, "wrong_type");
        for odd in [
            "", " 2", "+2", "2.", ".5", "1e2", "2,00", "0x2", "NaN", "--2", "٢",
        ] {
            only_fault(pointer, json!(odd), pointer, "bad_decimal");
        }
        only_fault(pointer, json!("9".repeat(40)), pointer, "out_of_range");
    }
}

#[test]
fn amounts_have_their_currencys_decimals_and_are_never_negative() {
    for pointer in [
        "/stated_total",
        "/shipping/0/amount",
        "/lines/0/discounts/0/amount",
    ] {
        only_fault(pointer, json!("4.991"), pointer, "wrong_exponent");
        only_fault(pointer, json!("-4.99"), pointer, "negative");
        only_fault(
            pointer,
            json!("9999999999999999.00"),
            pointer,
            "out_of_range",
        );
    }
    let price = "/lines/0/unit_price";
    only_fault(price, json!("19.9900001"), price, "too_precise");
    only_fault(price, json!("-19.99"), price, "negative");
    taken(&[(price, json!("19.990000"))]);
    only_fault(
        "/stated_total",
        json!("40.970"),
        "/stated_total",
        "wrong_exponent",
    );
    let yen = faults(&[("/currency", json!("JPY"))]);
    assert!(
        yen.contains(&("/stated_total".to_owned(), "wrong_exponent")),
        "{yen:?}"
    );
}

#[test]
fn quantities_are_above_zero_and_whole_where_stock_is_touched() {
    let at = "/lines/0/quantity";
    for (text, code) in [
        ("0", "not_positive"),
        ("-1", "not_positive"),
        ("0.0000001", "too_precise"),
        ("2000000000", "out_of_range"),
    ] {
        only_fault(at, json!(text), at, code);
    }
    let half = faults(&[(at, json!("1.5"))]);
    assert!(half.contains(&(at.to_owned(), "not_whole")), "{half:?}");
    // A service by the hour has no stock; 1.5 x 19.99 less 4.00, and 4.99: 30.98 with its half cent.
    taken(&[
        (at, json!("1.5")),
        ("/lines/0/fulfilled_by", json!("nobody")),
        ("/lines/0/sku", Value::Null),
        ("/stated_total", json!("30.98")),
    ]);
}

#[test]
fn wrong_arithmetic_is_a_mismatch_in_both_tax_modes() {
    only_fault(
        "/stated_total",
        json!("40.98"),
        "/stated_total",
        "total_mismatch",
    );
    only_fault(
        "/stated_total",
        json!("40.96"),
        "/stated_total",
        "total_mismatch",
    );
    let on_top = [
        ("/tax_mode", json!("exclusive")),
        ("/lines/0/taxes/0/included", json!(false)),
    ];
    assert!(faults(&on_top).contains(&("/stated_total".to_owned(), "total_mismatch")));
    let right = [&on_top[..], &[("/stated_total", json!("46.71"))]].concat();
    taken(&right);
    taken(&[
        ("/discounts", json!([{"amount": "1.00"}])),
        ("/fees", json!([{"title": "Wrap", "amount": "2.00"}])),
        ("/stated_total", json!("41.97")),
    ]);
}

#[test]
fn a_line_cannot_cost_less_than_nothing() {
    let found = faults(&[("/lines/0/discounts/0/amount", json!("40.00"))]);
    assert!(
        found.contains(&("/lines/0/discounts".to_owned(), "too_large")),
        "{found:?}"
    );
}

#[test]
fn words_codes_and_times_are_checked() {
    only_fault("/currency", json!("EURO"), "/currency", "unknown_currency");
    only_fault("/currency", json!("eur"), "/currency", "unknown_currency");
    only_fault("/tax_mode", json!("gross"), "/tax_mode", "unknown_word");
    only_fault("/channel", json!("Web Shop"), "/channel", "bad_slug");
    only_fault(
        "/ship_to/country",
        json!("Germany"),
        "/ship_to/country",
        "unknown_country",
    );
    only_fault(
        "/ship_to/country",
        json!("UK"),
        "/ship_to/country",
        "unknown_country",
    );
    only_fault(
        "/bill_to",
        json!({"country": "de"}),
        "/bill_to/country",
        "unknown_country",
    );
    only_fault(
        "/lines/0/fulfilled_by",
        json!("elves"),
        "/lines/0/fulfilled_by",
        "unknown_word",
    );
    only_fault("/test", json!("yes"), "/test", "wrong_type");
    for odd in [
        "2026-11-20",
        "2026-11-20T09:00:00",
        "1763629200",
        "1970-01-01T00:00:00Z",
        "soon",
    ] {
        only_fault("/placed_at", json!(odd), "/placed_at", "bad_time");
    }
    taken(&[("/placed_at", json!("2026-11-20T10:00:00.123456789+01:00"))]);
}

#[test]
fn weights_are_whole_numbers_however_spelled() {
    let at = "/lines/0/weight_g";
    for odd in [
        json!(-1),
        json!(1.5),
        json!("400"),
        json!(4_000_000_000_u64),
        json!([]),
    ] {
        only_fault(at, odd, at, "not_a_count");
    }
    let spelled = ORDER.replace("\"weight_g\": 400", "\"weight_g\": 4.0e2");
    let parsed = parse(spelled.as_bytes(), &gateways).expect("an order");
    assert_eq!(parsed.submission.draft.lines[0].weight_g, Some(400));
    let plain = parse(ORDER.as_bytes(), &gateways).expect("an order");
    assert_eq!(parsed.body_hash, plain.body_hash);
}

#[test]
fn a_line_says_to_customs_what_it_is_and_where_it_was_made() {
    let stated = |more: &str| {
        let text = ORDER.replace("\"weight_g\": 400", &format!("\"weight_g\": 400, {more}"));
        parse(text.as_bytes(), &gateways)
    };
    let parsed = stated(r#""hs_code": "691200", "origin_country": "PT""#).expect("an order");
    let customs = parsed.submission.draft.lines[0].customs.clone();
    let customs = customs.expect("it says something");
    assert_eq!(customs.hs_code.as_deref(), Some("691200"));
    assert_eq!(customs.origin.as_deref(), Some("PT"));
    let plain = parse(ORDER.as_bytes(), &gateways).expect("an order");
    assert_eq!(plain.submission.draft.lines[0].customs, None);
    for (wrong, at, code) in [
        (
            r#""hs_code": "6912.00""#,
            "/lines/0/hs_code",
            "invalid_value",
        ),
        (r#""hs_code": "6912""#, "/lines/0/hs_code", "invalid_value"),
        (
            r#""origin_country": "XX""#,
            "/lines/0/origin_country",
            "unknown_country",
        ),
    ] {
        let Err(OrderError::Invalid(found)) = stated(wrong) else {
            panic!("{wrong} is taken");
        };
        assert_eq!((found[0].pointer.as_str(), found[0].code), (at, code));
    }
}

#[test]
fn line_ids_are_unique() {
    let line = valid()["lines"][0].clone();
    let found = faults(&[
        ("/lines", json!([line, line])),
        ("/stated_total", json!("76.95")),
    ]);
    assert_eq!(
        found,
        BTreeSet::from([("/lines/1/external_id".to_owned(), "duplicate")])
    );
}

#[test]
fn texts_and_lists_have_ends() {
    only_fault(
        "/external_id",
        json!("x".repeat(256)),
        "/external_id",
        "too_long",
    );
    only_fault(
        "/lines/0/title",
        json!("x".repeat(1001)),
        "/lines/0/title",
        "too_long",
    );
    only_fault(
        "/ship_to/lines",
        json!(vec!["x"; 11]),
        "/ship_to/lines",
        "too_many",
    );
    only_fault(
        "/ship_to/lines/0",
        json!("x".repeat(256)),
        "/ship_to/lines/0",
        "too_long",
    );
    let line = valid()["lines"][0].clone();
    let found = faults(&[("/lines", json!(vec![line; 1001]))]);
    assert!(found.contains(&("/lines".to_owned(), "too_many")));
}

#[test]
fn nul_characters_are_found_everywhere() {
    for pointer in [
        "/external_id",
        "/customer/name",
        "/lines/0/title",
        "/attributes/deep/0/note",
    ] {
        let found = faults(&[
            ("/attributes", json!({"deep": [{"note": "x"}]})),
            (pointer, json!("a\u{0}b")),
        ]);
        assert_eq!(
            found,
            BTreeSet::from([(pointer.to_owned(), "nul_character")])
        );
    }
    let found = faults(&[("/attributes", json!({"a\u{0}": 1}))]);
    assert_eq!(
        found,
        BTreeSet::from([("/attributes".to_owned(), "nul_character")])
    );
}

#[test]
fn card_numbers_are_found_everywhere_and_never_repeated() {
    let card = "4242 4242-4242 4242";
    for pointer in [
        "/payment/token",
        "/customer/name",
        "/lines/0/title",
        "/attributes/x",
    ] {
        let order = with(&[(pointer, json!(format!("see {card}!")))]);
        let Err(OrderError::Invalid(found)) = read(&order) else {
            panic!("{pointer} is refused");
        };
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].pointer.as_str(), found[0].code),
            (pointer, "card_data_not_allowed")
        );
        assert!(!format!("{found:?}").contains("4242"));
    }
    let number = ORDER.replace("0.10000000000000000001", "4242424242424242");
    assert!(parse(number.as_bytes(), &gateways).is_err());
    let Err(OrderError::Invalid(found)) = read(&with(&[("/4242424242424242", json!(1))])) else {
        panic!("a name is refused too");
    };
    assert!(!format!("{found:?}").contains("4242"));
}

#[test]
fn a_member_that_stands_twice_is_refused_where_it_stands() {
    let twice = ORDER.replace("\"city\":", "\"city\": \"Bonn\", \"city\":");
    let Err(OrderError::Invalid(found)) = parse(twice.as_bytes(), &gateways) else {
        panic!("it has no one meaning");
    };
    assert_eq!(
        (found[0].pointer.as_str(), found[0].code),
        ("/ship_to/city", "duplicate_member")
    );
}

#[test]
fn all_terms_of_payment_are_understood() {
    let terms =
        |payment: Value| taken(&[("/payment", payment)]).submission.draft.tenders[0].clone();
    assert_eq!(terms(json!({"terms": "invoice"})).terms, Terms::Invoice);
    assert_eq!(
        terms(json!({"terms": "on_delivery"})).terms,
        Terms::OnDelivery
    );
    let prepaid = terms(json!({"terms": "prepaid", "reference": "R-1"}));
    assert_eq!(
        prepaid.terms,
        Terms::Prepaid {
            reference: Some("R-1".to_owned())
        }
    );
    assert_eq!(prepaid.amount.amount().to_string(), "40.97");
    let authorized = json!({"terms": "authorized", "gateway": "many", "reference": "pi_1",
        "amount": "50.00", "expires_at": "2026-11-27T09:00:00Z"});
    let authorized = terms(authorized);
    assert_eq!(
        authorized.amount.amount().to_string(),
        "40.97",
        "the order owes no more"
    );
    assert!(matches!(
        authorized.terms,
        Terms::Authorized {
            capture: CaptureMode::Many,
            ..
        }
    ));
}

#[test]
fn faulty_terms_are_named() {
    only_fault(
        "/payment/terms",
        json!("cash"),
        "/payment/terms",
        "unknown_word",
    );
    only_fault(
        "/payment/gateway",
        json!("acme"),
        "/payment/gateway",
        "unknown_gateway",
    );
    only_fault("/payment", json!("invoice"), "/payment", "wrong_type");
    let token = json!({"terms": "invoice", "token": "pm_1"});
    only_fault("/payment", token, "/payment/token", "unknown_field");
    let short =
        json!({"terms": "authorized", "gateway": "many", "reference": "r", "amount": "40.96"});
    only_fault("/payment", short, "/payment/amount", "tenders_mismatch");
}

#[test]
fn several_tenders_add_up() {
    let split = |one: &str, other: &str| {
        json!({"tenders": [
            {"terms": "to_authorize", "gateway": "stripe-eu", "token": "pm_1", "amount": one},
            {"terms": "prepaid", "amount": other},
        ]})
    };
    let order = taken(&[("/payment", split("30.00", "10.97"))])
        .submission
        .draft;
    let amounts: Vec<_> = order
        .tenders
        .iter()
        .map(|t| t.amount.amount().to_string())
        .collect();
    assert_eq!(amounts, ["30.00", "10.97"]);
    only_fault(
        "/payment",
        split("30.00", "10.98"),
        "/payment/tenders",
        "tenders_mismatch",
    );
    only_fault(
        "/payment",
        json!({"tenders": []}),
        "/payment/tenders",
        "required",
    );
    let amountless = json!({"tenders": [{"terms": "invoice"}]});
    only_fault(
        "/payment",
        amountless,
        "/payment/tenders/0/amount",
        "required",
    );
    let both = json!({"tenders": [{"terms": "invoice", "amount": "40.97"}], "terms": "invoice"});
    only_fault("/payment", both, "/payment/terms", "unknown_field");
}

#[test]
fn one_answer_names_every_fault() {
    let found = faults(&[
        ("/currency", Value::Null),
        ("/colour", json!("red")),
        ("/lines/0/quantity", json!(2)),
        ("/ship_to/country", json!("XX")),
        ("/payment/gateway", json!("acme")),
        ("/placed_at", json!("soon")),
        ("/external_id", Value::Null),
    ]);
    let codes: BTreeSet<_> = found.iter().map(|(_, code)| *code).collect();
    let expected = [
        "bad_time",
        "decimal_as_number",
        "required",
        "unknown_country",
        "unknown_field",
        "unknown_gateway",
    ];
    assert_eq!(codes, BTreeSet::from(expected), "{found:?}");
    let both = faults(&[
        ("/stated_total", json!("1.00")),
        ("/external_id", Value::Null),
    ]);
    let expected = [
        ("/external_id", "required"),
        ("/stated_total", "total_mismatch"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code));
    assert_eq!(both, BTreeSet::from(expected));
}

#[test]
fn what_is_no_json_object_is_another_kind_of_error() {
    let deep = format!("{{\"attributes\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for body in [
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "1",
        "{",
        "{\"a\":1}x",
        "<order/>",
        &deep,
    ] {
        let answer = parse(body.as_bytes(), &gateways);
        assert!(
            matches!(answer, Err(OrderError::NotAnObject { .. })),
            "{body:?}: {answer:?}"
        );
    }
    assert!(matches!(
        parse(b"{\"a\":\"\xff\"}", &gateways),
        Err(OrderError::NotAnObject { .. })
    ));
    assert!(matches!(
        parse(b"{}", &gateways),
        Err(OrderError::Invalid(_))
    ));
}

#[test]
fn the_direct_channel_believes_no_webhook() {
    use crate::port::{Forged, RawRequest};
    use crate::settings::Settings;
    let channel = crate::sales::connect("direct", &Settings::new("web".into()));
    let channel = channel.expect("a connection without any secret");
    let headers = http::HeaderMap::new();
    let refused = channel.verify(&RawRequest {
        headers: &headers,
        body: b"{}",
        url: "",
        received_at: jiff::Timestamp::UNIX_EPOCH,
    });
    assert_eq!(refused, Err(Forged::Missing));
    assert!(channel.is_live());
}
