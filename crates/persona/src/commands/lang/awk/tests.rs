use crate::commands::lang::cases::check;

#[test]
fn it_prints_what_mawk_prints() {
    check(include_str!("../cases/awk.txt"));
}

#[test]
fn it_is_found_by_its_other_names() {
    let mut bench = crate::testing::Bench::new();
    assert_eq!(bench.run(&["awk", "BEGIN{print 1}"], "").out, "1\n");
    let done = bench.run(&["/usr/bin/nawk", "{"], "");
    assert_eq!((done.err.as_str(), done.status), ("nawk: line 2: missing } near end of file\n", 2));
}

#[test]
fn hostile_programs_end() {
    let mut bench = crate::testing::Bench::new();
    let memory = "mawk: out of memory\n";
    for (program, error) in [
        ("BEGIN{for(;;)s=s \"xxxxxxxxxxxxxxxx\" s}", memory),
        ("BEGIN{for(;;)a[i++]=i}", memory),
        ("BEGIN{$99999999=1}", memory),
        (
            "function f(){return f()} BEGIN{f()}",
            "mawk: program limit exceeded: eval stack size=1024\n",
        ),
        ("BEGIN{x=sprintf(\"%99999999999d\",1); exit}", ""),
    ] {
        assert_eq!(bench.run(&["mawk", program], "").err, error, "{program}");
    }
    for part in ["(", "!", "-", "{", "a[", "$", "x=", "if(1)", "f(", "1?", "2^", "while(1)"] {
        let program = format!("BEGIN{{{}", part.repeat(20_000));
        assert_eq!(bench.run(&["mawk", &program], "").status, 2, "{part}");
    }
}
