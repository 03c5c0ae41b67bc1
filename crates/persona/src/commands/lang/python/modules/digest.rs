//! `hashlib`: digests.
//!
//! **Invariant:** one call takes bytes and gives a digest of them.

use crate::commands::lang::python::native::{Native, Ret};
use crate::commands::lang::python::types::bytes_of;
use md5::Digest as _;

pub(super) const FUNCTIONS: &[Native] = &[Native::new("_digest", |vm, _, args| {
    let name = vm.text(&args.value(0));
    let bytes = bytes_of(vm, &args.value(1)).unwrap_or_default();
    vm.work += bytes.len() / 4;
    let digest = match name.as_str() {
        "md5" => md5::Md5::digest(&bytes).to_vec(),
        "sha1" => sha1::Sha1::digest(&bytes).to_vec(),
        "sha224" => sha2::Sha224::digest(&bytes).to_vec(),
        "sha256" => sha2::Sha256::digest(&bytes).to_vec(),
        "sha384" => sha2::Sha384::digest(&bytes).to_vec(),
        "sha512" => sha2::Sha512::digest(&bytes).to_vec(),
        _ => return Err(vm.value_error(&format!("unsupported hash type {name}"))),
    };
    Ok(Ret::Value(vm.bytes(digest)))
})];
