//! Key exchange, RFC 4253 §7 and §8.
//!
//! **Invariant:** no secret leaves here but as the keys of a direction.
