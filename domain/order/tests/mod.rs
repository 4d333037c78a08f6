//! Properties of the order: random lives in a small world, permutations of reports, tables.

mod claims;
mod disputes;
mod evidence;
mod expiry;
mod found;
mod holds;
mod late;
mod lives;
mod notices;
mod payouts;
mod permutations;
mod refunds;
mod renewals;
mod return_mess;
mod return_money;
mod returns;
mod review;
mod stored;
mod straight;
mod sums;
mod supply;
mod tables;
mod tenders;
mod world;
