//! The operators' console: HTML made from the same projections that the API shows. Pure functions of
//! what they are given; nothing here asks the store, decides anything or knows about HTTP.
//!
//! Pages are whole documents that work without scripts. Their live parts are fragments of the same
//! templates, which htmx fetches again when the stream of the page says that there is news.

pub mod assets;
mod board;
mod order;
mod returns;
mod shown;

use askama::Template;

pub use board::{Board, board, board_rows};
pub use order::{Sheet, order, order_sheet};

/// What the bar at the top of each page shows.
#[derive(Debug, Clone, Default)]
pub struct Bar {
    /// The name of the key that is signed in.
    pub who: String,
    /// What was searched for.
    pub q: String,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    problem: &'a str,
    next: &'a str,
}

/// The page where a person shows a key. `problem` is empty at first; `next` is where to go then.
pub fn sign_in(problem: &str, next: &str) -> String {
    render(&SignIn { problem, next })
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Problem<'a> {
    title: &'a str,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
}

/// The page in place of one that cannot be shown.
pub fn problem(title: &str, detail: &str, code: &str, request_id: &str) -> String {
    render(&Problem {
        title,
        detail,
        code,
        request_id,
    })
}

/// Writes a template. Writing into a text does not fail, so the fallback is never seen.
fn render(template: &impl Template) -> String {
    template.render().unwrap_or_else(|error| {
        tracing::error!(%error, "a page could not be written");
        String::from("<!doctype html><title>orderhub</title><p>This page could not be written.")
    })
}
