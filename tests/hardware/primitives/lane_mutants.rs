//! Lanes of many formats and delays, and lanes that are wrong in one place: each must be found.

use super::bench::{all_equal, none_survives};
use super::lane::Lane;
use crate::common::mutant::{Mutant, mutant};
use lprnn_hw::device::Family::{Ecp5, Ice40, Xc7, Xcup};
use std::collections::BTreeSet;

/// Together every case of the lane's parameters, see `lanes_cover_every_case`.
fn lanes() -> [Lane; 15] {
    [
        // formats of z, a, c, h; bits that z drops and the largest bias; blocks and family
        Lane::new(((8, 4), 8, (16, 10), (4, 3)), (6, 90_000), (5, Xc7)),
        Lane::new(((8, 4), 12, (16, 10), (8, 7)), (8, 500_000), (6, Xcup)),
        Lane::new(((4, 1), 4, (8, 6), (1, 0)), (3, 200), (6, Ecp5)),
        Lane::new(((12, 8), 14, (20, 10), (16, 15)), (9, 1 << 24), (7, Ice40)),
        Lane::new(((8, 4), 4, (6, 2), (16, 10)), (0, 500), (8, Ecp5)),
        Lane::new(((12, 6), 4, (12, 4), (8, 7)), (5, 100_000), (8, Xc7)),
        Lane::new(((4, 2), 1, (2, 0), (2, 0)), (1, 40), (7, Xc7)),
        Lane::new(((8, 4), 4, (6, 6), (4, 3)), (4, 4000), (9, Ecp5)),
        Lane::new(((4, 2), 2, (32, 20), (1, 0)), (12, 1 << 20), (16, Xc7)),
        Lane::new(((8, 4), 8, (16, 10), (3, 3)), (6, 90_000), (5, Xc7)).odd(Xc7),
        Lane::new(((4, 1), 2, (8, 6), (2, 6)), (3, 200), (6, Ecp5)).odd(Ecp5),
        // rows with multipliers: bits and fraction
        Lane::new(((8, 4), 8, (16, 10), (4, 3)), (6, 90_000), (8, Xc7)).scaled((8, 7), Xc7),
        Lane::new(((6, 3), 4, (8, 6), (8, 7)), (5, 30_000), (9, Ecp5)).scaled((12, 4), Ecp5),
        Lane::new(((8, 4), 8, (20, 10), (2, 0)), (2, 500), (10, Xc7)).scaled((10, -3), Xc7),
        Lane::new(((4, 2), 1, (2, 0), (2, 0)), (1, 40), (12, Ice40)).scaled((3, 30), Ice40),
    ]
}

#[test]
fn lanes_cover_every_case() {
    let lanes = lanes();
    let all = |value: &dyn Fn(&Lane) -> i64| lanes.iter().map(value).collect::<BTreeSet<i64>>();
    let registers = all(&|lane| lane.folding().timing.gate_registers() as i64);
    assert_eq!(registers, BTreeSet::from([0, 1]));
    let closest = all(&|lane| lane.folding().blocks as i64);
    assert!(closest.is_superset(&(5..10).collect()), "{closest:?}");
    let delays = all(&|lane| lane.folding().timing.state_registers() as i64);
    assert_eq!(delays, BTreeSet::from([0, 1, 2, 3]));
    let z = all(&|lane| lane.layer.z.bits.into());
    assert!(z.is_superset(&BTreeSet::from([4, 8, 12])), "{z:?}");
    let h = all(&|lane| lane.layer.h.bits.into());
    assert!(h.is_superset(&BTreeSet::from([1, 4, 8, 16])), "{h:?}");
    let cell = all(&|lane| i64::from(lane.widths().ig_shift) - i64::from(lane.widths().fc_shift));
    let signs: BTreeSet<_> = cell.into_iter().map(i64::signum).collect();
    assert_eq!(signs, BTreeSet::from([-1, 0, 1]));
    let drops: [fn(&Lane) -> i64; 3] = [
        |lane| lane.widths().z_shift.into(),
        |lane| lane.widths().zc_shift.into(),
        |lane| lane.widths().h_shift.into(),
    ];
    for drop in drops {
        let drops = all(&drop);
        assert!(
            drops.first() <= Some(&0) && drops.last() > Some(&1),
            "{drops:?}"
        );
    }
}

#[test]
fn lanes_are_exact() {
    all_equal(&lanes().map(|lane| lane.bench()));
}

/// The lane's source.
const FILE: &str = "lprnn_lane_lstm.v";

const fn lane(right: &'static str, wrong: &'static str) -> Mutant {
    mutant(FILE, right, wrong)
}

/// Gates, phases, delays.
const ORDER: [Mutant; 15] = [
    lane(
        "(turn_i[0] ? wait_o_q : wait_f_q)",
        "(turn_i[0] ? wait_f_q : wait_o_q)",
    ),
    lane("wait_i_q : live_g);", "live_i : live_g);"),
    lane("value - before0_q", "value - before1_q"),
    lane("diff_q + bias_i[ACC_W-1:0]", "diff_q"),
    lane("{tanh_i, z_q}", "{1'b0, z_q}"),
    lane("if (keep_g_i)", "if (load_ig_i)"),
    lane("if (keep_o_i)", "if (load_ot_i)"),
    lane(": load_ot_i ? factor_o", ": start_h_i ? factor_o"),
    lane(": load_ot_i ? operand_t", ": start_h_i ? operand_t"),
    lane(": load_ig_i ?", ": keep_g_i ?"),
    lane(": start_c_i ? HALF_C", ": load_ig_i ? HALF_C"),
    lane("start_h_i ?", "keep_h_i ?"),
    lane("if (keep_h_i)", "if (1'b1)"),
    lane(".CYCLES (TABLE_REG)", ".CYCLES (0)"),
    lane(".CYCLES (TANH_DELAY)", ".CYCLES (TABLE_REG)"),
];

