//! Money that a person gives back, in the gateway's own book.

use serde_json::{Value, json};

use crate::support::doubles::faults::Call;
use crate::support::doubles::stripe::Applied;
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// An order of 19.99 that has been delivered and paid.
async fn delivered(world: &World) -> String {
    world.api.count("BER1", "SKU-1", 10).await;
    let order = world.api.place(&one_unit("R-1", "SKU-1")).await;
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;
    order
}

/// What the gateway gave back, in cents.
fn given(world: &World, order: &str) -> Vec<i64> {
    let book = world.stripe.book_of(order).into_iter();
    let refunds = book.filter(|(did, _)| *did == Applied::Refunded);
    refunds.map(|(_, cents)| cents).collect()
}

async fn until_refunded(world: &World, order: &str, sum: &str) -> Value {
    until("the refund is answered", AFTER_A_CRASH, || async {
        let shown = world.api.order(order).await;
        (shown["payment"]["refunded"] == sum).then_some(shown)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gives_back_a_part_and_then_the_rest_and_never_more() {
    let world = World::start().await;
    let order = delivered(&world).await;
    let total = world.api.order(&order).await["payment"]["captured"].clone();
    assert_eq!(total, "19.99");
    let path = format!("/v1/orders/{order}/actions/refund");
    let part = json!({ "amount": "5.00", "reason": "scratched" });
    let keyed = || {
        let request = world.api.request(reqwest::Method::POST, &path).json(&part);
        request.header("Idempotency-Key", "refund-1")
    };
    let first = crate::support::api::Api::send(keyed()).await;
    let again = crate::support::api::Api::send(keyed()).await;
    assert_eq!(
        (first.status, first.body.clone()),
        (200, again.body.clone())
    );
    assert_eq!(again.header("idempotency-replayed"), "true");
    let shown = until_refunded(&world, &order, "5.00").await;
    assert_eq!(shown["payment"]["status"], "part_refunded");
    assert_eq!(given(&world, &order), [500]);

    for (body, status, code) in [
        (
            json!({ "amount": "15.00", "reason": "x" }),
            422,
            "refund_too_large",
        ),
        (
            json!({ "amount": "0.001", "reason": "x" }),
            422,
            "invalid_amount",
        ),
        (
            json!({ "amount": "-1", "reason": "x" }),
            422,
            "invalid_amount",
        ),
        (
            json!({ "amount": 5, "reason": "x" }),
            422,
            "decimal_as_number",
        ),
        (json!({ "amount": "5.00" }), 422, "required"),
    ] {
        let refused = world.api.post(&path, &body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (status, code),
            "{body}"
        );
    }
    let tried = json!({ "reason": "x", "dry_run": true });
    let tried = world.api.post(&path, &tried).await.expect(200);
    let kinds = json!(["payment.refund_granted", "payment.refund_requested"]);
    assert_eq!(tried["events"], kinds);

    let operator = Operator::of(&world);
    let said = operator.text("orders refund R-1 --reason returned");
    assert!(said.contains("completed"), "{said}");
    until_refunded(&world, &order, "19.99").await;
    assert_eq!(given(&world, &order), [500, 1499]);
    let told: i64 = sqlx::query_scalar(
        "select count(*) from orderhub_check.events
         where order_id = $1 and kind = 'payment.refunded'",
    )
    .bind(&order)
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert_eq!(
        told, 2,
        "the gateway answers and reports each: it is recorded once"
    );
    let nothing = operator.run("orders refund R-1 --amount 0.01 --reason more");
    assert_eq!(nothing.exit, 5, "{nothing:?}");
    let why = operator.json("orders explain R-1");
    let actions = why["actions"].as_array().unwrap().iter();
    let refund = actions.clone().find(|action| action["action"] == "refund");
    assert_eq!(refund.unwrap()["allowed"], false, "{why}");
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_between_a_grant_and_its_answer_refunds_once() {
    let mut world = World::start().await;
    let order = delivered(&world).await;
    world.stripe.faults.hold(Call::Refund);
    let path = format!("/v1/orders/{order}/actions/refund");
    let part = json!({ "amount": "5.00", "reason": "scratched" });
    world.api.post(&path, &part).await.expect(200);
    world.hub.kill();
    world.stripe.faults.release();
    world.hub.start().await;
    until_refunded(&world, &order, "5.00").await;
    assert_eq!(given(&world, &order), [500]);
    until("everything is answered", SOON, || async {
        let open = world.api.order(&order).await["outstanding"].clone();
        (open == json!([])).then_some(())
    })
    .await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
