//! `orderhub orders ls`: pages of the API's list, one after the other, up to the limit.

use clap::builder::PossibleValuesParser;
use jiff::Timestamp;
use orderhub_domain::order::Stage;
use serde_json::{Value, json};

use crate::cli::client::Client;
use crate::cli::output::moment;
use crate::cli::{Failure, Format, Out};

/// Most orders that the API puts on a page.
const PAGE: usize = 200;

/// Which orders.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Filter {
    /// Only orders in this stage.
    #[arg(long, value_parser = PossibleValuesParser::new(Stage::ALL.map(Stage::word)))]
    stage: Option<String>,
    /// Only orders of this channel.
    #[arg(long, value_name = "SLUG")]
    channel: Option<String>,
    /// Only orders with a line of this SKU.
    #[arg(long)]
    sku: Option<String>,
    /// Only orders that are held for this reason; `any` is any hold.
    #[arg(long, value_name = "REASON")]
    hold: Option<String>,
    /// Only orders whose external id or number begins so, or with this reference.
    #[arg(short = 'q', long, value_name = "TEXT")]
    find: Option<String>,
    /// Only orders that changed after this time, as 2026-11-20T09:00:00Z.
    #[arg(long, value_name = "TIME")]
    updated_after: Option<Timestamp>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
}

impl Filter {
    fn query(&self) -> Vec<(&'static str, String)> {
        let after = self.updated_after.map(|time| time.to_string());
        let given = [
            ("stage", &self.stage),
            ("channel", &self.channel),
            ("sku", &self.sku),
            ("hold", &self.hold),
            ("q", &self.find),
            ("updated_after", &after),
        ];
        let given = given.into_iter();
        given
            .filter_map(|(name, value)| Some((name, value.clone()?)))
            .collect()
    }
}

pub(super) async fn run(
    filter: &Filter,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let limit = usize::from(filter.limit);
    let mut orders: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    let more = loop {
        let wanted = (limit - orders.len()).min(PAGE);
        let mut query = filter.query();
        query.push(("limit", wanted.to_string()));
        query.extend(cursor.take().map(|cursor| ("cursor", cursor)));
        let page = client.get(&["v1", "orders"], &query).await?;
        let data = page["data"].as_array().cloned().unwrap_or_default();
        // An empty page with a cursor would be asked for again without end.
        let ended = data.is_empty();
        orders.extend(data);
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if ended || cursor.is_none() || orders.len() >= limit {
            break cursor.is_some();
        }
    };
    if format == Format::Json {
        out.data(&Value::Array(orders).to_string());
    } else {
        let rows: Vec<Vec<Value>> = orders.iter().map(row).collect();
        let heading = [
            "id",
            "channel",
            "external_id",
            "stage",
            "total",
            "holds",
            "updated_at",
        ];
        out.rows(format, &heading, &rows);
    }
    if more {
        out.words("there are older ones; --limit and the filters say which are listed");
    }
    Ok(())
}

fn row(order: &Value) -> Vec<Value> {
    let word = |name: &str| order[name].as_str().unwrap_or_default();
    vec![
        order["id"].clone(),
        order["channel"].clone(),
        order["external_id"].clone(),
        order["stage"].clone(),
        json!(format!("{} {}", word("total"), word("currency"))),
        order["holds"].clone(),
        moment(&order["updated_at"]),
    ]
}
