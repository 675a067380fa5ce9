//! Plans of a sweep: workers that are killed, that meet, that fail; results that are damaged; engines.

mod engines;
mod plan;

use lprnn_hw::quantize::SplitMix;
use plan::{collect, files, program, quick_plan, results, run, undisturbed};
use snapbox::cmd::cargo_bin;
use std::time::Duration;

#[test]
fn a_run_that_is_killed_fifty_times_collects_the_same_bytes() {
    let home = tempfile::tempdir().unwrap();
    let whole = quick_plan(home.path());
    run(&whole, &["-j", "2"]).assert().success();
    let want = collect(&whole);
    let points = results(&whole).len();
    assert!(points > 150, "{points} points");

    let killed = home.path().join("killed");
    std::fs::create_dir(&killed).unwrap();
    for file in ["plan.json", "points.txt"] {
        std::fs::copy(whole.join(file), killed.join(file)).unwrap();
    }
    let mut noise = SplitMix(11);
    let mut stopped = 0;
    for _ in 0..50 {
        let mut child = std::process::Command::new(cargo_bin!("lprnn-hw"))
            .args(["-q", "explore", "run", "-j", "2"])
            .arg(&killed)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(noise.between(0, 40) as u64));
        // Not asked, killed: its workers go on as orphans, and meet those of the next run.
        stopped += usize::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert!(stopped > 10, "{stopped} of 50 were killed at work");
    run(&killed, &["-j", "2"]).assert().success();
    assert!(collect(&killed) == want);
}

/// Workers that cannot write all of their result, and halves that workers left that were killed
/// while they wrote.
#[test]
fn results_that_are_not_whole_are_none() {
    let home = tempfile::tempdir().unwrap();
    let (folder, want) = undisturbed(home.path());
    let paths = results(&folder);
    let small = home.path().join("small.sh");
    // No result fits into 512 or 1024 bytes; the writer says so, and takes its half away.
    std::fs::write(&small, "ulimit -f 1\nexec \"$@\"\n").unwrap();
    let launcher = format!("sh {}", small.display());
    let output = run(&folder, &["--launcher", &launcher, "--retries", "0"])
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.contains("File too large"), "{error}");
    assert_eq!(files(&folder), 0);
    for path in &paths {
        let half = path.with_file_name(".lprnn-hw-half");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(half, "{\"schema\": 1, \"synth").unwrap();
    }
    program(&["collect"]).arg(&folder).assert().code(2);
    run(&folder, &[]).assert().success();
    assert!(collect(&folder) == want);
}

/// Eight workers at the same point at the same moment.
#[test]
fn workers_that_meet_at_a_point_leave_one_result() {
    let home = tempfile::tempdir().unwrap();
    let folder = quick_plan(home.path());
    run(&folder, &[]).assert().success();
    let paths = &results(&folder)[..10];
    for path in paths {
        let want = std::fs::read(path).unwrap();
        std::fs::remove_dir_all(path.parent().unwrap()).unwrap();
        let id = path.parent().unwrap().file_name().unwrap();
        let worker = || {
            std::process::Command::new(cargo_bin!("lprnn-hw"))
                .args(["-q", "explore", "point"])
                .args([folder.as_os_str(), id])
                .spawn()
                .unwrap()
        };
        let mut workers: Vec<_> = (0..8).map(|_| worker()).collect();
        assert!(workers.iter_mut().all(|one| one.wait().unwrap().success()));
        assert!(std::fs::read(path).unwrap() == want);
        let left = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(left, 1);
    }
}

#[test]
fn two_runs_at_once_count_nothing_twice() {
    let home = tempfile::tempdir().unwrap();
    let folder = quick_plan(home.path());
    let start = || {
        std::process::Command::new(cargo_bin!("lprnn-hw"))
            .args(["-q", "explore", "run", "-j", "2"])
            .arg(&folder)
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    };
    let (mut one, mut other) = (start(), start());
    assert!(one.wait().unwrap().success() && other.wait().unwrap().success());
    let csv = String::from_utf8(collect(&folder)).unwrap();
    let mut ids: Vec<&str> = csv.lines().skip(1).map(|line| &line[..16]).collect();
    assert_eq!(ids.len(), results(&folder).len());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), results(&folder).len());
}

