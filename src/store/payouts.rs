//! Payout files and their lines, for people who look for what does not fit.

use async_trait::async_trait;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::settlement::LineKind;
use rust_decimal::Decimal;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::Store;
use crate::settlement::{
    KeptLine, LineFilter, Page, PayoutFile, Payouts, Resolution, UnreconciledFilter,
    UnreconciledPage,
};

// In one order, so that two files that share lines do not wait for each other for ever.
const KEEP_LINES: &str = "
insert into orderhub.payout_line
    (id, source, line, file_id, number, kind, currency, gross, fee, net, happened_at, payout, order_id,
     verdict, reason, expected)
select id, source, line, $2, number, kind, currency, gross, fee, net, happened_at, payout, order_id,
       verdict, reason, expected
from jsonb_to_recordset($1) as l(id uuid, source text, line text, number integer, kind text, currency text,
     gross numeric, fee numeric, net numeric, happened_at timestamptz, payout text, order_id uuid,
     verdict text, reason text, expected numeric)
order by id
on conflict (id) do update set
    file_id = excluded.file_id, number = excluded.number, kind = excluded.kind,
    currency = excluded.currency, gross = excluded.gross, fee = excluded.fee, net = excluded.net,
    happened_at = excluded.happened_at, payout = excluded.payout, order_id = excluded.order_id,
    verdict = excluded.verdict, reason = excluded.reason, expected = excluded.expected
";

const BEGIN_FILE: &str = "
insert into orderhub.payout_file
    (id, source, format, sha256, read_at, read_by, lines, totals, complete)
values ($1, $2, $3, $4, $5, $6, $7, '[]', false)
on conflict (source, sha256) do update set source = excluded.source
returning id
";

const FINISH_FILE: &str = "
update orderhub.payout_file
set read_at = $2, read_by = $3, totals = $4, complete = true
where id = $1
";

const FILES: &str = "
select id, source, format, sha256, read_at, read_by, lines, totals, complete
from orderhub.payout_file
where $1::uuid is null or id < $1
order by id desc
limit $2
";

// Absent filters are null and fall away when the statement is planned: it is planned anew each time.
const LINES: &str = "
select id, source, line, number, kind, currency, gross, fee, net, happened_at, payout, order_id, verdict,
       reason, expected, resolution, resolved_at, resolved_by, resolved_why
from orderhub.payout_line
where ($1::text is null or source = $1)
  and ($2::uuid is null or file_id = $2)
  and ($3::text is null or verdict = $3)
  and (not $4 or (verdict <> 'matched' and resolution is null))
  and ($5::uuid is null or order_id = $5)
  and ($6::uuid is null or id > $6)
  and ($8::uuid is null or id = $8)
order by id
limit $7
";

const RESOLVE: &str = "
update orderhub.payout_line
set resolution = $2, resolved_at = $3, resolved_by = $4, resolved_why = $5
where id = $1 and verdict <> 'matched'
returning id, source, line, number, kind, currency, gross, fee, net, happened_at, payout, order_id, verdict,
          reason, expected, resolution, resolved_at, resolved_by, resolved_why
";

