//! Finding and running the programs outside, with the installed ones and with fakes.

use lprnn_hw::diagnostic::Problem;
use lprnn_hw::tools::{FindError, FoundBy, RunError, Search, ToolKind, doctor};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Writes a shell script that answers its version option and otherwise does `body`.
fn fake(folder: &Path, name: &str, version: &str, body: &str) -> PathBuf {
    let path = folder.join(name);
    let script = format!("#!/bin/sh\ncase $1 in -V|--version) {version};; *) {body};; esac\n");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn with(kind: ToolKind, path: &Path) -> Search {
    Search::only(Vec::new(), std::env::var_os("PATH").unwrap()).with(kind, path.to_str().unwrap())
}

#[test]
fn doctor_finds_what_setup_installed() {
    let report = doctor(&Search::from_env());
    for tool in &report.tools {
        assert!(
            !tool.required || tool.tool.is_some(),
            "run ./setup.sh: {}",
            tool.problem.as_deref().unwrap_or_default()
        );
    }
    assert!(report.healthy(), "{:?}", report.cache_problem);
    let json = serde_json::to_string(&report).unwrap();
    assert!(json.contains("\"found_by\":\"tool-folder\""), "{json}");
}

#[test]
fn tool_folder_comes_before_the_path_and_gives_a_version() {
    let tool = Search::from_env().find(ToolKind::Yosys).unwrap();
    assert!(tool.version.starts_with("Yosys 0."), "{}", tool.version);
    let verilator = Search::from_env().find(ToolKind::Verilator).unwrap();
    assert!(
        verilator.version.starts_with("Verilator 5."),
        "{}",
        verilator.version
    );
}

#[test]
fn yosys_launcher_reports_errors_by_exit_status() {
    let yosys = Search::from_env().find(ToolKind::Yosys).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.v"),
        "module a(input x, output y); assign y = ~x; endmodule",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("good.ys"),
        "read_verilog a.v\nsynth -top a\ntee -o stat.json stat -json\n",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("bad.ys"),
        "read_verilog missing.v\nstat\n",
    )
    .unwrap();
    let limit = Duration::from_secs(60);
    let run =
        |arguments: &[&str]| yosys.run(yosys.command().current_dir(&folder).args(arguments), limit);
    run(&["-q", "-s", "good.ys"]).unwrap();
    let stat = std::fs::read_to_string(folder.path().join("stat.json")).unwrap();
    assert!(stat.contains("\"num_cells\""), "{stat}");
    let error = run(&["bad.ys"]).unwrap_err();
    assert!(matches!(error, RunError::Failed { .. }));
    assert!(error.to_string().contains("missing.v"), "{error}");
    let error = run(&["-p", "read_verilog a.v; nonsense"]).unwrap_err();
    assert!(error.to_string().contains("nonsense"), "{error}");
    let error = run(&["absent.ys"]).unwrap_err();
    assert!(
        error.to_string().contains("absent.ys: no such script"),
        "{error}"
    );
}

#[test]
fn missing_tool_names_the_remedy() {
    let nowhere = Search::only(Vec::new(), "/nonexistent".into());
    let error = nowhere.find(ToolKind::Verilator).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Verilator not found (needed for cosimulation)"
    );
    assert_eq!(
        Problem::from(error).help.as_deref(),
        Some("run ./setup.sh, or set LPRNN_VERILATOR to a verilator_bin 5.0 or newer")
    );
    let report = doctor(&nowhere);
    assert!(!report.healthy());
    assert!(
        report
            .tools
            .iter()
            .all(|tool| tool.tool.is_none() && tool.problem.is_some())
    );
}

#[test]
fn named_program_that_is_absent_is_an_error_not_a_fallback() {
    let search = Search::from_env().with(ToolKind::Yosys, "/nonexistent/yosys");
    assert!(matches!(
        search.find(ToolKind::Yosys),
        Err(FindError::NotThere { .. })
    ));
}