#[test]
fn damaged_results_are_named_and_measured_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = quick_plan(home.path());
    let refused = |problem: &str| {
        let output = program(&["collect"])
            .arg(&folder)
            .assert()
            .code(2)
            .stdout_eq("");
        let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(
            error.contains(problem) && error.contains("explore run"),
            "{error}"
        );
    };
    refused("have no result");
    run(&folder, &[]).assert().success();
    let want = collect(&folder);
    let paths = results(&folder);
    let whole = std::fs::read_to_string(&paths[3]).unwrap();
    let other = std::fs::read_to_string(&paths[4]).unwrap();
    let digit = whole.replacen("\"lut\": ", "\"lut\": 1", 1);
    for bad in ["", "{}", &whole[..whole.len() / 2], &other, &digit] {
        std::fs::write(&paths[3], bad).unwrap();
        refused(&paths[3].display().to_string());
        run(&folder, &[]).assert().success();
        assert!(collect(&folder) == want);
    }
    std::fs::remove_file(&paths[5]).unwrap();
    refused("1 of");
    let partial = program(&["collect", "--partial"])
        .arg(&folder)
        .assert()
        .success();
    let lines = |bytes: &[u8]| bytes.split(|&byte| byte == b'\n').count();
    assert_eq!(lines(&partial.get_output().stdout) + 1, lines(&want));
}

#[test]
fn points_that_fail_are_tried_again_and_named() {
    let home = tempfile::tempdir().unwrap();
    let folder = quick_plan(home.path());
    let output = run(&folder, &["--launcher", "false", "--retries", "2"])
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        error.contains("no result after 3 tries: exit status: 1"),
        "{error}"
    );
    let output = run(&folder, &["--launcher", "/no/such/launcher"])
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.contains("/no/such/launcher: No such file"), "{error}");
    assert!(!folder.join("points").exists());
    // A launcher that fails at its first call for every point.
    let flaky = home.path().join("flaky.sh");
    let script = "seen=$0.$5\n[ -e $seen ] || { : > $seen; echo gone >&2; exit 1; }\nexec \"$@\"\n";
    std::fs::write(&flaky, script.replace("$5", "$6")).unwrap();
    let launcher = format!("sh {}", flaky.display());
    run(&folder, &["--launcher", &launcher, "--retries", "0"])
        .assert()
        .code(2);
    run(&folder, &["--launcher", &launcher, "--retries", "1"])
        .assert()
        .success();
    let first = &results(&folder)[0];
    program(&["point"])
        .arg(&folder)
        .arg("0000000000000000")
        .assert()
        .code(2);
    let id = first.parent().unwrap().file_name().unwrap();
    program(&["point"]).arg(&folder).arg(id).assert().success();
}

/// No byte, or not enough of them, can be written to a file, as on a full disk: no result and nothing half-written, and all of
/// them as soon as there is room.
#[test]
fn a_full_disk_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (folder, want) = undisturbed(home.path());
    let full = home.path().join("full.sh");
    let launcher = format!("sh {}", full.display());
    // Room for nothing, and for half of a result.
    for blocks in [0, 1] {
        // The limit makes writing an error, once its signal is ignored.
        let script = format!("trap '' XFSZ\nulimit -f {blocks}\nexec \"$@\"\n");
        std::fs::write(&full, script).unwrap();
        let output = run(&folder, &["--launcher", &launcher, "--retries", "0"])
            .assert()
            .code(2);
        let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        // What a worker says goes to a file as well.
        let said = if blocks == 0 {
            "exit status: 2"
        } else {
            "cannot write"
        };
        assert!(error.contains(said), "{error}");
        assert_eq!(files(&folder), 0);
    }
    run(&folder, &[]).assert().success();
    assert!(collect(&folder) == want);
}

