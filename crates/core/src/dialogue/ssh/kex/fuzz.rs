//! The body of the fuzz target for a client's messages of key exchange.
//!
//! **Invariant:** whatever is given, an exchange ends once at most.

use crate::dialogue::ssh::kex::hostkey::{Algorithm, HostKey, Kind};
use crate::dialogue::ssh::kex::{
    Answer, Exchange, Identities, Method, Occasion, agree, negotiation, verification,
};

/// Any messages are answered; an exchange that is over takes no more. The first byte says the
/// method, and each message is behind two for its length.
pub fn messages(bytes: &[u8]) {
    let Some((method, mut rest)) = bytes.split_first() else { return };
    // The other groups differ in nothing but what they cost.
    let method = match method % 7 {
        0 => Method::Curve25519,
        1 => Method::Sntrup761X25519,
        2 => Method::EcdhNistp256,
        3 => Method::EcdhNistp384,
        4 => Method::EcdhNistp521,
        5 => Method::Group14,
        _ => Method::GroupExchange,
    };
    let mut state = 1_u8;
    let mut random = |bytes: &mut [u8]| {
        for byte in bytes {
            state = state.wrapping_mul(5).wrapping_add(29);
            *byte = state;
        }
    };
    let keys: Vec<_> = HostKey::generate(Kind::Ed25519, &mut random).into_iter().collect();
    let said = Identities { client: b"", server: b"", client_offer: b"", server_offer: b"" };
    let mut exchange = Exchange::new(method, Algorithm::Ed25519, &said);
    let mut is_over = false;
    while let [high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (message, behind) = tail.split_at(tail.len().min(length));
        rest = behind;
        let _ = verification::verify(message, b"ssh-rsa", message, behind);
        let offer = negotiation::offer(message);
        let _ = offer.map(|offer| agree(&offer, &offer.lists, Occasion::Again).is_ok());
        match exchange.receive(message, &keys, &mut random) {
            Ok(Answer::Unexpected) => {}
            Ok(Answer::Group(_)) => assert!(!is_over, "an exchange went on behind its end"),
            Ok(Answer::Reply(..)) => {
                assert!(!is_over, "an exchange ended twice");
                is_over = true;
            }
            Err(refusal) => {
                let is_empty = message.is_empty();
                assert!(!is_over || is_empty, "{refusal:?} behind the end");
                is_over |= !is_empty;
            }
        }
    }
}
