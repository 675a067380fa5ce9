use super::*;
use std::os::unix::fs::symlink;

#[test]
fn nothing_is_written_out_of_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir_all(at("plan/points")).unwrap();
    std::fs::write(at("mine"), "mine").unwrap();
    let write = |name: &str| write_inside(&at("plan"), Path::new(name), b"theirs");
    symlink("../../mine", at("plan/points/file")).unwrap();
    symlink("../..", at("plan/points/folder")).unwrap();
    assert!(write("points/file").is_err());
    assert!(write("points/folder/mine").is_err());
    assert_eq!(std::fs::read(at("mine")).unwrap(), b"mine");
    write("points/new/file").unwrap();
    assert_eq!(
        std::fs::read(at("plan/points/new/file")).unwrap(),
        b"theirs"
    );
    // The folder itself may be a link: it is what was named.
    symlink("plan", at("link")).unwrap();
    write_inside(&at("link"), Path::new("file"), b"ours").unwrap();
    assert_eq!(std::fs::read(at("plan/file")).unwrap(), b"ours");
}
