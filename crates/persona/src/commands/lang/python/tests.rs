use crate::commands::lang::cases::check;

#[test]
fn it_prints_what_python_prints() {
    check(include_str!("../cases/python.txt"));
}
