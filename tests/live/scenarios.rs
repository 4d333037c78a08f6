//! Acceptance scenarios against the running hub, at reduced size, as far as no other file here plays
//! them: payments that race the end of a promise, reports in any order, three cards' worth of rounding,
//! and locations that refuse one after the other. At full size they are played without a process, in
//! the domain's tests.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::stripe::Applied;
use crate::support::journey;
use crate::support::orders::{authorized_elsewhere, one_unit};
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// Work that a location was asked for and that did not end: its id and where it is.
async fn open_work(world: &World, order: &str, count: usize) -> Vec<(String, String)> {
    let over = ["planned", "rejected", "unanswered", "cancelled"];
    let what = format!("{order} has {count} pieces of work");
    until(&what, SOON, || async {
        let shown = world.api.order(order).await;
        let all = shown["fulfilments"].as_array()?.iter();
        let open = all.filter(|one| !over.contains(&one["stage"].as_str().unwrap_or_default()));
        let named = |one: &Value| {
            let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
            (text("id"), text("location"))
        };
        let open: Vec<_> = open.map(named).collect();
        (open.len() == count).then_some(open)
    })
    .await
}

/// Scenario 3: the authorisation lands when the promise of the units ends, and others wait for them.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_3_a_payment_that_lands_when_the_promise_ends_is_kept_with_units_or_given_back() {
    const UNITS: u32 = 60;
    const IN_LINE: u32 = 30;
    let world =
        World::start_under("\n[policy]\nreservation_ttl = \"3s\"\nreservation_extensions = 0\n")
            .await;
    world.api.count("BER1", "SKU-1", UNITS.into()).await;
    let late = |ms| Fault::Delay(Duration::from_millis(ms));
    let around = [1_500, 2_900, 3_000, 3_100, 4_500].map(late);
    world.stripe.faults.mix(Call::Authorize, 20, &around);
    let place = async |drafts: Vec<Value>| {
        let mut placed = JoinSet::new();
        for draft in drafts {
            let api = world.api.clone();
            placed.spawn(async move { api.place(&draft).await });
        }
        placed.join_all().await
    };
    let paid_late = (0..UNITS).map(|number| one_unit(&format!("E-{number}"), "SKU-1"));
    let paid_late = place(paid_late.collect()).await;
    until("every late payment is under way", SOON, || async {
        (world.stripe.faults.struck() >= UNITS).then_some(())
    })
    .await;
    world.stripe.faults.heal();
    let in_line = (0..IN_LINE).map(|number| one_unit(&format!("L-{number}"), "SKU-1"));
    let in_line = place(in_line.collect()).await;
    let (mut kept, mut ended) = (0, 0);
    for order in &paid_late {
        let what = format!("{order} has its units and its money, or neither");
        let has_both = until(&what, AFTER_A_CRASH, || async {
            let shown = world.api.order(order).await;
            let book = world.stripe.book_of(order);
            let silent = shown["outstanding"] == json!([]);
            match shown["stage"].as_str()? {
                "fulfilling" => (book == [(Applied::Authorized, 1999)]).then_some(true),
                // One that was opened again for its late money and found no units is rejected.
                "expired" | "rejected" => {
                    let released = [(Applied::Authorized, 1999), (Applied::Canceled, 1999)];
                    // Some expire before their turn at the gateway has come.
                    let neither = book.is_empty() || book == released;
                    (silent && neither).then_some(false)
                }
                _ => None,
            }
        })
        .await;
        *(if has_both { &mut kept } else { &mut ended }) += 1;
    }
    let mut served = 0;
    for order in &in_line {
        let stages = ["fulfilling", "rejected"];
        let shown = world
            .api
            .until_stage_within(order, &stages, AFTER_A_CRASH)
            .await;
        served += i64::from(shown["stage"] == "fulfilling");
    }
    eprintln!("{kept} were kept and {ended} ended; {served} in line were served");
    assert!(kept > 0 && ended > 0 && served > 0, "no race");
    let counters = checker::counters(&world.audit, "BER1", "SKU-1").await;
    assert_eq!(counters, (UNITS.into(), 0, kept + served));
    checker::at_rest(&world.audit, 1).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

