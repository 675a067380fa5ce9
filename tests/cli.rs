//! The command line as a user meets it: texts, exit codes, and what is left on the disk.

use snapbox::cmd::{Command, cargo_bin};
use snapbox::{Data, str};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

fn program() -> Command {
    Command::new(cargo_bin!("lprnn-hw"))
        // Of fixed width, whatever terminal runs the tests.
        .env("COLUMNS", "100")
        .env("LPRNN_CACHE", cache())
}

fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim")
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// All files below `folder` with their contents.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    files
}

/// A small design in the folder `lstm` below `home`.
fn generate(home: &Path, options: &[&str]) -> PathBuf {
    program()
        .current_dir(home)
        .args(["gen", "--bits", "4", "--hidden", "5", "--input-size", "3"])
        .args(options)
        .assert()
        .success();
    home.join("lstm")
}

const COMMANDS: [&str; 13] = [
    "import",
    "quantize",
    "train",
    "eval",
    "gen",
    "run",
    "cosim",
    "estimate",
    "explore",
    "synth",
    "calibrate",
    "demo",
    "doctor",
];

#[test]
fn help_says_what_every_command_does() {
    let golden = |name: &str| Path::new("tests/cli/help").join(format!("{name}.txt"));
    let check = |arguments: &[&str], name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden(name));
        program()
            .args(arguments)
            .assert()
            .success()
            .stdout_eq(Data::read_from(&path, None).raw())
            .stderr_eq("");
    };
    check(&["--help"], "lprnn-hw");
    for command in COMMANDS {
        check(&[command, "--help"], command);
    }
}

#[test]
fn every_command_has_examples_and_exit_codes_in_its_help() {
    for command in COMMANDS {
        let help = program().args([command, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(&format!("  lprnn-hw {command}")), "{help}");
        assert!(help.contains("Exit status"), "{help}");
    }
    for step in ["collect", "fit"] {
        let help = program()
            .args(["calibrate", step, "--help"])
            .output()
            .unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(
            help.contains(&format!("  lprnn-hw calibrate {step}")),
            "{help}"
        );
        assert!(help.contains("Exit status"), "{help}");
    }
    for job in ["plan", "run", "point", "collect", "export"] {
        let help = program().args(["explore", job, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(
            help.contains(&format!("  lprnn-hw explore {job}")),
            "{help}"
        );
        assert!(help.contains("Exit status"), "{help}");
    }
}

#[test]
fn bad_usage_is_exit_code_2() {
    for arguments in [
        &["gen", "--hiden", "8"][..],
        &["frobnicate"],
        &[],
        &["synth"],
        &["synth", "x", "--target", "virtex"],
        &["synth", "x", "--speed", "6"],
        &["cosim", "--steps", "0"],
        &["gen", "--bits", "four"],
        &["run", "--model", "m"],
    ] {
        program().args(arguments).assert().code(2).stdout_eq("");
    }
}

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

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (home(), home());
    for options in [
        &["--target", "ecp5"][..],
        &["--memory-init", "inline", "--force"],
    ] {
        let strip = |home: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
            let folder = generate(home, options);
            let files = contents(&folder).into_iter();
            files
                .map(|(path, bytes)| (path.strip_prefix(&folder).unwrap().to_path_buf(), bytes))
                .collect()
        };
        let (first, second) = (strip(one.path()), strip(other.path()));
        assert_eq!(first, second);
        for (path, bytes) in first {
            let text = String::from_utf8_lossy(&bytes);
            let place = one.path().to_str().unwrap();
            assert!(!text.contains(place), "{} names a place", path.display());
        }
    }
}

#[test]
fn a_bundle_regenerates_itself() {
    let home = home();
    let folder = generate(
        home.path(),
        &["--target", "ecp5", "--state-policy", "never"],
    );
    program()
        .current_dir(&folder)
        .args(["gen", "--config", "design.toml", "--out", "../again"])
        .assert()
        .success();
    let relative = |folder: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let files = contents(folder).into_iter();
        files
            .map(|(path, bytes)| (path.strip_prefix(folder).unwrap().to_path_buf(), bytes))
            .collect()
    };
    assert_eq!(relative(&folder), relative(&home.path().join("again")));
}

