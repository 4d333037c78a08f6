//! An order for something that no location has ever had: a person counts it, or puts it right.

use serde_json::json;

use crate::support::checker;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_sku_waits_for_a_person_through_a_crash_and_goes_on_once_it_is_counted() {
    let mut world = World::start_under("[policy]\nunknown_sku = \"hold\"\n").await;
    world.api.count("BER1", "SKU-1", 0).await;
    let sold_out = world.api.place(&one_unit("U-1", "SKU-1")).await;
    world.api.until_stage(&sold_out, &["rejected"]).await;

    let order = world.api.place(&one_unit("U-2", "NEW-1")).await;
    world.hub.kill();
    world.hub.start().await;
    let explain = format!("/v1/orders/{order}/explain");
    let why = world.api.get(&explain).await.expect(200);
    let because = why["because"].as_str().unwrap();
    assert!(
        because.contains("no location has ever had the SKU NEW-1"),
        "{because}"
    );
    assert_eq!(
        (&why["waiting_for"], &why["recommended"]),
        (&json!("person"), &json!("release"))
    );
    assert_eq!(world.stripe.book_of(&order), [], "nothing is authorised");

    let operator = Operator::of(&world);
    operator.text(&format!("orders release {order} --reason looked"));
    let again = world.api.get(&explain).await.expect(200);
    assert_eq!(
        again["recommended"], "release",
        "it is as unknown as before"
    );
    world.api.count("BER1", "NEW-1", 3).await;
    operator.text(&format!("orders release {order} --reason counted"));
    world.api.until_stage(&order, &["fulfilling"]).await;
    checker::always(&world.audit).await;
}
