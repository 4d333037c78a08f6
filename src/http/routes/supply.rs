//! `/v1/inventory/{location}/{sku}/inbound` and `/receipts`: units that are to come, and units that
//! came. Both have names of the sender's, so that a repeat changes nothing with or without a key.

use std::sync::Arc;

use bytes::Bytes;
use orderhub_domain::canonical::Violation;
use orderhub_domain::ids::{LocationCode, Sku};
use orderhub_domain::stock::{StockCommand, Taken};
use warp::Filter;
use warp::filters::BoxedFilter;
use warp::reply::Response;

use super::inventory::{MOST_UNITS, sku_of};
use super::{answer, answered, asked, body, with};
use crate::http::asked::{Asked, segment};
use crate::http::edge::Edge;
use crate::http::fields::Fields;
use crate::http::json::{body_hash, object};
use crate::http::problem::Problem;
use crate::views::stock;

/// Longest name of an announcement or a receipt, in characters.
const LONGEST_REFERENCE: usize = 200;

pub(super) fn routes(edge: &Arc<Edge>) -> BoxedFilter<(Response,)> {
    let route = |verb: &'static str, read: fn(Sku, &[u8]) -> Result<StockCommand, Problem>| {
        warp::path!("v1" / "inventory" / String / String / ..)
            .and(warp::path(verb))
            .and(warp::path::end())
            .and(warp::post())
            .and(asked())
            .and(body())
            .and(with(edge))
            .then(
                move |location: String,
                      sku: String,
                      asked: Arc<Asked>,
                      body: Bytes,
                      edge: Arc<Edge>| async move {
                    answer(say(&edge, &asked, (&location, &sku, verb), &body, read).await)
                },
            )
    };
    let announced = route("inbound", announcement);
    let received = route("receipts", receipt);
    announced.or(received).unify().boxed()
}

/// Says it to the location; a repeat under a key is answered as its first time was.
async fn say(
    edge: &Edge,
    asked: &Asked,
    (location, sku, verb): (&str, &str, &str),
    body: &[u8],
    read: fn(Sku, &[u8]) -> Result<StockCommand, Problem>,
) -> Result<Response, Problem> {
    let location = LocationCode(segment(location)?);
    let sku = sku_of(sku)?;
    let command = read(sku.clone(), body)?;
    let about = format!("{verb} {location}/{sku}");
    let request = asked.request(&about, &body_hash(body)?)?;
    let done = async {
        let said = edge.hub.tell_stock(location.clone(), command).await?;
        if said.taken == Taken::Conflicting {
            let detail = "Another number of units came under this reference.";
            return Err(Problem::new("reference_conflict", detail));
        }
        let mut told = stock::of(&location, &sku, &said.counters);
        told["repeated"] = (said.taken == Taken::Repeated).into();
        Ok(told)
    };
    let (body, repeated) = edge.requests.once(request, done).await?;
    Ok(answered(&body, repeated))
}

fn announcement(sku: Sku, body: &[u8]) -> Result<StockCommand, Problem> {
    let mut fields = Fields::new("", object(body)?);
    let command = StockCommand::Announce {
        sku,
        reference: fields.required_text("reference", LONGEST_REFERENCE),
        quantity: fields.required_count("quantity", MOST_UNITS),
        expected_at: fields.timestamp("expected_at"),
    };
    fields.finish()?;
    Ok(command)
}

fn receipt(sku: Sku, body: &[u8]) -> Result<StockCommand, Problem> {
    let mut fields = Fields::new("", object(body)?);
    let reference = fields.required_text("reference", LONGEST_REFERENCE);
    let quantity = fields.required_count("quantity", MOST_UNITS);
    let inbound = fields.text("inbound", LONGEST_REFERENCE);
    fields.finish()?;
    if quantity == 0 {
        return Err(Problem::invalid(vec![Violation {
            pointer: "/quantity".to_owned(),
            code: "out_of_range",
            hint: "at least 1".to_owned(),
        }]));
    }
    Ok(StockCommand::Receive {
        sku,
        reference,
        quantity,
        inbound,
    })
}
