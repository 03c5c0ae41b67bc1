#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decnet_core::shell::fuzz::script(bytes));
