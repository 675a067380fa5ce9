//! Tests of `write.rs`.

use super::*;
use std::os::unix::fs::symlink;

#[test]
fn links_are_followed_and_stay() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir(at("deep")).unwrap();
    std::fs::write(at("deep/old"), "old").unwrap();
    symlink("deep/old", at("link")).unwrap();
    symlink("link", at("second")).unwrap();
    symlink("deep/new", at("dangling")).unwrap();
    write(&at("second"), b"new").unwrap();
    assert_eq!(std::fs::read(at("deep/old")).unwrap(), b"new");
    assert!(at("second").is_symlink() && at("link").is_symlink());
    write(&at("dangling"), b"made").unwrap();
    assert!(at("dangling").is_symlink());
    assert_eq!(std::fs::read(at("deep/new")).unwrap(), b"made");
    assert_eq!(std::fs::read_dir(at("deep")).unwrap().count(), 2);
}

#[test]
fn what_is_no_file_stays() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("/dev/null", at("null")).unwrap();
    symlink("pipe", at("to_pipe")).unwrap();
    symlink("circle", at("circle")).unwrap();
    for (path, problem) in [
        (Path::new("/dev/null"), "it is a device"),
        (&at("null"), "it is a device"),
        (&at("to_pipe"), "it is a pipe"),
        (&at("pipe"), "it is a pipe"),
        (&at("circle"), "its links lead in a circle"),
        (home.path(), "it is a folder"),
        (Path::new("-"), "standard output is for results"),
    ] {
        let error = write(path, b"x").unwrap_err();
        assert_eq!(error.to_string(), problem, "{}", path.display());
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 4);
}

#[test]
fn permissions_are_those_of_any_other_file() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    let mode = |name: &str| std::fs::metadata(at(name)).unwrap().mode() & 0o777;
    std::fs::write(at("plain"), "").unwrap();
    write(&at("ours"), b"").unwrap();
    assert_eq!(mode("ours"), mode("plain"));
    std::fs::set_permissions(at("ours"), std::fs::Permissions::from_mode(0o600)).unwrap();
    write(&at("ours"), b"private").unwrap();
    assert_eq!(mode("ours"), 0o600);
}

#[test]
fn a_write_that_fails_leaves_the_older_file() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("file");
    std::fs::write(&path, "old").unwrap();
    let fail = |file: &mut File| {
        file.write_all(b"half")?;
        Err(io::Error::from(ErrorKind::StorageFull))
    };
    write_with(&path, fail).unwrap_err();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}
