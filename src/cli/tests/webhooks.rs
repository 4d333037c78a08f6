//! Looking at webhooks without a hub, and having one read again by a hub that answers, refuses, or
//! is none.

use orderhub_domain::ids::OrderId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::*;
use crate::store::{
    ParkedDetail, ParkedFilter, ParkedPage, SealError, WebhookDetail, WebhookFilter,
    WebhookListing, WebhookPage,
};

/// Webhooks that are remembered, and what was asked for.
#[derive(Default)]
pub(super) struct Shelf {
    webhooks: Vec<WebhookDetail>,
    asked: Mutex<Option<WebhookFilter>>,
    more: bool,
}

#[async_trait]
impl Messages for Shelf {
    async fn webhooks(&self, filter: &WebhookFilter) -> Result<WebhookPage, Unavailable> {
        *self.asked.lock().expect("a lock") = Some(filter.clone());
        let listings = self.webhooks.iter().map(|one| one.listing.clone());
        Ok(WebhookPage {
            webhooks: listings.collect(),
            next: self.more.then(Uuid::nil),
        })
    }

    async fn webhook(&self, id: Uuid) -> Result<Option<WebhookDetail>, Unavailable> {
        let found = self.webhooks.iter().find(|one| one.listing.id == id);
        Ok(found.cloned())
    }

    async fn parked(&self, _: &ParkedFilter) -> Result<ParkedPage, Unavailable> {
        Ok(ParkedPage::default())
    }

    async fn parked_message(&self, _: Uuid) -> Result<Option<ParkedDetail>, Unavailable> {
        Ok(None)
    }
}

const ID: &str = "019b76da-a800-7000-8000-000000000001";

fn webhook(reason: &str, body: Result<&[u8], SealError>) -> WebhookDetail {
    WebhookDetail {
        listing: WebhookListing {
            id: ID.parse().expect("an id"),
            source: "sales/shop-de".into(),
            outcome: "ignored".into(),
            reason: Some(reason.into()),
            order: None::<OrderId>,
            received_at: Timestamp::UNIX_EPOCH,
        },
        headers: [("x-topic".into(), "themes/publish".into())].into(),
        body: body.map(<[u8]>::to_vec),
    }
}

fn remembering(webhook: WebhookDetail) -> World {
    let shelf = Shelf {
        webhooks: vec![webhook],
        ..Shelf::default()
    };
    World {
        shelf: Arc::new(shelf),
        ..World::default()
    }
}

#[tokio::test]
async fn webhooks_are_listed_by_what_is_asked_for() {
    let world = remembering(webhook("unknown_topic:themes/publish", Ok(b"{}")));
    let line = "webhooks ls --source sales/shop-de --outcome ignored --limit 7 -o json";
    let (exit, data, words) = run_on(&world, FILE, line).await;
    assert_eq!(exit, Exit::Done, "{words}");
    let asked = world.shelf.asked.lock().expect("a lock").clone();
    let expected = WebhookFilter {
        source: Some("sales/shop-de".into()),
        outcome: Some("ignored".into()),
        before: None,
        limit: 7,
    };
    assert_eq!(asked, Some(expected));
    let listed: Value = serde_json::from_str(&data).expect("JSON");
    let expected = json!([{
        "id": ID, "source": "sales/shop-de", "outcome": "ignored", "order": null,
        "reason": "unknown_topic:themes/publish", "received_at": "1970-01-01T00:00:00Z",
    }]);
    assert_eq!(listed, expected);
    assert!(words.is_empty(), "all are listed: {words}");
    for wrong in ["--outcome lost", "--limit 0", "--limit 1001", "--before 1"] {
        let (exit, ..) = run_on(&world, FILE, &format!("webhooks ls {wrong}")).await;
        assert_eq!(exit, Exit::Usage, "{wrong}");
    }
}

