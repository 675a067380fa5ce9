//! Engines that people run already: make, Slurm and Snakemake do what `run` does.

use super::plan::{collect, program, results, undisturbed};
use snapbox::cmd::{Command, cargo_bin};
use std::path::Path;

/// The shell's PATH with our program in front.
fn path() -> std::ffi::OsString {
    let own = cargo_bin!("lprnn-hw").parent().unwrap().to_path_buf();
    let others = std::env::var_os("PATH").unwrap();
    std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&others))).unwrap()
}

fn export(folder: &Path, engine: &str, more: &[&str]) -> String {
    let command = program(&["export", engine]).arg(folder).args(more);
    String::from_utf8(command.assert().success().get_output().stdout.clone()).unwrap()
}

#[test]
fn make_and_slurm_do_what_run_does() {
    let home = tempfile::tempdir().unwrap();
    let (folder, want) = undisturbed(home.path());
    let points = results(&folder).len();
    let makefile = home.path().join("Makefile");
    std::fs::write(&makefile, export(&folder, "make", &[])).unwrap();
    let make = || {
        Command::new("make")
            .args(["-s", "-j", "2", "-f"])
            .arg(&makefile)
            .env("PATH", path())
    };
    make().assert().success();
    assert!(collect(&folder) == want);
    // A second time there is nothing to do.
    make().arg("-q").assert().success();

    std::fs::remove_dir_all(folder.join("points")).unwrap();
    let script = export(&folder, "slurm", &["--chunk", "7", "--limit", "3"]);
    let last = points.div_ceil(7) - 1;
    assert!(
        script.contains(&format!("#SBATCH --array=0-{last}%3\n")),
        "{script}"
    );
    let file = home.path().join("sweep.sh");
    std::fs::write(&file, script).unwrap();
    let checker = if cfg!(target_arch = "x86_64") {
        engine("shellcheck")
    } else {
        "shellcheck".into()
    };
    Command::new(checker)
        .arg(&file)
        .assert()
        .success()
        .stdout_eq("");
    // A stub that does what sbatch does with an array: one run of the script for every index.
    let stub = home.path().join("sbatch");
    let text = "#!/bin/sh\nlast=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)%.*/\\1/p' \"$1\")\n\
                for index in $(seq 0 \"$last\"); do SLURM_ARRAY_TASK_ID=$index sh \"$1\" || exit 1; done\n";
    std::fs::write(&stub, text).unwrap();
    Command::new("sh")
        .args([&stub, &file])
        .env("PATH", path())
        .assert()
        .success();
    assert!(collect(&folder) == want);
}

/// A program that setup.sh installs for these tests.
fn engine(name: &str) -> std::path::PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join(".tools/engines/bin").join(name);
    assert!(path.exists(), "no {}: run ./setup.sh", path.display());
    path
}

#[test]
fn snakemake_does_what_run_does() {
    let home = tempfile::tempdir().unwrap();
    let (folder, want) = undisturbed(home.path());
    let snakefile = home.path().join("Snakefile");
    std::fs::write(&snakefile, export(&folder, "snakemake", &[])).unwrap();
    let snakemake = || {
        Command::new(engine("snakemake"))
            .args(["--cores", "2", "--snakefile"])
            .arg(&snakefile)
            .current_dir(home.path())
            // Its caches and settings belong to the test alone.
            .env("HOME", home.path())
            .env("XDG_CACHE_HOME", home.path().join("cache"))
            .env("PATH", path())
    };
    snakemake().assert().success();
    assert!(collect(&folder) == want);
    // A second time there is nothing to do.
    let again = snakemake().assert().success();
    let said = String::from_utf8_lossy(&again.get_output().stderr).into_owned();
    assert!(said.contains("Nothing to be done"), "{said}");
}
