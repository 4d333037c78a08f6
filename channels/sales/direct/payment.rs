//! How a canonical order says that it is paid: one set of terms, or several tenders that add up.

use orderhub_domain::canonical::{CaptureMode, DraftTender, Terms};
use orderhub_domain::ids::Slug;
use orderhub_domain::money::{Currency, Money};

use super::reader::{Part, Problems};
use crate::json::Json;

/// Finds out how often a gateway connection lets us capture; `None` when there is no such one.
pub(super) type CaptureModes<'a> = &'a dyn Fn(&Slug) -> Option<CaptureMode>;

/// Most ways of paying one order.
const MOST_TENDERS: usize = 10;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    ToAuthorize,
    Authorized,
    Prepaid,
    OnDelivery,
    Invoice,
}

const KINDS: [(&str, Kind); 5] = [
    ("to_authorize", Kind::ToAuthorize),
    ("authorized", Kind::Authorized),
    ("prepaid", Kind::Prepaid),
    ("on_delivery", Kind::OnDelivery),
    ("invoice", Kind::Invoice),
];

impl Kind {
    const fn members(self) -> &'static [&'static str] {
        match self {
            Self::ToAuthorize => &["gateway", "token"],
            Self::Authorized => &["gateway", "reference", "amount", "expires_at"],
            Self::Prepaid => &["reference"],
            Self::OnDelivery | Self::Invoice => &[],
        }
    }
}

/// The tenders of an order that owes `total`.
pub(super) fn read(
    order: &Part<'_, '_>,
    currency: Option<Currency>,
    total: Option<Money>,
    modes: CaptureModes<'_>,
    problems: &mut Problems,
) -> Vec<DraftTender> {
    let Some(value) = order.need("payment", "how the order is paid", problems) else {
        return Vec::new();
    };
    let pointer = order.at("payment");
    let several =
        matches!(value, Json::Object(members) if members.iter().any(|(n, _)| n == "tenders"));
    if !several {
        return one(value, &pointer, currency, total, modes, problems)
            .into_iter()
            .collect();
    }
    let Some(payment) = Part::new(value, &pointer, &["tenders"], problems) else {
        return Vec::new();
    };
    let items = payment.list("tenders", MOST_TENDERS, problems);
    let at = payment.at("tenders");
    if items.is_empty() && !problems.any_below(&at) {
        problems.add(&at, "required", "at least one tender");
    }
    let wanted = items.len();
    let mut tenders = Vec::with_capacity(wanted);
    for (pointer, item) in items {
        tenders.extend(of_several(item, &pointer, currency, modes, problems));
    }
    if let (Some(currency), Some(total)) = (currency, total)
        && tenders.len() == wanted
        && wanted > 0
    {
        let sum = Money::sum(currency, tenders.iter().map(|tender| tender.amount));
        if sum != total {
            let hint = format!("amounts that add up to {}", total.amount());
            problems.add(&at, "tenders_mismatch", &hint);
        }
    }
    tenders
}

/// The only tender: it pays everything.
fn one(
    value: &Json<'_>,
    pointer: &str,
    currency: Option<Currency>,
    total: Option<Money>,
    modes: CaptureModes<'_>,
    problems: &mut Problems,
) -> Option<DraftTender> {
    let (kind, part) = kind_of(value, pointer, &[], problems)?;
    if kind == Kind::Authorized {
        let set_aside = part.money("amount", currency, problems);
        check_covers(&part, set_aside, total, problems);
    }
    let terms = terms_of(kind, &part, modes, problems)?;
    Some(DraftTender {
        amount: total?,
        terms,
    })
}

/// Less than the total leaves a part that nobody pays.
fn check_covers(
    part: &Part<'_, '_>,
    set_aside: Option<Money>,
    total: Option<Money>,
    problems: &mut Problems,
) {
    if let (Some(set_aside), Some(total)) = (set_aside, total)
        && set_aside.amount() < total.amount()
    {
        let hint = format!("at least the total, {}; or several tenders", total.amount());
        problems.add(&part.at("amount"), "tenders_mismatch", &hint);
    }
}

/// One of several tenders: it says how much it pays.
fn of_several(
    value: &Json<'_>,
    pointer: &str,
    currency: Option<Currency>,
    modes: CaptureModes<'_>,
    problems: &mut Problems,
) -> Option<DraftTender> {
    let (kind, part) = kind_of(value, pointer, &["amount"], problems)?;
    let amount = part.money("amount", currency, problems);
    let terms = terms_of(kind, &part, modes, problems);
    Some(DraftTender {
        amount: amount?,
        terms: terms?,
    })
}

fn kind_of<'r, 'j>(
    value: &'r Json<'j>,
    pointer: &str,
    more: &[&str],
    problems: &mut Problems,
) -> Option<(Kind, Part<'r, 'j>)> {
    // Which members are known depends on the terms, so these are read first.
    let mut nothing = Problems::default();
    let peeked = Part::new(value, pointer, &[], &mut nothing);
    let Some(peeked) = peeked else {
        problems.add(pointer, "wrong_type", "an object");
        return None;
    };
    peeked.need(
        "terms",
        "to_authorize, authorized, prepaid, on_delivery or invoice",
        problems,
    )?;
    let kind = peeked.word_if("terms", &KINDS, problems)?;
    let known = [&["terms"], kind.members(), more].concat();
    Some((kind, Part::new(value, pointer, &known, problems)?))
}

fn terms_of(
    kind: Kind,
    part: &Part<'_, '_>,
    modes: CaptureModes<'_>,
    problems: &mut Problems,
) -> Option<Terms> {
    Some(match kind {
        Kind::ToAuthorize => {
            let gateway = gateway_of(part, modes, problems);
            let token = part.text("token", 255, "the gateway's token", problems);
            let (gateway, capture) = gateway?;
            Terms::ToAuthorize {
                gateway,
                token: token?,
                capture,
            }
        }
        Kind::Authorized => {
            let gateway = gateway_of(part, modes, problems);
            let hint = "the gateway's reference of the authorisation";
            let reference = part.text("reference", 255, hint, problems);
            let expires_at = part.time_if("expires_at", problems);
            let (gateway, capture) = gateway?;
            Terms::Authorized {
                gateway: Some(gateway),
                reference: Some(reference?),
                expires_at,
                capture,
            }
        }
        Kind::Prepaid => Terms::Prepaid {
            reference: part.text_if("reference", 255, problems),
        },
        Kind::OnDelivery => Terms::OnDelivery,
        Kind::Invoice => Terms::Invoice,
    })
}

fn gateway_of(
    part: &Part<'_, '_>,
    modes: CaptureModes<'_>,
    problems: &mut Problems,
) -> Option<(Slug, CaptureMode)> {
    let hint = "the slug of a configured gateway connection";
    let gateway = Slug(part.text("gateway", 255, hint, problems)?);
    let Some(capture) = modes(&gateway) else {
        problems.add(&part.at("gateway"), "unknown_gateway", hint);
        return None;
    };
    Some((gateway, capture))
}
