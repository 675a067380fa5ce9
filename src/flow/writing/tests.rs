use super::super::plan::plan;
use super::model::choosing;
use super::*;
use crate::cosim::{MockDut, MockFault};
use crate::lm::{EOS, Level, Vocabulary};
use crate::spec::{DesignConfig, read_settings};
use std::cell::RefCell;

/// A model from a seed, of the end of a line and five words.
fn words() -> WritingModel {
    let settings = "[network]\nhidden = 9\ninput_size = 5\nvocabulary = 6\noutputs = 6\nseed = 3\n";
    let settings = read_settings(settings, "design.toml", Path::new(""));
    let planned = plan(DesignConfig::resolve(settings).unwrap()).unwrap();
    let tokens = ["a", EOS, "b", "c", "d", "e"].map(String::from);
    WritingModel {
        model: choosing(planned.model).unwrap(),
        vocabulary: Vocabulary::new(tokens.to_vec()).unwrap(),
        level: Level::Word,
    }
}

/// What a core with this fault writes behind `c b`, and the pieces that were shown.
fn written_by(fault: MockFault) -> (Tokens, Vec<String>) {
    let writing = words();
    let opening = writing.opening("c b").unwrap();
    assert_eq!(opening, [1, 3, 2]);
    let built = build(&plan_core(writing.model.clone(), implementation()).unwrap()).unwrap();
    let interface = &built.bundle.interface;
    let mut network = WholeNetwork::new(&writing.model);
    let compute = move |x: &[i64], _: bool| {
        let given = network.step(&[x[0] as i32], false).unwrap();
        given.iter().map(|&word| word as i32).collect()
    };
    let mut dut = MockDut::new(interface, 7, fault, Box::new(compute));
    let request = WritingRequest {
        model: &writing,
        prompt: "c b",
        tokens: 12,
        folder: Path::new(""),
    };
    let shown = RefCell::new(Vec::new());
    let show = |news: Writing<'_>| {
        if let Writing::Text(text) = news {
            shown.borrow_mut().push(text.to_string());
        }
        Ok(())
    };
    let tokens = request.write(interface, &mut dut, &opening, &show).unwrap();
    (tokens, shown.into_inner())
}

#[test]
fn what_a_core_gives_is_what_it_takes_next() {
    let (tokens, shown) = written_by(MockFault::None);
    assert_eq!(tokens.different, None);
    assert_eq!(tokens.taken[..3], [1, 3, 2]);
    assert_eq!(tokens.taken.len(), 14);
    let given: Vec<u32> = tokens.given.iter().map(|&index| index as u32).collect();
    assert_eq!(tokens.taken[3..], given[2..13]);
    // Spelled here from the indices: words with blanks between them, and lines.
    let mut text = String::from("c b");
    let mut before = 2;
    for &index in &given[2..] {
        let word = ["a", "\n", "b", "c", "d", "e"][index as usize];
        let blank = if index == 1 || before == 1 { "" } else { " " };
        text.extend([blank, word]);
        before = index;
    }
    assert_eq!(tokens.text, text);
    assert_eq!(shown.concat(), text);
    // It says more than one thing.
    assert!(given.iter().any(|&index| index != given[2]), "{given:?}");
}

#[test]
fn the_first_other_choice_ends_the_text() {
    let (right, _) = written_by(MockFault::None);
    let (wrong, shown) = written_by(MockFault::FlipBit(5, 0));
    let different = wrong.different.unwrap();
    assert_eq!((different.step, different.model), (5, right.given[5]));
    assert_eq!(different.hardware, right.given[5] ^ 1);
    assert_eq!(wrong.taken, right.taken[..6]);
    assert_eq!(wrong.text, shown.concat());
    assert!(right.text.starts_with(&wrong.text));
}
