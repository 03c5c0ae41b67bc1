//! The store as a whole, on every kind of database that can be reached.

mod events;
mod smoke;
mod stores;
