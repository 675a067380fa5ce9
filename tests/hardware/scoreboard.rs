//! The scoreboard, on cores that are wrong on purpose: each fault must be found and named.

use lprnn_hw::codegen::{Interface, PortKind, StreamPort, Timing};
use lprnn_hw::cosim::{
    CosimError, Difference, MockDut, MockFault, Outcome, Pattern, Stimulus, compare,
};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::Emit;
use lprnn_hw::spec::StatePolicy;
use proptest::prelude::*;

const BUSY: u64 = 6;
const STEPS: usize = 20;
/// Beats of an output step.
const BEATS: usize = 3;
const ELEMENTS: usize = 8;

fn interface() -> Interface {
    let port = |prefix: &str, elements: usize| StreamPort {
        kind: PortKind::Codes,
        when: Emit::Step,
        prefix: prefix.to_string(),
        elements,
        elements_per_beat: 3,
        element_width: 16,
        beats_per_step: elements.div_ceil(3),
        format: QFormat::new(16, 0),
    };
    // Accepts 2 beats, gives the first of 3 BUSY cycles after the second: 1 + BUSY + 3 in all.
    let cycles = 1 + BUSY + BEATS as u64;
    Interface {
        status_index: None,
        max_steps: None,
        status_length: None,
        schema: 1,
        top: "mock".to_string(),
        clock: "aclk".to_string(),
        reset_n: "aresetn".to_string(),
        state_clear: Some("state_clear".to_string()),
        state: StatePolicy::Tlast,
        input: port("s_axis", 4),
        input_offset: None,
        contexts: 1,
        output: port("m_axis", ELEMENTS),
        timing: Timing {
            cycles_per_step: cycles,
            filling: Vec::new(),
            repeating: vec![cycles],
            latency: cycles,
            macs_per_step: 1,
            macs_per_cycle: 1,
        },
        sources: Vec::new(),
        memories: Vec::new(),
    }
}

/// A running sum of the inputs, spread over the outputs.
fn model(state: &mut i64, x: &[i64], clear: bool) -> Vec<i32> {
    *state = x.iter().sum::<i64>() + if clear { 0 } else { *state };
    (0..ELEMENTS as i64)
        .map(|e| ((*state * (e + 1)) << 48 >> 48) as i32)
        .collect()
}

fn run(fault: MockFault, pattern: Pattern) -> Result<Outcome, CosimError> {
    let interface = interface();
    let inputs: Vec<i32> = (0..STEPS as i32 * 4).map(|i| i * 37 % 101 - 50).collect();
    let last: Vec<bool> = (0..STEPS).map(|step| step % 5 == 4).collect();
    let stimulus = Stimulus {
        inputs: &inputs,
        last: &last,
        clear: &[],
        cut: &[],
    };
    let mut state = 0;
    let expected: Vec<i32> = inputs
        .chunks(4)
        .enumerate()
        .flat_map(|(step, x)| {
            let x: Vec<i64> = x.iter().map(|&x| i64::from(x)).collect();
            model(&mut state, &x, step == 0 || last[step - 1])
        })
        .collect();
    let mut state = 0;
    let compute = Box::new(move |x: &[i64], clear| model(&mut state, x, clear));
    let mut dut = MockDut::new(&interface, BUSY, fault, compute);
    compare(
        &mut dut,
        &interface,
        stimulus,
        &expected,
        (pattern, 3),
        &mut |_| {},
    )
}

const PATTERNS: [Pattern; 3] = [
    Pattern::AlwaysReady,
    Pattern::Random {
        offer: 50,
        take: 30,
    },
    Pattern::Bursts { on: 9, off: 25 },
];

#[test]
fn right_core_agrees_under_every_pattern() {
    for pattern in PATTERNS {
        let Outcome::Equal(agreement) = run(MockFault::None, pattern).unwrap() else {
            panic!("{pattern:?}")
        };
        assert_eq!(
            (agreement.steps, agreement.words),
            (STEPS, STEPS * ELEMENTS)
        );
        let exact = (pattern == Pattern::AlwaysReady).then_some(1 + BUSY + BEATS as u64);
        assert_eq!(
            (agreement.latency, agreement.cycles_per_step),
            (exact, exact)
        );
    }
}

