//! What a shop offers: the newest number of each SKU, less what is kept back and what the shop may not
//! have, whatever happens on the way.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::shop::Shop;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;

async fn scene(skus: &[&str]) -> (World, Arc<Shop>) {
    let shop = Shop::start().await;
    for sku in skus {
        shop.sells(sku, 0);
    }
    let world = World::start_with_shop(shop.url.clone()).await;
    (world, shop)
}

async fn offered(shop: &Shop, sku: &str, units: i64) {
    let what = format!("the shop offers {units} of {sku}");
    until(&what, AFTER_A_CRASH, || async {
        (shop.offers(sku).last() == Some(&units)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_offers_what_its_orders_could_have() {
    let (world, shop) = scene(&["A", "A-2", "B"]).await;
    let api = &world.api;
    api.count("BER1", "A", 10).await;
    offered(&shop, "A", 10).await;
    let counted = json!({"on_hand": 10, "buffer": 2});
    api.put("/v1/inventory/BER1/A", &counted).await.expect(200);
    offered(&shop, "A", 8).await;
    // Somebody buys elsewhere.
    let id = api.place(&one_unit("O-1", "A")).await;
    api.until_stage(&id, &["fulfilling"]).await;
    offered(&shop, "A", 7).await;
    let quota = |units: Option<i64>| json!({"units": units, "reason": "scarce"});
    let path = "/v1/inventory/BER1/A/quotas/shop-de";
    api.put(path, &quota(Some(3))).await.expect(200);
    offered(&shop, "A", 3).await;
    api.put(path, &quota(None)).await.expect(200);
    offered(&shop, "A", 7).await;
    let pause = |verb: &str| format!("/v1/locations/BER1/{verb}");
    let why = json!({"reason": "stocktaking"});
    api.post(&pause("pause"), &why).await.expect(200);
    offered(&shop, "A", 0).await;
    api.post(&pause("resume"), &why).await.expect(200);
    offered(&shop, "A", 7).await;
    // What is only alike is left alone, and so is what nobody counted.
    assert_eq!((shop.offers("A-2"), shop.offers("B")), (vec![0], vec![0]));
    assert_eq!(shop.unexpected(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_number_reaches_the_shop_through_a_kill_and_through_its_faults() {
    let (mut world, shop) = scene(&["A"]).await;
    let api = world.api.clone();
    let gate = shop.faults.hold(Call::Offer);
    api.count("BER1", "A", 9).await;
    gate.reached(1).await;
    api.count("BER1", "A", 5).await;
    world.hub.kill();
    shop.faults.release();
    world.hub.start().await;
    offered(&shop, "A", 5).await;

    shop.faults.next(Call::Offer, 1, Fault::TooMany);
    shop.faults.next(Call::Offer, 1, Fault::Broken);
    shop.faults.next(Call::Offer, 1, Fault::LoseAnswer);
    shop.faults.next(Call::Offer, 1, Fault::Garbage);
    for units in [6, 7, 8, 4] {
        api.count("BER1", "A", units).await;
    }
    offered(&shop, "A", 4).await;
    until("every fault struck", AFTER_A_CRASH, || async {
        api.count("BER1", "A", 3).await;
        api.count("BER1", "A", 4).await;
        (shop.faults.struck() >= 4).then_some(())
    })
    .await;
    offered(&shop, "A", 4).await;
    assert_eq!(shop.unexpected(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_arrives_late_changes_nothing_any_more() {
    let (world, shop) = scene(&["A"]).await;
    let api = &world.api;
    api.count("BER1", "A", 9).await;
    offered(&shop, "A", 9).await;
    // It is carried out long after the hub has given it up.
    let late = Fault::Delay(Duration::from_secs(25));
    shop.faults.next(Call::Offer, 1, late);
    api.count("BER1", "A", 7).await;
    api.count("BER1", "A", 5).await;
    offered(&shop, "A", 5).await;
    until("the late one arrives", AFTER_A_CRASH, || async {
        (shop.stale() > 0).then_some(())
    })
    .await;
    assert_eq!(shop.offers("A"), [0, 9, 5]);
}
