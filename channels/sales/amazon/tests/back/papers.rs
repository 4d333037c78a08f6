//! A stand-in for the channel's feeds and its store of documents: it takes a document without our key, makes a feed of
//! it, works it off when it is told to, and writes a report.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use serde_json::{Value, json};
use wiremock::matchers::path_regex;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{Channel, trouble};

/// A feed that was handed in.
#[derive(Clone)]
pub(super) struct Paper {
    pub(super) id: String,
    pub(super) kind: String,
    /// Its document.
    pub(super) text: String,
    pub(super) at: Timestamp,
}

/// What the channel has of us.
pub(super) struct Papers {
    uri: String,
    laid_down: BTreeMap<String, String>,
    pub(super) feeds: Vec<Paper>,
    /// What all feeds are.
    pub(super) status: &'static str,
    /// The code that their messages are refused with.
    pub(super) wrong: Option<&'static str>,
    /// Writes its reports in GZIP.
    pub(super) packed: bool,
    /// Answers this for reports.
    pub(super) report: Option<ResponseTemplate>,
    /// Makes the next feed and answers this.
    pub(super) lose: Option<ResponseTemplate>,
    /// Makes no feed and answers this, once.
    pub(super) drop: Option<ResponseTemplate>,
    /// Answers this to documents.
    pub(super) away: Option<ResponseTemplate>,
    /// Answers this in its store.
    pub(super) full: Option<ResponseTemplate>,
    /// Where documents are to go, if not here.
    pub(super) elsewhere: Option<&'static str>,
    /// Feeds on a page of their list.
    pub(super) page: usize,
    pub(super) lists: usize,
}

#[derive(Clone)]
pub(super) struct Desk(Arc<Mutex<Papers>>);

impl Desk {
    /// Serves feeds beside the channel's orders.
    pub(super) async fn serve(server: &MockServer, channel: &Channel) -> Self {
        let desk = Self(Arc::new(Mutex::new(Papers {
            uri: server.uri(),
            laid_down: BTreeMap::new(),
            feeds: Vec::new(),
            status: "IN_QUEUE",
            wrong: None,
            packed: false,
            report: None,
            lose: None,
            drop: None,
            away: None,
            full: None,
            elsewhere: None,
            page: 100,
            lists: 0,
        })));
        Mock::given(path_regex("^/(feeds|store)/"))
            .respond_with(desk.clone())
            .mount(server)
            .await;
        Mock::given(path_regex("^/orders/"))
            .respond_with(channel.clone())
            .mount(server)
            .await;
        desk
    }

    pub(super) fn papers(&self) -> MutexGuard<'_, Papers> {
        self.0.lock().expect("a lock")
    }
}

impl Respond for Desk {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut papers = self.papers();
        let path = request.url.path();
        let ours = request.headers.contains_key("x-amz-access-token");
        assert_eq!(ours, !path.starts_with("/store/"), "{path}");
        assert!(!request.headers.contains_key("authorization"));
        let place = path.trim_start_matches("/feeds/2021-06-30/");
        let names: Vec<_> = place.split('/').collect();
        match (request.method.as_str(), &names[..]) {
            ("POST", ["documents"]) => papers.give_address(request),
            ("PUT", ["", "store", id]) => papers.keep(id, request),
            ("POST", ["feeds"]) => papers.make(request),
            ("GET", ["feeds"]) => papers.list(request),
            ("GET", ["feeds", id]) => match papers.feeds.iter().find(|feed| feed.id == *id) {
                Some(feed) => json_of(200, papers.shown(feed)),
                None => trouble(404, "NotFound"),
            },
            ("GET", ["documents", id]) => papers.show_report(id),
            (verb, names) => {
                assert_eq!((verb, names), ("GET", &["", "store", "report"][..]));
                papers.written_report()
            }
        }
    }
}

