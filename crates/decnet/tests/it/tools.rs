//! Programs of this machine that some tests want.

/// Whether all of `programs` are there; says by name what is skipped where they are not, and fails
/// where nothing may be skipped.
pub fn present(programs: &[&str]) -> bool {
    let absent = |program: &&&str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        !std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    };
    let missing: Vec<_> = programs.iter().filter(absent).collect();
    if missing.is_empty() {
        return true;
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    assert!(std::env::var_os("DECNET_TEST_REQUIRE_ALL").is_none(), "{test} wants {missing:?}");
    eprintln!("skipped: {test}: wants {missing:?}");
    false
}