/// Shifts, rounding, signs, saturation.
const ARITHMETIC: [Mutant; 15] = [
    lane(": fresh_i   ? {B_W{1'b0}}", ": 1'b0 ? {B_W{1'b0}}"),
    lane("operand_g <<< IG_SHIFT", "operand_g"),
    lane("operand_c[B_W-1:0] <<< FC_SHIFT", "operand_c[B_W-1:0]"),
    lane("ONE << (C_SHIFT - 1)", "ONE << (A_FRAC - 1)"),
    lane("(H_SHIFT > 0 && H_ODD == 0)", "(H_SHIFT > 0)"),
    lane(".ODD        (H_ODD)", ".ODD        (0)"),
    lane("ONE << ((H_SHIFT > 0) ? H_SHIFT - 1 : 0)", "{P_W{1'b0}}"),
    lane(
        "C_SHIFT  = A_FRAC + FC_SHIFT;",
        "C_SHIFT  = A_FRAC + IG_SHIFT;",
    ),
    lane(
        "IN_W       (ACC_W),\n                .OUT_W      (Z_W),\n                \
         .SHIFT      (Z_SHIFT),\n                .HALF_ADDED (1)",
        "IN_W       (ACC_W),\n                .OUT_W      (Z_W),\n                \
         .SHIFT      (Z_SHIFT),\n                .HALF_ADDED (0)",
    ),
    lane(".HALF_ADDED (0)", ".HALF_ADDED (1)"),
    lane(
        "{{(B_W-A_W){tanh_data[A_W-1]}}, tanh_data}",
        "{{(B_W-A_W){1'b0}}, tanh_data}",
    ),
    lane(
        "{{(B_W+1-C_W){c_i[C_W-1]}}, c_i}",
        "{{(B_W+1-C_W){1'b0}}, c_i}",
    ),
    lane(
        "(P_W-F_W-B_W+1){product_q[F_W+B_W-1]}",
        "(P_W-F_W-B_W+1){1'b0}",
    ),
    mutant(
        "lprnn_requant.v",
        "assign code_o = overflow ?",
        "assign code_o = 1'b0 ?",
    ),
    mutant("lprnn_requant.v", "scaled[DROP] & ~tie}", "scaled[DROP]}"),
];

/// Rows with multipliers: what is wrong in the same way in the lane of every cell.
pub(super) const fn multiplied(file: &'static str) -> [Mutant; 6] {
    [
        mutant(
            file,
            "multiplier_q <= bias_i[ACC_W+M_W-1:ACC_W]",
            "multiplier_q <= bias_i[M_W-1:0]",
        ),
        mutant(
            file,
            "{{(F_W-M_W){1'b0}}, multiplier_q}",
            "{{(F_W-M_W){multiplier_q[M_W-1]}}, multiplier_q}",
        ),
        mutant(
            file,
            "{{(B_W+1-ACC_W){sum_q[ACC_W-1]}}, sum_q}",
            "{{(B_W+1-ACC_W){1'b0}}, sum_q}",
        ),
        mutant(file, "a_q <= load_sum  ?", "a_q <= 1'b0 ?"),
        mutant(file, "b_q <= load_sum  ?", "b_q <= 1'b0 ?"),
        mutant(file, "M_W + 1 > A_W) ? M_W + 1", "M_W > A_W) ? M_W + 1"),
    ]
}

/// Rows with multipliers, in this lane.
const ROWS: [Mutant; 7] = [
    lane("taken_line_q[1];", "taken_line_q[0];"),
    lane("taken_line_q[3];", "taken_line_q[2];"),
    lane("base = start_z ? HALF_Z :", "base ="),
    lane("(M_W > 0 && Z_SHIFT > 0) ? ONE", "(Z_SHIFT < 0) ? ONE"),
    lane("Z_SHIFT - 1 : 0)", "Z_SHIFT : 0)"),
    lane(
        "(M_W > 0 && ACC_W > LC_W) ? ACC_W",
        "(M_W > 0 && ACC_W > LC_W) ? ACC_W - 1",
    ),
    lane(
        "Z_SHIFT + 2 > LP_W) ? Z_SHIFT + 2",
        "Z_SHIFT + 2 > LP_W) ? Z_SHIFT",
    ),
];

/// Registers that only the first reset clears, and a reset that comes a cycle late.
const RESETS: [Mutant; 5] = [
    lane(
        "before0_q <= {ACC_W{1'b0}};",
        "if (^before0_q === 1'bx) before0_q <= 0;",
    ),
    lane(
        "before1_q <= {ACC_W{1'b0}};",
        "if (^before1_q === 1'bx) before1_q <= 0;",
    ),
    lane(
        "before2_q <= {ACC_W{1'b0}};",
        "if (^before2_q === 1'bx) before2_q <= 0;",
    ),
    lane(
        "before3_q <= {ACC_W{1'b0}};",
        "if (^before3_q === 1'bx) before3_q <= 0;",
    ),
    lane(
        "z_q    <= z;\n        if (rst) begin",
        "z_q    <= z;\n    end\n    reg late_q;\n    always @(posedge clk) begin\n        \
         late_q <= rst;\n        if (late_q) begin",
    ),
];

#[test]
fn every_wrong_lane_is_found() {
    let benches = lanes().map(|lane| lane.bench());
    let of_rows = multiplied(FILE);
    let mutants = ORDER.iter().chain(&ARITHMETIC).chain(&ROWS);
    // The first three lanes find most of them.
    none_survives(&benches, 3, mutants.chain(&of_rows).chain(&RESETS));
}
