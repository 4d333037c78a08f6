//! `/console`: pages for operators. They show what the API shows, to the key that is signed in, and ask
//! for nothing that the API does not do.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, IF_NONE_MATCH, SET_COOKIE};
use orderhub_domain::ids::{OrderId, ReturnId};
use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;
use warp::sse::Event;

use super::{actions, address, answer, asked, body, edits, reads, returns, with};
use crate::console::{self, Bar, Board, Sheet, assets};
use crate::events::Watch;
use crate::http::asked::Asked;
use crate::http::edge::Edge;
use crate::http::html::{html, see_other};
use crate::http::keys::Scope;
use crate::http::pages;
use crate::http::problem::Problem;
use crate::http::session;
use crate::http::streams::Teller;
use crate::store::OrderPage;

/// A sign of life for the page, which says how old what it shows is.
const BEAT: Duration = Duration::from_secs(2);

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let pages = warp::path("console")
        .and(warp::path::tail())
        .and(warp::get())
        .and(asked())
        .and(with(edge))
        .then(
            |path: warp::path::Tail, asked: Arc<Asked>, edge: Arc<Edge>| async move {
                answer(show(&edge, &asked, path.as_str()).await)
            },
        );
    let forms = warp::path("console")
        .and(warp::path::tail())
        .and(warp::post())
        .and(asked())
        .and(body())
        .and(with(edge))
        .then(
            |path: warp::path::Tail, asked: Arc<Asked>, body: Bytes, edge: Arc<Edge>| async move {
                answer(take(&edge, &asked, path.as_str(), &body).await)
            },
        );
    pages.or(forms).unify().boxed()
}

async fn show(edge: &Arc<Edge>, asked: &Asked, path: &str) -> Result<Response, Problem> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match segments.as_slice() {
        [] => Ok(html(console::board(&board(edge, asked).await?))),
        ["board"] => Ok(html(console::board_rows(&board(edge, asked).await?))),
        ["live"] => live(edge, asked).await,
        ["sign-in"] => Ok(html(console::sign_in("", &next_of(asked.parameters())))),
        ["assets", name] => asset(asked, name),
        ["orders", id] => order(edge, asked, id, "", console::order).await,
        ["orders", id, "sheet"] => order(edge, asked, id, "", console::order_sheet).await,
        _ => Err(Problem::not_found()),
    }
}

async fn take(
    edge: &Arc<Edge>,
    asked: &Asked,
    path: &str,
    body: &[u8],
) -> Result<Response, Problem> {
    let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match segments.as_slice() {
        ["sign-in"] => sign_in(edge, body).await,
        ["sign-out"] => sign_out(edge),
        ["orders", id, verb] => act(edge, asked, id, &Form::Order(verb), body).await,
        ["returns", id, verb] => {
            let back: ReturnId = id.parse().map_err(|_| Problem::not_found())?;
            let order = back.order.to_string();
            act(edge, asked, &order, &Form::Return(id, verb), body).await
        }
        _ => Err(Problem::not_found()),
    }
}

/// The orders that the query asks for. An empty field of the form asks for nothing.
async fn board(edge: &Edge, asked: &Asked) -> Result<Board, Problem> {
    let key = asked.key()?;
    let query = reads::read_query(edge, asked)?;
    let (found, stage) = match &query {
        Some(query) => (edge.list.list(query).await?, query.stage),
        None => (OrderPage::default(), None),
    };
    let channel = match &key.channel {
        None => None,
        // Of a channel that is not there any more nothing is in hand.
        Some(slug) => Some(
            edge.desk
                .channels
                .get(slug)
                .ok_or_else(Problem::not_found)?
                .id,
        ),
    };
    let next = found.next.map(OrderId::uuid);
    let next = next.map(|id| pages::query_of_next(asked, id.as_bytes()));
    let said = |name: &str| asked.parameters().find(|(said, _)| said == name);
    let given = |name: &str| said(name).is_some_and(|(_, value)| !value.is_empty());
    let filters = ["stage", "channel", "sku", "hold", "q", "updated_after"];
    let path = asked.path_and_query();
    Ok(Board {
        bar: Bar {
            who: key.name.clone(),
            q: said("q").map(|(_, value)| value).unwrap_or_default(),
        },
        orders: found.orders,
        counts: edge.list.in_hand(channel).await?,
        stage,
        filtered: filters.into_iter().any(given),
        query: path
            .split_once('?')
            .map(|(_, query)| format!("?{query}"))
            .unwrap_or_default(),
        next,
        newest: !given("cursor"),
    })
}

