//! Stopping: what was begun is finished, nothing new is begun.

use std::time::Duration;

use super::client::{Ask, raw};
use super::{order, world};

#[tokio::test]
async fn a_request_in_flight_is_answered_before_the_end() {
    let world = world().await;
    *world.hub.slowness.lock().expect("a lock") = Duration::from_millis(200);
    let bytes = Ask::post("/v1/orders", order("W-1"))
        .key(&world.admin_key())
        .bytes();
    let api = world.api;
    let asking = tokio::spawn(async move { raw(api, &bytes).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    world.stop.cancel();
    let answer = asking.await.expect("no panic").expect("an answer");
    assert_eq!(answer.status, 201);
    tokio::time::timeout(Duration::from_secs(2), world.running)
        .await
        .expect("it ends in time")
        .expect("no panic");
    assert!(tokio::net::TcpStream::connect(api).await.is_err());
}

#[tokio::test]
async fn idle_connections_do_not_hold_the_end_up() {
    let world = world().await;
    let idle = tokio::net::TcpStream::connect(world.api)
        .await
        .expect("a connection");
    world.stop.cancel();
    tokio::time::timeout(Duration::from_secs(3), world.running)
        .await
        .expect("it ends in time")
        .expect("no panic");
    drop(idle);
}
