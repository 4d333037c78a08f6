//! A shop that is asked what is new: what it pushes, what it pushed while nobody listened, and what it
//! states in a form that nobody can read.

use serde_json::json;

use crate::support::checker;
use crate::support::doubles::woo::{Woo, now, order};
use crate::support::patience::{SOON, until};
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_asked_for_what_it_pushed_while_nobody_listened() {
    let shop = Woo::start().await;
    let mut world = World::start_under(&shop.section()).await;
    let api = world.api.clone();
    api.count("BER1", "MUG", 10).await;
    let listed = api.get("/v1/parked?state=dead").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    until("the shop is asked after a start", SOON, || async {
        (shop.asked() > 0).then_some(())
    })
    .await;

    // It pushes one order; two more and one that nobody can read are there when the hub is not.
    let now = now();
    shop.push(&api, &order(31, &now)).await;
    world.hub.kill();
    let mut broken = order(32, &now);
    broken["line_items"] = "none".into();
    shop.has(&[order(31, &now), broken, order(33, &now), order(34, &now)]);
    let before = shop.asked();
    world.hub.start().await;
    for id in ["31", "33", "34"] {
        let what = format!("order {id} of the shop is known");
        let known = until(&what, SOON, || async {
            let known = checker::orders_with(&world.audit, "woo", id).await;
            (!known.is_empty()).then_some(known)
        })
        .await;
        assert_eq!(known.len(), 1, "{id}");
        api.until_stage(&known[0], &["fulfilling"]).await;
    }
    let none = checker::orders_with(&world.audit, "woo", "32").await;
    assert_eq!(none.len(), 0);
    assert!(shop.asked() > before);
    let dead = api.get("/v1/parked?state=dead").await.expect(200);
    let dead = dead["data"].as_array().unwrap();
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(dead[0]["source"], "sales/woo");
    let reason = dead[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("dead: unreadable: "), "{reason}");

    // The cursor stands behind all of it, what could not be read included.
    let cursor: String = sqlx::query_scalar(
        "select cursor from orderhub_check.poll_cursors where source = 'sales/woo'",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert!(cursor >= now, "{cursor} is before {now}");
    assert_eq!(
        checker::counters(&world.audit, "BER1", "MUG").await,
        (10, 0, 3)
    );
}