#[test]
fn a_measured_point_is_built_simulated_and_routed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sweep");
    program(&[
        "plan", "--bits", "3", "--hidden", "3", "--macs", "4", "--mac", "lut",
    ])
    .args(["--part", "lfe5u-25f", "--clock", "50", "-o"])
    .arg(&folder)
    .assert()
    .success();
    run(&folder, &["-j", "1"]).assert().success();
    let output = program(&["collect", "--format", "json"])
        .arg(&folder)
        .assert()
        .success();
    let found: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let point = &found["points"][0]["found"];
    assert_eq!(point["cosim_equal"], true);
    assert_eq!(point["fits"], true);
    assert!(point["fmax_mhz"].as_f64().unwrap() > 50.0);
    let figure = |of: &str, what: &str| point[of][what].as_f64().unwrap();
    assert!((figure("estimated", "lut_total") / figure("measured", "lut_total") - 1.0).abs() < 0.2);
    assert_eq!(point["estimated"]["bram"], point["measured"]["bram"]);
}

#[test]
fn a_plan_of_grus_builds_grus() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sweep");
    let plan = ["plan", "--cell", "gru", "--bits", "4", "--hidden", "5"];
    program(&plan)
        .args([
            "--levels",
            "odd",
            "--row-scale-bits",
            "6",
            "--contexts",
            "2",
        ])
        .args(["--macs", "6", "--mac", "lut", "--part", "lfe5u-25f"])
        .args(["--work", "cosim", "-o"])
        .arg(&folder)
        .assert()
        .success();
    let plan = std::fs::read_to_string(folder.join("plan.json")).unwrap();
    assert!(plan.contains("\"cell\": \"gru\""), "{plan}");
    run(&folder, &["-j", "1"]).assert().success();
    let table = String::from_utf8(collect(&folder)).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(
        lines[0].ends_with(",tools,cell,levels,row_scale_bits,contexts")
            && lines[1].ends_with(",gru,odd,6,2"),
        "{table}"
    );
    assert!(lines[1].contains(",true,"), "{table}");
    let unknown = program(&["plan", "--cell", "rnn", "--bits", "4", "--hidden", "5"])
        .args(["--part", "lfe5u-25f", "-o"])
        .arg(home.path().join("none"))
        .assert()
        .code(2);
    let error = String::from_utf8_lossy(&unknown.get_output().stderr).into_owned();
    assert!(
        error.contains("--cell: ") && error.contains("lstm or gru"),
        "{error}"
    );
    assert!(!home.path().join("none").exists());
}

/// A point with layers of both directions is built for its sequences, and agrees with the reference.
#[test]
fn a_plan_of_both_directions_builds_them() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sweep");
    program(&["plan", "--direction", "bidirectional", "--max-steps", "6"])
        .args(["--bits", "4", "--hidden", "6", "--macs", "16"])
        .args([
            "--mac",
            "lut",
            "--part",
            "lfe5u-25f",
            "--work",
            "cosim",
            "-o",
        ])
        .arg(&folder)
        .assert()
        .success();
    let plan = std::fs::read_to_string(folder.join("plan.json")).unwrap();
    assert!(
        plan.contains("\"direction\": \"bidirectional\"") && plan.contains("\"max_steps\": 6"),
        "{plan}"
    );
    run(&folder, &["-j", "1"]).assert().success();
    let table = String::from_utf8(collect(&folder)).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].ends_with(",tools,direction,max_steps") && lines[1].ends_with(",bidirectional,6"),
        "{table}"
    );
    assert!(lines[1].contains(",true,"), "{table}");
    // A task that holds no sequences is none of a plan.
    let damaged = plan.replace("\"max_steps\": 6", "\"max_steps\": 0");
    std::fs::write(folder.join("plan.json"), damaged).unwrap();
    run(&folder, &["-j", "1"]).assert().code(2);
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = quick_plan(home.path());
    let again = program(&[
        "plan",
        "--bits",
        "4",
        "--hidden",
        "4",
        "--part",
        "ice40hx8k",
        "-o",
    ]);
    again.arg(&folder).assert().code(2);
    std::fs::write(folder.join("plan.json"), "{\"schema\": 9, \"tasks\": []}").unwrap();
    for command in ["run", "collect"] {
        let output = program(&[command]).arg(&folder).assert().code(2);
        let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(error.contains("plan.json: has the schema 9"), "{error}");
    }
    program(&["run"]).arg(home.path()).assert().code(2);
    let spaced = home.path().join("a b");
    std::fs::create_dir(&spaced).unwrap();
    std::fs::write(spaced.join("plan.json"), "{\"schema\": 1, \"tasks\": []}").unwrap();
    program(&["export", "make"]).arg(&spaced).assert().code(2);
}
