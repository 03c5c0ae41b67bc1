//! Every probe, by what it looks at.

mod auth;
mod channel;
mod global;
mod grace;
mod ident;
mod kex;
mod keys;
mod numbers;
mod offers;
mod packet;
mod session;
mod values;

use super::Probes;

pub(super) fn all() -> Vec<super::Probe> {
    let mut probes = Probes::default();
    ident::add(&mut probes);
    packet::add(&mut probes);
    numbers::add(&mut probes);
    offers::add(&mut probes);
    values::add(&mut probes);
    kex::add(&mut probes);
    auth::add(&mut probes);
    keys::add(&mut probes);
    global::add(&mut probes);
    channel::add(&mut probes);
    session::add(&mut probes);
    probes.0
}

/// Probes of servers whose patience ends after 2 seconds.
pub(super) fn of_grace() -> Vec<super::Probe> {
    let mut probes = Probes::default();
    grace::add(&mut probes);
    probes.0
}
