//! `POST /v1/imports/{channel}`: orders of the past are read in from a file, or are tried out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Buf;
use futures_util::Stream;
use http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use orderhub_actors::past::PastSource;
use orderhub_channels::imports::{ImportFormat, Reading};
use orderhub_domain::ids::Slug;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::files::{capital, whole};
use super::{answer, asked, json as reply, with};
use crate::http::asked::{Asked, segment};
use crate::http::edge::Edge;
use crate::http::pages;
use crate::http::problem::Problem;
use crate::imports::{Failed, Import};
use crate::intake::SalesChannel;
use crate::views;

/// Most bytes of one request: longer files come in pieces of whole orders.
const MOST_BYTES: usize = 8 * 1024 * 1024;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    warp::path!("v1" / "imports" / String)
        .and(warp::post())
        .and(asked())
        .and(warp::body::stream())
        .and(with(edge))
        .then(
            |channel: String, asked: Arc<Asked>, body, edge: Arc<Edge>| async move {
                answer(import(&edge, &asked, &channel, body).await)
            },
        )
        .boxed()
}

/// What the query says.
struct Wanted {
    format: ImportFormat,
    dry_run: bool,
    zone: TimeZone,
    first_row: Option<u64>,
}

async fn import<B: Buf>(
    edge: &Edge,
    asked: &Asked,
    slug: &str,
    body: impl Stream<Item = Result<B, warp::Error>>,
) -> Result<Response, Problem> {
    let slug = Slug(segment(slug)?);
    let channel = channel(edge, asked, &slug)?;
    let wanted = wanted(asked)?;
    if !wanted.format.suits(channel.kind) {
        let detail = format!(
            "{slug} is a channel of kind {}; orders of such a channel do not stand in a file of format {}.",
            channel.kind,
            wanted.format.word()
        );
        return Err(Problem::new("unknown_format", detail));
    }
    // One that waits has not begun to send more than the connection holds.
    let _room = edge.rooms.pasts.acquire().await;
    let too_large = || {
        let most = MOST_BYTES / (1024 * 1024);
        format!("One request takes at most {most} MiB: send the file in pieces of whole orders.")
    };
    let file = whole(body, asked.body_time, MOST_BYTES, &too_large).await?;
    if file.is_empty() {
        return Err(Problem::new("empty_body", "The file is empty."));
    }
    let source = PastSource {
        channel: channel.id,
        slug: slug.clone(),
        live: channel.live,
        actor: format!("operator:{}", asked.key()?.name),
    };
    let reading = Reading {
        channel: slug,
        zone: wanted.zone,
        now: Timestamp::now(),
    };
    let import = Import {
        hub: edge.hub.as_ref(),
        journal: edge.journal.as_ref(),
    };
    let first_row = match wanted.format {
        ImportFormat::Ndjson => 1,
        ImportFormat::ShopifyCsv | ImportFormat::WooCommerceCsv => 2,
    };
    let piece = (&file[..], wanted.first_row.unwrap_or(first_row));
    let verdicts = if wanted.dry_run {
        import
            .try_out(&source, wanted.format, piece, &reading)
            .await
    } else {
        import.run(&source, wanted.format, piece, &reading).await
    };
    let verdicts = verdicts.map_err(|failed| match failed {
        Failed::Broken(_) => Problem::new("unreadable_file", capital(&failed.to_string())),
        Failed::Hub(error) => Problem::from(error).after(Duration::from_secs(2)),
    })?;
    let shown = views::imports::verdicts(&verdicts, wanted.dry_run);
    Ok(reply(StatusCode::OK, &shown))
}

/// The channel that the orders came through. A key that is bound to a channel knows only that one.
fn channel(edge: &Edge, asked: &Asked, slug: &Slug) -> Result<SalesChannel, Problem> {
    let bound = asked.key()?.channel.as_ref();
    if bound.is_some_and(|bound| bound != slug) {
        return Err(Problem::not_found());
    }
    let channel = edge.desk.channels.get(slug);
    channel.copied().ok_or_else(Problem::not_found)
}

fn wanted(asked: &Asked) -> Result<Wanted, Problem> {
    let mut format = None;
    let mut wanted = (false, TimeZone::UTC, None);
    for (name, value) in asked.parameters() {
        match name.as_str() {
            "format" => {
                let known = ImportFormat::from_word(&value);
                format = Some(known.ok_or_else(|| {
                    let detail = format!("There is no format \"{value}\".");
                    Problem::new("unknown_format", detail)
                })?);
            }
            "dry_run" if value == "true" => wanted.0 = true,
            "dry_run" if value == "false" => wanted.0 = false,
            "dry_run" => return Err(pages::refused("dry_run", "true or false")),
            "time_zone" => {
                let zone = TimeZone::get(&value);
                wanted.1 = zone.map_err(|_| pages::refused("time_zone", "like Europe/Berlin"))?;
            }
            "first_row" => {
                let row = value.parse().ok().filter(|row| *row > 0);
                let hint = "the number of a row, from 1";
                wanted.2 = Some(row.ok_or_else(|| pages::refused("first_row", hint))?);
            }
            _ => return Err(pages::unknown("format, dry_run, time_zone and first_row")),
        }
    }
    let (dry_run, zone, first_row) = wanted;
    let words = ImportFormat::ALL.map(ImportFormat::word).join(", ");
    let format = format.ok_or_else(|| {
        Problem::new(
            "unknown_format",
            format!("Name the format of the file: {words}."),
        )
    })?;
    Ok(Wanted {
        format,
        dry_run,
        zone,
        first_row,
    })
}
