//! Members that are there in another shape than documented: those that only describe somebody cost no order,
//! those that it stands on cost one that is put away whole.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::scene::{as_it_is, names, sale, vendor};
use crate::port::Inbound;
use crate::registry::Family;
use crate::specimen::Thing;

/// What the names of members that describe somebody have in them, whoever the vendor is.
const DESCRIBING: [&str; 12] = [
    "addressline",
    "city",
    "comment",
    "company",
    "email",
    "locality",
    "note",
    "phone",
    "postalcode",
    "postcode",
    "street",
    "zip",
];

/// Shapes that such members have at one shop or another.
fn shapes() -> [Value; 5] {
    [
        json!(10115),
        json!([]),
        json!({ "own": [null] }),
        json!(true),
        Value::Null,
    ]
}

/// Puts a shape into every member that describes somebody. How many these are.
fn bend(value: &mut Value, shape: &Value) -> usize {
    match value {
        Value::Object(members) => {
            let bent = members.iter_mut().map(|(name, member)| {
                let name = name.replace('_', "").to_ascii_lowercase();
                // Shopify's note attributes name payments too.
                if name != "noteattributes" && DESCRIBING.iter().any(|word| name.contains(word)) {
                    member.clone_from(shape);
                    1
                } else {
                    bend(member, shape)
                }
            });
            bent.sum()
        }
        Value::Array(items) => items.iter_mut().map(|item| bend(item, shape)).sum(),
        _ => 0,
    }
}

#[test]
fn trap_15_what_only_describes_somebody_costs_no_order_whatever_its_shape() {
    let stated = |name: &&str| vendor(name).states(Thing::Sale(&sale()));
    let mut bent = 0;
    for name in names(Family::Sales).into_iter().filter(stated) {
        let plain = vendor(name).order(as_it_is);
        for shape in shapes() {
            let odd = vendor(name).order(|order| bent += bend(order, &shape));
            let (odd_draft, draft) = (odd.submission.draft, &plain.submission.draft);
            assert_eq!(odd_draft, *draft, "{name}: {shape}");
            assert_eq!(odd.facts, plain.facts, "{name}: {shape}");
        }
    }
    assert!(bent >= 100, "only {bent} members were bent");
}

/// Puts a list into every member that holds a number or a text of digits and a point.
fn break_amounts(value: &mut Value) {
    let amount = |text: &str| text.contains('.') && text.parse::<Decimal>().is_ok();
    match value {
        Value::Object(members) => members.values_mut().for_each(break_amounts),
        Value::Array(items) => items.iter_mut().for_each(break_amounts),
        Value::Number(number) if amount(&number.to_string()) => *value = json!([]),
        Value::String(text) if amount(text) => *value = json!([]),
        _ => {}
    }
}

#[test]
fn trap_15_an_amount_in_another_shape_puts_the_order_away() {
    let stated = |name: &&str| vendor(name).states(Thing::Sale(&sale()));
    let mut broken = 0;
    for name in names(Family::Sales).into_iter().filter(stated) {
        let plain = vendor(name).stated(Thing::Sale(&sale()), as_it_is);
        let odd = vendor(name).stated(Thing::Sale(&sale()), break_amounts);
        if plain.raw == odd.raw {
            // Whole numbers of the smallest unit, which are like any other number.
            continue;
        }
        broken += 1;
        let read = vendor(name).sale(break_amounts);
        assert!(
            matches!(read, Inbound::Unreadable { .. }),
            "{name}: {read:?}"
        );
    }
    assert!(broken >= 8, "only {broken} kinds state amounts so");
}
