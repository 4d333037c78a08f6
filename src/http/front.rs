//! What happens to every request before and after its route: id, address, key, body, time,
//! metrics. The routes behind it see only requests that the table allows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue,
};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::{Body as _, Incoming};
use metrics::{gauge, histogram};
use tokio_util::task::TaskTracker;
use tower_service::Service as _;
use warp::reply::Response;

use super::asked::Asked;
use super::edge::Edge;
use super::html::Wanted;
use super::limits::{self, Limits};
use super::problem::Problem;
use super::routes;
use super::session;
use super::table::{self, Body, Found, Needs, Route, Side};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

type Whole = Either<Full<Bytes>, Incoming>;
type Routes = Arc<dyn Fn(Request<Whole>) -> BoxFuture<'static, Response> + Send + Sync>;

/// The front of one address.
#[derive(Clone)]
pub struct Front {
    edge: Arc<Edge>,
    side: Side,
    routes: Routes,
    limits: Limits,
    running: TaskTracker,
}

/// A new request id.
pub fn new_request_id() -> String {
    format!("req_{}", uuid::Uuid::now_v7().simple())
}

impl Front {
    /// The front of one side of the hub.
    pub fn new(edge: Arc<Edge>, side: Side, limits: Limits) -> Self {
        let filters = routes::all(&edge);
        let routes: Routes = Arc::new(move |request| {
            let answer = warp::service(filters.clone()).call(request);
            Box::pin(async move {
                match answer.await {
                    Ok(response) => response,
                    Err(never) => match never {},
                }
            })
        });
        Self {
            edge,
            side,
            routes,
            limits,
            running: TaskTracker::new(),
        }
    }

    /// Waits until every handler that was started has ended, also those whose sender hung up.
    pub async fn finished(&self) {
        self.running.close();
        self.running.wait().await;
    }

    /// Answers a request. Never fails: what goes wrong is an answer.
    pub async fn answer(&self, request: Request<Incoming>) -> Response {
        let began = Instant::now();
        let request_id = new_request_id();
        let active = gauge!("http_server_active_requests");
        active.increment(1.0);
        let method = method_label(request.method());
        let found = table::find(self.side, request.method(), request.uri().path());
        let route = match found {
            Found::Route(route) => route.pattern,
            Found::OtherMethods | Found::Nowhere => "unmatched",
        };
        let page = Wanted::of(&request);
        let answered = self.handle(found, request, &request_id).await;
        let response = finish(answered, page.as_ref(), &request_id);
        active.decrement(1.0);
        let status = response.status();
        histogram!(
            "http_server_request_duration_seconds",
            "http_route" => route,
            "http_request_method" => method,
            "http_response_status_code" => status.as_str().to_owned(),
        )
        .record(began.elapsed());
        if status.is_server_error() {
            tracing::warn!(request.id = %request_id, http.route = route, http.status = status.as_u16(), "a request was not served");
        } else {
            tracing::debug!(request.id = %request_id, http.route = route, http.status = status.as_u16(), "a request was served");
        }
        response
    }

    async fn handle(
        &self,
        found: Found,
        request: Request<Incoming>,
        request_id: &str,
    ) -> Result<Response, Problem> {
        let (head, mut body) = request.into_parts();
        let admitted = self.admit(found, &head, request_id).await;
        let (route, asked) = match admitted {
            Ok(admitted) => admitted,
            Err(problem) => {
                self.hear_out(body, &head.headers);
                return Err(problem);
            }
        };
        let body = match route.body {
            Body::Nothing => {
                self.hear_out(body, &head.headers);
                Either::Left(Full::default())
            }
            Body::Lines | Body::Batch | Body::File => Either::Right(body),
            Body::Json | Body::Raw | Body::Form => {
                let most = limits::most_bytes(route.body);
                match limits::read_whole(&mut body, most, self.limits.body_time).await {
                    Ok(whole) => Either::Left(Full::new(whole)),
                    Err(problem) => {
                        self.hear_out(body, &head.headers);
                        return Err(problem);
                    }
                }
            }
        };
        let mut request = Request::from_parts(head, body);
        if request.method() == Method::HEAD {
            *request.method_mut() = Method::GET;
        }
        request.extensions_mut().insert(Arc::new(asked));
        self.run(request, route).await
    }

