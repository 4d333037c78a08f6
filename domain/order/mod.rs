//! The order: its state, what may be asked of it, what can happen to it, and the two functions
//! that carry everything: [`decide`] and [`evolve`].

mod command;
mod effect;
mod event;
mod fact;
mod hold;
mod ledger;
mod machine;
mod stage;
mod state;

pub use command::*;
pub use effect::*;
pub use event::*;
pub use fact::*;
pub use hold::*;
pub use ledger::*;
pub use machine::*;
pub use stage::*;
pub use state::*;
