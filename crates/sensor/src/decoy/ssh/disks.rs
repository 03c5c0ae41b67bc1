//! What addresses have changed on the machine: each finds its own changes at its next connection.
//!
//! **Invariant:** bounded in addresses, in bytes and in time, and what is open is never taken away.
//! Nobody finds what another address has changed.

use decnet_core::limits::{DISKS, DISKS_BYTES};
use decnet_persona::Disk;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The disks of a decoy.
///
/// The lock is shared by all connections, since one address comes with many; it is held for a
/// look-up and never while a session works.
#[derive(Debug)]
pub(super) struct Disks {
    known: Mutex<Known>,
    /// How long changes stay when nobody of the address is there.
    keep: Duration,
}

#[derive(Debug, Default)]
struct Known {
    places: BTreeMap<IpAddr, Place>,
    /// Bytes of what nobody has open.
    bytes: usize,
    /// When old ones were last looked for.
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Place {
    disk: Disk,
    /// Connections that have it.
    open: usize,
    /// When the last of them ended, and what was kept then.
    left: Instant,
    bytes: usize,
}

/// A disk that one connection has open.
#[derive(Debug)]
pub(super) struct OpenDisk {
    disks: Arc<Disks>,
    address: IpAddr,
    disk: Disk,
}

impl OpenDisk {
    pub(super) fn disk(&self) -> &Disk {
        &self.disk
    }
}

impl Drop for OpenDisk {
    fn drop(&mut self) {
        self.disks.leave(self.address, Instant::now());
    }
}

impl Disks {
    pub(super) fn new(keep: Duration) -> Self {
        Self { known: Mutex::default(), keep }
    }

    /// The disk of an address: as it was left, or a new one.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr, now: Instant) -> OpenDisk {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut gone = Vec::new();
        if known.swept.is_none_or(|swept| now.saturating_duration_since(swept) >= SWEEP) {
            known.swept = Some(now);
            gone.extend(known.expired(self.keep, now));
        }
        let is_old = |place: &Place| place.is_old(self.keep, now);
        if known.places.get(&address).is_some_and(is_old) {
            gone.extend(known.take(address));
        }
        if !known.places.contains_key(&address) {
            gone.extend(known.make_room(DISKS.saturating_sub(1), DISKS_BYTES));
        }
        let place = known.places.entry(address).or_insert_with(|| Place {
            disk: Disk::default(),
            open: 0,
            left: now,
            bytes: 0,
        });
        place.open += 1;
        let (disk, bytes) = (place.disk.clone(), std::mem::take(&mut place.bytes));
        known.bytes = known.bytes.saturating_sub(bytes);
        drop(known);
        // Files are given back without the lock.
        drop(gone);
        OpenDisk { disks: Arc::clone(self), address, disk }
    }

    fn leave(&self, address: IpAddr, now: Instant) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = known.places.get_mut(&address) else { return };
        place.open = place.open.saturating_sub(1);
        if place.open > 0 {
            return;
        }
        // Its sessions are over, so that nobody works with it.
        let bytes = place.disk.kept();
        (place.left, place.bytes) = (now, bytes);
        known.bytes += bytes;
        let mut gone = Vec::new();
        if bytes == 0 || self.keep.is_zero() {
            gone.extend(known.take(address));
        }
        gone.extend(known.make_room(DISKS, DISKS_BYTES));
        drop(known);
        drop(gone);
    }
}

impl Place {
    fn is_old(&self, keep: Duration, now: Instant) -> bool {
        self.open == 0 && now.saturating_duration_since(self.left) >= keep
    }
}

impl Known {
    fn take(&mut self, address: IpAddr) -> Option<Disk> {
        let place = self.places.remove(&address)?;
        self.bytes = self.bytes.saturating_sub(place.bytes);
        Some(place.disk)
    }

    fn expired(&mut self, keep: Duration, now: Instant) -> Vec<Disk> {
        let old = self.places.iter().filter(|(_, place)| place.is_old(keep, now));
        let old: Vec<IpAddr> = old.map(|(address, _)| *address).collect();
        old.into_iter().filter_map(|address| self.take(address)).collect()
    }

    /// Forgets those that were left first, until there are so many addresses and bytes at most. Of
    /// those that are open there are no more than connections.
    fn make_room(&mut self, addresses: usize, bytes: usize) -> Vec<Disk> {
        let mut gone = Vec::new();
        while self.places.len() > addresses || self.bytes > bytes {
            let left = self.places.iter().filter(|(_, place)| place.open == 0);
            let first = left.min_by_key(|(_, place)| place.left).map(|(address, _)| *address);
            let Some(disk) = first.and_then(|address| self.take(address)) else { break };
            gone.push(disk);
        }
        gone
    }
}

