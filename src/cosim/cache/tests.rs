//! Tests of `cache.rs`.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn many_threads_build_an_entry_once() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().join("cache"));
    let built = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let build = |folder: &Path| {
                    built.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(std::time::Duration::from_millis(50));
                    fs::write(folder.join("x"), "done").unwrap();
                    Ok::<(), Problem>(())
                };
                let folder = cache.entry("kind", "key", build).unwrap();
                assert_eq!(fs::read_to_string(folder.join("x")).unwrap(), "done");
            });
        }
    });
    assert_eq!(built.into_inner(), 1);
}

#[test]
fn failed_build_leaves_no_entry() {
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().to_path_buf());
    let fail = |_: &Path| Err(Problem::new("x"));
    cache.entry("kind", "key", fail).unwrap_err();
    assert!(
        fs::read_dir(root.path().join("kind"))
            .unwrap()
            .next()
            .is_none()
    );
    let left = fs::read_dir(root.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    assert!(
        left.into_iter()
            .all(|name| !name.to_string_lossy().starts_with("building"))
    );
    cache
        .entry("kind", "key", |_| Ok::<(), Problem>(()))
        .unwrap();
}

#[test]
fn what_others_may_have_written_is_not_loaded() {
    use std::os::unix::fs::PermissionsExt;
    let root = tempfile::tempdir().unwrap();
    let cache = Cache::new(root.path().join("cache"));
    let fetch = || cache.entry("kind", "key", |_| Ok::<(), Problem>(()));
    let entry = fetch().unwrap();
    for folder in [&entry, &root.path().join("cache")] {
        fs::set_permissions(folder, PermissionsExt::from_mode(0o777)).unwrap();
        let error = fetch().unwrap_err().to_string();
        assert!(error.contains("others may write to it"), "{error}");
        fs::set_permissions(folder, PermissionsExt::from_mode(0o755)).unwrap();
    }
    fetch().unwrap();
}

#[test]
fn folder_that_cannot_be_made_names_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    let cache = Cache::new(root.path().join("file"));
    let error = cache
        .entry("kind", "key", |_| Ok::<(), Problem>(()))
        .unwrap_err();
    assert!(
        error
            .help
            .is_some_and(|help| help.contains("set LPRNN_CACHE"))
    );
}
