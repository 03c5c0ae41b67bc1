//! The store as a whole, on every kind of database that can be reached.
#![cfg(test)]

mod child;
mod events;
mod faults;
mod fixture;
mod opening;
mod rebuild;
mod recordings;
mod smoke;
mod stores;
mod writing;