#[test]
fn old_verilator_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = fake(
        folder.path(),
        "verilator_bin",
        "echo 'Verilator 4.038 2020-07-11 rev'",
        "true",
    );
    let error = with(ToolKind::Verilator, &path)
        .find(ToolKind::Verilator)
        .unwrap_err();
    assert!(matches!(error, FindError::TooOld { .. }));
    assert!(error.to_string().contains("Verilator 4.038"), "{error}");
}

#[test]
fn yosys_is_refused_before_0_23() {
    for (version, fits) in [
        ("Yosys 0.9 (git sha1 1979e0b)", false),
        ("Yosys 0.22", false),
        ("Yosys 0.23 (git sha1 7ce5011c24b)", true),
        ("Yosys 0.33+34 (git sha1 abc)", true),
        ("Yosys (a build of one's own)", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = fake(
            folder.path(),
            "yosys",
            &format!("echo \"{version}\""),
            "true",
        );
        let found = with(ToolKind::Yosys, &path).find(ToolKind::Yosys);
        assert_eq!(found.is_ok(), fits, "{version}: {found:?}");
    }
}

#[test]
fn tool_that_crashes_at_its_version_is_broken() {
    let folder = tempfile::tempdir().unwrap();
    let path = fake(
        folder.path(),
        "yosys",
        "echo boom >&2; kill -SEGV $$",
        "true",
    );
    let error = with(ToolKind::Yosys, &path)
        .find(ToolKind::Yosys)
        .unwrap_err();
    assert!(matches!(error, FindError::Broken { .. }));
    assert!(
        error.to_string().contains("killed by signal 11\n    boom"),
        "{error}"
    );
}

#[test]
fn command_with_arguments_is_taken_apart() {
    let search = Search::from_env().with(ToolKind::Cxx, "env c++");
    let tool = search.find(ToolKind::Cxx).unwrap();
    assert_eq!(tool.arguments, ["c++"]);
    assert_eq!(tool.found_by, FoundBy::Option);
}

#[test]
fn hanging_tool_is_killed_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let body = format!(
        "echo started; echo $TMPDIR > {}; touch $TMPDIR/x; sleep 300 & echo $! > {}; wait",
        folder.path().join("scratch").display(),
        pid_file.display()
    );
    let path = fake(folder.path(), "yosys", "echo Yosys 0.70", &body);
    let tool = with(ToolKind::Yosys, &path).find(ToolKind::Yosys).unwrap();
    let start = Instant::now();
    let error = tool
        .run(tool.command().arg("x.ys"), Duration::from_millis(300))
        .unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(10));
    assert!(matches!(error, RunError::TimedOut { .. }));
    assert_eq!(
        error.to_string(),
        "Yosys was stopped after its time limit of 0.3 s\n    started"
    );
    let scratch = std::fs::read_to_string(folder.path().join("scratch")).unwrap();
    assert!(
        !Path::new(scratch.trim()).exists(),
        "{scratch} was left behind"
    );
    let pid = std::fs::read_to_string(&pid_file).unwrap();
    // SIGKILL has been sent; the process may need a moment to be gone (or stay as a zombie).
    let alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    };
    while alive() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "process {pid} still runs"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn tool_that_leaves_a_process_behind_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let path = fake(
        folder.path(),
        "yosys",
        "echo Yosys 0.70",
        "echo done; sleep 300 &",
    );
    let tool = with(ToolKind::Yosys, &path).find(ToolKind::Yosys).unwrap();
    let start = Instant::now();
    let output = tool
        .run(tool.command().arg("x.ys"), Duration::from_secs(60))
        .unwrap();
    assert_eq!(output.stdout, "done\n");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn failing_tool_shows_status_and_its_last_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = fake(
        folder.path(),
        "yosys",
        "echo Yosys 0.70",
        "for i in $(seq 1 100); do echo line $i; done; echo the reason >&2; exit 3",
    );
    let tool = with(ToolKind::Yosys, &path).find(ToolKind::Yosys).unwrap();
    let text = tool
        .run(tool.command().arg("x.ys"), Duration::from_secs(60))
        .unwrap_err()
        .to_string();
    assert!(
        text.starts_with("Yosys failed with exit status 3\n    line 82\n"),
        "{text}"
    );
    assert!(text.ends_with("\n    line 100\n    the reason"), "{text}");
}
