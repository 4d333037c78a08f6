//! `/v1/settlements`: payout files are read in, and their lines looked through.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::StatusCode;
use jiff::Timestamp;
use orderhub_channels::settlement::FileFormat;
use orderhub_domain::order::Command;
use orderhub_domain::settlement::LineDecision;
use serde_json::Value;
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::actions::carry_out;
use super::files::{capital, whole};
use super::{answer, answered, asked, body, json as reply, with};
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::fields::{Fields, LONGEST_REASON};
use crate::http::json::{body_hash, object};
use crate::http::limits::FILE_BYTES;
use crate::http::pages::{self, USUAL_PAGE};
use crate::http::problem::Problem;
use crate::settlement::{Failed, Import, LineFilter, Payer, Resolution};
use crate::views;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let files = warp::path!("v1" / "settlements")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(files(&edge, &asked).await) },
        );
    let lines = warp::path!("v1" / "settlements" / "lines")
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |asked: Arc<Asked>, edge: Arc<Edge>| async move { answer(lines(&edge, &asked).await) },
        );
    let acts = warp::path!("v1" / "settlements" / "lines" / String / "actions" / String)
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |id: String, verb: String, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(resolve(&edge, &asked, &id, &verb, &body).await)
            },
        );
    let read = warp::path!("v1" / "settlements" / String)
        .and(warp::post())
        .and(asked())
        .and(warp::body::stream())
        .and(with(edge))
        .then(
            |source: String, asked: Arc<Asked>, body, edge: Arc<Edge>| async move {
                answer(read(&edge, &asked, &source, body).await)
            },
        );
    files
        .or(lines)
        .unify()
        .or(acts)
        .unify()
        .or(read)
        .unify()
        .boxed()
}

async fn read<B: Buf>(
    edge: &Edge,
    asked: &Asked,
    source: &str,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let payer = payer(edge, asked, source)?;
    let format = format(asked, &payer)?;
    // One that waits has not begun to send more than the connection holds.
    let _room = edge.rooms.payouts.acquire().await;
    let too_large = || {
        format!(
            "The file has more than {} MiB: send it in parts, each with the heading. A payout whose \
             lines stand in several parts is judged by the one that has all of them.",
            FILE_BYTES / (1024 * 1024)
        )
    };
    let file = whole(body, asked.body_time, FILE_BYTES, &too_large).await?;
    if file.is_empty() {
        return Err(Problem::new("empty_body", "The file is empty."));
    }
    let import = Import {
        hub: edge.hub.as_ref(),
        journal: edge.journal.as_ref(),
        payouts: edge.payouts.as_ref(),
    };
    let by = format!("operator:{}", asked.key()?.name);
    let read = import.run(&payer.source, format, &file, &by).await;
    let read = read.map_err(|failed| match failed {
        Failed::Unreadable(_) => Problem::new("unreadable_file", capital(&failed.to_string())),
        Failed::Interrupted(_) => {
            let problem = Problem::new("store_unavailable", capital(&failed.to_string()));
            problem.after(Duration::from_secs(2))
        }
    })?;
    Ok(reply(StatusCode::OK, &views::settlement::file(&read)))
}

/// The connection that the file is from. A key that is bound to a channel knows only that one.
fn payer(edge: &Edge, asked: &Asked, source: &str) -> Result<Payer, Problem> {
    let bound = asked.key()?.channel.as_ref();
    if bound.is_some_and(|bound| bound.as_str() != source) {
        return Err(Problem::not_found());
    }
    let payer = edge.payers.iter().find(|(slug, _)| slug.as_str() == source);
    let payer = payer.map(|(_, payer)| payer.clone());
    payer.ok_or_else(Problem::not_found)
}

/// The format that the query names, or that the connection's kind pays out in.
fn format(asked: &Asked, payer: &Payer) -> Result<FileFormat, Problem> {
    let mut format = payer.format;
    for (name, value) in asked.parameters() {
        if name != "format" {
            return Err(pages::unknown("format"));
        }
        let known = FileFormat::ALL.into_iter().find(|one| one.word() == value);
        format = Some(known.ok_or_else(|| {
            let detail = format!("There is no format \"{value}\".");
            Problem::new("unknown_format", detail)
        })?);
    }
    format.ok_or_else(|| {
        let slug = &payer.source.slug;
        let detail = format!("Files of {slug} have no format of their own.");
        Problem::new("unknown_format", detail)
    })
}

async fn files(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    unbound(asked)?;
    let (mut limit, mut after) = (USUAL_PAGE, None);
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "limit" => limit = pages::limit(&value)?,
            "cursor" => after = Some(pages::cursor(&value, uuid)?),
            _ => return Err(pages::unknown("limit and cursor")),
        }
    }
    let (found, next) = edge.payouts.files(after, limit).await?;
    let data: Vec<_> = found.iter().map(views::settlement::file).collect();
    let next = next.map(Uuid::into_bytes);
    let next = next.as_ref().map(<[u8; 16]>::as_slice);
    Ok(pages::page("/v1/settlements", asked, &data, next))
}

