//! The shell around the core: the store, the edges and the composition of both.

pub mod store;