#[tokio::test]
async fn a_list_that_is_cut_off_says_so() {
    let shelf = Shelf {
        more: true,
        ..Shelf::default()
    };
    let world = World {
        shelf: Arc::new(shelf),
        ..World::default()
    };
    let (exit, data, words) = run_on(&world, FILE, "webhooks ls").await;
    assert_eq!(exit, Exit::Done);
    assert!(data.starts_with("ID  SOURCE"), "{data}");
    assert!(words.contains("older ones"), "{words}");
}

#[tokio::test]
async fn vendors_words_cannot_move_the_cursor() {
    let world = remembering(webhook("a\u{1b}[2J\nb\u{9b}c", Ok(b"one\n\x1b]0;two\ttab")));
    let (_, listed, _) = run_on(&world, FILE, "webhooks ls").await;
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(
        listed.contains("a\u{fffd}[2J\u{fffd}b\u{fffd}c"),
        "{listed}"
    );
    let line = format!("webhooks show {ID} --body");
    let (exit, shown, _) = run_on(&world, FILE, &line).await;
    assert_eq!(exit, Exit::Done);
    assert!(
        shown.contains("header x-topic  themes/publish\n"),
        "{shown}"
    );
    assert!(shown.ends_with("\n\none\n\u{fffd}]0;two\ttab\n"), "{shown}");
}

#[tokio::test]
async fn what_a_webhook_said_is_shown_only_when_asked_for() {
    let world = remembering(webhook("unknown_topic:a", Ok(b"words of a buyer")));
    let show = format!("webhooks show {ID}");
    for format in ["", " -o json"] {
        let (exit, shown, _) = run_on(&world, FILE, &format!("{show}{format}")).await;
        assert_eq!(exit, Exit::Done);
        assert!(shown.contains(ID) && !shown.contains("buyer"), "{shown}");
        let (_, shown, _) = run_on(&world, FILE, &format!("{show} --body{format}")).await;
        assert!(shown.contains("words of a buyer"), "{shown}");
    }
    let world = remembering(webhook("unreadable: no text", Ok(&[0xff, 0xfe])));
    let (exit, shown, words) = run_on(&world, FILE, &format!("{show} --body")).await;
    assert_eq!(exit, Exit::Done);
    assert!(
        !shown.contains('\u{fffd}') && words.contains("-o json"),
        "{words}"
    );
    let (_, shown, _) = run_on(&world, FILE, &format!("{show} --body -o json")).await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["body_base64"], "//4=");
}

#[tokio::test]
async fn a_webhook_under_another_key_is_shown_without_what_it_said() {
    let world = remembering(webhook("unknown_topic:a", Err(SealError::DoesNotOpen)));
    let show = format!("webhooks show {ID}");
    let (exit, shown, _) = run_on(&world, FILE, &format!("{show} -o json")).await;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!((exit, &shown["readable"]), (Exit::Done, &json!(false)));
    let (exit, data, words) = run_on(&world, FILE, &format!("{show} --body")).await;
    assert_eq!(exit, Exit::Conflict);
    assert!(data.is_empty() && words.contains("seal_key"), "{words}");
}

/// A hub that gives one answer; its URL, and the request that it gets.
async fn hub(status: u16, body: &'static str) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let request = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a request");
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n{}") {
            let read = stream.read_buf(&mut request).await.expect("bytes");
            assert!(read > 0, "the request ends early: {request:?}");
        }
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status} Said\r\nlocation: http://127.0.0.1:9/\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        stream.write_all(answer.as_bytes()).await.expect("written");
        String::from_utf8(request).expect("UTF-8")
    });
    (url, request)
}

