//! Memory files: where they are found, and what is said when they are missing or short.

use super::accumulator::{Accumulator, RANDOM, SMALL, difference, equal};
use lprnn_hw::cosim::Difference;

#[test]
fn weights_are_read_at_run_time_from_the_folder_of_the_core() {
    let one = Accumulator::new(SMALL);
    let mut two = Accumulator::new(SMALL);
    two.weights.iter_mut().for_each(|w| *w += 1);
    two.write_weights(5);
    equal(one.check(10, RANDOM));
    equal(two.check(10, RANDOM));
    // A flipped weight bit must be seen.
    two.weights[4] ^= 1;
    assert!(matches!(
        difference(two.check(10, RANDOM)),
        Difference::Word { element: 4, .. }
    ));
}

#[test]
fn memory_beside_the_sources_is_found_by_its_bare_name() {
    let mut core = Accumulator::new(SMALL);
    let folder = core.folder.path();
    std::fs::create_dir(folder.join("rtl")).unwrap();
    std::fs::rename(folder.join("w.mem"), folder.join("rtl/w.mem")).unwrap();
    core.interface.memories = vec!["rtl/w.mem".to_string()];
    equal(core.check(5, RANDOM));
}

#[test]
fn missing_memory_file_is_an_error_with_its_name() {
    let core = Accumulator::new(SMALL);
    std::fs::remove_file(core.folder.path().join("w.mem")).unwrap();
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert!(
        error.contains("w.mem") && error.contains("file not found"),
        "{error}"
    );
}

#[test]
fn short_memory_file_is_an_error_with_its_name() {
    let core = Accumulator::new(SMALL);
    core.write_weights(4);
    let error = core.check(3, RANDOM).unwrap_err().to_string();
    assert!(
        error.contains("w.mem") && error.contains("ended before"),
        "{error}"
    );
}
