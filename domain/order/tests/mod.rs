//! Properties of the order: random lives in a small world, permutations of reports, tables.

mod claims;
mod evidence;
mod found;
mod holds;
mod lives;
mod notices;
mod permutations;
mod refunds;
mod return_mess;
mod return_money;
mod returns;
mod review;
mod stored;
mod straight;
mod tables;
mod world;
