//! How fast the lane is. Not a test of anything: run it by hand, in release.

use std::time::Instant;

use orderhub_actors::ports::{Append, Appended, LaneWriter, Ownership};
use orderhub_domain::order::Stage;

use crate::contract::fixture::{NewOrder, append, noted};
use crate::world::{Database, channel};

#[tokio::test]
#[ignore = "measures; run with --release -- --ignored --nocapture lane_throughput"]
async fn lane_throughput() {
    const BATCHES: u32 = 60;
    let store = Database::new().await.store("a").await;
    let claims = store.claim_all(&[]).await.expect("claimed");
    let channel = channel(&store).await;
    let mut lane = store.lane();
    for size in [512_u32, 64, 1] {
        let orders: Vec<Vec<NewOrder>> = (0..BATCHES)
            .map(|_| (0..size).map(|_| NewOrder::of(channel)).collect())
            .collect();
        let create = |orders: &Vec<NewOrder>| -> Vec<Append> {
            orders.iter().map(|order| order.create(&claims)).collect()
        };
        let step = |orders: &Vec<NewOrder>| -> Vec<Append> {
            let next = |order: &NewOrder| {
                append(order.id, &claims, 2, vec![noted("step")], Stage::Confirmed)
            };
            orders.iter().map(next).collect()
        };
        let creates: Vec<_> = orders.iter().map(create).collect();
        let steps: Vec<_> = orders.iter().map(step).collect();
        for (what, batches) in [("creates", creates), ("steps", steps)] {
            let started = Instant::now();
            for batch in &batches {
                let answers = lane.commit(batch).await;
                assert!(answers.iter().all(|answer| *answer == Appended::Committed));
            }
            let took = started.elapsed();
            let each = took / BATCHES;
            let per_second = u128::from(size * BATCHES) * 1_000_000 / took.as_micros();
            println!("{what}: batches of {size}: {per_second}/s, {each:?} a batch");
        }
    }
}