    /// Whether the request may go on, judged by its head alone.
    async fn admit(
        &self,
        found: Found,
        head: &http::request::Parts,
        request_id: &str,
    ) -> Result<(&'static Route, Asked), Problem> {
        let path = head.uri.path();
        let length = head
            .uri
            .path_and_query()
            .map_or(0, |both| both.as_str().len());
        if length > limits::URI_BYTES {
            return Err(Problem::new(
                "uri_too_long",
                "The address is longer than 8 KiB.",
            ));
        }
        if !path.starts_with('/') {
            let detail = "The request line names no path of this server.";
            return Err(Problem::new("bad_request", detail).closing());
        }
        let route = match found {
            Found::Route(route) => route,
            Found::OtherMethods => {
                return Err(Problem::method_not_allowed(table::allowed(self.side, path)));
            }
            Found::Nowhere => return Err(Problem::not_found()),
        };
        let key = match route.needs {
            Needs::Nothing => None,
            Needs::AnyKey => Some(self.edge.keys.of(&head.headers).await?),
            Needs::Scope(scope) => {
                let key = self.edge.keys.of(&head.headers).await?;
                if !key.may(scope) {
                    let detail = format!("The key does not have the scope {scope}.");
                    return Err(Problem::new("forbidden", detail));
                }
                Some(key)
            }
            Needs::SignedIn => Some(
                self.edge
                    .keys
                    .of_token(session::token(&head.headers))
                    .await?,
            ),
        };
        if route.body == Body::Form {
            session::check_origin(&head.headers, self.edge.hooks.public_url())?;
        }
        check_media(route.body, &head.headers)?;
        let asked = Asked::new(key, head, request_id.to_owned(), self.limits.body_time);
        Ok((route, asked))
    }

    /// Runs the route to its end even when the sender hangs up: what was begun is finished.
    async fn run(&self, request: Request<Whole>, route: &Route) -> Result<Response, Problem> {
        let mut handler = self.running.spawn((self.routes)(request));
        // A batch takes as long as its sender sends, and a file as long as the work on it.
        if matches!(route.body, Body::Lines | Body::Batch | Body::File) {
            return handler.await.map_err(|error| broke(&error));
        }
        match tokio::time::timeout(self.limits.answer_time, &mut handler).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) => Err(broke(&error)),
            Err(_) => {
                let detail = "The hub has not answered yet; the same request, sent again, finds out what came of it.";
                Err(Problem::new("outcome_unknown", detail).after(Duration::from_secs(2)))
            }
        }
    }

    /// Lets a sender that is still writing finish, so that it can read the answer. One that waits
    /// for `100 Continue` has not begun.
    fn hear_out(&self, body: Incoming, headers: &HeaderMap) {
        if !body.is_end_stream() && !headers.contains_key(EXPECT) {
            let time = self.limits.body_time;
            self.running.spawn(limits::discard(body, time));
        }
    }
}

/// A bounded set of label values, whatever senders make up.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

fn broke(error: &tokio::task::JoinError) -> Problem {
    tracing::error!(%error, "a handler broke");
    Problem::new("internal", "The hub could not finish this request.")
}

/// Gives the answer its id, and a problem its document.
fn finish(
    answered: Result<Response, Problem>,
    page: Option<&Wanted>,
    request_id: &str,
) -> Response {
    let mut response = answered.unwrap_or_else(Problem::into_response);
    let problem = response.extensions_mut().remove::<Problem>();
    let status = response.status();
    let is_document = response.headers().contains_key(CONTENT_TYPE);
    let mut response = match problem {
        Some(problem) => match page {
            Some(wanted) => wanted.without(&problem, request_id),
            None => problem.written(request_id),
        },
        // A filter refused what the table allows: the two have drifted apart.
        None if status.is_client_error() && !is_document => {
            Problem::not_found().written(request_id)
        }
        None if status == StatusCode::INTERNAL_SERVER_ERROR => {
            Problem::new("internal", "The hub could not finish this request.").written(request_id)
        }
        None => response,
    };
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert(X_REQUEST_ID, id);
    }
    response
}

fn check_media(kind: Body, headers: &HeaderMap) -> Result<(), Problem> {
    let encodings = headers.get_all(CONTENT_ENCODING).iter();
    let encoded = encodings
        .into_iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    if encoded {
        let detail = "Bodies are read as they are; Content-Encoding must be absent.";
        return Err(Problem::new("unsupported_encoding", detail));
    }
    let accepted: &[&str] = match kind {
        Body::Nothing | Body::Raw => return Ok(()),
        Body::Form => &["application/x-www-form-urlencoded"],
        Body::Json => &["application/json"],
        Body::Lines => &[
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
        ],
        Body::Batch => &[
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "text/csv",
        ],
        Body::File => &[
            "text/csv",
            "text/plain",
            "text/tab-separated-values",
            "application/octet-stream",
        ],
    };
    if headers.get_all(CONTENT_LENGTH).iter().count() > 1 {
        return Err(limits::broken());
    }
    let Some(stated) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let stated = stated.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = stated.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let json = kind == Body::Json && media.starts_with("application/") && media.ends_with("+json");
    let utf8 = parts.all(|parameter| match parameter.split_once('=') {
        Some(("charset", charset)) => charset.trim_matches('"') == "utf-8",
        _ => true,
    });
    if utf8 && (accepted.contains(&media) || json) {
        return Ok(());
    }
    let detail = format!("The body must be {} in UTF-8.", accepted[0]);
    Err(Problem::new("unsupported_media_type", detail))
}