/// What the gateway tells of one payment: set aside, taken in two parts, a part given back, a dispute and its
/// end.
fn told_of(payment: &str) -> Vec<Value> {
    let charge = payment.replacen("pi_", "ch_", 1);
    let intent = json!({
        "id": payment, "object": "payment_intent", "amount": 10_000, "currency": "eur",
        "amount_capturable": 10_000, "amount_received": 0, "capture_method": "manual",
        "latest_charge": charge, "metadata": {}, "status": "requires_capture",
    });
    let charged = |captured: i64, refunded: i64| {
        json!({
            "id": charge, "object": "charge", "amount": 10_000, "amount_captured": captured,
            "amount_refunded": refunded, "captured": true, "currency": "eur", "metadata": {},
            "paid": true, "payment_intent": payment, "refunded": false, "status": "succeeded",
        })
    };
    let dispute = |status: &str| {
        json!({
            "id": payment.replacen("pi_", "dp_", 1), "object": "dispute", "amount": 3_000,
            "charge": charge, "currency": "eur", "metadata": {}, "payment_intent": payment,
            "reason": "product_not_received", "status": status,
            "evidence_details": { "due_by": 1_900_000_000 },
        })
    };
    let about = [
        ("payment_intent.amount_capturable_updated", intent),
        ("charge.captured", charged(4_000, 0)),
        ("charge.captured", charged(10_000, 0)),
        ("charge.refunded", charged(10_000, 1_000)),
        ("charge.dispute.created", dispute("needs_response")),
        ("charge.dispute.closed", dispute("won")),
    ];
    let events = about
        .into_iter()
        .enumerate()
        .map(|(place, (kind, object))| {
            json!({
                "id": format!("evt_{payment}_{place}"), "object": "event", "livemode": false,
                "api_version": "2024-06-20", "created": 1_800_000_000 + place, "type": kind,
                "pending_webhooks": 1, "data": { "object": object },
            })
        });
    events.collect()
}

/// The permutation of six things with this number, of 720.
fn permuted(mut number: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..6).collect();
    let mut order = Vec::new();
    for radix in (1..=6).rev() {
        order.push(left.remove(number % radix));
        number /= radix;
    }
    order
}

/// Scenario 5: some of the 720 orders of six reports, each report twice: one after the other, or all of them once
/// more when all have come.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_5_reports_of_a_payment_come_in_any_order_and_twice_and_one_state_comes_of_it() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    let mut seen: Option<(Value, Vec<(String, String)>)> = None;
    // A step that shares no factor with what the numbers are made of, so that every report comes in every place.
    for number in (0..720).step_by(31) {
        let payment = format!("pi_perm{number}");
        let mut order = authorized_elsewhere(&format!("P-{number}"), "SKU-1", &payment);
        order["lines"][0]["unit_price"] = "100.00".into();
        order["lines"][0]["taxes"][0]["amount"] = "15.97".into();
        order["stated_total"] = "100.00".into();
        order["payment"]["amount"] = "100.00".into();
        let order = world.api.place(&order).await;
        world.api.until_stage(&order, &["fulfilling"]).await;
        let events = told_of(&payment);
        let once = permuted(number);
        let all: Vec<usize> = if number % 2 == 0 {
            once.iter().flat_map(|place| [*place; 2]).collect()
        } else {
            once.repeat(2)
        };
        for place in all {
            let body = events[place].to_string();
            assert_eq!(world.stripe.post.deliver(&body).await, Some(200));
        }
        let what = format!("everything is heard of {order}");
        let paid = until(&what, SOON, || async {
            let paid = world.api.order(&order).await["payment"].clone();
            let heard = paid["captured"] == "100.00"
                && paid["refunded"] == "10.00"
                && paid["tenders"][0]["disputes"][0]["won"] == true;
            heard.then_some(paid)
        })
        .await;
        let mut state = (paid, accounts(&world, &order).await);
        nameless(&mut state.0, number);
        let first = seen.get_or_insert_with(|| state.clone());
        assert_eq!(*first, state, "permutation {:?}", permuted(number));
    }
    checker::always(&world.audit).await;
}

/// What stands in each account of an order's ledger.
async fn accounts(world: &World, order: &str) -> Vec<(String, String)> {
    sqlx::query_as(
        "select account, sum(amount)::numeric(12, 2)::text from orderhub_check.money_ledger
         where order_id = $1 group by account order by account",
    )
    .bind(order)
    .fetch_all(&world.audit)
    .await
    .unwrap()
}

/// Takes out of what is told of a payment what belongs to this order alone: names and times.
fn nameless(told: &mut Value, number: usize) {
    match told {
        Value::Object(members) => {
            members.retain(|name, _| !name.ends_with("_at") && name != "since");
            members.values_mut().for_each(|one| nameless(one, number));
        }
        Value::Array(items) => items.iter_mut().for_each(|one| nameless(one, number)),
        Value::String(text) => *text = text.replace(&format!("perm{number}"), "perm"),
        _ => {}
    }
}