#[async_trait]
impl Payouts for Store {
    async fn keep_lines(&self, file: Uuid, lines: &[KeptLine]) -> Result<(), Unavailable> {
        if lines.is_empty() {
            return Ok(());
        }
        let rows: serde_json::Value = lines.iter().map(row_of).collect();
        let query = || {
            sqlx::query(KEEP_LINES)
                .bind(Json(&rows))
                .bind(file)
                .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }

    async fn begin_file(&self, file: &PayoutFile) -> Result<Uuid, Unavailable> {
        let query = || {
            sqlx::query_scalar::<_, Uuid>(BEGIN_FILE)
                .bind(file.id)
                .bind(file.source.as_str())
                .bind(&file.format)
                .bind(&file.sha256)
                .bind(file.read_at.to_sqlx())
                .bind(&file.read_by)
                .bind(i32::try_from(file.lines).unwrap_or(i32::MAX))
                .fetch_one(self.pool())
        };
        self.read(query).await
    }

    async fn finish_file(&self, file: &PayoutFile) -> Result<(), Unavailable> {
        let query = || {
            sqlx::query(FINISH_FILE)
                .bind(file.id)
                .bind(file.read_at.to_sqlx())
                .bind(&file.read_by)
                .bind(Json(&file.totals))
                .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }

    async fn files(
        &self,
        after: Option<Uuid>,
        limit: u16,
    ) -> Result<Page<PayoutFile>, Unavailable> {
        let query = || {
            sqlx::query(FILES)
                .bind(after)
                .bind(i64::from(limit.max(1)) + 1)
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        page(&rows, limit, file_of, |file| file.id)
    }

    async fn lines(&self, filter: &LineFilter) -> Result<Page<KeptLine>, Unavailable> {
        let texts = [filter.source.as_deref(), filter.verdict.as_deref()];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok((Vec::new(), None));
        }
        let query = || {
            sqlx::query(LINES)
                .bind(filter.source.as_deref())
                .bind(filter.file)
                .bind(filter.verdict.as_deref())
                .bind(filter.open)
                .bind(filter.order.map(OrderId::uuid))
                .bind(filter.after)
                .bind(i64::from(filter.limit.max(1)) + 1)
                .bind(filter.id)
                .persistent(false)
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        page(&rows, filter.limit, line_of, |line| line.id)
    }

    async fn resolve(
        &self,
        line: Uuid,
        resolution: &Resolution,
    ) -> Result<Option<KeptLine>, Unavailable> {
        let query = || {
            sqlx::query(RESOLVE)
                .bind(line)
                .bind(&resolution.word)
                .bind(resolution.at.to_sqlx())
                .bind(&resolution.by)
                .bind(&resolution.why)
                .fetch_optional(self.pool())
        };
        let row = self.read(query).await?;
        let unreadable = |error: sqlx::Error| Unavailable(error.to_string());
        row.map(|row| line_of(&row)).transpose().map_err(unreadable)
    }

    async fn unreconciled(
        &self,
        filter: &UnreconciledFilter,
    ) -> Result<UnreconciledPage, Unavailable> {
        self.list_unreconciled(filter).await
    }
}

/// The rows that fit on a page, and where the next one begins if there is one.
fn page<T>(
    rows: &[PgRow],
    limit: u16,
    read: impl Fn(&PgRow) -> Result<T, sqlx::Error>,
    id: impl Fn(&T) -> Uuid,
) -> Result<Page<T>, Unavailable> {
    let limit = usize::from(limit.max(1));
    let found: Result<Vec<T>, sqlx::Error> = rows.iter().take(limit).map(read).collect();
    let found = found.map_err(|error| Unavailable(error.to_string()))?;
    let next = found.last().filter(|_| rows.len() > limit).map(id);
    Ok((found, next))
}

fn row_of(line: &KeptLine) -> serde_json::Value {
    serde_json::json!({
        "id": line.id,
        "source": line.source.as_str(),
        "line": line.line,
        "number": line.number,
        "kind": line.kind.word(),
        "currency": line.gross.currency().code(),
        "gross": line.gross.amount(),
        "fee": line.fee.amount(),
        "net": line.net.amount(),
        "happened_at": line.at,
        "payout": line.payout,
        "order_id": line.order.map(OrderId::uuid),
        "verdict": line.verdict,
        "reason": line.reason,
        "expected": line.expected.map(Money::amount),
    })
}

fn file_of(row: &PgRow) -> Result<PayoutFile, sqlx::Error> {
    let read_at: jiff_sqlx::Timestamp = row.try_get("read_at")?;
    let Json(totals) = row.try_get("totals")?;
    let lines: i32 = row.try_get("lines")?;
    Ok(PayoutFile {
        id: row.try_get("id")?,
        source: row.try_get::<String, _>("source")?.as_str().into(),
        format: row.try_get("format")?,
        sha256: row.try_get("sha256")?,
        read_at: read_at.to_jiff(),
        read_by: row.try_get("read_by")?,
        lines: usize::try_from(lines).unwrap_or_default(),
        totals,
        complete: row.try_get("complete")?,
    })
}

fn line_of(row: &PgRow) -> Result<KeptLine, sqlx::Error> {
    let text: String = row.try_get("currency")?;
    let currency = Currency::from_code(&text)
        .ok_or_else(|| sqlx::Error::Decode(format!("\"{text}\" is no currency").into()))?;
    let money = |column: &str| -> Result<Option<Money>, sqlx::Error> {
        let amount: Option<Decimal> = row.try_get(column)?;
        Ok(amount.map(|amount| Money::rounded(amount, currency)))
    };
    let zero = Money::zero(currency);
    let word: String = row.try_get("kind")?;
    let kind = LineKind::ALL.into_iter().find(|kind| kind.word() == word);
    let happened_at: Option<jiff_sqlx::Timestamp> = row.try_get("happened_at")?;
    let order: Option<Uuid> = row.try_get("order_id")?;
    let number: i32 = row.try_get("number")?;
    Ok(KeptLine {
        id: row.try_get("id")?,
        source: row.try_get::<String, _>("source")?.as_str().into(),
        line: row.try_get("line")?,
        number: usize::try_from(number).unwrap_or_default(),
        kind: kind.unwrap_or(LineKind::Other),
        gross: money("gross")?.unwrap_or(zero),
        fee: money("fee")?.unwrap_or(zero),
        net: money("net")?.unwrap_or(zero),
        at: happened_at.map(jiff_sqlx::Timestamp::to_jiff),
        payout: row.try_get("payout")?,
        order: order.map(OrderId::from_uuid),
        verdict: row.try_get("verdict")?,
        reason: row.try_get("reason")?,
        expected: money("expected")?,
        resolution: resolution_of(row)?,
    })
}

fn resolution_of(row: &PgRow) -> Result<Option<Resolution>, sqlx::Error> {
    let Some(word) = row.try_get("resolution")? else {
        return Ok(None);
    };
    let at: jiff_sqlx::Timestamp = row.try_get("resolved_at")?;
    Ok(Some(Resolution {
        word,
        at: at.to_jiff(),
        by: row.try_get("resolved_by")?,
        why: row.try_get("resolved_why")?,
    }))
}
