//! Packing a fulfilment into parcels.

use orderhub_domain::ids::OrderId;
use orderhub_domain::order::ParcelSize;
use serde_json::{Value, json};

use super::{find, route};
use crate::cli::client::Client;
use crate::cli::{Failure, Format, Out};

/// A parcel, as `LINE=QUANTITY,LINE=QUANTITY` with what it weighs behind an `@`, and its size behind a `/`.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Parcel {
    units: Vec<route::Units>,
    weight_g: Option<u32>,
    size: Option<ParcelSize>,
}

impl std::str::FromStr for Parcel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A line's id may have a slash of its own; its number of units comes after that.
        let (text, size) = match text.rsplit_once('/') {
            Some((text, size)) if !size.contains('=') => (text, Some(size.parse()?)),
            _ => (text, None),
        };
        let (units, weight_g) = match text.rsplit_once('@') {
            None => (text, None),
            Some((units, grams)) => {
                let grams = grams.parse().ok().filter(|grams| *grams > 0);
                let weighed = grams.ok_or("write what it weighs in grams, like 1=2@1500")?;
                (units, Some(weighed))
            }
        };
        let units = units.split(',').filter(|one| !one.is_empty());
        let units = units.map(str::parse).collect::<Result<_, String>>()?;
        Ok(Self {
            units,
            weight_g,
            size,
        })
    }
}

/// Into what it was packed.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Packing {
    #[command(flatten)]
    work: route::Work,
    /// Into how many parcels, without saying what is in which; one by default.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=99))]
    parcels: Option<u16>,
    /// A parcel and what is in it, with its weight in grams and its size in millimetres if they are known;
    /// several times for several parcels.
    #[arg(
        long = "parcel",
        value_name = "LINE=QUANTITY,...[@GRAMS][/LxWxH]",
        conflicts_with = "parcels"
    )]
    stated: Vec<Parcel>,
    /// Only if the order still has this version.
    #[arg(long, value_name = "VERSION")]
    if_match: Option<u64>,
}

impl Packing {
    fn body(&self) -> Value {
        let stated = self.stated.iter().map(|parcel| {
            let mut body = json!({});
            if !parcel.units.is_empty() {
                body["lines"] = route::lines(&parcel.units);
            }
            if let Some(grams) = parcel.weight_g {
                body["weight_g"] = json!(grams);
            }
            if let Some(size) = parcel.size {
                body["length_mm"] = json!(size.length_mm);
                body["width_mm"] = json!(size.width_mm);
                body["height_mm"] = json!(size.height_mm);
            }
            body
        });
        let stated: Vec<Value> = match self.parcels {
            Some(number) => vec![json!({}); usize::from(number)],
            None => stated.collect(),
        };
        if stated.is_empty() {
            return json!({});
        }
        json!({ "parcels": stated })
    }
}

/// Says that a fulfilment is packed.
pub(super) async fn run(
    packing: &Packing,
    order: OrderId,
    client: &Client,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let fulfilment = packing.work.id(order);
    let path = ["v1", "fulfilments", &fulfilment, "pack"];
    let answer = client.post(&path, &packing.body(), packing.if_match).await;
    let answer = answer.map_err(|refused| refused.or_unknown(|| find::unknown(&fulfilment)))?;
    let fields = ["order", "version"].map(|name| (name.to_owned(), answer[name].clone()));
    let mut shown = vec![("fulfilment".to_owned(), json!(fulfilment))];
    shown.extend(fields);
    out.record(format, &answer, &shown);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parcel_is_its_units_and_what_it_weighs() {
        let parcel: Parcel = "1=2,a=b=1@1500".parse().expect("units and a weight");
        let work = "1".to_owned();
        let packing = Packing {
            work: route::Work::named(work),
            parcels: None,
            stated: vec![parcel],
            if_match: None,
        };
        let lines = json!([{ "line": "1", "quantity": "2" }, { "line": "a=b", "quantity": "1" }]);
        let wanted = json!({ "parcels": [{ "lines": lines, "weight_g": 1500 }] });
        assert_eq!(packing.body(), wanted);
        assert!("1=2@heavy".parse::<Parcel>().is_err());
        assert!("12".parse::<Parcel>().is_err());
    }

    #[test]
    fn a_parcel_may_be_measured_and_a_line_may_have_a_slash() {
        let measured: Parcel = "1/A=2@900/300x200x100".parse().expect("a measured one");
        let size = measured.size.expect("a size");
        assert_eq!(
            (size.sides(), measured.weight_g),
            ([300, 200, 100], Some(900))
        );
        let plain: Parcel = "1/A=2".parse().expect("units");
        assert_eq!((plain.size, plain.units.len()), (None, 1));
        assert!("1=2/300x200".parse::<Parcel>().is_err());
    }
}
