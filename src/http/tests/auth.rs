//! Who may do what: every route against every scope, and keys that are bound to a channel.

use std::time::Duration;

use http::Method;
use uuid::Uuid;

use super::client::{Answer, Ask};
use super::{Scope, World, order, world};
use crate::http::table::{Body, Needs, ROUTES, Route, Side};

/// A webhook and a parked message that are there where a test puts them.
const THERE: Uuid = Uuid::from_u128(0x019a_0000_0000_7000_8000_0000_0000_0000);

fn ask(route: &Route) -> Ask {
    let path = route
        .pattern
        .replace("{slug}", "shop")
        .replace("{code}", "not_found")
        .replace("{location}", "BER1")
        .replace("{sku}", "A")
        .replace("{name}", "console.css")
        .replace("{webhook}", &THERE.to_string())
        .replace("{message}", &THERE.to_string());
    let path = if path.contains("fulfilments") {
        path.replace("{id}", "ful_019a0000000070008000000000000000_1")
    } else {
        path.replace("{id}", "ord_019a0000000070008000000000000000")
    };
    match route.body {
        Body::Nothing => Ask::new(route.method.as_str(), &path),
        Body::Form => Ask::post(&path, "reason=x")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", "http://hub"),
        Body::Lines | Body::Batch => {
            Ask::post(&path, "{}").header("content-type", "application/x-ndjson")
        }
        _ if route.method == Method::PUT => Ask::put(&path, "{}"),
        _ => Ask::post(&path, "{}"),
    }
}

async fn send(world: &World, route: &Route, token: Option<&str>) -> Answer {
    let address = if route.side == Side::Admin {
        world.admin
    } else {
        world.api
    };
    let ask = ask(route);
    match token {
        Some(token) => shown(route, ask, token).send(address).await,
        None => ask.send(address).await,
    }
}

/// Shows a key as the route wants to see it: in the console it is in a cookie.
fn shown(route: &Route, ask: Ask, token: &str) -> Ask {
    match route.needs {
        Needs::SignedIn => ask.header("cookie", &format!("orderhub-key={token}")),
        _ => ask.key(token),
    }
}

/// Whether a route wanted to see a key: the console leads to where one is shown.
fn turned_away(route: &Route, answer: &Answer) -> bool {
    if route.needs == Needs::SignedIn {
        let to = answer.header("location").unwrap_or_default();
        return answer.status == 303 && to.starts_with("/console/sign-in");
    }
    let is_page = route.pattern.starts_with("/console");
    !is_page && answer.status == 401 && answer.problem() == "unauthorized"
}

#[tokio::test]
async fn every_route_asks_for_its_scope_and_no_other() {
    let world = world().await;
    let stranger = crate::http::keys::generate().expect("randomness").0;
    for route in ROUTES {
        for token in [None, Some("ohk_live_guess"), Some(stranger.as_str())] {
            let answer = send(&world, route, token).await;
            assert_eq!(
                turned_away(route, &answer),
                route.needs != Needs::Nothing,
                "{} {token:?}",
                route.pattern
            );
        }
        for scope in Scope::ALL {
            let token = world.ring.add(&[scope], None);
            let answer = send(&world, route, Some(&token)).await;
            let forbidden = match route.needs {
                Needs::Scope(needed) => scope != needed && scope != Scope::Admin,
                _ => false,
            };
            assert_eq!(
                answer.status == 403,
                forbidden,
                "{} with {scope}",
                route.pattern
            );
        }
    }
}