#[test]
fn folders_are_replaced_by_force_and_only_if_they_are_ours() {
    let home = home();
    generate(home.path(), &[]);
    let again = || {
        program()
            .current_dir(home.path())
            .args(["gen", "--hidden", "4"])
    };
    again().assert().code(2).stderr_eq(str![[r"
error: lstm: exists already
help: choose another folder by --out, or give --force to replace it

"]]);
    again().arg("--force").assert().success();
    std::fs::create_dir(home.path().join("thesis")).unwrap();
    std::fs::write(home.path().join("thesis/chapter1"), "").unwrap();
    again()
        .args(["--force", "--out", "thesis"])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: thesis: holds something else: there is no interface.json in it
help: choose another folder by --out

"]]);
    again()
        .args(["--out", "no/such/parent"])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: no/such: cannot write: [..]
help: check the path

"]]);
    assert_eq!(names(home.path()), ["lstm", "thesis"]);
    assert_eq!(names(&home.path().join("thesis")), ["chapter1"]);
}

#[test]
fn json_is_one_object_and_quiet_is_quiet() {
    let home = home();
    let output = program()
        .current_dir(home.path())
        .args(["gen", "--hidden", "4", "--format", "json", "-q"])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["top"], "lstm_top");
    assert_eq!(report["schema"], 1);
    let written = std::fs::read(home.path().join("lstm/interface.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(
        written["timing"]["cycles_per_step"],
        report["timing"]["cycles_per_step"]
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = home();
    let mut child = std::process::Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home.path())
        .args(["gen", "--hidden", "4"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("error"));
    assert_eq!(names(home.path()), ["lstm"]);
}

#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let home = home();
    let output = std::process::Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home.path())
        .args(["gen", "--hidden", "4"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("error: standard output: cannot write"),
        "{stderr}"
    );
}

#[test]
fn missing_and_failing_tools_are_named_with_the_remedy() {
    let home = home();
    let folder = generate(home.path(), &[]);
    program()
        .env("LPRNN_YOSYS", "no/such/yosys")
        .arg("synth")
        .arg(&folder)
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: Yosys: LPRNN_YOSYS names `no/such/yosys`, which is not there
help: run ./setup.sh, or set LPRNN_YOSYS to a Yosys 0.23 or newer

"]]);
    program()
        .env("LPRNN_YOSYS", "no/such/yosys")
        .arg("doctor")
        .assert()
        .code(2)
        .stdout_eq(str![[r"
...
MISSING  Yosys [..]
...
"]])
        .stderr_eq(str![[r"
error: doctor: not usable: Yosys
help: run ./setup.sh in the project's folder, or follow the lines above

"]]);
    let crash = home.path().join("crash");
    std::fs::write(
        &crash,
        "#!/bin/sh\ncase $1 in -V) echo Yosys 0.99;; *) kill -SEGV $$;; esac\n",
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&crash, mode).unwrap();
    program()
        .env("LPRNN_YOSYS", &crash)
        .arg("synth")
        .arg(&folder)
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: Yosys was killed by signal 11
help: `lprnn-hw doctor` says which program that is

"]]);
    std::fs::write(&crash, "#!/bin/sh\ncase $1 in -V) echo Yosys 0.99;; esac\n").unwrap();
    program()
        .env("LPRNN_YOSYS", &crash)
        .arg("synth")
        .arg(&folder)
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: elaborate.log of Yosys 0.99: cannot be read: No such file or directory (os error 2)
help: is it a working one? `lprnn-hw doctor` says which was taken

"]]);
}

#[test]
fn what_is_no_bundle_is_refused() {
    let home = home();
    for command in ["synth", "cosim"] {
        let output = program().arg(command).arg(home.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr.contains("interface.json: cannot read"), "{stderr}");
    }
    let folder = generate(home.path(), &[]);
    std::fs::write(folder.join("model.safetensors"), "\u{1}\u{2}").unwrap();
    let output = program().arg("cosim").arg(&folder).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("model.safetensors"), "{stderr}");
    let output = program()
        .arg("cosim")
        .arg(&folder)
        .args(["--hidden", "8"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn cosimulation_agrees_and_finds_a_wrong_core() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let cosim = || {
        program()
            .current_dir(home.path())
            .args(["cosim", "lstm", "-q"])
    };
    cosim().assert().success().stderr_eq("").stdout_eq(str![[r"
lstm_top: Verilator [..]
  equal without pauses: 320 words of 64 steps in [..] cycles; latency [..] as stated; [..] cycles per step as stated
  equal with random pauses: 320 words of 64 steps in [..] cycles

"]]);
    // The core of another seed behind the signature and model of this one.
    generate(home.path(), &["--seed", "2", "--out", "other"]);
    let model = home.path().join("other/model.safetensors");
    std::fs::copy(model, folder.join("model.safetensors")).unwrap();
    cosim().assert().code(1).stderr_eq("").stdout_eq(str![[r"
lstm_top: Verilator [..]
  DIFFERENT without pauses: step 0 layer 0 gate i unit [..]: hardware [..], model [..]
  replay: lprnn-hw cosim lprnn-hw-fail/[..]

"]]);
    let package = names(&home.path().join("lprnn-hw-fail")).remove(0);
    let package = Path::new("lprnn-hw-fail").join(package);
    program()
        .current_dir(home.path())
        .arg("cosim")
        .arg(package)
        .assert()
        .code(1)
        .stdout_eq(str![[r"
...
  DIFFERENT as recorded: step 0 [..]

"]]);
}

#[test]
fn a_weight_memory_that_is_missing_or_short_fails() {
    for spoil in ["", "0\n"] {
        let home = home();
        let folder = generate(home.path(), &[]);
        let memory = folder.join("rtl/lstm_l0_weights.mem");
        if spoil.is_empty() {
            std::fs::remove_file(&memory).unwrap();
        } else {
            std::fs::write(&memory, spoil).unwrap();
        }
        let output = program().arg("cosim").arg(&folder).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("weights"), "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let (home, scratch) = (home(), home());
    let folder = generate(home.path(), &[]);
    let pids = home.path().join("pid");
    let slow = home.path().join("slow");
    let script = format!(
        "#!/bin/sh\ncase $1 in -V) echo Yosys 0.99;; *) echo $$ > {}; exec sleep 300;; esac\n",
        pids.display()
    );
    std::fs::write(&slow, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&slow, mode).unwrap();
    let child = std::process::Command::new(cargo_bin!("lprnn-hw"))
        .env("LPRNN_YOSYS", &slow)
        .env("TMPDIR", scratch.path())
        .arg("synth")
        .arg(&folder)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let pid = loop {
        if let Ok(pid) = std::fs::read_to_string(&pids)
            && let Ok(pid) = pid.trim().parse::<i32>()
        {
            break pid;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the tool was never started"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(
        names(scratch.path()).len(),
        2,
        "synthesis works in a folder of its own, and its tool has another"
    );
    let interrupt = nix::sys::signal::Signal::SIGINT;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), interrupt).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "interrupted\n");
    assert!(output.stdout.is_empty());
    assert!(names(scratch.path()).is_empty());
    let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    assert!(alive.is_err(), "the tool outlived the program");
}

/// `.npy` of version 1.0.
fn npy(kind: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({shape}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(data);
    bytes
}

/// The int32 elements of an `.npy` file that `run` wrote.
fn ints(path: &Path) -> Vec<i32> {
    let bytes = std::fs::read(path).unwrap();
    let header = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let words = bytes[10 + header..].chunks_exact(4);
    words
        .map(|word| i32::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

#[test]
fn run_gives_the_words_of_every_sequence_by_itself() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let codes: Vec<i32> = (0..2 * 4 * 3).map(|n| n * 5 % 16 - 8).collect();
    let bytes: Vec<u8> = codes.iter().flat_map(|code| code.to_le_bytes()).collect();
    let floats: Vec<u8> = codes
        .iter()
        .flat_map(|&code| (code as f32 / 4.0).to_le_bytes())
        .collect();
    let write = |name: &str, bytes: &[u8]| std::fs::write(home.path().join(name), bytes).unwrap();
    write("both.npy", &npy("<i4", "2, 4, 3", &bytes));
    write("second.npy", &npy("<i4", "4, 3", &bytes[48..]));
    write("float.npy", &npy("<f4", "2, 4, 3", &floats));
    let run = |input: &str, output: &str, more: &[&str]| {
        program()
            .current_dir(home.path())
            .args(["run", "-q", "--model"])
            .arg(folder.join("model.safetensors"))
            .args(["--input", input, "-o", output])
            .args(more)
            .assert()
            .success()
    };
    run("both.npy", "h.npy", &["--state", "c.npy"]).stdout_eq(str![[r"
2 sequences of 4 steps: 40 words of h
  saturated in  [..]
  layer 0       [..]

"]]);
    run("second.npy", "second_h.npy", &[]);
    run("float.npy", "float_h.npy", &["--float-input"]);
    let h = ints(&home.path().join("h.npy"));
    assert_eq!(h.len(), 2 * 4 * 5);
    assert_eq!(h[20..], ints(&home.path().join("second_h.npy")));
    assert_eq!(h, ints(&home.path().join("float_h.npy")));
    assert!(h.iter().all(|code| (-8..8).contains(code)) && h.iter().any(|&code| code != 0));
    let c = ints(&home.path().join("c.npy"));
    assert!(c.len() == h.len() && c.iter().any(|code| code.abs() > 8));
    // The same inputs through the hardware.
    program()
        .current_dir(home.path())
        .args(["cosim", "-q", "lstm", "--input", "both.npy"])
        .assert()
        .success();
}

#[test]
fn inputs_that_do_not_fit_are_refused() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let input = home.path().join("x.npy");
    for (bytes, more, why) in [
        (npy("<i4", "2, 4", &[0; 32]), "", "shape [2, 4]"),
        (npy("<i4", "0, 3", &[]), "", "no steps"),
        (
            npy("<i4", "1, 3", &[8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            "",
            "no code of s4.2",
        ),
        (
            npy("<i4", "1, 3", &[0; 12]),
            "--float-input",
            "wanted real numbers",
        ),
        (npy("<f4", "1, 3", &[0; 12]), "", "--float-input"),
        (
            npy("<f4", "1, 3", &[0xff; 12]),
            "--float-input",
            "not a finite number",
        ),
        (npy("<i4", "1, 3", &[0; 11]), "", "11 bytes of data"),
        (
            npy("<i4", "9999999999, 9999999999, 3", &[]),
            "",
            "more than can be addressed",
        ),
        (b"PK\x03\x04".to_vec(), "", "is no .npy file"),
    ] {
        std::fs::write(&input, bytes).unwrap();
        let mut command = program()
            .args(["run", "--model"])
            .arg(folder.join("model.safetensors"))
            .arg("--input")
            .arg(&input)
            .arg("-o")
            .arg(home.path().join("h.npy"));
        if !more.is_empty() {
            command = command.arg(more);
        }
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(
            stderr.contains(why) && stderr.contains("help: "),
            "{why}: {stderr}"
        );
        assert_eq!(names(home.path()), ["lstm", "x.npy"]);
    }
}

fn demo_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models/demo")
        .join(name)
}

#[test]
fn import_explains_every_tensor() {
    program()
        .arg("import")
        .arg(demo_file("demo.safetensors"))
        .arg("--explain")
        .assert()
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r"
layer 0: 8 inputs, 32 units
head: 8 outputs, not part of the hardware
5 248 parameters of the LSTM, in the gate order i, f, g, o; its two biases are added
  head.bias                [8]                           bias of the head
  head.weight          [8, 32]           linear head, beside the hardware
  lstm.bias_hh_l0        [128]      layer 0: bias, added to the other one
  lstm.bias_ih_l0        [128]      layer 0: bias, added to the other one
  lstm.weight_hh_l0  [128, 32]  layer 0: recurrent weights, gates i f g o
  lstm.weight_ih_l0   [128, 8]      layer 0: input weights, gates i f g o

"]]);
    program()
        .arg("import")
        .arg(demo_file("test.npy"))
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: [..]test.npy: no safetensors file: [..]
help: save the state dict with safetensors.torch.save_file

"]]);
}

#[test]
fn a_float_model_becomes_a_core_that_agrees() {
    let home = home();
    let quantize = |output: &str| {
        program()
            .current_dir(home.path())
            .args([
                "quantize",
                "-q",
                "--bits",
                "3",
                "--act-bits",
                "5",
                "--model",
            ])
            .arg(demo_file("demo.safetensors"))
            .arg("--calibrate")
            .arg(demo_file("calib.npy"))
            .args(["-o", output])
            .assert()
    };
    quantize("m.safetensors")
        .success()
        .stderr_eq("")
        .stdout_eq(str![[r"
  tensor [..] format  clamped      of  signal to noise
  layers.0.x [..] dB
...
  layers.0.h [..] s5.4 [..] dB
  head.weight [..] dB

"]]);
    quantize("again.safetensors").success();
    let read = |name: &str| std::fs::read(home.path().join(name)).unwrap();
    assert_eq!(read("m.safetensors"), read("again.safetensors"));
    quantize("no/such/folder.safetensors").code(2);
    program()
        .current_dir(home.path())
        .args(["cosim", "--model", "m.safetensors", "--units", "4", "--columns", "4", "--input"])
        .arg(demo_file("test.npy"))
        .args(["--float-input", "--steps", "40"])
        .assert()
        .success()
        .stdout_eq(str![[r"
lstm_top: Verilator [..]
  equal without pauses: 1 280 words of 40 steps in [..] cycles; latency [..] as stated; [..] cycles per step as stated
  equal with random pauses: 1 280 words of 40 steps in [..] cycles

"]]);
    assert_eq!(names(home.path()), ["again.safetensors", "m.safetensors"]);
}

#[test]
fn the_demo_goes_from_model_to_netlist() {
    let home = home();
    let demo = || {
        program()
            .current_dir(home.path())
            .args(["demo", "--format", "json"])
    };
    let output = demo().output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["cosim"]["equal"], true);
    assert_eq!(report["cosim"]["runs"].as_array().unwrap().len(), 2);
    assert_eq!(report["cosim"]["runs"][0]["words"], 512 * 32);
    assert!(report["prediction_error"].as_f64().unwrap() < 0.02);
    assert!(report["synth"]["utilization"]["lut"].as_u64().unwrap() > 100);
    assert_eq!(names(home.path()), ["lprnn-hw-demo"]);
    // What is not ours is never touched.
    std::fs::rename(home.path().join("lprnn-hw-demo"), home.path().join("other")).unwrap();
    std::fs::create_dir(home.path().join("lprnn-hw-demo")).unwrap();
    std::fs::write(home.path().join("lprnn-hw-demo/note"), "mine").unwrap();
    demo().assert().code(2).stdout_eq("");
    assert_eq!(names(&home.path().join("lprnn-hw-demo")), ["note"]);
}

/// A script's background job has Ctrl-C ignored; that is no reason to stop.
#[test]
fn runs_where_interrupts_are_ignored() {
    let program = env!("CARGO_BIN_EXE_lprnn-hw");
    let script =
        format!("trap '' INT; exec '{program}' gen --bits 2 --hidden 4 --input-size 2 -o core");
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(folder.path().join("core/interface.json").is_file());
}

#[test]
fn estimates_stand_beside_what_synthesis_counts() {
    let home = home();
    let folder = generate(home.path(), &["--target", "ecp5"]);
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = program()
            .current_dir(&folder)
            .args(arguments)
            .args(["--format", "json"])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let estimate = json(&["estimate", "--config", "design.toml"]);
    let synth = json(&["synth", "."]);
    assert_eq!(synth["utilization"]["source"]["part"], "ecp5");
    let compared = synth["compared"].as_array().unwrap();
    assert_eq!(compared.len(), 8);
    let of = |what: &str| compared.iter().find(|row| row["what"] == what).unwrap();
    let ff = &of("flip-flops");
    assert_eq!(ff["estimated"], estimate["estimate"]["ff"]["value"]);
    assert_eq!(ff["synthesised"], synth["utilization"]["ff"]);
    for exact in ["block RAM, 18 kb", "DSP blocks"] {
        assert_eq!(of(exact)["estimated"], of(exact)["synthesised"]);
    }
    // Sources shaped for one family have no estimate for another.
    let synth = json(&["synth", ".", "--target", "xc7"]);
    assert_eq!(synth["compared"].as_array().unwrap().len(), 0);
}
