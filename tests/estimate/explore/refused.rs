//! Bad input, and limits that exclude everything.

use super::{home, output, refused};

#[test]
fn bad_input_is_refused_with_place_and_remedy() {
    let home = home();
    let good = "--bits 4 --hidden 64";
    for (line, place, remedy) in [
        (
            format!("{good} --part xc7a34t"),
            "--part: unknown part `xc7a34t`",
            "xc7a35t",
        ),
        (
            format!("{good} --part up5k"),
            "unknown part `up5k`",
            "ice40up5k",
        ),
        (
            format!("{good} --target virtex"),
            "--target: unknown value \"virtex\"",
            "xc7, xcup, ecp5 or ice40",
        ),
        (good.to_string(), "--part: no device", "--target"),
        (
            "--bits 8..2 --hidden 64 --part xc7a35t".into(),
            "--bits: `8..2` is empty",
            "smaller end first",
        ),
        (
            "--bits 9 --hidden 64 --part xc7a35t".into(),
            "--bits: 9 is out of range",
            "1 to 8, or 16",
        ),
        (
            "--bits four --hidden 64 --part xc7a35t".into(),
            "--bits: `four`",
            "2..8",
        ),
        (
            "--bits -4 --hidden 64 --part xc7a35t".into(),
            "--bits: `-4`",
            "2..8",
        ),
        (
            "--bits 4 --hidden 0 --part xc7a35t".into(),
            "--hidden: 0 is out of range",
            "1 to 4096",
        ),
        (
            "--bits 4 --hidden 64,, --part xc7a35t".into(),
            "--hidden: `64,,` has an empty place",
            "2,4,8",
        ),
        (
            "--hidden 64 --part xc7a35t".into(),
            "--bits: no widths",
            "--bits 2..8",
        ),
        (
            "--weight-bits 4 --hidden 64 --part xc7a35t".into(),
            "--act-bits",
            "--bits too",
        ),
        (
            format!("{good} --units 128 --part xc7a35t"),
            "no folding is left",
            "units up to --hidden",
        ),
        (
            format!("{good} --macs 2 --part xc7a35t"),
            "--macs: 2 is out of range",
            "4 to 65536",
        ),
        (
            format!("{good} --mac gpu --part xc7a35t"),
            "--mac: unknown value \"gpu\"",
            "lut, dsp",
        ),
        (
            format!("{good} --input-size 3,4 --part xc7a35t"),
            "--input-size: is one number",
            "give one",
        ),
        (
            "--bits 1..8 --hidden 1..4096 --layers 1..64 --part xc7a35t".into(),
            "more than 2000000 points",
            "with a step",
        ),
        (
            "--bits 1 --hidden 64 --mac dsp --part xc7a35t".into(),
            "no width of the sweep has a DSP array",
            "--mac lut",
        ),
    ] {
        let errors = refused(home.path(), &format!("{line} -o sweep"));
        assert!(errors.contains(place), "{line}: {errors}");
        let help = errors
            .lines()
            .filter(|line| line.starts_with("help: "))
            .collect::<String>();
        assert!(help.contains(remedy), "{line}: {errors}");
    }
    // Everything that is wrong is said at once.
    let errors = refused(home.path(), "--bits 0 --hidden 9999 --part nothing");
    assert_eq!(errors.matches("error: ").count(), 3, "{errors}");
}

/// An option never takes the next one for its value.
#[test]
fn an_option_without_its_value_is_named() {
    let home = home();
    for (line, option) in [
        ("--bits --hidden 64 --part xc7a35t", "--bits <LIST>"),
        ("--bits 4 --hidden --part xc7a35t", "--hidden <LIST>"),
        (
            "--bits 4 --hidden 64 --macs --part xc7a35t",
            "--macs <LIST>",
        ),
        (
            "--hidden 64 --part xc7a35t --bits -o sweep",
            "--bits <LIST>",
        ),
        ("--hidden 64 --part xc7a35t --bits", "--bits <LIST>"),
        ("plan --bits --hidden 64 -o sweep", "--bits <LIST>"),
    ] {
        let errors = refused(home.path(), line);
        let wanted = format!("error: a value is required for '{option}' but none was supplied");
        assert!(errors.contains(&wanted), "{line}: {errors}");
    }
}

#[test]
fn limits_that_exclude_everything_are_told_with_the_nearest_point() {
    let home = home();
    // The part alone.
    let errors = refused(home.path(), "--bits 8 --hidden 512 --part ice40up5k");
    assert!(
        errors.contains("--part: no point fits ice40up5k; the nearest (W8A8 512 units"),
        "{errors}"
    );
    assert!(
        errors.contains("blocks of RAM, and ice40up5k has 30"),
        "{errors}"
    );
    // The cycles alone.
    let errors = refused(
        home.path(),
        "--bits 4 --hidden 64 --units 1 --columns 1 --part xc7a35t --max-cycles 100",
    );
    assert!(
        errors.contains("--max-cycles: no point of the sweep takes at most 100"),
        "{errors}"
    );
    assert!(errors.contains("help: allow --max-cycles 8192"), "{errors}");
    // Each by itself.
    let errors = refused(
        home.path(),
        "--bits 4 --hidden 512 --part xc7a35t --max-cycles 10",
    );
    assert!(
        errors.contains("no point fits xc7a35t; the nearest")
            && errors.contains("(--max-cycles): the fastest takes "),
        "{errors}"
    );
    // One against the other.
    let errors = refused(
        home.path(),
        "--bits 4 --hidden 64 --mac lut --part xc7s15 --max-cycles 100",
    );
    assert!(
        errors.contains("--part, --max-cycles: no point does both"),
        "{errors}"
    );
    assert!(errors.contains("the fastest takes"), "{errors}");
    assert!(errors.contains("take --part xc7"), "{errors}");
    // And what it proposes is true.
    let line = errors
        .lines()
        .find(|line| line.starts_with("help: "))
        .unwrap();
    let cycles = line
        .split("--max-cycles ")
        .nth(1)
        .unwrap()
        .split(',')
        .next()
        .unwrap();
    output(
        home.path(),
        &format!("--bits 4 --hidden 64 --mac lut --part xc7s15 --max-cycles {cycles}"),
    );
    let part = line.split("--part ").nth(1).unwrap();
    output(
        home.path(),
        &format!("--bits 4 --hidden 64 --mac lut --part {part} --max-cycles 100"),
    );
}
