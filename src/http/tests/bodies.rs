//! Bodies that are not what they should be.

use super::client::Ask;
use super::{order, world};

#[tokio::test]
async fn what_is_no_json_object_is_400_and_the_rest_is_422() {
    let world = world().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for (body, status, code) in [
        ("", 400, "empty_body"),
        ("[]", 400, "not_an_object"),
        ("\"text\"", 400, "not_an_object"),
        ("{", 400, "malformed_json"),
        ("{\"a\":1E400}", 400, "malformed_json"),
        (deep.as_str(), 400, "too_deep"),
        (
            "{\"reason\":\"x\",\"reason\":\"y\"}",
            422,
            "duplicate_member",
        ),
        ("{\"reason\":\"x\\u0000y\"}", 422, "nul_character"),
        ("{\"reason\":\"x\",\"resaon\":\"y\"}", 422, "unknown_field"),
        ("{}", 422, "required"),
        ("{\"reason\":7}", 422, "wrong_type"),
        ("{\"reason\":\"x\",\"dry_run\":\"yes\"}", 422, "wrong_type"),
    ] {
        let id = "ord_019a0000000070008000000000000000";
        let answer = world
            .ask(Ask::post(&format!("/v1/orders/{id}/actions/cancel"), body))
            .await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (status, code),
            "{body}"
        );
    }
}

#[tokio::test]
async fn every_wrong_part_is_named_by_its_pointer() {
    let world = world().await;
    let body = r#"{"lines":[{"line":"1","quantity":2},{"line":"","quantity":"0","x":1},"b"]}"#;
    let id = "ful_019a0000000070008000000000000000_1";
    let answer = world
        .ask(Ask::post(&format!("/v1/fulfilments/{id}/pick"), body))
        .await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (422, "validation_failed")
    );
    let document = answer.json();
    let errors = document["errors"].as_array().expect("errors");
    let found: Vec<_> = errors
        .iter()
        .map(|error| {
            (
                error["pointer"].as_str().unwrap_or(""),
                error["code"].as_str().unwrap_or(""),
            )
        })
        .collect();
    for expected in [
        ("/lines/0/quantity", "decimal_as_number"),
        ("/lines/1/line", "required"),
        ("/lines/1/quantity", "not_positive"),
        ("/lines/1/x", "unknown_field"),
        ("/lines/2", "wrong_type"),
    ] {
        assert!(
            found.contains(&expected),
            "{expected:?} is not in {found:?}"
        );
    }
}

#[tokio::test]
async fn only_plain_json_in_utf_8_is_read() {
    let world = world().await;
    for (name, value, code) in [
        ("content-type", "text/plain", "unsupported_media_type"),
        ("content-type", "application/xml", "unsupported_media_type"),
        (
            "content-type",
            "application/json; charset=utf-16",
            "unsupported_media_type",
        ),
        ("content-encoding", "gzip", "unsupported_encoding"),
        ("content-encoding", "br, gzip", "unsupported_encoding"),
    ] {
        let ask = Ask::post("/v1/orders", order("W-1")).header(name, value);
        let answer = world.ask(ask).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (415, code),
            "{name}: {value}"
        );
    }
    for value in [
        "application/json; charset=UTF-8",
        "Application/JSON",
        "application/vnd.shop+json",
    ] {
        let ask = Ask::post("/v1/orders", order("W-1")).header("content-type", value);
        assert!(world.ask(ask).await.status < 300, "{value}");
    }
    assert_eq!(world.hub.count_orders(), 1);
}

#[tokio::test]
async fn links_of_problems_lead_to_a_page() {
    let world = world().await;
    let problem = world.ask(Ask::post("/v1/orders", "{")).await.json();
    let page = Ask::get(problem["type"].as_str().expect("a link"))
        .send(world.api)
        .await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("malformed_json"), "{}", page.body);
    let none = Ask::get("/docs/errors/nothing_of_ours")
        .send(world.api)
        .await;
    assert_eq!(none.problem(), "not_found");
}