fn json_of(status: u16, body: Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

impl Papers {
    fn give_address(&mut self, request: &Request) -> ResponseTemplate {
        let form: Value = request.body_json().expect("JSON");
        assert_eq!(form, json!({ "contentType": "text/xml; charset=UTF-8" }));
        if let Some(away) = &self.away {
            return away.clone();
        }
        let id = format!("in-{}", self.laid_down.len() + 1);
        self.laid_down.insert(id.clone(), String::new());
        let here = format!("{}/store/{id}", self.uri);
        let url = self.elsewhere.map_or(here, str::to_owned);
        json_of(201, json!({ "feedDocumentId": id, "url": url }))
    }

    fn keep(&mut self, id: &str, request: &Request) -> ResponseTemplate {
        assert_eq!(request.headers["content-type"], "text/xml; charset=UTF-8");
        if let Some(full) = &self.full {
            return full.clone();
        }
        let text = String::from_utf8(request.body.clone()).expect("text");
        well_formed(&text);
        *self.laid_down.get_mut(id).expect("an address") = text;
        ResponseTemplate::new(200)
    }

    fn make(&mut self, request: &Request) -> ResponseTemplate {
        if let Some(drop) = self.drop.take() {
            return drop;
        }
        let asked: Value = request.body_json().expect("JSON");
        assert_eq!(asked["marketplaceIds"], json!(["A1PA6795UKMFR9"]));
        let kind = asked["feedType"].as_str().expect("a kind");
        let document = asked["inputFeedDocumentId"].as_str().expect("an id");
        let text = self.laid_down[document].clone();
        let of = match kind {
            "POST_ORDER_ACKNOWLEDGEMENT_DATA" => "OrderAcknowledgement",
            "POST_PAYMENT_ADJUSTMENT_DATA" => "OrderAdjustment",
            other => panic!("another kind: {other}"),
        };
        for part in [
            format!("<MessageType>{of}</MessageType>"),
            format!("<Message><MessageID>1</MessageID><{of}>"),
            "<MerchantIdentifier>AOWN0000000001</MerchantIdentifier>".to_owned(),
        ] {
            assert!(text.contains(&part), "{text}");
        }
        let id = self.add(kind, text, Timestamp::now());
        self.lose
            .take()
            .unwrap_or_else(|| json_of(202, json!({ "feedId": id })))
    }

    /// A feed, by whomever it was handed in.
    pub(super) fn add(&mut self, kind: &str, text: String, at: Timestamp) -> String {
        let id = format!("{}", 5001 + self.feeds.len());
        self.feeds.push(Paper {
            id: id.clone(),
            kind: kind.to_owned(),
            text,
            at,
        });
        id
    }

    fn shown(&self, feed: &Paper) -> Value {
        let report = (self.status == "DONE").then(|| format!("out-{}", feed.id));
        json!({ "feedId": feed.id, "feedType": feed.kind, "marketplaceIds": ["A1PA6795UKMFR9"],
            "createdTime": feed.at.to_string(), "processingStatus": self.status,
            "resultFeedDocumentId": report })
    }

    fn list(&mut self, request: &Request) -> ResponseTemplate {
        self.lists += 1;
        let query: BTreeMap<_, _> = request.url.query_pairs().into_owned().collect();
        let (kind, since, from) = if let Some(token) = query.get("nextToken") {
            // "Specifying nextToken with any other parameters causes the request to fail."
            assert_eq!(query.len(), 1);
            let mut parts = token.split('|');
            let mut next = || parts.next().expect("a part").to_owned();
            (next(), next(), next().parse().expect("a place"))
        } else {
            assert_eq!(query["pageSize"], "100");
            (query["feedTypes"].clone(), query["createdSince"].clone(), 0)
        };
        let at: Timestamp = since.parse().expect("a time");
        let found = self.feeds.iter();
        let found: Vec<_> = found
            .filter(|feed| feed.kind == kind && feed.at >= at)
            .collect();
        let until = found.len().min(from + self.page);
        let page: Vec<_> = found[from..until]
            .iter()
            .map(|feed| self.shown(feed))
            .collect();
        let more = (until < found.len()).then(|| format!("{kind}|{since}|{until}"));
        json_of(200, json!({ "feeds": page, "nextToken": more }))
    }

    fn show_report(&self, id: &str) -> ResponseTemplate {
        assert!(id.starts_with("out-"), "{id}");
        let url = format!("{}/store/report", self.uri);
        let how = self.packed.then_some("GZIP");
        json_of(
            200,
            json!({ "feedDocumentId": id, "url": url, "compressionAlgorithm": how }),
        )
    }

    fn written_report(&self) -> ResponseTemplate {
        if let Some(report) = &self.report {
            return report.clone();
        }
        let result = self.wrong.map(|code| {
            format!(
                "<Result><MessageID>1</MessageID><ResultCode>Error</ResultCode>\
                 <ResultMessageCode>{code}</ResultMessageCode>\
                 <ResultDescription>for Jane Doe</ResultDescription></Result>"
            )
        });
        let wrong = u32::from(result.is_some());
        let text = format!(
            "<AmazonEnvelope><MessageType>ProcessingReport</MessageType><Message>\
             <MessageID>1</MessageID><ProcessingReport><StatusCode>Complete</StatusCode>\
             <ProcessingSummary><MessagesProcessed>1</MessagesProcessed>\
             <MessagesSuccessful>{}</MessagesSuccessful><MessagesWithError>{wrong}</MessagesWithError>\
             <MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>{}\
             </ProcessingReport></Message></AmazonEnvelope>",
            1 - wrong,
            result.unwrap_or_default(),
        );
        if !self.packed {
            return ResponseTemplate::new(200).set_body_string(text);
        }
        let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
        writer.write_all(text.as_bytes()).expect("packed");
        ResponseTemplate::new(200).set_body_bytes(writer.finish().expect("packed"))
    }
}

/// Every element that is opened is closed, each within its own.
fn well_formed(text: &str) {
    let body = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let mut open = Vec::new();
    for piece in body.expect("a declaration").split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("an end");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{text}"),
            None => open.push(tag.split(' ').next().expect("a name")),
        }
    }
    assert!(open.is_empty(), "{text}");
}
