//! The steps that people and carriers take in an order's life.

use std::time::Duration;

use serde_json::{Value, json};

use super::api::Api;
use super::doubles::easypost::EasyPost;
use super::doubles::easypost_wire::Sighting;
use super::patience::{SOON, until};

/// Takes a step at a location; it must be legal.
pub(crate) async fn step(api: &Api, fulfilment: &str, verb: &str) -> Value {
    let path = format!("/v1/fulfilments/{fulfilment}/{verb}");
    api.post(&path, &json!({})).await.expect(200)
}

/// The order's only fulfilment, once the location has been asked.
pub(crate) async fn fulfilment_of(api: &Api, order: &str, limit: Duration) -> String {
    api.until_stage_within(order, &["fulfilling"], limit).await;
    let what = format!("{order} has a fulfilment");
    until(&what, limit, || async {
        let order = api.order(order).await;
        let asked = order["fulfilments"].as_array()?.first()?.clone();
        let stage = asked["stage"].as_str()?;
        if stage == "planned" {
            return None;
        }
        Some(asked["id"].as_str()?.to_owned())
    })
    .await
}

/// Accept, pick and pack; the tracking number, once the label is bought.
pub(crate) async fn pack(api: &Api, order: &str, limit: Duration) -> (String, String) {
    let fulfilment = fulfilment_of(api, order, limit).await;
    for verb in ["accept", "pick", "pack"] {
        step(api, &fulfilment, verb).await;
    }
    let tracking = tracking_number(api, order, limit).await;
    (fulfilment, tracking)
}

/// The tracking number of the order's first fulfilment, once there is one.
pub(crate) async fn tracking_number(api: &Api, order: &str, limit: Duration) -> String {
    let what = format!("{order} has a tracking number");
    until(&what, limit, || async {
        let order = api.order(order).await;
        let number = order["fulfilments"][0]["tracking_number"].as_str()?;
        Some(number.to_owned())
    })
    .await
}

/// The tracking number of one piece of work, once there is one.
pub(crate) async fn label_of(api: &Api, order: &str, fulfilment: &str) -> String {
    until(&format!("{fulfilment} has a label"), SOON, || async {
        let order = api.order(order).await;
        let mut all = order["fulfilments"].as_array()?.iter();
        let one = all.find(|one| one["id"] == fulfilment)?;
        Some(one["tracking_number"].as_str()?.to_owned())
    })
    .await
}

/// One piece of work from wherever the dock is to the buyer's door.
pub(crate) async fn ship_work(api: &Api, easypost: &EasyPost, order: &str, fulfilment: &str) {
    for verb in ["accept", "pick", "pack"] {
        step(api, fulfilment, verb).await;
    }
    let tracking = label_of(api, order, fulfilment).await;
    step(api, fulfilment, "hand-over").await;
    deliver(easypost, &tracking).await;
}

/// Everything from confirmed to shipped; the tracking number.
pub(crate) async fn ship(api: &Api, order: &str) -> String {
    let (fulfilment, tracking) = pack(api, order, SOON).await;
    step(api, &fulfilment, "hand-over").await;
    tracking
}

/// The sightings of a parcel that arrives, oldest first.
pub(crate) fn sightings() -> Vec<Sighting> {
    let seen = |status, detail, hour: &str| Sighting {
        status,
        detail,
        at: format!("2026-11-21T{hour}:00:00Z"),
    };
    vec![
        seen("pre_transit", "label_created", "06"),
        seen("in_transit", "departed_origin_facility", "08"),
        seen("in_transit", "arrived_at_facility", "11"),
        seen("out_for_delivery", "out_for_delivery", "14"),
        seen("delivered", "arrived_at_destination", "16"),
    ]
}

/// The carrier tells that the parcel arrived.
pub(crate) async fn deliver(easypost: &EasyPost, tracking: &str) {
    let body = easypost.sighted(tracking, &sightings());
    assert_eq!(easypost.post.deliver(&body).await, Some(200));
}
