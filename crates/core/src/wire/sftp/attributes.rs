//! File attributes of SFTP version 3, draft-ietf-secsh-filexfer-02 §5.
//!
//! **Invariant:** a value that the flags do not announce is `None`; flags are kept as they came.

use crate::wire::Malformed;
use crate::wire::reader::Reader;

/// The size is there.
pub const SIZE: u32 = 1;
/// User and group are there.
pub const OWNER: u32 = 2;
/// Permissions are there.
pub const PERMISSIONS: u32 = 4;
/// Times of access and of change are there.
pub const TIMES: u32 = 8;
/// Pairs of a vendor are there.
pub const EXTENDED: u32 = 0x8000_0000;

/// What a request says of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Which values are there, as sent.
    pub flags: u32,
    /// Bytes.
    pub size: Option<u64>,
    /// User and group.
    pub owner: Option<(u32, u32)>,
    /// Permissions, and the file's kind in the bits above.
    pub permissions: Option<u32>,
    /// When it was read and when it was changed, seconds since 1970.
    pub times: Option<(u32, u32)>,
    /// How many pairs of a vendor came; what was in them nobody asks.
    pub extended: u32,
}

impl Attributes {
    /// Reads attributes from where `reader` is.
    ///
    /// # Errors
    /// [`Malformed::Cut`] where the bytes end before the attributes do, [`Malformed::Value`] for a
    /// name with a NUL.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let cut = Malformed::Cut("attributes");
        let flags = reader.u32().ok_or(cut)?;
        let mut attributes = Self { flags, ..Self::default() };
        if flags & SIZE != 0 {
            attributes.size = Some(super::u64(reader).ok_or(cut)?);
        }
        if flags & OWNER != 0 {
            attributes.owner = Some(pair(reader).ok_or(cut)?);
        }
        if flags & PERMISSIONS != 0 {
            attributes.permissions = Some(reader.u32().ok_or(cut)?);
        }
        if flags & TIMES != 0 {
            attributes.times = Some(pair(reader).ok_or(cut)?);
        }
        if flags & EXTENDED != 0 {
            attributes.extended = reader.u32().ok_or(cut)?;
            // Each takes eight bytes at least, so that what came is the bound.
            for _ in 0..attributes.extended {
                super::name(reader)?;
                reader.string().ok_or(cut)?;
            }
        }
        Ok(attributes)
    }
}

fn pair(reader: &mut Reader<'_>) -> Option<(u32, u32)> {
    Some((reader.u32()?, reader.u32()?))
}
