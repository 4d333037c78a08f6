//! AfterShip's words for carriers (aftership.com/docs/tracking/others/supported-couriers). Data.

/// A carrier as the hub compares them, and AfterShip's slug of it. DHL's companies number their parcels apart:
/// AfterShip's word without any more is DHL Express's, the hub's is its parcel service in Germany.
const SLUGS: [(&str, &str); 12] = [
    ("australiapost", "australia-post"),
    ("canadapost", "canada-post"),
    ("dhl", "dhl-germany"),
    ("dhlecommerce", "dhl-global-mail"),
    ("dhlexpress", "dhl"),
    ("dpd", "dpd"),
    ("dpduk", "dpd-uk"),
    ("fedex", "fedex"),
    ("ontrac", "ontrac"),
    ("royalmail", "royal-mail"),
    ("ups", "ups"),
    ("usps", "usps"),
];

/// AfterShip's slug of a carrier, where the hub knows it.
pub(super) fn slug_of(carrier: &str) -> Option<&'static str> {
    let known = SLUGS.iter().find(|(word, _)| *word == carrier);
    known.map(|(_, slug)| *slug)
}

/// The carrier that a slug means.
pub(super) fn carrier_of(slug: &str) -> &str {
    match slug {
        "dhl" => "dhl-express",
        slug => slug,
    }
}

#[cfg(test)]
mod tests {
    use orderhub_domain::order::carrier_word;

    use super::*;

    #[test]
    fn a_carriers_slug_means_that_carrier_again() {
        for (carrier, slug) in SLUGS {
            assert_eq!(carrier_word(carrier_of(slug)), carrier, "{slug}");
            assert_eq!(slug_of(carrier), Some(slug));
        }
        assert_eq!(slug_of("ownbikes"), None);
    }
}