/// Scenario 6: 100.00 in three units, ten percent off, 4.99 shipping, two cards, three parcels from three
/// locations, one unit back.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_6_an_order_split_over_cards_and_parcels_is_charged_and_paid_back_to_the_cent() {
    let locations = ["BER1", "HAM1", "MUC1"];
    let world = World::start_with(&locations, None).await;
    for location in locations {
        world.api.count(location, "SKU-1", 1).await;
    }
    let mut order = one_unit("S-1", "SKU-1");
    order["lines"][0]["quantity"] = "3".into();
    order["lines"][0]["unit_price"] = "33.333333".into();
    order["lines"][0]["discounts"] =
        json!([{ "code": "TEN", "amount": "10.00", "funded_by": "seller" }]);
    order["lines"][0]["taxes"][0]["amount"] = "14.37".into();
    order["shipping"] = json!([{"title": "Standard", "amount": "4.99", "taxes": []}]);
    order["stated_total"] = "94.99".into();
    let card = |amount: &str, token: &str| {
        json!({ "terms": "to_authorize", "gateway": "stripe-eu", "token": token,
                "amount": amount })
    };
    order["payment"] = json!({ "tenders": [
        card("60.00", "pm_card_visa"), card("34.99", "pm_card_mastercard") ] });
    let order = world.api.place(&order).await;
    let work = open_work(&world, &order, 3).await;
    for (fulfilment, _) in &work {
        journey::ship_work(&world.api, &world.easypost, &order, fulfilment).await;
    }
    world.api.until_stage(&order, &["completed"]).await;
    let taken = |wanted: Applied| {
        let book = world.stripe.book_of(&order).into_iter();
        let of_kind = book.filter(move |(applied, _)| *applied == wanted);
        of_kind.map(|(_, cents)| cents).collect::<Vec<_>>()
    };
    let mut captured = taken(Applied::Captured);
    captured.sort_unstable();
    assert_eq!(captured, [3_499, 6_000]);

    let path = format!("/v1/orders/{order}/returns");
    let announced = json!({ "reason": "does not fit",
                            "lines": [{ "line": "1", "quantity": "1" }] });
    let back = world.api.post(&path, &announced).await.expect(200)["id"].clone();
    let back = back.as_str().unwrap();
    let parcel = json!({ "location": "BER1", "lines": [{ "line": "1", "quantity": "1" }] });
    let received = format!("/v1/returns/{back}/receive");
    world.api.post(&received, &parcel).await.expect(200);
    let inspected = format!("/v1/returns/{back}/inspect");
    let good = json!({ "disposition": "restock" });
    world.api.post(&inspected, &good).await.expect(200);
    until("the unit is paid back", SOON, || async {
        let shown = world.api.order(&order).await;
        (shown["payment"]["refunded"] == "30.00" && shown["outstanding"] == json!([])).then_some(())
    })
    .await;
    let refunded = taken(Applied::Refunded);
    assert_eq!(refunded.iter().sum::<i64>(), 3_000, "{refunded:?}");
    checker::always(&world.audit).await;
    books::agree_with_payments(&world.audit, &world.stripe, 2).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}

/// Scenario 8: eight lines, five locations, three of which refuse one after the other.
#[tokio::test(flavor = "multi_thread")]
async fn scenario_8_three_locations_refuse_in_turn_and_none_is_asked_twice() {
    let locations = ["BER1", "HAM1", "MUC1", "CGN1", "LEJ1"];
    let world = World::start_with(&locations, None).await;
    let skus: Vec<String> = (1..=8).map(|number| format!("S{number}")).collect();
    for location in locations {
        for sku in &skus {
            world.api.count(location, sku, 5).await;
        }
    }
    let mut order = one_unit("C-1", "S1");
    let lines = skus.iter().enumerate().map(|(place, sku)| {
        let mut line = order["lines"][0].clone();
        line["external_id"] = (place + 1).to_string().into();
        line["sku"] = sku.as_str().into();
        line["quantity"] = "2".into();
        line["unit_price"] = "10.00".into();
        line["taxes"] = json!([]);
        line
    });
    order["lines"] = lines.collect();
    order["stated_total"] = "160.00".into();
    let order = world.api.place(&order).await;
    let mut asked: Vec<String> = Vec::new();
    let mut refused: Vec<String> = Vec::new();
    for reason in ["not_in_stock", "damaged", "mismatch"] {
        let (fulfilment, location) = next_work(&world, &order, &refused).await;
        let reject = format!("/v1/fulfilments/{fulfilment}/reject");
        let why = json!({ "reason": reason });
        world.api.post(&reject, &why).await.expect(200);
        // Said again, it changes nothing.
        world.api.post(&reject, &why).await.expect(200);
        asked.push(location);
        refused.push(fulfilment);
    }
    let (last, willing) = next_work(&world, &order, &refused).await;
    asked.push(willing);
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), 4, "nobody is asked twice: {asked:?}");
    journey::ship_work(&world.api, &world.easypost, &order, &last).await;
    world.api.until_stage(&order, &["completed"]).await;
    let taken = world.stripe.book_of(&order);
    assert_eq!(
        taken,
        [(Applied::Authorized, 16_000), (Applied::Captured, 16_000)]
    );
    // Not there empties the shelf, damaged takes the two, a mismatch takes nothing, two are sold.
    for (location, left) in asked.iter().zip([0, 3, 5, 3]) {
        for sku in &skus {
            let counters = checker::counters(&world.audit, location, sku).await;
            assert_eq!(counters, (left, 0, 0), "{sku} at {location}");
        }
    }
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

/// The only open work of an order that is none of these, and where it is.
async fn next_work(world: &World, order: &str, before: &[String]) -> (String, String) {
    until("another location is asked", SOON, || async {
        let mut open = open_work(world, order, 1).await;
        open.retain(|(id, _)| !before.contains(id));
        open.pop()
    })
    .await
}
