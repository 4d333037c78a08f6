//! Feeds of the Selling Partner API (v2021-06-30): a document goes to an address of another host, which the channel
//! names and which our key is not for; a feed is made of it, and minutes later the channel has worked it off and
//! reports about it (`developer-docs.amazon.com/sp-api/docs/submit-a-feed`).
//!
//! Nothing happens before a feed is made of a document, and a feed has no key of ours: what a second one does is for
//! whoever hands it in to know.

use jiff::Timestamp;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::api::{Api, Changed};
use super::report;
use crate::outbound::{Answer, Failure};
use crate::port::CallError;
use crate::sales::told::segment;
use crate::spare::Text;
use crate::wire::path_id;

const FEEDS: &str = "/feeds/2021-06-30/feeds";
const DOCUMENTS: &str = "/feeds/2021-06-30/documents";

/// Whose addresses documents go to.
const STORE: &str = "amazonaws.com";

/// What a document is.
const FORM: &str = "text/xml; charset=UTF-8";

/// Most pages of one list of feeds, of 100 each.
const MOST_PAGES: usize = 10;

/// What has become of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// The channel has not worked it off yet.
    UnderWay,
    /// It has, and did what it says.
    Taken,
    /// It has, and did not do what it says, by its code or ours.
    Refused(String),
}

/// A feed, as the channel lists it. Which document it was made of, it does not say.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feed {
    #[serde(rename = "feedId")]
    pub(super) id: String,
    #[serde(rename = "processingStatus")]
    pub(super) status: String,
    #[serde(default)]
    created_time: Text,
    #[serde(default)]
    result_feed_document_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    feeds: Vec<Feed>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    feed_document_id: String,
    url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    feed_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    url: String,
    #[serde(default)]
    compression_algorithm: Option<String>,
}

impl Feed {
    /// When it was handed in.
    pub(super) fn created_at(&self) -> Option<Timestamp> {
        self.created_time.as_ref()?.parse().ok()
    }
}

impl Api {
    /// Brings a document to the channel: its id, or the channel's word for why not. Nothing comes of it by itself.
    pub(super) async fn lay_down(
        &self,
        content: String,
    ) -> Result<Result<String, String>, CallError> {
        let form = json!({ "contentType": FORM });
        let document = match self
            .post(DOCUMENTS, &form)
            .await
            .map_err(CallError::of_question)?
        {
            Changed::Made(answer) => read::<Document>(&answer).map_err(CallError::of_question)?,
            Changed::Refused(code) => return Ok(Err(code)),
        };
        let request = self.store(Method::PUT, &document.url)?;
        let request = request.header("content-type", FORM).body(content);
        self.stored(request).await?;
        Ok(Ok(document.feed_document_id))
    }

    /// Makes a feed of a document for a marketplace: its id, or the channel's word for why not.
    pub(super) async fn make_feed(
        &self,
        kind: &str,
        marketplace: &str,
        document: &str,
    ) -> Result<Result<String, String>, CallError> {
        let feed = json!({
            "feedType": kind, "marketplaceIds": [marketplace], "inputFeedDocumentId": document,
        });
        let answer = match self.post(FEEDS, &feed).await? {
            Changed::Made(answer) => answer,
            Changed::Refused(code) => return Ok(Err(code)),
        };
        let made: Made = read(&answer)?;
        let id = path_id(&made.feed_id).map(str::to_owned);
        id.map(Ok).ok_or_else(|| CallError::unknown(UNREAD))
    }

    /// The feeds of a kind that were handed in since, by whomever.
    pub(super) async fn feeds_since(
        &self,
        kind: &str,
        since: Timestamp,
    ) -> Result<Vec<Feed>, CallError> {
        let since = since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let first = [
            ("feedTypes", kind),
            ("pageSize", "100"),
            ("createdSince", &since),
        ];
        let mut listed = self.list(&first).await?;
        let mut feeds = listed.feeds;
        for _ in 1..MOST_PAGES {
            let Some(token) = listed.next_token.take() else {
                return Ok(feeds);
            };
            listed = self.list(&[("nextToken", &token)]).await?;
            feeds.append(&mut listed.feeds);
        }
        match listed.next_token {
            None => Ok(feeds),
            Some(_) => Err(CallError::not_now("the channel's list of feeds has no end")),
        }
    }

    async fn list(&self, query: &[(&str, &str)]) -> Result<Listed, CallError> {
        let listed = self.look_up(FEEDS, query).await.map_err(used_up)?;
        listed.ok_or_else(|| CallError::not_now("the channel does not list its feeds"))
    }

    /// What has become of the feed of this id.
    pub(super) async fn fate(&self, id: &str) -> Result<Fate, CallError> {
        let found: Option<Feed> = self.look_up(&format!("{FEEDS}/{id}"), &[]).await?;
        let Some(feed) = found else {
            return Ok(Fate::Refused("feed_not_found".to_owned()));
        };
        match feed.status.as_str() {
            "DONE" => self.judged(feed.result_feed_document_id.as_deref()).await,
            "CANCELLED" => Ok(Fate::Refused("feed_cancelled".to_owned())),
            // "Some, none, or all of the operations within the feed may have completed successfully."
            "FATAL" => Ok(Fate::Refused("feed_aborted".to_owned())),
            _ => Ok(Fate::UnderWay),
        }
    }

    /// What the report of a feed says.
    async fn judged(&self, report: Option<&str>) -> Result<Fate, CallError> {
        let unread = || Ok(Fate::Refused("report_cannot_be_read".to_owned()));
        let Some(id) = report.and_then(segment) else {
            return unread();
        };
        let path = format!("{DOCUMENTS}/{id}");
        let found: Option<Stored> = self.look_up(&path, &[]).await.map_err(used_up)?;
        let Some(found) = found else {
            return unread();
        };
        let answer = self.stored(self.store(Method::GET, &found.url)?).await?;
        let packed = found.compression_algorithm.is_some();
        match report::judge(&answer.body, packed) {
            Some(fate) => Ok(fate),
            None => unread(),
        }
    }

    /// A request to the channel's store of documents.
    fn store(&self, method: Method, address: &str) -> Result<RequestBuilder, CallError> {
        let request = self.http.there(method, address, STORE);
        request
            .ok_or_else(|| CallError::not_now("the channel names an address that is not its own"))
    }

    /// What the store answers; whatever it is, no feed is made by it.
    async fn stored(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        if answer.status.is_success() {
            return Ok(answer);
        }
        let status = answer.status.as_u16();
        Err(answer.not_done(format!(
            "the channel's store of documents answered {status}"
        )))
    }
}

const UNREAD: &str = "the channel's answer cannot be read";

/// The failure of a question whose quota is small: that it may be used up is no reason to leave the channel alone.
fn used_up(failure: CallError) -> CallError {
    match failure {
        CallError::NotDone {
            reason,
            retry_after,
            ..
        } => CallError::NotDone {
            reason,
            retry_after,
            well: true,
        },
        lost @ CallError::Unknown { .. } => lost,
    }
}

/// The object of a change that was made.
fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, CallError> {
    serde_json::from_slice(answer).map_err(|_| CallError::unknown(UNREAD))
}
