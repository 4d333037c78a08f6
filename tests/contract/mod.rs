//! What every store promises to the actors, whatever it is made of. The same cases run against
//! Postgres and against the twin in memory.

pub(crate) mod feeds;
pub(crate) mod fixture;
pub(crate) mod journal;
pub(crate) mod logbook;
pub(crate) mod lookup;
pub(crate) mod parking;
pub(crate) mod quotas;
pub(crate) mod stock;
pub(crate) mod transits;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_actors::ports::{Journal, LaneWriter, Ownership, StockBook, StockWriter};
use orderhub_domain::ids::ChannelId;

/// A store's data, seen by any number of nodes.
#[async_trait]
pub(crate) trait World: Send + Sync {
    /// A new process under this node name. It has claimed nothing yet.
    async fn node(&self, name: &str) -> Node;

    /// A registered sales channel.
    async fn channel(&self) -> ChannelId;
}

/// One process's view of the store.
pub(crate) struct Node {
    /// Its commit lane, for every shard.
    pub(crate) lane: Box<dyn LaneWriter>,
    /// Its stock lane.
    pub(crate) stock_lane: Box<dyn StockWriter>,
    /// Reads of the journal.
    pub(crate) journal: Arc<dyn Journal>,
    /// Reads of stock.
    pub(crate) book: Arc<dyn StockBook>,
    /// Leases and claims.
    pub(crate) ownership: Arc<dyn Ownership>,
}

/// Writes one test per case of the contract. `$world` is a function that makes a new [`World`].
macro_rules! store_contract {
    ($world:path) => {
        store_contract!(@cases $world, journal:
            a_created_order_is_read_as_it_was_written,
            the_same_external_id_again_names_the_first_order,
            two_creates_of_one_external_id_in_a_batch_make_one_order,
            a_stale_append_changes_nothing,
            versions_that_do_not_follow_are_refused,
            appends_of_one_order_in_a_batch_are_taken_in_order,
            a_second_claim_fences_the_first_writer,
            an_append_decided_under_an_older_claim_is_fenced,
            a_superseded_node_learns_it_when_it_renews,
        );
        store_contract!(@cases $world, lookup:
            references_resolve_to_their_order,
            a_reference_belongs_to_the_first_order_that_brought_it,
            personal_data_comes_back_and_stays_out_of_the_log,
            orders_are_found_by_many_names_of_one_channel,
            orders_are_found_by_what_they_share_each_once,
            due_orders_come_in_order_and_page_by_page,
            the_stored_wake_up_moves_only_when_it_must,
            a_request_is_found_long_after,
        );
        store_contract!(@cases $world, parking:
            parked_messages_wait_until_they_are_forgotten,
            messages_of_one_reference_come_page_by_page,
            awaited_references_come_once_and_in_pages,
            a_dead_message_stays_and_is_not_awaited,
            a_message_that_comes_again_is_judged_anew_unless_it_died_waiting,
            a_message_dies_once_however_often_it_comes,
            parked_messages_are_counted_by_state,
            a_cursor_stays_where_it_was_moved_to,
        );
        store_contract!(@cases $world, stock:
            a_move_is_read_as_it_was_written,
            work_that_was_taken_on_is_counted_by_its_day,
            the_last_word_about_a_pause_holds,
            moves_of_one_location_in_a_batch_follow_on_each_other,
            a_taken_place_in_the_ledger_is_a_conflict,
            a_hold_that_the_writer_did_not_know_is_a_conflict,
            a_failure_stops_the_later_moves_of_its_location_only,
            a_second_claim_fences_the_first_stock_writer,
            an_oversold_location_is_never_stored,
            ended_holds_are_found_by_their_key,
            supply_is_read_as_it_was_written_and_a_receipt_is_booked_once,
        );
        store_contract!(@cases $world, feeds:
            a_message_is_read_as_it_was_written_and_booked_once,
        );
        store_contract!(@cases $world, quotas:
            a_quota_is_read_as_it_was_written,
        );
        store_contract!(@cases $world, logbook:
            what_was_said_is_read_as_it_was_written,
            an_entry_whose_name_is_there_does_no_harm,
        );
        store_contract!(@cases $world, transits:
            a_delivery_counts_once_and_for_its_own_lane,
            only_the_newest_deliveries_of_a_lane_are_read,
        );
    };
    (@cases $world:path, $part:ident: $($case:ident),* $(,)?) => {
        mod $part {
            $(
                #[tokio::test]
                async fn $case() {
                    let world = $world().await;
                    crate::contract::$part::$case(&world).await;
                }
            )*
        }
    };
}
pub(crate) use store_contract;