#[test]
fn core_one_cycle_too_slow_is_found_without_stalls() {
    let outcome = run(MockFault::Slow(BEATS * 15), Pattern::AlwaysReady).unwrap();
    let stated = 1 + BUSY + BEATS as u64;
    let measured = stated + 1;
    assert_eq!(
        outcome,
        Outcome::Different(Difference::CyclesPerStep {
            step: 15,
            measured,
            stated
        })
    );
    let outcome = run(MockFault::Slow(0), Pattern::AlwaysReady).unwrap();
    assert_eq!(
        outcome,
        Outcome::Different(Difference::Latency { measured, stated })
    );
}

#[test]
fn lost_last_beat_and_hang_are_errors_not_agreement() {
    for fault in [MockFault::Drop(BEATS * STEPS - 1), MockFault::Hang(31)] {
        for pattern in PATTERNS {
            let error = run(fault, pattern).unwrap_err();
            assert!(matches!(error, CosimError::Hang { .. }), "{error}");
        }
    }
    let text = run(MockFault::Hang(31), Pattern::AlwaysReady)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("given 31 of 60 output beats (step 10)"),
        "{text}"
    );
}

#[test]
fn beat_after_the_last_is_found() {
    for pattern in PATTERNS {
        let outcome = run(MockFault::Repeat(BEATS * STEPS - 1), pattern).unwrap();
        assert!(matches!(
            outcome,
            Outcome::Different(Difference::Extra { steps: STEPS, .. })
        ));
    }
}

#[test]
fn nothing_compared_is_an_error() {
    let interface = interface();
    let mut dut = MockDut::new(&interface, 1, MockFault::None, Box::new(|_, _| Vec::new()));
    let mut try_with = |inputs: &[i32], last: &[bool], clear: &[bool], expected: &[i32]| {
        let stimulus = Stimulus {
            inputs,
            last,
            clear,
            cut: &[],
        };
        compare(
            &mut dut,
            &interface,
            stimulus,
            expected,
            (PATTERNS[0], 0),
            &mut |_| {},
        )
        .unwrap_err()
        .to_string()
    };
    assert!(try_with(&[], &[], &[], &[]).contains("nothing would be compared"));
    assert!(try_with(&[0; 3], &[true], &[], &[0; 8]).contains("3 input words, should be 4"));
    assert!(try_with(&[0; 4], &[true], &[], &[0; 9]).contains("9 expected words, should be 8"));
    assert!(try_with(&[0; 4], &[true], &[true, true], &[0; 8]).contains("2 flags"));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_found_where_it_is(
        beat in 0..BEATS * STEPS,
        bit in 0usize..48,
        pattern in prop::sample::select(PATTERNS.to_vec()),
    ) {
        let Outcome::Different(difference) = run(MockFault::FlipBit(beat, bit), pattern).unwrap() else {
            return Err(TestCaseError::fail("not found"));
        };
        let (step, element) = (beat / BEATS, beat % BEATS * 3 + bit / 16);
        if element < ELEMENTS {
            let Difference::Word { step: s, element: e, hardware, model } = difference else {
                return Err(TestCaseError::fail(difference.to_string()));
            };
            prop_assert_eq!((s, e), (step, element));
            prop_assert_eq!((hardware ^ model) as u16, 1 << (bit % 16));
        } else {
            prop_assert_eq!(difference, Difference::Padding { step });
        }
    }

    #[test]
    fn wrong_tlast_lost_and_repeated_beats_are_found(
        beat in 0..BEATS * STEPS - 1,
        pattern in prop::sample::select(PATTERNS.to_vec()),
    ) {
        let outcome = run(MockFault::Last(beat), pattern).unwrap();
        let hardware = beat % (5 * BEATS) != 5 * BEATS - 1;
        prop_assert_eq!(outcome, Outcome::Different(Difference::Last {
            step: beat / BEATS, beat: beat % BEATS, hardware, model: !hardware,
        }));
        for fault in [MockFault::Drop(beat), MockFault::Repeat(beat)] {
            let outcome = run(fault, pattern);
            prop_assert!(!matches!(outcome, Ok(Outcome::Equal(_))), "{:?}", outcome);
        }
    }
}