#[tokio::test]
async fn a_replay_is_the_running_hubs_and_its_answer_is_printed() {
    let answer = r#"{"id":"1","order":"ord_1","outcome":"applied","reason":null}"#;
    let lines = "id       1\noutcome  applied\nreason   -\norder    ord_1";
    for (format, printed) in [("json", answer), ("text", lines)] {
        let (url, request) = hub(200, answer).await;
        let line = format!("webhooks replay {ID} --url {url} --key ohk_secret -o {format}");
        let (exit, data, words) = run_line(&line).await;
        assert_eq!(exit, Exit::Done, "{words}");
        assert_eq!(data.trim_end(), printed);
        let request = request.await.expect("a request").to_lowercase();
        let head = format!("post /v1/webhooks-received/{ID}/actions/replay http/1.1\r\n");
        assert!(request.starts_with(&head), "{request}");
        let key = "authorization: bearer ohk_secret\r\n";
        assert!(request.contains(key), "{request}");
    }
}

#[tokio::test]
async fn what_the_hub_refuses_has_its_exit_code_and_the_next_step() {
    let nothing = r#"{"code":"not_found","detail":"There is nothing at this address."}"#;
    let missing =
        r#"{"code":"connection_missing","detail":"There is no connection a/b any more."}"#;
    let unknown = r#"{"code":"unauthorized","detail":"The key is not known."}"#;
    let busy = r#"{"code":"overloaded","detail":"The hub is busy."}"#;
    for (status, body, exit, said) in [
        (404, nothing, Exit::NotFound, "there is no webhook"),
        (409, missing, Exit::Conflict, "no connection a/b"),
        (401, unknown, Exit::Usage, "orderhub keys create"),
        (503, busy, Exit::Failed, "is busy"),
        (404, "<html>", Exit::Missing, "is no orderhub"),
        (404, "{}", Exit::Missing, "is no orderhub"),
        (302, "", Exit::Missing, "is no orderhub"),
    ] {
        let (url, request) = hub(status, body).await;
        let line = format!("webhooks replay {ID} --url {url} --key ohk_secret");
        let (got, data, words) = run_line(&line).await;
        assert_eq!(got, exit, "{status} {body}: {words}");
        assert!(data.is_empty() && words.contains(said), "{words}");
        assert!(words.contains("\nnext: "), "{words}");
        request.await.expect("a request");
    }
}

#[tokio::test]
async fn a_hub_that_is_down_or_hangs_up_is_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let line = format!("webhooks replay {ID} --url http://{address} --key ohk_secret");
    let hanging_up = tokio::spawn(async move {
        drop(listener.accept().await.expect("a request"));
    });
    let (exit, _, words) = run_line(&line).await;
    assert_eq!(exit, Exit::Failed, "it may have read the request: {words}");
    hanging_up.await.expect("it hung up");
    let (exit, _, words) = run_line(&line).await;
    assert_eq!(exit, Exit::Missing, "{words}");
    assert!(words.contains("next: orderhub serve"), "{words}");
    // Without --url it is the configured address.
    let file = format!("[http]\naddr = \"{address}\"\n{FILE}");
    let line = format!("webhooks replay {ID} --key ohk_secret");
    let (exit, _, words) = run_on(&World::default(), &file, &line).await;
    assert_eq!(exit, Exit::Missing);
    assert!(words.contains(&address.to_string()), "{words}");
}

#[tokio::test]
async fn a_replay_needs_a_key_and_an_id() {
    for (line, exit) in [
        (format!("webhooks replay {ID} --key="), Exit::Usage),
        (format!("webhooks replay {ID} --key ohk_ä"), Exit::Usage),
        (
            format!("webhooks replay {ID} --key ohk_secret --url nowhere"),
            Exit::Usage,
        ),
        (
            "webhooks replay ../keys --key ohk_secret".to_owned(),
            Exit::NotFound,
        ),
        ("webhooks show 1".to_owned(), Exit::NotFound),
        (format!("webhooks show {ID}"), Exit::NotFound),
    ] {
        let (got, data, words) = run_line(&line).await;
        assert_eq!(got, exit, "{line}: {words}");
        assert!(
            data.is_empty() && words.contains("next: "),
            "{line}: {words}"
        );
        assert!(!words.contains("ohk_secret"), "{words}");
    }
}
