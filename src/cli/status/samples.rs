//! What a hub measures, read from the text that Prometheus reads.

use std::collections::BTreeMap;

/// Whole numbers by series: the name of a metric with its labels. Fractions are cut.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<String, i64>);

impl Samples {
    /// Reads an exposition; lines that say no number are left out.
    pub(super) fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let whole = value.split_once('.').map_or(value, |(whole, _)| whole);
            Some((series.to_owned(), whole.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// The metric by the value of one label.
    pub(super) fn by(&self, metric: &str, label: &str) -> BTreeMap<String, i64> {
        let begin = format!("{metric}{{");
        let value = |series: &str| {
            let labels = series.strip_prefix(&begin)?.strip_suffix('}')?;
            let before = format!("{label}=\"");
            // Values of our labels are configured names and words: none holds a comma or a quote.
            let found = labels
                .split(',')
                .find_map(|one| one.strip_prefix(&before))?;
            Some(found.strip_suffix('"')?.to_owned())
        };
        let mut sums = BTreeMap::new();
        for (series, count) in &self.0 {
            if let Some(value) = value(series) {
                *sums.entry(value).or_default() += count;
            }
        }
        sums
    }

    /// The sum over all of a metric's series; `None` when there is none.
    pub(super) fn sum(&self, metric: &str) -> Option<i64> {
        let of = |series: &str| series.split('{').next() == Some(metric);
        let mut found = self.0.iter().filter(|(series, _)| of(series)).peekable();
        found.peek()?;
        Some(found.map(|(_, value)| value).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_summed_by_their_label() {
        let samples = Samples::read(
            "# TYPE orderhub_orders gauge\n\
             orderhub_orders{stage=\"completed\"} 3\n\
             orderhub_orders{shard=\"1\",stage=\"completed\"} 2\n\
             orderhub_orders{stage=\"closed\"} 1\n\
             orderhub_orders_more{stage=\"closed\"} 7\n\
             hub_lag 4\n\
             process_start_time_seconds 1795000000.25\n\
             broken\nnot_a_number NaN\n",
        );
        let orders = samples.by("orderhub_orders", "stage");
        assert_eq!((orders["completed"], orders["closed"]), (5, 1));
        assert_eq!(samples.sum("orderhub_orders"), Some(6));
        assert_eq!(samples.sum("hub_lag"), Some(4));
        assert_eq!(
            samples.sum("process_start_time_seconds"),
            Some(1_795_000_000)
        );
        assert_eq!(samples.sum("not_a_number"), None);
    }
}