/// Between two looks for what is too old.
const SWEEP: Duration = Duration::from_secs(600);

#[cfg(test)]
mod tests {
    use super::*;
    use decnet_core::event::Timestamp;
    use decnet_persona::{Console, Login, Machine, Step};

    const DAY: Duration = Duration::from_secs(86_400);

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(number.into())
    }

    fn does(machine: &Arc<Machine>, disk: &OpenDisk, command: &str) -> Vec<u8> {
        let login = Login {
            user: b"root".to_vec(),
            peer: "192.0.2.7:4242".parse().unwrap(),
            local: "192.0.2.1:22".parse().unwrap(),
            env: Vec::new(),
            terminal: None,
        };
        let console = Console::exec(Arc::clone(machine), login, command.as_bytes());
        let mut steps = Vec::new();
        let (mut console, mut now) = (console.on(disk.disk()), 1_795_322_152_000_000_000);
        console.open(Timestamp(now), &mut steps);
        for _ in 0..1_000 {
            if steps.iter().any(|step| matches!(step, Step::Exit(_) | Step::Killed(_))) {
                break;
            }
            now += 1_000_000_000;
            console.wake(Timestamp(now), &mut steps);
        }
        let out = steps.into_iter().filter_map(|step| match step {
            Step::Output(bytes) => Some(bytes),
            _ => None,
        });
        out.flatten().collect()
    }

    #[test]
    fn an_address_finds_its_changes_and_others_do_not() {
        let (machine, begin) = (Arc::new(Machine::from_seed(1)), Instant::now());
        let disks = Arc::new(Disks::new(7 * DAY));
        let first = disks.enter(address(1), begin);
        let again = disks.enter(address(1), begin);
        let other = disks.enter(address(2), begin);
        does(&machine, &first, "echo mine > /tmp/x");
        assert_eq!(does(&machine, &again, "cat /tmp/x"), b"mine\n");
        assert_eq!(does(&machine, &other, "cat /tmp/x"), b"");
        drop((first, again, other));
        let later = disks.enter(address(1), begin + 6 * DAY);
        assert_eq!(does(&machine, &later, "cat /tmp/x"), b"mine\n");
        drop(later);
        let late = disks.enter(address(1), Instant::now() + 8 * DAY);
        assert_eq!(does(&machine, &late, "cat /tmp/x"), b"");
    }

    #[test]
    fn those_that_were_left_first_are_forgotten_and_none_that_is_open() {
        let (machine, begin) = (Arc::new(Machine::from_seed(1)), Instant::now());
        let disks = Arc::new(Disks::new(7 * DAY));
        let held = disks.enter(address(0), begin);
        does(&machine, &held, "echo mine > /tmp/x");
        for number in 1..=3 {
            does(&machine, &disks.enter(address(number), begin), "echo mine > /tmp/x");
        }
        let mut known = disks.known.lock().unwrap();
        let all = known.bytes;
        assert!(all > 0);
        assert_eq!(known.make_room(3, usize::MAX).len(), 1);
        assert!(!known.places.contains_key(&address(1)));
        assert_eq!(known.make_room(0, usize::MAX).len(), 2);
        assert_eq!((known.places.len(), known.bytes), (1, 0));
        drop(known);
        drop(held);
        assert_eq!(disks.known.lock().unwrap().bytes, all / 3);
    }

    #[test]
    fn who_changes_nothing_is_not_remembered() {
        let disks = Arc::new(Disks::new(7 * DAY));
        drop(disks.enter(address(1), Instant::now()));
        assert_eq!(disks.known.lock().unwrap().places.len(), 0);
    }

    #[test]
    fn a_password_that_was_changed_is_known_to_its_address_alone() {
        let (machine, now) = (Arc::new(Machine::from_seed(1)), Instant::now());
        let disks = Arc::new(Disks::new(7 * DAY));
        let here = disks.enter(address(1), now);
        assert_eq!(here.disk().verifies(&machine, b"root", b"root"), None);
        does(&machine, &here, "echo root:other | chpasswd; useradd -m eve; echo eve:x | chpasswd");
        let there = disks.enter(address(2), now);
        let check = |disk: &OpenDisk, user: &str, password: &str, expected| {
            let found = disk.disk().verifies(&machine, user.as_bytes(), password.as_bytes());
            assert_eq!(found, expected, "{user}/{password}");
        };
        check(&here, "root", "other", Some(true));
        check(&here, "root", "root", Some(false));
        check(&here, "eve", "x", Some(true));
        check(&here, "eve", "", Some(false));
        check(&here, "nobody", "x", None);
        check(&there, "root", "other", None);
        check(&there, "eve", "x", None);
    }
}
