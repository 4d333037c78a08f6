//! The shelves: what runs low is filled up again, by a count as a person with a scanner reports it.

use serde_json::Value;

/// Fewer available units than this are too few.
const LOW: i64 = 10;
/// Units that a delivery brings.
const DELIVERY: i64 = 100;

/// The counts to report after a look at a SKU (`GET /v1/inventory/{sku}`): locations and units.
pub(super) fn counts(stock: &Value, locations: &[String]) -> Vec<(String, i64)> {
    let known = stock["locations"].as_array().map_or(&[][..], Vec::as_slice);
    let low = locations.iter().filter_map(|location| {
        let here = known.iter().find(|one| one["location"] == **location);
        let number = |name: &str| here.and_then(|one| one[name].as_i64()).unwrap_or_default();
        let low = number("available") < LOW;
        low.then(|| (location.clone(), number("on_hand") + DELIVERY))
    });
    low.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_runs_low_is_filled_up_and_what_is_there_stays() {
        let stock = json!({"sku": "SKU-1", "locations": [
            {"location": "BER1", "on_hand": 30, "available": 9},
            {"location": "HAM1", "on_hand": 30, "available": 10},
        ]});
        let locations = ["BER1", "HAM1", "NEW1"].map(str::to_owned);
        assert_eq!(
            counts(&stock, &locations),
            [("BER1".to_owned(), 130), ("NEW1".to_owned(), 100)]
        );
        assert!(counts(&stock, &[]).is_empty());
    }
}
