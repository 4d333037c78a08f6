//! Returns: what they paid out for the sale that they are of.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::sales::{inbound, read};
use super::unknown;
use crate::port::Inbound;

/// A finished return of the sale `own-sale-1` with members replaced.
fn returned(changes: &Value) -> Value {
    let mut sale = json!({
        "id": "own-return-1", "state": "closed", "attributes": [],
        "return": { "is_return": true, "original_sale_id": "own-sale-1" },
        "payments": [
            { "id": "own-back-1", "amount": -21.5, "date": "2026-03-02T10:00:00+00:00" },
            { "id": "own-back-2", "amount": -3.5, "deleted_at": "2026-03-02T10:01:00+00:00" },
            { "id": "own-back-3", "amount": "-4.00" },
            { "id": "own-paid", "amount": 7 },
        ],
    });
    if let Value::Object(changes) = changes {
        for (name, value) in changes {
            sale[name] = value.clone();
        }
    }
    sale
}

fn given(id: &str, cents: i64, at: &str) -> ChannelFact {
    let dollar = Currency::from_code("NZD").expect("a currency");
    ChannelFact::Refunded {
        reference: id.to_owned(),
        amount: Money::from_minor(cents, dollar).expect("an amount"),
        at: at.parse().ok(),
    }
}

#[test]
fn a_sale_has_the_time_of_its_change() {
    let at = |changes| inbound(changes).submission.draft.changed_at;
    assert_eq!(at(json!({})), "2026-03-01T09:31:00Z".parse().ok());
    assert_eq!(at(json!({ "updated_at": null })), None);
}

#[test]
fn a_finished_return_says_what_went_back_for_its_sale() {
    let said = Inbound::Said {
        order: "own-sale-1".to_owned(),
        facts: vec![
            given("own-back-1", 2150, "2026-03-02T10:00:00Z"),
            given("own-back-3", 400, "2026-03-01T09:30:00Z"),
        ],
    };
    assert_eq!(read(returned(&json!({}))), said);
}

#[test]
fn a_return_that_is_not_finished_or_names_no_sale_is_kept() {
    for changes in [
        json!({ "return": { "is_return": true } }),
        json!({ "return": { "is_return": true, "original_sale_id": "" } }),
        json!({ "state": "voided" }),
        json!({ "deleted_at": "2026-03-02T10:00:00+00:00" }),
        json!({ "payments": [] }),
        json!({ "state": "pending", "attributes": ["onaccount"] }),
    ] {
        let kept = read(returned(&changes));
        assert_eq!(kept, unknown("sale:return"), "{changes}");
    }
    let parked = read(returned(&json!({ "state": "parked" })));
    assert_eq!(parked, unknown("not_yet:parked"));
    let elsewhere = json!({ "source": { "outlet_id": "own-outlet-2" } });
    assert_eq!(read(returned(&elsewhere)), unknown("sale:another_outlet"));
    for bad in [
        json!({ "payments": [{ "id": "jane@example.com", "amount": -1 }] }),
        json!({ "payments": [{ "id": "own", "amount": "jane@example.com" }] }),
        json!({ "payments": [{ "id": "own", "amount": -1, "date": "jane@example.com" }] }),
    ] {
        let read = read(returned(&bad));
        let Inbound::Unreadable { reason } = read else {
            panic!("not readable: {read:?}");
        };
        assert!(!reason.contains("jane"), "{reason}");
    }
}
