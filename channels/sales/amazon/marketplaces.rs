//! Amazon's marketplaces: where the API of each lives and which money is spent there
//! (`developer-docs.amazon.com/sp-api/docs/marketplace-ids` and `.../sp-api-endpoints`).

use orderhub_domain::money::Currency;

/// A part of the world with an API of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Region {
    /// North and South America.
    NorthAmerica,
    /// Europe, the Middle East, Africa and India.
    Europe,
    /// Singapore, Australia and Japan.
    FarEast,
}

impl Region {
    /// Where its API lives; the sandbox's when the connection is a test.
    pub(super) const fn vendor(self, live: bool) -> &'static str {
        match (self, live) {
            (Self::NorthAmerica, true) => "https://sellingpartnerapi-na.amazon.com",
            (Self::Europe, true) => "https://sellingpartnerapi-eu.amazon.com",
            (Self::FarEast, true) => "https://sellingpartnerapi-fe.amazon.com",
            (Self::NorthAmerica, false) => "https://sandbox.sellingpartnerapi-na.amazon.com",
            (Self::Europe, false) => "https://sandbox.sellingpartnerapi-eu.amazon.com",
            (Self::FarEast, false) => "https://sandbox.sellingpartnerapi-fe.amazon.com",
        }
    }
}

/// Its region and its money, by its id; `None` for one that was opened since.
fn known(id: &str) -> Option<(Region, &'static str)> {
    use Region::{Europe, FarEast, NorthAmerica};
    Some(match id {
        "ATVPDKIKX0DER" => (NorthAmerica, "USD"),
        "A2EUQ1WTGCTBG2" => (NorthAmerica, "CAD"),
        "A1AM78C64UM0Y8" => (NorthAmerica, "MXN"),
        "A2Q3Y263D00KWC" => (NorthAmerica, "BRL"),
        // Germany, Spain, France, Italy, the Netherlands, Belgium, Ireland.
        "A1PA6795UKMFR9" | "A1RKKUPIHCS9HS" | "A13V1IB3VIYZZH" | "APJ6JRA9NG5V4"
        | "A1805IZSGTT6HS" | "AMEN7PMS3EDWL" | "A28R8C7NBKEWEA" => (Europe, "EUR"),
        "A1F83G8C2ARO7P" => (Europe, "GBP"),
        "A2NODRKZP88ZB9" => (Europe, "SEK"),
        "A1C3SOZRARQ6R3" => (Europe, "PLN"),
        "A33AVAJ2PDY3EV" => (Europe, "TRY"),
        "ARBP9OOSHTCHU" => (Europe, "EGP"),
        "A17E79C6D8DWNP" => (Europe, "SAR"),
        "A2VIGQ35RCS4UG" => (Europe, "AED"),
        "A21TJRUUN4KGV" => (Europe, "INR"),
        "AE08WJ6YKNBMC" => (Europe, "ZAR"),
        "A19VAU5U5O7RUS" => (FarEast, "SGD"),
        "A39IBJ37TRP1C6" => (FarEast, "AUD"),
        "A1VC38T7YXB528" => (FarEast, "JPY"),
        _ => return None,
    })
}

/// The region that all of these are in; `None` when one is not known or they lie apart.
pub(super) fn region(ids: &[String]) -> Option<Region> {
    let (first, _) = known(ids.first()?)?;
    let together = ids
        .iter()
        .all(|id| known(id).is_some_and(|(region, _)| region == first));
    together.then_some(first)
}

/// The money that is spent there.
pub(super) fn currency(id: &str) -> Option<Currency> {
    known(id).and_then(|(_, code)| Currency::from_code(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marketplaces_of_one_region_share_an_api() {
        let ids = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let europe = region(&ids("A1PA6795UKMFR9 A1F83G8C2ARO7P"));
        assert_eq!(europe, Some(Region::Europe));
        assert_eq!(region(&ids("A1PA6795UKMFR9 ATVPDKIKX0DER")), None);
        assert_eq!(region(&ids("A1PA6795UKMFR9 NEW")), None);
        assert_eq!(region(&[]), None);
        assert_eq!(
            currency("A1VC38T7YXB528"),
            Currency::from_code("JPY"),
            "Japan"
        );
    }
}
