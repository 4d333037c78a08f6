//! Lists, filters and search.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::{ChannelId, OrderId, Sku, Slug};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::Stage;
use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use tokio::sync::watch;
use uuid::Uuid;

use super::super::Store;

// Absent filters are null and fall away when the statement is planned: it is planned anew each
// time, for what is asked. Ids are by time, so "newest first" needs no further order.
const LIST: &str = "
select l.order_id, c.slug, l.channel_id, l.external_id, l.number, l.stage, l.version, l.test,
       l.placed_at, l.received_at, l.updated_at, l.currency, l.total, l.holds
from orderhub.order_list l
left join orderhub.channel c on c.id = l.channel_id
where ($1::text is null or l.stage = $1)
  and ($2::uuid is null or l.channel_id = $2)
  and ($3::text is null or l.skus @> array[$3])
  and ($4::text is null or (l.holds <> '{}' and ($4 = 'any' or jsonb_path_exists(
          l.holds, '$.* ? (@ == $reason)', jsonb_build_object('reason', $4)))))
  and ($5::text is null
       or l.external_id like $5 or l.number like $5 or l.order_id = $6
       or l.order_id in (select r.order_id from orderhub.order_ref r where r.value = $7))
  and ($8::timestamptz is null or l.updated_at > $8)
  and ($9::uuid is null or l.order_id < $9)
  and ($11::text is null
       or l.external_id = $11 or l.number = $11
       or (right(l.order_id::text, 4) = right($12, 4)
           and right(replace(l.order_id::text, '-', ''), length($12)) = $12))
order by l.order_id desc
limit $10
";

// Only the stages in hand: how many orders have ended costs nothing here.
const IN_HAND: &str = "
select stage, count(*)
from orderhub.order_list
where stage in
    ('received', 'screening', 'reserving', 'authorizing', 'confirmed', 'fulfilling', 'cancelling')
  and ($1::uuid is null or channel_id = $1)
group by stage
";

/// What to list. Everything absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only orders in this stage.
    pub stage: Option<Stage>,
    /// Only orders of this channel.
    pub channel: Option<ChannelId>,
    /// Only orders with a line of this SKU.
    pub sku: Option<Sku>,
    /// Only orders with a hold for this reason; `any` is any hold.
    pub hold: Option<String>,
    /// The order's id, the beginning of its external id or number, or a whole reference such as a
    /// tracking number. No personal data is searched.
    pub q: Option<String>,
    /// Only orders that a person may mean by this: the channel's id of it, its number, or the ending
    /// of its id, from four hexadecimal digits on.
    pub named: Option<String>,
    /// Only orders that changed after this.
    pub updated_after: Option<Timestamp>,
    /// Only orders older than this one: the cursor of the page before.
    pub before: Option<OrderId>,
    /// At most so many.
    pub limit: u16,
}

/// An order in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderListing {
    /// Its id.
    pub order: OrderId,
    /// Its channel's slug; the channel's id if it is not registered any more.
    pub channel: Slug,
    /// The channel's id of it.
    pub external_id: String,
    /// The number that people use.
    pub number: Option<String>,
    /// Where it is in its life.
    pub stage: Stage,
    /// Its version when the list was written.
    pub version: u64,
    /// The channel marked it as test data.
    pub test: bool,
    /// When the buyer placed it.
    pub placed_at: Timestamp,
    /// When the hub recorded it.
    pub received_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The total that the channel states.
    pub total: Money,
    /// Reasons of the holds in force, by the hold's number.
    pub holds: BTreeMap<u32, String>,
}

/// A page of a list, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderPage {
    /// The orders.
    pub orders: Vec<OrderListing>,
    /// What the next page begins after, when there is one.
    pub next: Option<OrderId>,
}

impl Store {
    /// Lists orders, newest first, as of about a second ago.
    pub async fn list_orders(&self, filter: &OrderFilter) -> Result<OrderPage, Unavailable> {
        let texts = [
            filter.sku.as_ref().map(Sku::as_str),
            filter.hold.as_deref(),
            filter.q.as_deref(),
            filter.named.as_deref(),
        ];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(OrderPage::default());
        }
        let limit = usize::from(filter.limit.clamp(1, 1000));
        let one_more = i64::from(filter.limit.clamp(1, 1000)) + 1;
        let prefix = filter.q.as_deref().map(prefix_pattern);
        let id = filter.q.as_deref().and_then(|q| q.parse::<OrderId>().ok());
        let ending = filter.named.as_deref().and_then(ending);
        let query = || {
            sqlx::query(LIST)
                .bind(filter.stage.map(Stage::word))
                .bind(filter.channel.map(|channel| channel.0))
                .bind(filter.sku.as_ref().map(Sku::as_str))
                .bind(filter.hold.as_deref())
                .bind(prefix.as_deref())
                .bind(id.map(OrderId::uuid))
                .bind(filter.q.as_deref())
                .bind(filter.updated_after.map(ToSqlx::to_sqlx))
                .bind(filter.before.map(OrderId::uuid))
                .bind(one_more)
                .bind(filter.named.as_deref())
                .bind(ending.as_deref())
                .persistent(false)
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let more = rows.len() > limit;
        let orders: Result<Vec<OrderListing>, sqlx::Error> =
            rows.iter().take(limit).map(listing).collect();
        let orders = orders.map_err(|error| Unavailable(error.to_string()))?;
        let next = orders.last().filter(|_| more).map(|last| last.order);
        Ok(OrderPage { orders, next })
    }
}

