use super::*;

fn files(text: &str) -> BTreeMap<String, Vec<u8>> {
    let file = |name: &str| (name.to_string(), text.as_bytes().to_vec());
    [file(MARK), file("rtl/a.v")].into()
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_folder_is_replaced_by_force_only() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    Place::check(&target, false)
        .unwrap()
        .write(&files("one"))
        .unwrap();
    assert!(Place::check(&target, false).is_err());
    let stale = target.join("rtl/stale.v");
    let mut older = files("one");
    older.insert("rtl/stale.v".into(), Vec::new());
    Place::check(&target, true).unwrap().write(&older).unwrap();
    assert!(stale.exists());
    std::fs::create_dir_all(target.join("obj_dir/empty")).unwrap();
    std::fs::write(target.join("rtl/mine.v"), "mine").unwrap();
    std::os::unix::fs::symlink("nowhere", target.join("link")).unwrap();
    Place::check(&target, true)
        .unwrap()
        .write(&files("two"))
        .unwrap();
    assert_eq!(std::fs::read(target.join("rtl/a.v")).unwrap(), b"two");
    assert!(!stale.exists());
    assert_eq!(std::fs::read(target.join("rtl/mine.v")).unwrap(), b"mine");
    assert!(target.join("obj_dir/empty").is_dir());
    assert!(target.join("link").is_symlink());
    assert_eq!(entries(home.path()), 1);
}

#[test]
fn what_is_not_ours_stays() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("thesis.tex"), "").unwrap();
    assert!(Place::check(home.path(), true).is_err());
    assert!(Place::check(&home.path().join("thesis.tex"), true).is_err());
    assert!(Place::check(&home.path().join("no/such/parent"), false).is_err());
    assert_eq!(entries(home.path()), 1);
}

#[test]
fn what_lies_where_a_file_is_to_be_written_is_named() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    let write = |files: BTreeMap<_, _>| Place::check(&target, true)?.write(&files);
    write(files("one")).unwrap();
    std::fs::write(target.join("notes"), "mine").unwrap();
    let mut more = files("two");
    more.insert("notes".into(), Vec::new());
    assert!(write(more).is_err());
    assert_eq!(std::fs::read(target.join("rtl/a.v")).unwrap(), b"one");
    std::fs::remove_file(target.join(LIST)).unwrap();
    assert!(write(files("two")).is_err(), "nobody knows what is whose");
}

#[test]
fn a_folder_is_replaced_where_a_link_leads() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name);
    std::fs::create_dir(at("real")).unwrap();
    std::os::unix::fs::symlink("real", at("link")).unwrap();
    let place = Place::check(&at("link"), true).unwrap();
    place.write(&files("one")).unwrap();
    assert!(at("link").is_symlink() && at("real").join(MARK).is_file());
}

#[test]
fn a_write_that_fails_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    let target = home.path().join("out");
    let place = Place::check(&target, false).unwrap();
    let mut files = files("one");
    files.insert("rtl/a.v/b.v".into(), Vec::new()); // a file cannot be a folder
    assert!(place.write(&files).is_err());
    assert_eq!(entries(home.path()), 0);
}
