//! Payloads of messages, built field by field.

/// A payload that grows.
#[derive(Clone, Debug)]
pub(crate) struct Message(pub(crate) Vec<u8>);

/// A boolean as it is sent.
pub(crate) const YES: u8 = 1;
/// The other.
pub(crate) const NO: u8 = 0;

impl Message {
    pub(crate) fn new(number: u8) -> Self {
        Self(vec![number])
    }

    /// A structure inside a message, such as a key.
    pub(crate) fn inner() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    pub(crate) fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_be_bytes());
        self
    }

    pub(crate) fn string(mut self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.0.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
        self.0.extend(bytes);
        self
    }

    pub(crate) fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend(bytes.as_ref());
        self
    }
}

impl AsRef<[u8]> for Message {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// A packet in the clear with a padding of the least length.
pub(crate) fn clear(payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut padding = 8 - (payload.len() + 5) % 8;
    if padding < 4 {
        padding += 8;
    }
    clear_as(payload.len() + padding + 1, padding, payload, padding)
}

/// A packet in the clear that claims a length and a padding, and has so many zeros behind it.
pub(crate) fn clear_as(length: usize, claimed: usize, payload: &[u8], zeros: usize) -> Vec<u8> {
    let mut packet = u32::try_from(length).unwrap().to_be_bytes().to_vec();
    packet.push(claimed.try_into().unwrap());
    packet.extend(payload);
    packet.resize(packet.len() + zeros, 0);
    packet
}

/// A try to log in with a password.
pub(crate) fn password(user: &str, password: impl AsRef<[u8]>) -> Message {
    auth(user, "password").byte(0).string(password)
}

/// The beginning of a try to log in.
pub(crate) fn auth(user: impl AsRef<[u8]>, method: &str) -> Message {
    Message::new(50).string(user).string("ssh-connection").string(method)
}

/// The beginning of a request of a channel.
pub(crate) fn request(channel: u32, name: &str, want: u8) -> Message {
    Message::new(98).u32(channel).string(name).byte(want)
}
