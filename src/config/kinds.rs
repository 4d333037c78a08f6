//! The kinds of connections, and which secrets each must have before it may start.

/// A kind of connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Its family: `sales`, `payments`, `carriers`, `warehouses`.
    pub family: &'static str,
    /// Its name in the configuration.
    pub kind: &'static str,
    /// Keys that hold its secrets and may not be empty.
    pub needs: &'static [&'static str],
}

const fn kind(family: &'static str, kind: &'static str, needs: &'static [&'static str]) -> Kind {
    Kind {
        family,
        kind,
        needs,
    }
}

/// Every kind, by family and name.
pub const KINDS: &[Kind] = &[
    kind("carriers", "easypost", &["api_key", "webhook_secrets"]),
    kind("payments", "stripe", &["api_key", "webhook_secrets"]),
    kind("sales", "direct", &[]),
    kind("sales", "shopify", &["secrets"]),
    kind("warehouses", "managed", &[]),
];
