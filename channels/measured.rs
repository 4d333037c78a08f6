//! Every partner's calls are measured in one place: how long each took, and what came of it.
//!
//! A connection is wrapped as its family builds it. What comes in is passed on here; the calls of a family are
//! timed beside its trait (`carriers/measured.rs`, `payments/measured.rs`, `sales/measured.rs`).

use std::sync::Arc;

use orderhub_domain::ids::Slug;

use crate::port::{
    Checkup, Connector, Enlist, Follow, Forged, Greeting, Inbound, Keys, LookUp, Poll, RawRequest,
};

/// A connection of a family, whose calls are measured.
pub(crate) struct Measured<C: ?Sized> {
    /// The connection's name, as metrics say it.
    pub(crate) slug: Slug,
    /// The connection itself.
    pub(crate) inner: Arc<C>,
}

impl<C: Connector + ?Sized> Connector for Measured<C> {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        self.inner.verify(request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        self.inner.read(request)
    }

    fn is_live(&self) -> bool {
        self.inner.is_live()
    }

    fn thanks(&self) -> Option<&'static str> {
        self.inner.thanks()
    }

    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        self.inner.greet(query)
    }

    fn keys(&self) -> Option<&dyn Keys> {
        self.inner.keys()
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        self.inner.look_up()
    }

    fn poll(&self) -> Option<&dyn Poll> {
        self.inner.poll()
    }

    fn follow(&self) -> Option<&dyn Follow> {
        self.inner.follow()
    }

    fn enlist(&self) -> Option<&dyn Enlist> {
        self.inner.enlist()
    }

    fn checkup(&self) -> Option<&dyn Checkup> {
        self.inner.checkup()
    }
}
