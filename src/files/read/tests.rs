//! Tests of `read.rs`.

use super::*;

fn refused(path: &Path) -> String {
    let error = read_within(path, 1 << 20).unwrap_err();
    let found = Refused::of(&error).expect("one of ours");
    format!("{error}; {}", found.help())
}

#[test]
fn only_regular_files_are_read() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    assert_eq!(
        refused(Path::new("/dev/zero")),
        "it is a device; name a file"
    );
    assert_eq!(refused(home.path()), "it is a folder; name a file");
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(refused(&at("pipe")), "it is a pipe; name a file");
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    assert_eq!(refused(&at("socket")), "it is a socket; name a file");
}

#[test]
fn a_limit_is_a_limit() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("sparse");
    let file = File::create(&path).unwrap();
    file.set_len(1 << 20).unwrap();
    assert_eq!(read_within(&path, 1 << 20).unwrap().len(), 1 << 20);
    file.set_len((1 << 20) + 1).unwrap();
    assert_eq!(
        refused(&path),
        "it is larger than 1 MiB; name a smaller file"
    );
    // Terabytes are not even asked for.
    file.set_len(1 << 40).unwrap();
    assert_eq!(
        read(&path).unwrap_err().to_string(),
        "it is larger than 16 GiB"
    );
}

#[test]
fn text_is_utf8() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("text");
    std::fs::write(&path, b"abc\xff").unwrap();
    let error = read_table(&path).unwrap_err();
    assert_eq!(error.to_string(), "byte 3 is not UTF-8");
}