impl Store {
    /// How many orders are in each stage in hand, as of about a second ago.
    pub async fn count_in_hand(
        &self,
        channel: Option<ChannelId>,
    ) -> Result<Vec<(Stage, u64)>, Unavailable> {
        let query = || {
            sqlx::query_as::<_, (String, i64)>(IN_HAND)
                .bind(channel.map(|channel| channel.0))
                .fetch_all(self.pool())
        };
        let counts = self.read(query).await?;
        let count = |stage: Stage| {
            let found = counts.iter().find(|(word, _)| word == stage.word());
            found.map_or(0, |(_, count)| u64::try_from(*count).unwrap_or_default())
        };
        let in_hand = Stage::ALL.into_iter().filter(|stage| stage.is_in_hand());
        Ok(in_hand.map(|stage| (stage, count(stage))).collect())
    }

    /// Marks each change of the list that this process makes.
    pub fn list_changes(&self) -> watch::Receiver<()> {
        self.shared.listed.subscribe()
    }
}

/// The pattern for texts that begin so, with nothing in it that `like` reads otherwise.
fn prefix_pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        if matches!(character, '\\' | '%' | '_') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The digits that an order's id may end with.
fn ending(name: &str) -> Option<String> {
    let digits = (4..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_hexdigit());
    digits.then(|| name.to_ascii_lowercase())
}

fn listing(row: &PgRow) -> Result<OrderListing, sqlx::Error> {
    let unreadable = |what: &str| sqlx::Error::Decode(format!("unreadable {what}").into());
    let time = |column: &str| -> Result<Timestamp, sqlx::Error> {
        row.try_get::<jiff_sqlx::Timestamp, _>(column)
            .map(jiff_sqlx::Timestamp::to_jiff)
    };
    let word: String = row.try_get("stage")?;
    let stage = Stage::ALL.into_iter().find(|stage| stage.word() == word);
    let code: String = row.try_get("currency")?;
    let amount: Decimal = row.try_get("total")?;
    let currency = Currency::from_code(&code).ok_or_else(|| unreadable("currency"))?;
    let channel: Uuid = row.try_get("channel_id")?;
    let slug: Option<String> = row.try_get("slug")?;
    let version: i64 = row.try_get("version")?;
    let Json(holds) = row.try_get("holds")?;
    Ok(OrderListing {
        order: OrderId::from_uuid(row.try_get("order_id")?),
        channel: Slug(slug.unwrap_or_else(|| channel.to_string())),
        external_id: row.try_get("external_id")?,
        number: row.try_get("number")?,
        stage: stage.ok_or_else(|| unreadable("stage"))?,
        version: u64::try_from(version).unwrap_or_default(),
        test: row.try_get("test")?,
        placed_at: time("placed_at")?,
        received_at: time("received_at")?,
        updated_at: time("updated_at")?,
        total: Money::rounded(amount, currency),
        holds,
    })
}

#[cfg(test)]
mod tests {
    use orderhub_domain::order::Stage;

    use super::{IN_HAND, ending, prefix_pattern};

    #[test]
    fn the_stages_in_hand_are_those_that_are_counted() {
        for stage in Stage::ALL {
            let word = format!("'{}'", stage.word());
            assert_eq!(IN_HAND.contains(&word), stage.is_in_hand(), "{word}");
        }
    }

    #[test]
    fn a_search_is_a_prefix_and_nothing_else() {
        assert_eq!(prefix_pattern("W-1"), "W-1%");
        assert_eq!(prefix_pattern("50%_\\"), "50\\%\\_\\\\%");
    }

    #[test]
    fn an_ending_is_four_to_thirty_two_hexadecimal_digits() {
        assert_eq!(ending("8AF2").as_deref(), Some("8af2"));
        for none in ["8af", "8af2g", "W-1001", &"0".repeat(33)] {
            assert_eq!(ending(none), None, "{none}");
        }
    }
}
