//! Design files and options that are wrong: what is said of them, and that nothing is left.

use super::program::{home, names, program};
use snapbox::{Data, str};
use std::path::Path;

#[test]
fn design_files_that_are_wrong_say_where_and_what_helps() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut checked = 0;
    for name in names(&folder) {
        let Some(case) = name.strip_suffix(".toml") else {
            continue;
        };
        let home = home();
        std::fs::copy(folder.join(&name), home.path().join(&name)).unwrap();
        program()
            .current_dir(home.path())
            .args(["gen", "--config", &name])
            .assert()
            .code(2)
            .stdout_eq("")
            .stderr_eq(Data::read_from(&folder.join(format!("{case}.stderr")), None).raw());
        assert_eq!(
            names(home.path()),
            [name.as_str()],
            "{case} left something behind"
        );
        checked += 1;
    }
    assert!(checked >= 10, "only {checked} cases");
}

#[test]
fn options_that_are_wrong_are_all_reported() {
    let home = home();
    program()
        .current_dir(home.path())
        .args([
            "gen", "--hidden", "-3", "--bits", "9", "--name", "a__b", "--units", "2",
        ])
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: --hidden: -3 is out of range
help: give a whole number from 1 to 4096
error: --bits: 9 is out of range
help: give a width of 1 to 8, or 16
error: --name: VHDL has no name that ends in an underscore or has two in a row
help: give letters, digits and single underscores, such as `lstm_4x4`
error: --units: units without columns
help: give columns too, or a goal instead: target cycles or most MACs

"]]);
    assert!(names(home.path()).is_empty());
}

#[test]
fn what_is_out_of_range_is_not_missing_too() {
    let home = home();
    for (options, problems) in [
        (
            "--hidden 8 --units 0 --columns 2",
            "error: --units: 0 is out of range\nhelp: give a whole number from 1 to 4096\n",
        ),
        (
            "--hidden 4096 --layers 64",
            "error: --hidden: makes 8589934592 weights; more than 268435456 are not generated\n\
             help: give fewer units, inputs or layers\n",
        ),
    ] {
        let output = program()
            .current_dir(home.path())
            .arg("gen")
            .args(options.split(' '))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{options}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), problems);
    }
    assert!(names(home.path()).is_empty());
}

#[test]
fn hostile_design_files_are_refused() {
    let home = home();
    let write = |name: &str, bytes: &[u8]| std::fs::write(home.path().join(name), bytes).unwrap();
    write("binary.toml", &[0xff, 0xfe, 0, 1]);
    write("huge.toml", &vec![b'#'; 2 << 20]);
    write(
        "deep.toml",
        format!("a = {}", "[".repeat(100_000)).as_bytes(),
    );
    write("empty.toml", b"");
    std::fs::create_dir(home.path().join("folder.toml")).unwrap();
    let before = names(home.path());
    for name in [
        "binary.toml",
        "huge.toml",
        "deep.toml",
        "empty.toml",
        "folder.toml",
        "gone.toml",
    ] {
        let output = program()
            .current_dir(home.path())
            .args(["gen", "--config", name])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {stderr}");
        assert!(stderr.starts_with("error: "), "{name}: {stderr}");
        assert!(
            stderr.contains("help: ") && !stderr.contains("bug"),
            "{name}: {stderr}"
        );
    }
    assert_eq!(names(home.path()), before);
}