#[tokio::test]
async fn the_filters_serve_every_route_of_the_table() {
    let world = world().await;
    world.notes.received(THERE, "sales/shop", b"hello");
    // What is replayed first and parked again is there to be discarded.
    world
        .notes
        .park(super::parked::listing(THERE), b"nobody knows");
    let token = world.admin_key();
    let placed = world
        .ask(Ask::post("/v1/orders", order("W-1")))
        .await
        .json();
    let id = placed["id"].as_str().expect("an id").to_owned();
    for route in ROUTES {
        let answer = send(&world, route, Some(&token)).await;
        let about_an_order = route.pattern.contains("{id}");
        let no_connection = route.pattern.contains("{slug}");
        if about_an_order && route.method == Method::GET {
            let path = route.pattern.replace("{id}", &id);
            let answer = shown(route, Ask::get(&path), &token).send(world.api).await;
            assert_eq!(answer.status, 200, "{path}");
        } else if !about_an_order && !no_connection {
            assert_ne!(answer.status, 404, "{}", route.pattern);
        } else if answer.status == 404 {
            // The route was reached: a wrong body is refused before the order is looked for.
            let is_page = route.pattern.starts_with("/console");
            assert!(
                no_connection || is_page || answer.problem() == "not_found",
                "{}",
                route.pattern
            );
        }
        assert!(answer.status < 500, "{}", route.pattern);
    }
}

#[tokio::test]
async fn another_channels_order_is_as_unknown_as_none() {
    let world = world().await;
    let id = world
        .ask(Ask::post("/v1/orders", order("W-1")))
        .await
        .json()["id"]
        .clone();
    let id = id.as_str().expect("an id");
    let own = world.ring.add(&[Scope::Admin], Some("web"));
    let foreign = world.ring.add(&[Scope::Admin], Some("app"));
    let gone = world.ring.add(&[Scope::Admin], Some("removed"));
    let unknown = "ord_019a0000000070008000000000000000";
    for part in ["", "/timeline", "/explain"] {
        let path = format!("/v1/orders/{id}{part}");
        assert_eq!(Ask::get(&path).key(&own).send(world.api).await.status, 200);
        for token in [&foreign, &gone] {
            let answer = Ask::get(&path).key(token).send(world.api).await;
            let none = format!("/v1/orders/{unknown}{part}");
            let none = Ask::get(&none).key(token).send(world.api).await;
            assert_eq!((answer.status, none.status), (404, 404));
            let body = |answer: &Answer| {
                let mut document = answer.json();
                document["request_id"] = "".into();
                document
            };
            assert_eq!(body(&answer), body(&none));
        }
    }
    let number = id.trim_start_matches("ord_");
    for path in [
        format!("/v1/orders/{id}/actions/cancel"),
        format!("/v1/orders/{id}/actions/hold"),
        format!("/v1/fulfilments/ful_{number}_1/pack"),
    ] {
        let answer = Ask::post(&path, "{\"reason\":\"x\"}")
            .key(&foreign)
            .send(world.api)
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not_found"),
            "{path}"
        );
    }
    let placing = Ask::post("/v1/orders", order("W-2"))
        .key(&foreign)
        .send(world.api)
        .await;
    assert_eq!(placing.problem(), "unknown_channel");
    for query in ["", "?channel=web", "?stage=received"] {
        let list = Ask::get(&format!("/v1/orders{query}"))
            .key(&foreign)
            .send(world.api)
            .await;
        assert_eq!(list.json()["data"], serde_json::json!([]), "{query}");
    }
    assert_eq!(world.hub.count_orders(), 1);
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_five_seconds() {
    let world = world().await;
    let token = world.admin_key();
    let list = || Ask::get("/v1/orders").key(&token).send(world.api);
    assert_eq!(list().await.status, 200);
    world.ring.revoke_all();
    tokio::time::sleep(Duration::from_millis(3_100)).await;
    assert_eq!(list().await.status, 401);
}

#[tokio::test]
async fn two_authorization_headers_are_none() {
    let world = world().await;
    let token = world.admin_key();
    let bytes = format!(
        "GET /v1/orders HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\nauthorization: Bearer {token}\r\n\r\n"
    );
    let answer = super::client::raw(world.api, bytes.as_bytes())
        .await
        .expect("an answer");
    assert_eq!(answer.status, 401);
    assert_eq!(answer.header("www-authenticate"), Some("bearer"));
}
