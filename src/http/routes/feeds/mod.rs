//! `/v1/inventory/feeds`: what outside systems say of many SKUs at once, and how far each has come.

mod read;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use futures_util::Stream;
use jiff::Timestamp;
use orderhub_domain::canonical::Violation;
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use self::read::{Reading, Refused};
use super::lines::Lines;
use super::{answer, answered, asked, with};
use crate::http::asked::{Asked, segment};
use crate::http::edge::Edge;
use crate::http::pages;
use crate::http::problem::Problem;
use crate::stock_feeds::{Failed, Message, Outcome, Verdict};
use crate::views;

/// Most lines of one request. Each location takes what a message says of it in one commit.
const MOST_LINES: usize = 10_000;
/// Most bytes of one request.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// Most messages of one request.
const MOST_MESSAGES: usize = 100;
/// Most refused lines that are listed in one answer.
const LISTED: usize = 200;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let feeding = warp::path!("v1" / "inventory" / "feeds" / String)
        .and(warp::post())
        .and(asked())
        .and(warp::body::stream())
        .and(with(edge))
        .then(
            |source: String, asked: Arc<Asked>, body, edge: Arc<Edge>| async move {
                answer(feed(&edge, &asked, &source, body).await)
            },
        );
    let listing = warp::path!("v1" / "inventory" / "feeds")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(list(&edge, &asked).await) },
        );
    feeding.or(listing).unify().boxed()
}

async fn list(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    if asked.parameters().next().is_some() {
        let detail = "This list has no parameters.";
        return Err(Problem::new("invalid_query", detail));
    }
    let now = Timestamp::now();
    let all = edge.stock_feeds.all().await?;
    let data: Vec<Value> = all
        .iter()
        .map(|source| views::feeds::source(source, now))
        .collect();
    Ok(pages::page("/v1/inventory/feeds", asked, &data, None))
}

/// Reads the whole body before anything of it is told to a location: what is too much or breaks off
/// changes nothing.
async fn feed<B: Buf>(
    edge: &Edge,
    asked: &Asked,
    source: &str,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let source = segment(source)?;
    if !Slug::is_valid(&source) {
        let detail =
            "A source is named like erp-1: a letter, then at most 31 letters, digits and dashes.";
        return Err(Problem::new("bad_slug", detail));
    }
    let source = Slug::from(source.as_str());
    let known = &edge.desk.locations;
    let mut reading = Reading::new(known, Timestamp::now(), asked.parameters())?;
    let body = pin!(body);
    let mut lines = Lines::new(body, asked.body_time);
    let mut hash = Sha256::new();
    let (mut number, mut bytes) = (0, 0);
    while let Some(line) = lines.next().await? {
        number += 1;
        if let Ok(text) = &line {
            bytes += text.len();
            hash.update(text);
            hash.update(b"\n");
        }
        reading.line(number, line.as_deref().map_err(Clone::clone));
        if number > MOST_LINES || bytes > MOST_BYTES || reading.messages() > MOST_MESSAGES {
            let detail = format!(
                "A feed has at most {MOST_LINES} lines, {MOST_MESSAGES} messages and {MOST_BYTES} \
                 bytes; nothing of this one was taken. Send it in parts, each under its number."
            );
            return Err(Problem::new("too_large", detail).closing());
        }
    }
    if number == 0 {
        return Err(Problem::new("empty_body", "The feed has no lines."));
    }
    let refused = std::mem::take(&mut reading.refused);
    let rows = reading.rows;
    let messages = reading.finish();
    let request = asked.request(&asked.path_and_query(), &hex::encode(hash.finalize()))?;
    let done = take(edge, &source, &messages, rows, &refused);
    let (body, repeated) = edge.requests.once(request, done).await?;
    Ok(answered(&body, repeated))
}

/// Takes the messages one after the other, and says what became of each.
async fn take(
    edge: &Edge,
    source: &Slug,
    messages: &[Message],
    rows: usize,
    refused: &[Refused],
) -> Result<Value, Problem> {
    if messages.iter().all(|message| message.says.is_empty()) {
        return Err(unreadable(refused));
    }
    let mut verdicts = Vec::with_capacity(messages.len());
    for message in messages {
        let verdict = edge.stock_feeds.take(source, message).await;
        verdicts.push(verdict.map_err(problem)?);
    }
    let all = |outcome| verdicts.iter().all(|verdict| verdict.outcome == outcome);
    if let Some(last) = verdicts.last() {
        if all(Outcome::Outdated) {
            let detail = format!("Message {} of {source} was taken before.", last.last);
            return Err(Problem::new("feed_outdated", detail));
        }
        if all(Outcome::Conflicting) {
            let detail = "A message with other lines was taken under this number.";
            return Err(Problem::new("feed_sequence_reused", detail));
        }
    }
    let outcome = [Outcome::Applied, Outcome::Repeated]
        .into_iter()
        .find(|outcome| all(*outcome) && refused.is_empty());
    let applied: usize = messages
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| verdict.outcome.is_taken())
        .map(|(message, _)| message.rows())
        .sum();
    let each = messages.iter().zip(&verdicts).map(shown);
    Ok(json!({
        "source": source.as_str(),
        "outcome": outcome.unwrap_or(Outcome::Partial).word(),
        "sequence": verdicts.last().map(|verdict| verdict.last),
        "rows": rows,
        "applied": applied,
        "rejected": refused_lines(refused),
        "feeds": each.collect::<Vec<_>>(),
        "errors": refused.iter().take(LISTED).map(told).collect::<Vec<_>>(),
    }))
}

fn shown((message, verdict): (&Message, &Verdict)) -> Value {
    let gap = verdict
        .gap
        .map(|(first, last)| json!({ "first": first, "last": last }));
    json!({
        "sequence": message.mark.sequence,
        "as_of": message.as_of,
        "outcome": verdict.outcome.word(),
        "rows": message.rows() + message.rejected,
        "rejected": message.rejected,
        "gap": gap,
    })
}

fn told(refused: &Refused) -> Value {
    json!({
        "line": refused.line,
        "pointer": refused.why.pointer,
        "code": refused.why.code,
        "hint": refused.why.hint,
    })
}

/// How many lines are refused; one may be so for several reasons.
fn refused_lines(refused: &[Refused]) -> usize {
    let mut lines: Vec<usize> = refused.iter().map(|refused| refused.line).collect();
    lines.dedup();
    lines.len()
}

/// Not one line can be taken: nothing has changed, and the number is still free.
fn unreadable(refused: &[Refused]) -> Problem {
    if refused.is_empty() {
        let detail = "The feed says nothing about stock: no line names a location and a SKU.";
        return Problem::new("required", detail);
    }
    let at = |refused: &Refused| {
        let pointer = format!("/{}{}", refused.line, refused.why.pointer);
        Violation::new(pointer, refused.why.code, refused.why.hint.clone())
    };
    Problem::invalid(refused.iter().map(at).collect())
}

fn problem(failed: Failed) -> Problem {
    match failed {
        Failed::Hub(error) => Problem::from(error).after(Duration::from_secs(2)),
        Failed::TooManySources(_) => {
            let detail = format!("{failed}; send under the name of one that is known.");
            Problem::new("too_many", detail)
        }
    }
}