async fn order(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    problem: &str,
    page: fn(Sheet<'_>) -> String,
) -> Result<Response, Problem> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let key = asked.key()?;
    let (order, log) = edge.visible(key, id).await?;
    let private = edge.journal.private(id).await?;
    let bar = Bar {
        who: key.name.clone(),
        q: String::new(),
    };
    Ok(html(page(Sheet {
        bar: &bar,
        order: &order,
        log: &log,
        private: private.as_ref(),
        personal: asked.may_see_personal_data(),
        policy: &edge.policy,
        problem,
        once: &Uuid::now_v7().simple().to_string(),
    })))
}

/// What a form of an order's page is about.
enum Form<'a> {
    /// The order: which verb.
    Order(&'a str),
    /// One of its returns: which, and which verb.
    Return(&'a str, &'a str),
}

/// Carries out what a form asks for, and leads back to the order. A refusal is shown there.
async fn act(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    form: &Form<'_>,
    body: &[u8],
) -> Result<Response, Problem> {
    if !asked.key()?.may(Scope::OpsAct) {
        let detail = format!("Your key does not have the scope {}.", Scope::OpsAct);
        return refused(edge, asked, id, &Problem::new("forbidden", detail)).await;
    }
    let mut fields = Map::new();
    let mut once = None;
    for (name, value) in form_urlencoded::parse(body) {
        // A field that was left empty asks for nothing.
        match name.as_ref() {
            "once" => once = Some(value.into_owned()),
            "amount" | "dispute" | "to" | "lines" | "return" | "advance"
                if value.trim().is_empty() => {}
            "lines" | "return" => drop(fields.insert(name.to_string(), lines(&value))),
            _ => drop(fields.insert(name.to_string(), field(&name, value.trim()))),
        }
    }
    let asked = match &once {
        Some(once) => &asked.under_key(once)?,
        None => asked,
    };
    match form {
        Form::Order("change_address") => address::of_form(&mut fields),
        Form::Order("edit" | "open_exchange") => edits::of_form(&mut fields),
        _ => {}
    }
    let body = Value::Object(fields).to_string();
    let body = body.as_bytes();
    let done = match form {
        Form::Order("returns") => returns::open(edge, asked, id, body).await,
        Form::Order(verb) => actions::act(edge, asked, id, verb, body).await,
        Form::Return(back, verb) => returns::step(edge, asked, back, verb, body).await,
    };
    match done {
        Ok(_) => Ok(see_other(&format!("/console/orders/{id}"))),
        Err(problem) if problem.status().is_client_error() => {
            refused(edge, asked, id, &problem).await
        }
        Err(problem) => Err(problem),
    }
}

/// Units as a person writes them, `1=2, 3=1`: line 1 twice and line 3 once.
fn lines(text: &str) -> Value {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let line = |part: &str| {
        let (line, quantity) = part.rsplit_once('=').unwrap_or((part, ""));
        json!({ "line": line.trim(), "quantity": quantity.trim() })
    };
    parts.map(line).collect()
}

/// A field of a form as the API takes it.
fn field(name: &str, value: &str) -> Value {
    match value.parse::<u32>() {
        Ok(number) if name == "hold_id" || name == "claim" => Value::from(number),
        Err(_) if name == "advance" => Value::from(value == "true"),
        _ => Value::from(value),
    }
}

/// The order, and why what was asked for was not done.
async fn refused(
    edge: &Edge,
    asked: &Asked,
    id: &str,
    problem: &Problem,
) -> Result<Response, Problem> {
    let mut response = order(edge, asked, id, problem.detail(), console::order).await?;
    *response.status_mut() = problem.status();
    Ok(response)
}

