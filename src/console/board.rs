//! The orders, newest first, and how many are where.

use askama::Template;
use orderhub_domain::order::Stage;

use super::shown::Shown;
use super::{Bar, render};
use crate::store::OrderListing;
use crate::views;

/// What is on the board.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// The bar above it.
    pub bar: Bar,
    /// The orders.
    pub orders: Vec<OrderListing>,
    /// How many orders are in each stage that somebody still works on.
    pub counts: Vec<(Stage, u64)>,
    /// The only stage that is shown.
    pub stage: Option<Stage>,
    /// Not all orders are shown.
    pub filtered: bool,
    /// The query that shows this page, with its question mark, or nothing.
    pub query: String,
    /// The query that shows the page after it.
    pub next: Option<String>,
    /// It begins with the newest order, so that news belong on it.
    pub newest: bool,
}

#[derive(Template)]
#[template(path = "board.html", blocks = ["rows"])]
struct Page<'a> {
    who: &'a str,
    q: &'a str,
    here: &'a str,
    live: &'a str,
    is_live: bool,
    query: &'a str,
    in_hand: u64,
    stages: &'a [(&'static str, Option<u64>)],
    stage: &'a str,
    filtered: bool,
    rows: &'a [Shown],
    next: Option<&'a str>,
}

/// The whole page.
pub fn board(board: &Board) -> String {
    let (stages, rows) = (stages(board), rows(board));
    render(&page(board, &stages, &rows))
}

/// The part of the page that is shown anew when there is news.
pub fn board_rows(board: &Board) -> String {
    let (stages, rows) = (stages(board), rows(board));
    render(&page(board, &stages, &rows).as_rows())
}

fn page<'a>(
    board: &'a Board,
    stages: &'a [(&'static str, Option<u64>)],
    rows: &'a [Shown],
) -> Page<'a> {
    Page {
        who: &board.bar.who,
        q: &board.bar.q,
        here: "page",
        live: "/console/live",
        is_live: board.newest,
        query: &board.query,
        in_hand: in_hand(board),
        stages,
        stage: board.stage.map_or("", Stage::word),
        filtered: board.filtered,
        rows,
        next: board.next.as_deref(),
    }
}

fn in_hand(board: &Board) -> u64 {
    board.counts.iter().map(|(_, count)| count).sum()
}

/// Every stage, with how many orders are in it where that is known.
fn stages(board: &Board) -> Vec<(&'static str, Option<u64>)> {
    let count = |stage: Stage| {
        let found = board.counts.iter().find(|(of, _)| *of == stage);
        found.map(|(_, count)| *count)
    };
    Stage::ALL
        .map(|stage| (stage.word(), count(stage)))
        .to_vec()
}

fn rows(board: &Board) -> Vec<Shown> {
    let listed = |order| Shown(views::order::listed(order));
    board.orders.iter().map(listed).collect()
}
