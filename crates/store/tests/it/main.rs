//! The store as a whole, on every kind of database that can be reached.

#[cfg(test)]
mod events;
#[cfg(test)]
mod smoke;
#[cfg(test)]
mod stores;
