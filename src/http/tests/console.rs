//! The console's pages: who sees them, what their forms may do, and what must not be believed.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::client::{Answer, Ask};
use super::{World, order, world};
use crate::http::keys::Scope;

/// Sends a form as a browser does that is signed in with this key.
fn form(path: &str, body: &str, key: Option<&str>) -> Ask {
    let ask = Ask::post(path, body)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "http://hub");
    match key {
        Some(key) => ask.header("cookie", &format!("orderhub-key={key}")),
        None => ask,
    }
}

/// Opens a page as a browser does that is signed in with this key.
async fn open(world: &World, path: &str, key: &str) -> Answer {
    let ask = Ask::get(path).header("cookie", &format!("orderhub-key={key}"));
    ask.send(world.api).await
}

/// Places an order and gives its id.
async fn placed(world: &World, external_id: &str) -> String {
    let answer = world.ask(Ask::post("/v1/orders", order(external_id))).await;
    answer.json()["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_there_and_then_back() {
    let world = world().await;
    let id = placed(&world, "W-1").await;
    let page = format!("/console/orders/{id}");
    let led = Ask::get(&page).send(world.api).await;
    assert_eq!(led.status, 303);
    let to = led.header("location").expect("a place").to_owned();
    assert_eq!(
        to,
        format!("/console/sign-in?next=%2fconsole%2forders%2f{id}")
    );
    assert!(Ask::get(&to).send(world.api).await.body.contains(&page));
    // htmx would put the page into the page: it is told to leave instead.
    let part = Ask::get("/console/board")
        .header("hx-request", "true")
        .send(world.api)
        .await;
    assert_eq!(
        (part.status, part.header("hx-redirect")),
        (401, Some("/console/sign-in"))
    );

    let wrong = form("/console/sign-in", "key=ohk_nonsense", None)
        .send(world.api)
        .await;
    assert_eq!(wrong.status, 401);
    assert!(
        wrong.body.contains("not known") && wrong.header("set-cookie").is_none(),
        "{wrong:?}"
    );
    let key = world.admin_key();
    let right = form("/console/sign-in", &format!("key={key}&next={page}"), None);
    let right = right.send(world.api).await;
    assert_eq!(
        (right.status, right.header("location")),
        (303, Some(page.as_str()))
    );
    let cookie = right.header("set-cookie").expect("a cookie");
    for part in [
        key.as_str(),
        "path=/console",
        "httponly",
        "samesite=strict",
        "secure",
    ] {
        assert!(cookie.contains(part), "{part} in {cookie}");
    }
    let answer = open(&world, &page, &key).await;
    assert_eq!(answer.status, 200);
    assert!(
        answer
            .header("content-security-policy")
            .is_some_and(|p| p.contains("default-src 'none'"))
    );
    assert!(
        answer.body.contains("W-1") && answer.body.contains("Received from web"),
        "{}",
        answer.body
    );
    let out = form("/console/sign-out", "", Some(&key))
        .send(world.api)
        .await;
    assert!(
        out.header("set-cookie")
            .is_some_and(|cookie| cookie.contains("max-age=0"))
    );
}

#[tokio::test]
async fn signing_in_leads_to_no_other_site() {
    let world = world().await;
    let key = world.admin_key();
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/console/orders/%0d%0ax",
        "/v1/orders",
    ] {
        let answer = form("/console/sign-in", &format!("key={key}&next={next}"), None);
        let answer = answer.send(world.api).await;
        assert_eq!(answer.header("location"), Some("/console"), "{next}");
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let world = world().await;
    let key = world.admin_key();
    let id = placed(&world, "W-1").await;
    let path = format!("/console/orders/{id}/hold");
    for origin in ["http://evil.example", "null"] {
        let ask = form(&path, "reason=mine", Some(&key)).header("origin", origin);
        assert_eq!(ask.send(world.api).await.status, 403, "{origin}");
    }
    let json = Ask::post(&path, "{\"reason\":\"mine\"}").header("origin", "http://hub");
    let json = json.header("cookie", &format!("orderhub-key={key}"));
    assert_eq!(json.send(world.api).await.status, 415);
    let shown = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    assert_eq!(shown["holds"], serde_json::json!([]));
}

#[tokio::test]
async fn holding_and_releasing_go_through_the_same_door_as_the_api() {
    let world = world().await;
    let key = world.admin_key();
    let id = placed(&world, "W-1").await;
    let page = format!("/console/orders/{id}");
    let held = form(
        &format!("{page}/hold"),
        "reason=the+customer+called",
        Some(&key),
    );
    let held = held.send(world.api).await;
    assert_eq!(
        (held.status, held.header("location")),
        (303, Some(page.as_str())),
        "{held:?}"
    );
    let shown = open(&world, &page, &key).await.body;
    assert!(
        shown.contains("the customer called") && shown.contains("Release hold 1"),
        "{shown}"
    );
    let other = form(&format!("{page}/release"), "hold_id=7&reason=x", Some(&key));
    let refused = other.send(world.api).await;
    assert!((400..500).contains(&refused.status), "{refused:?}");
    assert!(refused.body.contains("role=\"alert\""), "{}", refused.body);
    let freed = form(
        &format!("{page}/release"),
        "hold_id=1&reason=paid",
        Some(&key),
    );
    assert_eq!(freed.send(world.api).await.status, 303);
    let shown = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    assert_eq!(shown["holds"], serde_json::json!([]));
    let looker = world.ring.add(&[Scope::EventsRead], None);
    let refused = form(&format!("{page}/hold"), "reason=x", Some(&looker))
        .send(world.api)
        .await;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("ops:act"), "{}", refused.body);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_asks_once() {
    let world = world().await;
    let key = world.admin_key();
    let id = placed(&world, "W-1").await;
    let page = format!("/console/orders/{id}");
    let shown = open(&world, &page, &key).await.body;
    let once = shown.split("name=\"once\" value=\"").nth(1).expect("a key");
    let once = once.split('"').next().expect("a key");
    for _ in 0..2 {
        let body = format!("reason=twice&once={once}");
        let held = form(&format!("{page}/hold"), &body, Some(&key));
        assert_eq!(held.send(world.api).await.status, 303);
    }
    let order = world
        .ask(Ask::get(&format!("/v1/orders/{id}")))
        .await
        .json();
    assert_eq!(order["holds"].as_array().map(Vec::len), Some(1), "{order}");
}

#[tokio::test]
async fn a_key_bound_to_a_channel_sees_no_other_orders() {
    let world = world().await;
    let id = placed(&world, "W-1").await;
    let key = world.ring.add(&[Scope::OpsAct], Some("app"));
    let board = open(&world, "/console", &key).await;
    assert!(
        board.body.contains("No orders yet") && !board.body.contains("W-1"),
        "{}",
        board.body
    );
    for path in [
        format!("/console/orders/{id}"),
        format!("/console/orders/{id}/sheet"),
        format!("/console/live?order={id}"),
    ] {
        let answer = open(&world, &path, &key).await;
        assert_eq!(answer.status, 404, "{path}");
        assert!(
            answer.body.starts_with("<!doctype html>"),
            "{}",
            answer.body
        );
    }
    let hold = form(
        &format!("/console/orders/{id}/hold"),
        "reason=x",
        Some(&key),
    );
    assert_eq!(hold.send(world.api).await.status, 404);
}

#[tokio::test]
async fn what_others_wrote_is_text_and_never_markup() {
    let world = world().await;
    let key = world.admin_key();
    let id = placed(&world, "<script>alert(1)</script>").await;
    let path = format!("/console/orders/{id}/hold");
    form(&path, "reason=%3Cimg+src%3Dx+onerror%3D1%3E", Some(&key))
        .send(world.api)
        .await;
    for path in ["/console".to_owned(), format!("/console/orders/{id}")] {
        let body = open(&world, &path, &key).await.body;
        assert!(body.contains("alert(1)"), "{body}");
        assert!(
            !body.contains("<script>alert") && !body.contains("<img"),
            "{body}"
        );
    }
    let found = open(&world, "/console?q=%22%3E%3Cu%3E", &key).await.body;
    assert!(
        found.contains("&lt;u&gt;") || found.contains("&#60;u&#62;"),
        "{found}"
    );
    assert!(!found.contains("<u>"), "{found}");
}

#[tokio::test]
async fn scripts_and_styles_are_asked_for_and_sent_once() {
    let world = world().await;
    for name in [
        "console.css",
        "console.js",
        "htmx-4.0.1.min.js",
        "hx-sse-4.0.1.min.js",
    ] {
        let path = format!("/console/assets/{name}");
        let first = Ask::get(&path).send(world.api).await;
        assert_eq!(first.status, 200, "{name}");
        let tag = first.header("etag").expect("a tag").to_owned();
        let again = Ask::get(&path).header("if-none-match", &tag);
        let mut stream = TcpStream::connect(world.api).await.expect("a connection");
        let bytes = again.header("connection", "close").bytes();
        stream.write_all(&bytes).await.expect("written");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("an answer");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        assert!(
            head.starts_with("HTTP/1.1 304") && body.is_empty(),
            "{text}"
        );
    }
    let none = Ask::get("/console/assets/passwd").send(world.api).await;
    assert_eq!(none.status, 404);
}
