//! Disputes of buyers' banks, as the gateway's webhooks tell them: until when they may be answered, who
//! answers, and where the money is afterwards.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

/// An order of 19.99 that has been delivered and paid, by its number.
async fn delivered(world: &World, number: &str) -> String {
    world.api.count("BER1", "SKU-1", 10).await;
    let order = world.api.place(&one_unit(number, "SKU-1")).await;
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;
    order
}

/// The gateway tells of a dispute over all of the order's money.
async fn tells(world: &World, order: &str, kind: &str, status: &str, due_in: i64) {
    let book = world.stripe.book().into_iter();
    let mut taken = book.filter(|entry| entry.order == order);
    let intent = taken.next().expect("it was paid").intent;
    let now = jiff::Timestamp::now().as_second();
    let body = json!({
        "id": format!("evt_{kind}_{status}"), "object": "event", "api_version": "2024-06-20",
        "created": now, "livemode": false, "pending_webhooks": 1, "type": kind,
        "data": { "object": {
            "id": "dp_1", "object": "dispute", "amount": 1999, "charge": "ch_1", "currency": "eur",
            "metadata": {}, "payment_intent": intent, "reason": "product_not_received",
            "status": status, "evidence_details": { "due_by": now + due_in },
        }},
    });
    let told = world.stripe.post.deliver(&body.to_string()).await;
    assert_eq!(told, Some(200), "{kind}");
}

/// What the order's log says about disputes, once it says so much.
async fn log_says(world: &World, order: &str, kinds: &[&str]) {
    let what = format!("the log says {kinds:?}");
    until(&what, SOON, || async {
        let said: Vec<String> = sqlx::query_scalar(
            "select kind from orderhub_check.events
             where order_id = $1 and kind like 'payment.dispute%' order by version",
        )
        .bind(order)
        .fetch_all(&world.audit)
        .await
        .unwrap();
        (said == kinds).then_some(())
    })
    .await;
}

/// What stands in an account of the order's ledger.
async fn balance(world: &World, order: &str, account: &str) -> String {
    sqlx::query_scalar(
        "select coalesce(sum(amount), 0)::numeric(12, 2)::text from orderhub_check.money_ledger
         where order_id = $1 and account = $2",
    )
    .bind(order)
    .bind(account)
    .fetch_one(&world.audit)
    .await
    .unwrap()
}

async fn status(world: &World, order: &str) -> Value {
    world.api.order(order).await["payment"]["status"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_is_challenged_in_time_and_won_leaves_the_money_where_it_was() {
    let world = World::start().await;
    let order = delivered(&world, "D-1").await;
    tells(
        &world,
        &order,
        "charge.dispute.created",
        "needs_response",
        86_400,
    )
    .await;
    log_says(&world, &order, &["payment.dispute_opened"]).await;
    assert_eq!(status(&world, &order).await, "disputed");
    let path = format!("/v1/orders/{order}/actions/dispute");
    let answer = json!({ "answer": "challenge", "reason": "the parcel has arrived" });
    world.api.post(&path, &answer).await.expect(200);
    let again = world.api.post(&path, &answer).await;
    let refused = (again.status, again.code());
    assert_eq!(
        refused,
        (409, "no_open_dispute".to_owned()),
        "it was answered"
    );
    tells(&world, &order, "charge.dispute.closed", "won", 86_400).await;
    // The gateway repeats itself.
    tells(&world, &order, "charge.dispute.closed", "won", 86_400).await;
    let kinds = [
        "payment.dispute_opened",
        "payment.dispute_challenged",
        "payment.dispute_won",
    ];
    log_says(&world, &order, &kinds).await;
    assert_eq!(status(&world, &order).await, "captured");
    assert_eq!(balance(&world, &order, "cash:stripe-eu").await, "19.99");
    assert_eq!(balance(&world, &order, "dispute").await, "0.00");
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_that_nobody_answers_in_time_is_said_to_have_expired_and_its_loss_is_booked_once()
{
    let mut world = World::start().await;
    let order = delivered(&world, "D-2").await;
    tells(
        &world,
        &order,
        "charge.dispute.created",
        "needs_response",
        6,
    )
    .await;
    log_says(&world, &order, &["payment.dispute_opened"]).await;
    // The time goes on while the hub does not run.
    world.hub.kill();
    world.hub.start().await;
    let kinds = ["payment.dispute_opened", "payment.dispute_expired"];
    log_says(&world, &order, &kinds).await;
    let operator = Operator::of(&world);
    let late = operator.run("orders dispute D-2 --answer challenge --reason late");
    assert_ne!(late.exit, 0, "it is too late: {late:?}");
    for _ in 0..2 {
        tells(&world, &order, "charge.dispute.closed", "lost", 6).await;
    }
    let kinds = [kinds[0], kinds[1], "payment.dispute_lost"];
    log_says(&world, &order, &kinds).await;
    assert_eq!(status(&world, &order).await, "disputed");
    assert_eq!(balance(&world, &order, "cash:stripe-eu").await, "0.00");
    assert_eq!(balance(&world, &order, "dispute").await, "19.99");
    let refund = format!("/v1/orders/{order}/actions/refund");
    let refund = world.api.post(&refund, &json!({ "reason": "sorry" })).await;
    let refused = (refund.status, refund.code());
    assert_eq!(
        refused,
        (409, "nothing_to_refund".to_owned()),
        "it is gone already"
    );
}
