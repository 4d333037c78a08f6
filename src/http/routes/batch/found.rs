//! The orders of a batch as they are found in its body, and how what is wrong with them is told: by line, or
//! by row and column.

use std::time::Duration;

use bytes::{Buf, Bytes};
use futures_util::Stream;
use orderhub_channels::sales::direct::sheet::{Fault, Refused, Sheet, SheetOrder};
use serde_json::{Value, json};

use super::super::arriving::Arriving;
use super::super::lines::Lines;
use super::Wanted;
use crate::http::limits::JSON_BYTES;
use crate::http::problem::Problem;

/// An order of a batch.
pub(super) struct Found {
    /// The members of its verdict that say where it stands.
    place: Value,
    stated: Stated,
}

/// How an order is stated.
enum Stated {
    Line(Bytes),
    Rows(Box<SheetOrder>),
    /// It cannot be read, or is not to be.
    Not(Problem),
}

/// A problem, and of one that was found in a CSV the row of each error.
pub(super) struct Told {
    problem: Box<Problem>,
    rows: Vec<u64>,
}

/// Where the orders come from.
pub(super) enum Orders<S> {
    /// Lines of JSON.
    Lines {
        /// The lines.
        lines: Lines<S>,
        /// How many were found.
        found: usize,
    },
    /// Rows of a CSV.
    Rows {
        /// What is still to come.
        body: Arriving<S>,
        /// What came.
        sheet: Box<Sheet>,
        /// Nothing will.
        ended: bool,
    },
}

impl<B: Buf, S: Stream<Item = Result<B, warp::Error>> + Unpin> Orders<S> {
    pub(super) fn lines(body: S, piece_time: Duration) -> Self {
        let lines = Lines::new(body, piece_time);
        Self::Lines { lines, found: 0 }
    }

    pub(super) fn rows(body: S, piece_time: Duration, wanted: Wanted) -> Self {
        let sheet = Sheet::new(wanted.channel, wanted.first_row.unwrap_or(2));
        Self::Rows {
            body: Arriving::new(body, piece_time),
            sheet: Box::new(sheet),
            ended: false,
        }
    }

    /// The next order; the error is about the connection, or about the heading of a CSV.
    pub(super) async fn next(&mut self) -> Result<Option<Found>, Problem> {
        match self {
            Self::Lines { lines, found } => {
                let Some(line) = lines.next().await? else {
                    return Ok(None);
                };
                *found += 1;
                Ok(Some(Found {
                    place: json!({ "line": *found }),
                    stated: match line {
                        Ok(line) => Stated::Line(line.freeze()),
                        Err(problem) => Stated::Not(problem),
                    },
                }))
            }
            Self::Rows { body, sheet, ended } => loop {
                if let Some(order) = sheet.next_order().map_err(Problem::invalid)? {
                    return Ok(Some(Found::of_rows(order)));
                }
                if *ended {
                    return Ok(None);
                }
                if !body.take(|chunk| sheet.push(chunk)).await? {
                    *ended = true;
                    sheet.end();
                }
            },
        }
    }

    /// The place at which the body broke off.
    pub(super) fn lost(&self, problem: Problem) -> Found {
        let place = match self {
            Self::Lines { found, .. } => json!({ "line": found + 1 }),
            Self::Rows { sheet, .. } => {
                let row = sheet.row();
                json!({ "row": row, "last_row": row, "external_id": null })
            }
        };
        let stated = Stated::Not(problem);
        Found { place, stated }
    }
}

impl Found {
    fn of_rows(order: SheetOrder) -> Self {
        let place = json!({
            "row": order.row,
            "last_row": order.last_row,
            "external_id": order.external_id,
        });
        let stated = Stated::Rows(Box::new(order));
        Self { place, stated }
    }

    /// It is not taken, whatever it says.
    pub(super) fn refuse(&mut self, problem: Problem) {
        self.stated = Stated::Not(problem);
    }

    /// Its canonical form, or why there is none.
    pub(super) fn body(&self) -> Result<&[u8], Told> {
        match &self.stated {
            Stated::Line(line) => Ok(line),
            Stated::Rows(order) => match &order.body {
                Ok(body) => Ok(body),
                Err(Refused::Faults(faults)) => Err(Told::of(faults.clone())),
                Err(Refused::TooLarge) => {
                    let detail =
                        format!("The rows of the order have more than {JSON_BYTES} bytes.");
                    Err(Problem::new("too_large", detail).into())
                }
            },
            Stated::Not(problem) => Err(problem.clone().into()),
        }
    }

    /// A problem with it, told by the rows that it was read from.
    pub(super) fn told(&self, problem: Problem) -> Told {
        match &self.stated {
            Stated::Rows(order) if !problem.errors().is_empty() => {
                let faults = problem.errors().iter().map(|error| order.fault(error));
                Told::of(faults.collect())
            }
            _ => problem.into(),
        }
    }

    /// What is said of it, with its place.
    pub(super) fn verdict(self, mut said: Value) -> Value {
        let mut verdict = self.place;
        if let (Some(verdict), Some(said)) = (verdict.as_object_mut(), said.as_object_mut()) {
            verdict.append(said);
        }
        verdict
    }
}

impl From<Problem> for Told {
    fn from(problem: Problem) -> Self {
        Self {
            problem: Box::new(problem),
            rows: Vec::new(),
        }
    }
}

impl Told {
    fn of(faults: Vec<Fault>) -> Self {
        let rows = faults.iter().map(|fault| fault.row).collect();
        let violations = faults.into_iter().map(|fault| fault.violation);
        let problem = Problem::invalid(violations.collect());
        Self {
            problem: Box::new(problem),
            rows,
        }
    }

    /// As members of a verdict.
    pub(super) fn said(&self, request_id: &str) -> Value {
        let mut document = self.problem.document(request_id);
        let errors = document["errors"].as_array_mut().into_iter().flatten();
        for (error, row) in errors.zip(&self.rows) {
            error["row"] = (*row).into();
        }
        json!({ "status": self.problem.status().as_u16(), "error": document })
    }
}
