//! The sums of an order that a file states only as a whole, on its parts.

use orderhub_domain::canonical::{OrderDraft, Tax};
use orderhub_domain::money::{Money, spread};

use super::columns::Rows;

/// Spreads a tax of the whole order over the lines that bear it, by what they cost, so that the shares add
/// up to it. An order without such a line bears it with its first.
pub(super) fn bear_tax(
    draft: &mut OrderDraft,
    name: &str,
    tax: Money,
    included: bool,
    bears: &[bool],
) {
    if tax.is_zero() {
        return;
    }
    let currency = draft.currency;
    let all = !bears.contains(&true);
    let bearing = || {
        bears
            .iter()
            .enumerate()
            .filter(move |(_, bears)| all || **bears)
    };
    let weights: Vec<_> = bearing()
        .filter_map(|(index, _)| draft.lines.get(index))
        .map(|line| line.net(currency).amount())
        .collect();
    let shares = spread(tax, &weights);
    let places: Vec<usize> = bearing().map(|(index, _)| index).collect();
    for (index, amount) in places.into_iter().zip(shares) {
        if let Some(line) = draft.lines.get_mut(index).filter(|_| !amount.is_zero()) {
            line.taxes.push(Tax {
                name: name.to_owned(),
                rate: None,
                amount,
                included,
            });
        }
    }
}

/// Notes it when the parts do not add up to the stated total: an order of the past is kept with sums that
/// are right, or not at all.
pub(super) fn check_total(draft: &OrderDraft, column: &str, order: &mut Rows<'_>) {
    let computed = draft.totals().grand;
    if computed != draft.stated_total {
        let hint = format!(
            "{}, which is what the parts in the file add up to; correct the row, or send the order as \
             ndjson with its parts as they were",
            computed.amount()
        );
        order.wrong(column, "total_mismatch", &hint);
    }
}