/// Tells a page when to look again.
async fn live(edge: &Arc<Edge>, asked: &Asked) -> Result<Response, Problem> {
    let of_order = asked.parameters().find(|(name, _)| name == "order");
    let Some((_, id)) = of_order else {
        let edge = edge.clone();
        return edge
            .clone()
            .streams
            .answer("console", |teller| tell_of_list(edge, teller));
    };
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    edge.check_visible(asked.key()?, id).await?;
    let watch = edge.feed.watch(None).await?;
    edge.streams
        .answer("console", move |teller| tell_of_order(watch, id, teller))
}

/// Says `orders` after each change of the list; many at once are one.
async fn tell_of_list(edge: Arc<Edge>, teller: Teller) {
    let mut list = edge.list.changes();
    let mut going = teller.tell(named("orders")).await;
    while going {
        let beat = Instant::now() + BEAT;
        going = tokio::select! {
            changed = list.changed() => changed.is_ok() && teller.tell(named("orders")).await,
            () = sleep_until(beat) => teller.tell(named("beat")).await,
        };
    }
}

/// Says `order` after each event of one order, and at first: something may have happened between the
/// page and its stream.
async fn tell_of_order(mut watch: Watch, id: OrderId, teller: Teller) {
    let mut going = teller.tell(named("order")).await;
    let mut beat = Instant::now() + BEAT;
    while going {
        going = tokio::select! {
            batch = watch.next() => match batch {
                Some(Ok(batch)) if batch.told.iter().any(|told| told.order == Some(id)) => {
                    teller.tell(named("order")).await
                }
                Some(Ok(_)) => true,
                // The page comes back by itself.
                Some(Err(_)) | None => false,
            },
            () = sleep_until(beat) => {
                beat = Instant::now() + BEAT;
                teller.tell(named("beat")).await
            }
        };
    }
}

fn named(name: &str) -> Event {
    Event::default().event(name).data("")
}

async fn sign_in(edge: &Edge, body: &[u8]) -> Result<Response, Problem> {
    let fields = || form_urlencoded::parse(body);
    let key = fields().find(|(name, _)| name == "key");
    let key = key
        .map(|(_, key)| key.trim().to_owned())
        .unwrap_or_default();
    let pairs = fields().map(|(name, value)| (name.into_owned(), value.into_owned()));
    let next = next_of(pairs);
    match edge.keys.of_token(Some(&key)).await {
        Ok(_) => {
            let mut response = see_other(&next);
            let cookie = session::begin(&key, is_secure(edge))?;
            response.headers_mut().insert(SET_COOKIE, cookie);
            Ok(response)
        }
        Err(problem) if problem.code() == "unauthorized" => {
            let mut response = html(console::sign_in("This key is not known here.", &next));
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Err(problem) => Err(problem),
    }
}

fn sign_out(edge: &Edge) -> Result<Response, Problem> {
    let mut response = see_other("/console/sign-in");
    let cookie = session::end(is_secure(edge))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

fn is_secure(edge: &Edge) -> bool {
    edge.hooks.public_url().starts_with("https://")
}

/// Where to go after signing in: a page of the console and nothing else.
fn next_of(mut parameters: impl Iterator<Item = (String, String)>) -> String {
    let said = parameters.find(|(name, _)| name == "next");
    let next = said.map(|(_, next)| next).unwrap_or_default();
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if plain && (next.starts_with("/console/orders/") || next.starts_with("/console?")) {
        return next;
    }
    "/console".to_owned()
}

fn asset(asked: &Asked, name: &str) -> Result<Response, Problem> {
    let asset = assets::find(name).ok_or_else(Problem::not_found)?;
    let known = asked.headers().get(IF_NONE_MATCH);
    let unchanged = known.is_some_and(|known| known.as_bytes() == asset.tag.as_bytes());
    let mut response = Response::new(if unchanged { "" } else { asset.text }.into());
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(asset.kind));
    // Asked for each time, so that a new binary's pages never meet an old script.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&asset.tag) {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}
