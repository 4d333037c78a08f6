//! The table of routes: every path, its methods, what a key must be allowed to do and which body
//! it takes. The filters serve exactly these; a test walks both.

use http::Method;

use self::Needs::{AnyKey, Nothing, Scope as Needing, SignedIn};
use super::keys::Scope;

/// What a caller must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    Nothing,
    /// Any valid key.
    AnyKey,
    /// A key with this scope.
    Scope(Scope),
    /// A person who has signed in to the console with a key.
    SignedIn,
}

/// Which body a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    Nothing,
    /// One JSON object.
    Json,
    /// JSON objects, one per line, read as they arrive.
    Lines,
    /// Orders: JSON objects, one per line, or the rows of a CSV; read as they arrive.
    Batch,
    /// Bytes of any kind.
    Raw,
    /// A file, read as it arrives; its answer takes as long as the work on it.
    File,
    /// The fields of a page's form, from that page and no other site.
    Form,
}

/// Where a route answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// On the public address.
    Api,
    /// On the admin address.
    Admin,
    /// On both.
    Both,
}

/// One route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path; `{name}` stands for one segment.
    pub pattern: &'static str,
    /// What a caller must show.
    pub needs: Needs,
    /// Which body it takes.
    pub body: Body,
    /// Where it answers.
    pub side: Side,
}

impl Route {
    /// Whether the path is one of this route's.
    fn matches(&self, path: &str) -> bool {
        let mut segments = path.split('/');
        self.pattern.split('/').all(|part| {
            segments.next().is_some_and(|segment| {
                part == segment || (part.starts_with('{') && !segment.is_empty())
            })
        }) && segments.next().is_none()
    }

    /// Whether it answers on this side.
    fn answers_on(&self, side: Side) -> bool {
        self.side == Side::Both || self.side == side
    }
}

