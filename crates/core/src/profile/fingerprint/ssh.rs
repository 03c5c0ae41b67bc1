//! HASSH and `HASSHServer`.
//!
//! **Invariant:** names as offered, in order; what is no algorithm stays in.

use super::{Fingerprint, md5_of};
use crate::event::Side;
use crate::octets::Octets;

/// HASSH or `HASSHServer` (Salesforce, 2018) of the name-lists of a KEXINIT.
#[must_use]
pub fn hassh(side: Side, lists: &[Octets; 10]) -> Fingerprint {
    let [kex, _, cipher_c2s, cipher_s2c, mac_c2s, mac_s2c, comp_c2s, comp_s2c, _, _] = lists;
    let parts = match side {
        Side::Client => [kex, cipher_c2s, mac_c2s, comp_c2s],
        Side::Server => [kex, cipher_s2c, mac_s2c, comp_s2c],
    };
    let raw = Octets(parts.map(Octets::as_bytes).join(&b';'));
    // Of the bytes as they were sent, also where their text has to be written otherwise.
    Fingerprint { hash: md5_of(raw.as_bytes()), raw: raw.readable() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hassh_is_the_md5_of_four_lists_of_one_direction() {
        let lists = ["k1,k2", "h", "c1", "s1", "m1", "m2", "none", "zlib", "", ""];
        let found = hassh(Side::Client, &lists.map(Octets::from));
        assert_eq!(found.raw, "k1,k2;c1;m1;none");
        assert_eq!(found.hash, md5_of(b"k1,k2;c1;m1;none"));
        assert_eq!(hassh(Side::Server, &lists.map(Octets::from)).raw, "k1,k2;s1;m2;zlib");
    }
}
