//! Reports taken page by page from a double of a NATS server.

use jiff::Timestamp;

use super::{Server, connected, with_streams};
use crate::port::{CallError, Page};
use crate::warehouses::WarehouseConnector;

async fn page(warehouse: &dyn WarehouseConnector, cursor: Option<&str>) -> Result<Page, CallError> {
    let poll = warehouse.poll().expect("it is asked");
    poll.page(cursor, Timestamp::UNIX_EPOCH).await
}

/// All pages after a place: what is on them, and the place after the last.
async fn all(warehouse: &dyn WarehouseConnector, cursor: Option<&str>) -> (Vec<String>, String) {
    let mut cursor = cursor.map(str::to_owned);
    let mut said = Vec::new();
    loop {
        let page = page(warehouse, cursor.as_deref()).await.expect("a page");
        let bodies = page.statements.into_iter();
        said.extend(bodies.map(|one| String::from_utf8(one.raw).expect("text")));
        if !page.more {
            return (said, page.next);
        }
        cursor = Some(page.next);
    }
}

fn say(server: &Server, reports: &[&str]) {
    let mut book = server.book();
    let stream = book.stream("ACME_REPORTS");
    for report in reports {
        stream.push("acme.reports.BER1", None, Some(report.as_bytes()));
    }
}

#[tokio::test]
async fn reports_are_taken_in_their_order_and_once() {
    let (server, warehouse) = with_streams().await;
    let (none, start) = all(warehouse.as_ref(), None).await;
    assert!(none.is_empty());
    say(&server, &["a", "b"]);
    let (said, place) = all(warehouse.as_ref(), Some(&start)).await;
    assert_eq!(said, ["a", "b"]);
    let (again, same) = all(warehouse.as_ref(), Some(&place)).await;
    assert!(again.is_empty());
    assert_eq!(same, place, "nothing to write down");
    say(&server, &["c"]);
    let (said, _) = all(warehouse.as_ref(), Some(&place)).await;
    assert_eq!(said, ["c"]);
    // A place that was not written down is taken again.
    let (said, _) = all(warehouse.as_ref(), Some(&start)).await;
    assert_eq!(said, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_long_stream_is_many_pages_and_what_is_not_there_any_more_is_passed() {
    let (server, warehouse) = with_streams().await;
    let numbers: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    say(&server, &numbers);
    {
        let mut book = server.book();
        let stream = book.stream("ACME_REPORTS");
        stream.messages[64].body = None;
        stream.messages[199].body = None;
        stream.messages[100].subject = "acme.other.BER1".into();
    }
    let (said, place) = all(warehouse.as_ref(), None).await;
    let wanted = numbers
        .iter()
        .filter(|one| !["64", "100", "199"].contains(one));
    assert!(said.iter().eq(wanted), "{said:?}");
    let (said, _) = all(warehouse.as_ref(), Some(&place)).await;
    assert!(said.is_empty());
}

#[tokio::test]
async fn what_the_stream_let_go_of_does_not_stop_it() {
    let (server, warehouse) = with_streams().await;
    say(&server, &["a"]);
    let (_, place) = all(warehouse.as_ref(), None).await;
    say(&server, &["b", "c", "d"]);
    server.book().stream("ACME_REPORTS").let_go = 3;
    let (said, place) = all(warehouse.as_ref(), Some(&place)).await;
    assert_eq!(said, ["d"]);
    server.book().stream("ACME_REPORTS").let_go = 4;
    let (said, same) = all(warehouse.as_ref(), Some(&place)).await;
    assert!(said.is_empty());
    assert_eq!(same, place);
}

#[tokio::test]
async fn a_stream_that_lost_its_end_is_read_again_from_its_beginning() {
    let (server, warehouse) = with_streams().await;
    say(&server, &["a", "b", "c"]);
    let (_, place) = all(warehouse.as_ref(), None).await;
    // Shorter than it was; then as long with another end; then longer with another message there.
    for then in [&["d"][..], &["d", "e"], &["d", "e", "f"]] {
        server.book().stream("ACME_REPORTS").lose_after(1);
        say(&server, then);
        let (said, _) = all(warehouse.as_ref(), Some(&place)).await;
        assert_eq!(said[0], "a", "all of it, {then:?} included");
        assert_eq!(said[1..], *then);
    }
}

#[tokio::test]
async fn a_stream_that_was_made_again_and_a_place_written_by_hand_begin_anew() {
    let (server, warehouse) = with_streams().await;
    say(&server, &["a"]);
    let (_, place) = all(warehouse.as_ref(), None).await;
    server.book().add("ACME_REPORTS", "acme.reports.");
    say(&server, &["b", "c"]);
    let (said, _) = all(warehouse.as_ref(), Some(&place)).await;
    assert_eq!(said, ["b", "c"]);
    let (said, _) = all(warehouse.as_ref(), Some("again")).await;
    assert_eq!(said, ["b", "c"]);
}

#[tokio::test]
async fn both_streams_are_made_by_the_first_look() {
    let server = Server::start().await;
    let warehouse = connected(&server.url());
    all(warehouse.as_ref(), None).await;
    let names: Vec<String> = server.book().streams.keys().cloned().collect();
    assert_eq!(names, ["ACME_REPORTS", "ACME_REQUESTS"]);
    // And the first one again, when it is gone.
    server.book().streams.clear();
    all(warehouse.as_ref(), None).await;
    assert!(server.book().streams.contains_key("ACME_REPORTS"));
}

#[tokio::test]
async fn a_checkup_says_what_is_missing_and_makes_nothing() {
    let server = Server::start().await;
    server.book().add("ACME_REPORTS", "acme.reports.");
    let warehouse = connected(&server.url());
    let checkup = warehouse.checkup().expect("it can be looked at");
    let found = checkup.look().await.expect("it is there");
    assert!(
        found.contains("ACME_REQUESTS is made at the start"),
        "{found}"
    );
    assert_eq!(server.book().streams.len(), 1);
    server.book().add("ACME_REQUESTS", "acme.requests.");
    let found = checkup.look().await.expect("it is there");
    assert_eq!(found, "NATS 2.10.0 has both streams");
}

#[tokio::test]
async fn what_keeps_reports_away_is_told_with_what_to_do() {
    let (server, warehouse) = with_streams().await;
    say(&server, &["a"]);
    for (silent, words) in [
        ("STREAM.INFO", "$JS.API.STREAM.INFO.ACME_REPORTS"),
        ("MSG.GET", "$JS.API.STREAM.MSG.GET.ACME_REPORTS"),
    ] {
        server.book().silent_on = Some(silent);
        let error = page(warehouse.as_ref(), None).await.expect_err(silent);
        assert!(error.to_string().contains(words), "{error}");
    }
    server.book().silent_on = None;
    server.book().stream("ACME_REPORTS").retain("interest");
    let error = page(warehouse.as_ref(), None).await;
    let error = error
        .expect_err("it would lose what nobody waits for")
        .to_string();
    assert!(error.contains("retention limits"), "{error}");
}
