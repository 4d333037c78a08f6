//! The gateway's account: what it does, does once, and remembers.

use std::path::Path;

use serde_json::Value;

use super::account::{Account, Request};
use super::calls::Call;
use crate::sim::server::Reply;

const NEW: &str = "amount=4497&currency=eur&payment_method=pm_card_visa&capture_method=manual\
                   &confirm=true&metadata[order_id]=ord_1";

fn account(book: Option<&Path>) -> Account {
    // In this seed's world the first cards are good.
    Account::open(book, 1).expect("an account")
}

fn ask(account: &mut Account, call: Call, body: &str, key: &str) -> Reply {
    account.call(&Request {
        path: "/v1/payment_intents",
        query: "query=metadata['order_id']:'ord_1'",
        call,
        body: body.as_bytes(),
        key: Some(key),
        version: None,
    })
}

fn authorize(account: &mut Account) -> String {
    let made = ask(account, Call::Create, NEW, "k1");
    assert_eq!(
        (made.status, word(&made, "status")),
        (200, "requires_capture")
    );
    word(&made, "id").to_owned()
}

fn word<'a>(reply: &'a Reply, member: &str) -> &'a str {
    reply.body[member].as_str().unwrap_or_default()
}

fn events(account: &mut Account) -> Vec<String> {
    let due = account.outbox().due(jiff::Timestamp::MAX).into_iter();
    let kinds = due.map(|letter| {
        let event: Value = serde_json::from_str(&letter.body).expect("JSON");
        event["type"].as_str().unwrap_or_default().to_owned()
    });
    kinds.collect()
}

#[test]
fn a_payment_is_authorised_captured_and_refunded_and_each_is_told() {
    let mut account = account(None);
    let id = authorize(&mut account);
    let captured = ask(
        &mut account,
        Call::Capture(id.clone()),
        "amount_to_capture=4000",
        "k2",
    );
    assert_eq!(captured.body["amount_received"], 4000);
    let again = ask(
        &mut account,
        Call::Capture(id.clone()),
        "amount_to_capture=1",
        "k3",
    );
    assert_eq!(again.status, 400);
    assert_eq!(
        again.body["error"]["code"],
        "payment_intent_unexpected_state"
    );
    let refund = format!("payment_intent={id}&amount=1500");
    assert_eq!(
        ask(&mut account, Call::Refund, &refund, "k4").body["status"],
        "succeeded"
    );
    let much = format!("payment_intent={id}&amount=2501");
    assert_eq!(ask(&mut account, Call::Refund, &much, "k5").status, 400);
    let kinds = [
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
        "charge.refunded",
    ];
    assert_eq!(events(&mut account), kinds);
    let too_late = ask(&mut account, Call::Cancel(id), "", "k6");
    assert_eq!(too_late.status, 400);
}

#[test]
fn a_key_answers_the_first_answer_again_and_nothing_is_done_twice() {
    let mut account = account(None);
    let id = authorize(&mut account);
    let again = ask(&mut account, Call::Create, NEW, "k1");
    assert_eq!(word(&again, "id"), id);
    let (name, _) = again.header.expect("a header");
    assert_eq!(name, "idempotent-replayed");
    assert_eq!(events(&mut account).len(), 1);
    let other = ask(&mut account, Call::Create, &NEW.replace("4497", "1"), "k1");
    assert_eq!(
        (other.status, other.body["error"]["type"].as_str()),
        (400, Some("idempotency_error"))
    );
    let found = ask(&mut account, Call::Search, "", "");
    assert_eq!(found.body["data"].as_array().map(Vec::len), Some(1));
}

#[test]
fn declined_cards_and_unreadable_requests_hold_no_money() {
    let mut account = account(None);
    let declined = NEW.replace("pm_card_visa", "pm_card_chargeDeclined");
    let declined = ask(&mut account, Call::Create, &declined, "k1");
    assert_eq!(
        (declined.status, declined.body["error"]["code"].as_str()),
        (402, Some("card_declined"))
    );
    let status = &declined.body["error"]["payment_intent"]["status"];
    assert_eq!(status, "requires_payment_method");
    assert_eq!(events(&mut account), ["payment_intent.payment_failed"]);
    for wrong in [
        "amount=0",
        "amount=x&currency=eur",
        "amount=1&currency=eur",
        "",
    ] {
        assert_eq!(
            ask(&mut account, Call::Create, wrong, wrong).status,
            400,
            "{wrong}"
        );
    }
    assert_eq!(
        ask(&mut account, Call::Retrieve("pi_x".to_owned()), "", "").status,
        404
    );
}

#[test]
fn the_share_of_declines_is_the_same_in_every_run_of_a_seed() {
    let run = |seed| {
        let mut account = Account::open(None, seed).expect("an account");
        let made = (0..200).map(|n| ask(&mut account, Call::Create, NEW, &format!("k{n}")).status);
        made.collect::<Vec<_>>()
    };
    let first = run(5);
    assert_eq!(first, run(5));
    assert_ne!(first, run(6));
    let declined = first.iter().filter(|status| **status == 402).count();
    assert!((1..30).contains(&declined), "{declined}");
}

#[test]
fn an_account_goes_on_from_its_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("gateway.jsonl");
    let mut first = account(Some(&path));
    let id = authorize(&mut first);
    first.told(1);
    drop(first);
    let mut second = account(Some(&path));
    assert!(events(&mut second).is_empty(), "it was told");
    let again = ask(&mut second, Call::Create, NEW, "k1");
    assert_eq!(word(&again, "id"), id);
    let next = ask(&mut second, Call::Create, NEW, "k2");
    assert_ne!(word(&next, "id"), id);
    let captured = ask(&mut second, Call::Capture(id), "", "k3");
    assert_eq!(captured.body["amount_received"], 4497);
    let kinds = [
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
    ];
    assert_eq!(events(&mut second), kinds);
}

#[test]
fn older_versions_list_the_charges_and_newer_ones_name_the_latest() {
    let mut account = account(None);
    let id = authorize(&mut account);
    let mut look = |version| {
        account.call(&Request {
            call: Call::Retrieve(id.clone()),
            path: "",
            query: "",
            body: b"",
            key: None,
            version,
        })
    };
    assert_eq!(
        look(Some("2022-08-01")).body["charges"]["data"][0]["captured"],
        false
    );
    assert_eq!(look(None).body["latest_charge"], id.replace("pi_", "ch_"));
}