/// Every route.
pub const ROUTES: &[Route] = &[
    route(
        Method::POST,
        "/v1/orders",
        Needing(Scope::OrdersWrite),
        Body::Json,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/orders/batch",
        Needing(Scope::OrdersWrite),
        Body::Batch,
        Side::Api,
    ),
    route(Method::GET, "/v1/orders", AnyKey, Body::Nothing, Side::Api),
    route(
        Method::GET,
        "/v1/hooks/sales/{slug}",
        Nothing,
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/hooks/sales/{slug}",
        Nothing,
        Body::Raw,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/hooks/payments/{slug}",
        Nothing,
        Body::Raw,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/hooks/carriers/{slug}",
        Nothing,
        Body::Raw,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/hooks/warehouses/{slug}",
        Nothing,
        Body::Raw,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/orders/{id}",
        AnyKey,
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/orders/{id}/timeline",
        AnyKey,
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/orders/{id}/explain",
        AnyKey,
        Body::Nothing,
        Side::Api,
    ),
    act("/v1/orders/{id}/actions/hold"),
    act("/v1/orders/{id}/actions/release"),
    act("/v1/orders/{id}/actions/cancel"),
    act("/v1/orders/{id}/actions/refund"),
    act("/v1/orders/{id}/actions/note"),
    act("/v1/orders/{id}/actions/retry"),
    act("/v1/orders/{id}/actions/dispute"),
    act("/v1/orders/{id}/actions/approve"),
    act("/v1/orders/{id}/actions/reject"),
    act("/v1/orders/{id}/actions/claim"),
    act("/v1/orders/{id}/actions/resolve_claim"),
    act("/v1/orders/{id}/returns"),
    act("/v1/returns/{id}/approve"),
    act("/v1/returns/{id}/decline"),
    act("/v1/returns/{id}/receive"),
    act("/v1/returns/{id}/inspect"),
    act("/v1/returns/{id}/close"),
    route(
        Method::POST,
        "/v1/settlements/{source}",
        Needing(Scope::OpsAct),
        Body::File,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/imports/{slug}",
        Needing(Scope::OpsAct),
        Body::File,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/settlements",
        Needing(Scope::OpsAct),
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/settlements/lines",
        Needing(Scope::OpsAct),
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/settlements/unreconciled",
        Needing(Scope::OpsAct),
        Body::Nothing,
        Side::Api,
    ),
    act("/v1/settlements/lines/{id}/actions/resolve"),
    act("/v1/settlements/lines/{id}/actions/write-off"),
    act("/v1/orders/{id}/actions/reroute"),
    act("/v1/orders/{id}/actions/split"),
    act("/v1/orders/{id}/actions/merge"),
    act("/v1/orders/{id}/actions/schedule"),
    act("/v1/orders/{id}/actions/edit"),
    act("/v1/orders/{id}/actions/change_address"),
    act("/v1/orders/{id}/actions/open_exchange"),
    act("/v1/orders/{id}/redecide"),
    act("/v1/fulfilments/{id}/accept"),
    act("/v1/fulfilments/{id}/reject"),
    act("/v1/fulfilments/{id}/pick"),
    act("/v1/fulfilments/{id}/pack"),
    act("/v1/fulfilments/{id}/hand-over"),
    act("/v1/fulfilments/{id}/ready"),
    act("/v1/fulfilments/{id}/collect"),
    route(
        Method::PUT,
        "/v1/inventory/{location}/{sku}",
        Needing(Scope::InventoryWrite),
        Body::Json,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/inventory/{location}/{sku}/inbound",
        Needing(Scope::InventoryWrite),
        Body::Json,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/inventory/{location}/{sku}/receipts",
        Needing(Scope::InventoryWrite),
        Body::Json,
        Side::Api,
    ),
    route(
        Method::PUT,
        "/v1/inventory/{location}/{sku}/quotas/{channel}",
        Needing(Scope::InventoryWrite),
        Body::Json,
        Side::Api,
    ),
    route(
        Method::POST,
        "/v1/inventory/feeds/{source}",
        Needing(Scope::InventoryWrite),
        Body::Lines,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/inventory/feeds",
        AnyKey,
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/inventory/{sku}",
        AnyKey,
        Body::Nothing,
        Side::Api,
    ),
    route(
        Method::GET,
        "/v1/locations",
        AnyKey,
        Body::Nothing,
        Side::Api,
    ),
    act("/v1/locations/{code}/pause"),
    act("/v1/locations/{code}/resume"),
    listen("/v1/events"),
    listen("/v1/events/stream"),
    look("/v1/parked"),
    look("/v1/parked/{message}"),
    act("/v1/parked/{message}/actions/replay"),
    act("/v1/parked/{message}/actions/discard"),
    look("/v1/webhooks-received"),
    look("/v1/webhooks-received/{webhook}"),
    act("/v1/webhooks-received/{webhook}/actions/replay"),
    route(Method::GET, "/livez", Nothing, Body::Nothing, Side::Both),
    route(Method::GET, "/readyz", Nothing, Body::Nothing, Side::Both),
    route(Method::GET, "/startupz", Nothing, Body::Nothing, Side::Both),
    route(Method::GET, "/version", Nothing, Body::Nothing, Side::Both),
    route(
        Method::GET,
        "/docs/errors/{code}",
        Nothing,
        Body::Nothing,
        Side::Api,
    ),
    route(Method::GET, "/metrics", Nothing, Body::Nothing, Side::Admin),
    page("/console"),
    page("/console/board"),
    page("/console/live"),
    page("/console/orders/{id}"),
    page("/console/orders/{id}/sheet"),
    form("/console/orders/{id}/hold", SignedIn),
    form("/console/orders/{id}/release", SignedIn),
    form("/console/orders/{id}/cancel", SignedIn),
    form("/console/orders/{id}/refund", SignedIn),
    form("/console/orders/{id}/note", SignedIn),
    form("/console/orders/{id}/retry", SignedIn),
    form("/console/orders/{id}/dispute", SignedIn),
    form("/console/orders/{id}/approve", SignedIn),
    form("/console/orders/{id}/reject", SignedIn),
    form("/console/orders/{id}/claim", SignedIn),
    form("/console/orders/{id}/resolve_claim", SignedIn),
    form("/console/orders/{id}/returns", SignedIn),
    form("/console/returns/{id}/approve", SignedIn),
    form("/console/returns/{id}/decline", SignedIn),
    form("/console/returns/{id}/receive", SignedIn),
    form("/console/returns/{id}/inspect", SignedIn),
    form("/console/returns/{id}/close", SignedIn),
    form("/console/orders/{id}/reroute", SignedIn),
    form("/console/orders/{id}/split", SignedIn),
    form("/console/orders/{id}/merge", SignedIn),
    form("/console/orders/{id}/schedule", SignedIn),
    form("/console/orders/{id}/change_address", SignedIn),
    form("/console/orders/{id}/edit", SignedIn),
    form("/console/orders/{id}/open_exchange", SignedIn),
    route(
        Method::GET,
        "/console/sign-in",
        Nothing,
        Body::Nothing,
        Side::Api,
    ),
    form("/console/sign-in", Nothing),
    form("/console/sign-out", Nothing),
    route(
        Method::GET,
        "/console/assets/{name}",
        Nothing,
        Body::Nothing,
        Side::Api,
    ),
];

