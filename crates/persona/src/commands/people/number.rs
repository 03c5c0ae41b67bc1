//! Numbers for new users and groups, as `shadow` gives them.
//!
//! **Invariant:** a number that is given is not taken.

use std::collections::BTreeSet;

/// Whether somebody is a person or a part of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Person,
    System,
}

/// Numbers of people: `UID_MIN` and `UID_MAX` of /etc/login.defs.
pub(super) const PEOPLE: std::ops::RangeInclusive<i64> = 1_000..=60_000;
/// Numbers of the system.
pub(super) const SYSTEM: std::ops::RangeInclusive<i64> = 100..=999;

/// The next number: for a person the one behind the last, for a part of the system the last that is
/// free. One that is wanted is given where it is free.
pub(super) fn next(taken: &BTreeSet<i64>, sort: Sort, wanted: Option<i64>) -> Option<i64> {
    let range = match sort {
        Sort::Person => PEOPLE,
        Sort::System => SYSTEM,
    };
    if let Some(wanted) = wanted
        && range.contains(&wanted)
        && !taken.contains(&wanted)
    {
        return Some(wanted);
    }
    let mut free = range.clone().filter(|number| !taken.contains(number));
    match sort {
        Sort::System => free.next_back(),
        Sort::Person => {
            let last = taken.range(range.clone()).next_back();
            let behind = last.map_or(*range.start(), |last| last + 1);
            if range.contains(&behind) { Some(behind) } else { free.next() }
        }
    }
}

#[test]
fn numbers_are_given() {
    let taken = BTreeSet::from([0, 998, 1_000, 1_004, 65_534]);
    assert_eq!(next(&taken, Sort::Person, None), Some(1_005));
    assert_eq!(next(&taken, Sort::Person, Some(1_002)), Some(1_002));
    assert_eq!(next(&taken, Sort::System, None), Some(999));
    let full = BTreeSet::from([60_000]);
    assert_eq!(next(&full, Sort::Person, None), Some(1_000));
}
