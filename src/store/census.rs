//! How many orders there are in each stage when a node starts. From then on it counts commits.

use orderhub_actors::ports::Unavailable;

use super::Store;

// Reads every row once; a node does it when it starts and never again.
const CENSUS: &str = "
select stage, count(*)
from orderhub.orders
group by stage
";

impl Store {
    /// Orders by the word of their stage.
    pub async fn census(&self) -> Result<Vec<(String, i64)>, Unavailable> {
        let query = || sqlx::query_as::<_, (String, i64)>(CENSUS).fetch_all(self.pool());
        self.read(query).await
    }
}