async fn lines(edge: &Edge, asked: &Asked) -> Result<Response, Problem> {
    unbound(asked)?;
    let mut filter = LineFilter {
        limit: USUAL_PAGE,
        ..LineFilter::default()
    };
    for (name, value) in asked.parameters() {
        let id = |name| value.parse().map_err(|_| pages::refused(name, "an id"));
        match name.as_str() {
            "source" => filter.source = Some(value),
            "file" => filter.file = Some(id("file")?),
            "verdict" if ["matched", "variance", "unknown"].contains(&value.as_str()) => {
                filter.verdict = Some(value);
            }
            "verdict" => return Err(pages::refused("verdict", "matched, variance or unknown")),
            "open" if value == "true" => filter.open = true,
            "open" => return Err(pages::refused("open", "true")),
            "order" => {
                let order = value
                    .parse()
                    .map_err(|_| pages::refused("order", "an order's id"));
                filter.order = Some(order?);
            }
            "limit" => filter.limit = pages::limit(&value)?,
            "cursor" => filter.after = Some(pages::cursor(&value, uuid)?),
            _ => {
                let known = "source, file, verdict, open, order, limit and cursor";
                return Err(pages::unknown(known));
            }
        }
    }
    let (found, next) = edge.payouts.lines(&filter).await?;
    let data: Vec<_> = found.iter().map(views::settlement::line).collect();
    let next = next.map(Uuid::into_bytes);
    let next = next.as_ref().map(<[u8; 16]>::as_slice);
    Ok(pages::page("/v1/settlements/lines", asked, &data, next))
}

fn uuid(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

/// Lines are of all channels: a key that is bound to one does not see them.
pub(super) fn unbound(asked: &Asked) -> Result<(), Problem> {
    match asked.key()?.channel {
        None => Ok(()),
        Some(_) => Err(Problem::not_found()),
    }
}

/// A person's decision about a line that does not match. Where it stands in the log depends on whom the
/// line is about: an order's decision is an entry of the order, any other an entry of the hub's own log, as
/// for messages that are thrown away. The row says it, too, for the list.
async fn resolve(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    verb: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    unbound(asked)?;
    let id: Uuid = id.parse().map_err(|_| Problem::not_found())?;
    let decision = match verb {
        "resolve" => LineDecision::Resolved,
        "write-off" => LineDecision::WrittenOff,
        _ => return Err(Problem::not_found()),
    };
    let mut fields = Fields::new("", object(body)?);
    let reason = fields.required_text("reason", LONGEST_REASON);
    fields.finish()?;
    let hash = body_hash(body)?;
    let known = LineFilter {
        limit: 1,
        id: Some(id),
        ..LineFilter::default()
    };
    let (found, _) = edge.payouts.lines(&known).await?;
    let line = found.first().ok_or_else(Problem::not_found)?;
    if line.verdict == "matched" {
        return Err(nothing_to_resolve());
    }
    let resolution = Resolution {
        word: decision.word().to_owned(),
        at: Timestamp::now(),
        by: format!("operator:{}", asked.key()?.name),
        why: reason,
    };
    let (shown, repeated) = if let Some(order) = line.order {
        let command = Command::DecideLine {
            line: line.line.clone(),
            decision,
            reason: resolution.why.clone(),
        };
        // The order first: when the row is not reached, the same request finds the decision made.
        let done = carry_out(edge, asked, order, command, &hash).await?;
        (note(edge, id, &resolution).await?, done.repeated)
    } else {
        let request = asked.request(&id.to_string(), &hash)?;
        let noting = async {
            let shown = note(edge, id, &resolution).await?;
            tracing::info!(
                line.id = %id,
                line.name = line.line,
                source = line.source.as_str(),
                decision = decision.word(),
                operator = asked.key()?.name,
                reason = resolution.why,
                "a payout line of no order is decided about"
            );
            Ok(shown)
        };
        edge.requests.once(request, noting).await?
    };
    Ok(answered(&shown, repeated))
}

/// Notes a decision in the line's row.
async fn note(edge: &Edge, id: Uuid, resolution: &Resolution) -> Result<Value, Problem> {
    let noted = edge.payouts.resolve(id, resolution).await?;
    // A file that was read in meanwhile has made it match.
    let noted = noted.ok_or_else(nothing_to_resolve)?;
    Ok(views::settlement::line(&noted))
}

fn nothing_to_resolve() -> Problem {
    let detail = "Only a line that does not match can be resolved or written off.";
    Problem::new("nothing_to_resolve", detail)
}
