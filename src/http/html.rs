//! Pages of the console as answers: their headers, and what stands in place of a page that cannot be
//! shown.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Request, StatusCode};
use warp::reply::Response;

use super::catalogue;
use super::problem::Problem;
use crate::console;

const HX_REQUEST: HeaderName = HeaderName::from_static("hx-request");
const HX_REDIRECT: HeaderName = HeaderName::from_static("hx-redirect");

/// Nothing but our own files, and no script but those.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A request of a browser for a page or a part of one.
#[derive(Debug)]
pub struct Wanted {
    path: String,
    /// htmx asks, for a part.
    part: bool,
}

impl Wanted {
    /// Whether a request is one.
    pub fn of<B>(request: &Request<B>) -> Option<Self> {
        let uri = request.uri();
        let ours = uri.path() == "/console" || uri.path().starts_with("/console/");
        ours.then(|| Self {
            path: uri
                .path_and_query()
                .map_or("", |path| path.as_str())
                .to_owned(),
            part: request.headers().contains_key(HX_REQUEST),
        })
    }

    /// What a browser gets instead: whoever is not signed in is led there.
    pub fn without(&self, problem: &Problem, request_id: &str) -> Response {
        if problem.code() == "unauthorized" && !self.path.starts_with("/console/sign-in") {
            return self.sign_in_first();
        }
        let title = catalogue::find(problem.code()).map_or("Not done", |entry| entry.title);
        let text = console::problem(title, problem.detail(), problem.code(), request_id);
        let mut response = html(text);
        *response.status_mut() = problem.status();
        response
    }

    fn sign_in_first(&self) -> Response {
        // Parts, and what was sent by forms, lead to no page of their own.
        let whole = !self.part && self.path.matches('/').count() <= 3;
        let mut to = String::from("/console/sign-in");
        if whole && self.path != "/console" {
            let mut next = form_urlencoded::Serializer::new(String::new());
            to = format!("{to}?{}", next.append_pair("next", &self.path).finish());
        }
        if self.part {
            let mut response = html(String::new());
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            if let Ok(to) = HeaderValue::from_str(&to) {
                response.headers_mut().insert(HX_REDIRECT, to);
            }
            return response;
        }
        see_other(&to)
    }
}

/// A page, or a part of one.
pub fn html(text: String) -> Response {
    let mut response = Response::new(text.into());
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Leads to another page.
pub fn see_other(to: &str) -> Response {
    let mut response = html(String::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    if let Ok(to) = HeaderValue::from_str(to) {
        response.headers_mut().insert(LOCATION, to);
    }
    response
}
