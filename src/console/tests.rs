//! Pages of orders in memory.
