//! What several contexts add, against what Yosys 0.70 counted of cores that differ in nothing else
//! (docs/benchmarks.md).

use lprnn_hw::estimate::Estimate;
use lprnn_hw::fit::SeriesDesign;
use lprnn_hw::flow::plan_core;

fn estimate(columns: &str, contexts: usize) -> Estimate {
    let line = format!("1,{columns},lut/{contexts},");
    let design = SeriesDesign::parse(&line).unwrap();
    // As the line says it: one context needs no number.
    let said = design.line();
    assert_eq!(said.contains('/'), contexts > 1, "{said}");
    assert_eq!(SeriesDesign::parse(&said).unwrap(), design);
    plan_core(design.model(), design.implementation())
        .unwrap()
        .estimate()
}

#[test]
fn contexts_add_what_was_counted() {
    // LUTs that are memory, block RAM, and flip-flops more than with one context.
    for (columns, counted) in [
        (
            "xc7,64,64,4,4,4,8,8,16,4,16",
            [(1, 124, 35, 0), (2, 124, 35, 14), (4, 232, 35, 28)],
        ),
        (
            "ecp5,32,32,4,4,4,8,8,16,2,8",
            [(1, 114, 11, 0), (2, 210, 11, 33), (4, 402, 11, 66)],
        ),
    ] {
        let one = estimate(columns, 1);
        for (contexts, memory, blocks, flip_flops) in counted {
            let found = estimate(columns, contexts);
            assert_eq!(found.lut_as_memory, memory, "{columns}, {contexts}");
            assert_eq!(found.bram, blocks, "{columns}, {contexts}");
            let more = found.ff.value.abs_diff(one.ff.value);
            assert!(
                more.abs_diff(flip_flops) <= 3,
                "{columns}, {contexts}: {more} flip-flops more, {flip_flops} counted"
            );
        }
    }
    // Without LUT RAM the vector buffer goes from registers into block RAM.
    let ice40 = |contexts| estimate("ice40,32,32,4,4,4,8,8,16,2,8", contexts).bram;
    assert_eq!([1, 2, 4].map(ice40), [29, 37, 37]);
}

/// The array works in every cycle where one sequence alone leaves it waiting.
#[test]
fn contexts_share_a_stall() {
    let cycles = |contexts| estimate("xc7,64,64,4,4,4,8,8,16,4,16", contexts).cycles_per_step;
    assert_eq!([1, 2, 4].map(cycles), [150, 128, 128]);
    // 4 blocks a group and one group: the others' steps cover a part of the stall.
    let small = |contexts| estimate("xc7,4,4,4,4,4,8,8,16,4,4", contexts).cycles_per_step;
    let [one, two, three, many] = [1, 2, 3, 8].map(small);
    assert!(
        one > two && two > three && three > many,
        "{one} {two} {three} {many}"
    );
    assert_eq!(two, one.div_ceil(2));
}