/// A page of the console.
const fn page(pattern: &'static str) -> Route {
    route(Method::GET, pattern, SignedIn, Body::Nothing, Side::Api)
}

/// What a page of the console sends.
const fn form(pattern: &'static str, needs: Needs) -> Route {
    route(Method::POST, pattern, needs, Body::Form, Side::Api)
}

/// What operators and staff do.
const fn act(pattern: &'static str) -> Route {
    route(
        Method::POST,
        pattern,
        Needing(Scope::OpsAct),
        Body::Json,
        Side::Api,
    )
}

/// What operators look at.
const fn look(pattern: &'static str) -> Route {
    route(
        Method::GET,
        pattern,
        Needing(Scope::OpsAct),
        Body::Nothing,
        Side::Api,
    )
}

/// What others build on.
const fn listen(pattern: &'static str) -> Route {
    route(
        Method::GET,
        pattern,
        Needing(Scope::EventsRead),
        Body::Nothing,
        Side::Api,
    )
}

const fn route(
    method: Method,
    pattern: &'static str,
    needs: Needs,
    body: Body,
    side: Side,
) -> Route {
    Route {
        method,
        pattern,
        needs,
        body,
        side,
    }
}

/// What the table says about a request.
#[derive(Debug, Clone, Copy)]
pub enum Found {
    /// This route. A `HEAD` is a `GET` whose body is not sent.
    Route(&'static Route),
    /// The path exists, but not with this method.
    OtherMethods,
    /// There is no such path here.
    Nowhere,
}

/// Looks a request up.
pub fn find(side: Side, method: &Method, path: &str) -> Found {
    let asked = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let mut of_path = routes_of(side, path).peekable();
    if of_path.peek().is_none() {
        return Found::Nowhere;
    }
    of_path
        .find(|route| route.method == *asked)
        .map_or(Found::OtherMethods, Found::Route)
}

/// The `Allow` header of a path.
pub fn allowed(side: Side, path: &str) -> String {
    let mut methods: Vec<&str> = Vec::new();
    for route in routes_of(side, path) {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.join(", ")
}

/// The routes of a path. A literal segment wins over a placeholder: `/v1/orders/batch` is no order.
fn routes_of(side: Side, path: &str) -> impl Iterator<Item = &'static Route> {
    let of_path = move || {
        ROUTES
            .iter()
            .filter(move |route| route.answers_on(side) && route.matches(path))
    };
    let fewest = of_path().map(placeholders).min();
    of_path().filter(move |route| Some(placeholders(route)) == fewest)
}

fn placeholders(route: &Route) -> usize {
    route.pattern.matches('{').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_is_refused_only_where_no_route_has_it() {
        let refused = |method: Method, path: &str| {
            matches!(find(Side::Api, &method, path), Found::OtherMethods)
        };
        assert!(refused(Method::DELETE, "/v1/orders"));
        assert!(refused(Method::GET, "/v1/orders/batch"));
        assert!(!refused(Method::HEAD, "/v1/orders"));
        assert_eq!(allowed(Side::Api, "/v1/orders"), "POST, GET, HEAD");
        assert_eq!(allowed(Side::Api, "/v1/orders/batch"), "POST");
    }

    #[test]
    fn paths_are_matched_whole() {
        for path in [
            "/",
            "",
            "/v1/orders/",
            "/v1//orders",
            "/v1/orders/x/actions/fly",
            "/v1/orders/x/y",
            "/metrics",
            "/v1/hooks/sales/",
            "/v1/hooks/other/x",
            "*",
        ] {
            assert!(
                matches!(find(Side::Api, &Method::GET, path), Found::Nowhere),
                "{path}"
            );
        }
        assert!(matches!(
            find(Side::Admin, &Method::GET, "/metrics"),
            Found::Route(_)
        ));
        assert!(matches!(
            find(Side::Admin, &Method::GET, "/v1/orders"),
            Found::Nowhere
        ));
    }
}
