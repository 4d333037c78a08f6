//! What a parcel says to customs: when it has to, what of it is missing, and numbers as carriers take them. How
//! each carrier wants it written stands with its calls.

use orderhub_domain::customs::meets_customs;
use orderhub_domain::money::Money;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::value::RawValue;

use super::{Content, LabelCall};

impl Content {
    /// What all of its units were sold for.
    pub(super) fn value(&self) -> Money {
        let value = self.unit_value.amount() * Decimal::from(self.units);
        Money::rounded(value, self.unit_value.currency())
    }

    /// What all of its units weigh, in grams; never nothing.
    pub(super) fn grams(&self) -> u32 {
        self.weight_g.saturating_mul(self.units).max(1)
    }

    /// What it is, in so many characters at most.
    pub(super) fn words(&self, most: usize) -> String {
        self.title.chars().take(most).collect()
    }
}

impl LabelCall {
    fn meets_customs(&self) -> bool {
        meets_customs(self.from.country.as_deref(), self.to.country.as_deref())
    }

    /// What is declared to customs; none where the parcel does not meet them, or nobody knows what is in it.
    pub(super) fn declared(&self) -> Option<&[Content]> {
        let known = !self.goods.contents.is_empty() && self.meets_customs();
        known.then_some(&self.goods.contents[..])
    }

    /// Who answers for what is declared: the sender.
    pub(super) fn sender(&self) -> Option<&str> {
        self.from.name.as_deref().or(self.from.company.as_deref())
    }

    /// What all of it was sold for.
    pub(super) fn declared_value(&self) -> Option<Money> {
        let values = self.goods.contents.iter().map(Content::value);
        let first = self.goods.contents.first()?;
        Some(Money::sum(first.unit_value.currency(), values))
    }

    /// What customs will miss of the parcel, line by line, as the code of a refusal and a sentence; none when
    /// it does not meet them, or everything is known.
    pub fn lacks_for_customs(&self) -> Option<String> {
        if !self.meets_customs() {
            return None;
        }
        if self.goods.contents.is_empty() {
            return Some("customs_incomplete: it is not known what is in the parcel".to_owned());
        }
        let lacking = self.goods.contents.iter().filter_map(|content| {
            let lacks: Vec<&str> = [
                (content.hs_code.is_none(), "its HS code"),
                (content.origin.is_none(), "its country of origin"),
                (!content.unit_value.is_positive(), "a value"),
            ]
            .into_iter()
            .filter_map(|(lacks, what)| lacks.then_some(what))
            .collect();
            let line = &content.line;
            (!lacks.is_empty()).then(|| format!("line {line} lacks {}", lacks.join(" and ")))
        });
        let lacking: Vec<String> = lacking.collect();
        (!lacking.is_empty()).then(|| format!("customs_incomplete: {}", lacking.join("; ")))
    }
}

/// A number of JSON, digit by digit.
pub(super) fn exact(number: Decimal) -> Option<Box<RawValue>> {
    RawValue::from_string(number.to_string()).ok()
}

/// Millimetres in inches with one decimal, rounded up.
pub(super) fn inches(mm: u32) -> Decimal {
    let inches = Decimal::from(mm) / Decimal::new(254, 1);
    inches.round_dp_with_strategy(1, RoundingStrategy::AwayFromZero)
}

/// Millimetres in whole centimetres, or in whole inches, rounded up.
pub(super) fn whole(mm: u32, inch: bool) -> u32 {
    if inch {
        // An inch is 25.4 millimetres.
        mm.saturating_mul(10).div_ceil(254)
    } else {
        mm.div_ceil(10)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use orderhub_domain::money::Currency;
    use orderhub_domain::order::ParcelSize;

    use super::*;
    use crate::carriers::Goods;

    fn eur(amount: &str) -> Money {
        let currency = Currency::from_code("EUR").expect("a currency");
        Money::exact(amount.parse().expect("a number"), currency).expect("money")
    }

    /// Two mugs of 300 g and a tee, in a measured box of 900 g.
    pub(in crate::carriers) fn mugs_and_a_tee() -> Goods {
        let content = |line: &str, title: &str, units, value: &str, code: &str| Content {
            line: line.to_owned(),
            title: title.to_owned(),
            sku: Some(format!("SKU-{line}")),
            units,
            weight_g: 300,
            unit_value: eur(value),
            hs_code: Some(code.to_owned()),
            origin: Some("PT".to_owned()),
        };
        Goods {
            weight_g: 900,
            size: ParcelSize::new([300, 200, 100]),
            contents: vec![
                content("1", "A mug", 2, "9.99", "691200"),
                content("2", "A tee", 1, "20.00", "610910"),
            ],
        }
    }

    /// The same sent from Germany to Switzerland.
    pub(in crate::carriers) fn abroad(call: LabelCall) -> LabelCall {
        let mut call = LabelCall {
            goods: mugs_and_a_tee(),
            ..call
        };
        call.from.country = Some("DE".to_owned());
        call.to.country = Some("CH".to_owned());
        call
    }

    fn call(from: &str, to: &str) -> LabelCall {
        let at = |country: &str| orderhub_domain::canonical::Address {
            country: Some(country.to_owned()),
            ..orderhub_domain::canonical::Address::default()
        };
        LabelCall {
            parcel: orderhub_domain::ids::ParcelId {
                fulfilment: "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_1"
                    .parse()
                    .expect("a fulfilment id"),
                number: 1,
            },
            to: at(to),
            from: at(from),
            goods: mugs_and_a_tee(),
            readdressed: false,
        }
    }

    #[test]
    fn what_customs_will_miss_is_said_line_by_line() {
        let mut abroad = call("DE", "CH");
        assert_eq!(abroad.lacks_for_customs(), None);
        assert_eq!(abroad.declared_value(), Some(eur("39.98")));
        abroad.goods.contents[0].hs_code = None;
        abroad.goods.contents[1].origin = None;
        abroad.goods.contents[1].hs_code = None;
        let lacks = "customs_incomplete: line 1 lacks its HS code; \
                     line 2 lacks its HS code and its country of origin";
        assert_eq!(abroad.lacks_for_customs().as_deref(), Some(lacks));
        abroad.goods.contents.clear();
        let lacks = "customs_incomplete: it is not known what is in the parcel";
        assert_eq!(abroad.lacks_for_customs().as_deref(), Some(lacks));
        assert_eq!(abroad.declared(), None);
    }

    #[test]
    fn a_parcel_within_a_union_says_nothing_to_customs() {
        let mut inside = call("DE", "FR");
        inside.goods.contents[0].hs_code = None;
        assert_eq!(inside.lacks_for_customs(), None);
        assert_eq!(inside.declared(), None);
        inside.to.country = None;
        assert_eq!(inside.declared(), None);
    }

    #[test]
    fn sides_are_rounded_up() {
        assert_eq!(inches(300).to_string(), "11.9");
        assert_eq!(
            (whole(301, false), whole(254, true), whole(255, true)),
            (31, 10, 11)
        );
    }
}
