//! Tests of `utilization.rs`.

use super::*;

fn source() -> Provenance {
    Provenance {
        tool: "Yosys".into(),
        version: "test".into(),
        stage: "synth",
        part: "xc7".into(),
    }
}

fn stat(cells: &str) -> String {
    format!("{{\"modules\": {{\"\\\\t\": {{\"num_cells_by_type\": {{{cells}}}}}}}}}")
}

fn read(cells: &str, target: Family) -> Result<Utilization, SynthError> {
    Utilization::from_stat(&stat(cells), "t", target, source())
}

#[test]
fn xilinx_cells_are_counted_in_their_units() {
    let got = read(
        r#""LUT1": 1, "LUT2": 2, "LUT6": 6, "INV": 50, "MUXF7": 9, "RAM32M": 3, "RAM64X1D": 2,
           "SRL16E": 5, "FDRE": 10, "FDSE": 1, "CARRY4": 4, "RAMB18E1": 3, "RAMB36E1": 2,
           "DSP48E1": 7"#,
        Family::Xc7,
    )
    .unwrap();
    assert_eq!((got.lut, got.lut_as_memory), (9, 16));
    assert_eq!((got.lut_as_shift_register, got.lut_total), (5, 30));
    assert_eq!((got.ff, got.carry, got.dsp), (11, 4, 7));
    assert_eq!((got.bram, got.ramb36, got.block_bits), (7, 2, 18432));
    assert_eq!(got.cells["INV"], 50);
}

#[test]
fn lattice_cells_are_counted_in_their_units() {
    let got = read(
        r#""LUT4": 10, "CCU2C": 4, "TRELLIS_DPR16X4": 2, "TRELLIS_FF": 3, "DP16KD": 1,
           "MULT18X18D": 2, "PFUMX": 1"#,
        Family::Ecp5,
    )
    .unwrap();
    assert_eq!((got.lut, got.lut_as_memory, got.lut_total), (10, 12, 30));
    assert_eq!((got.ff, got.carry, got.bram, got.dsp), (3, 4, 1, 2));
    let got = read(
        r#""SB_LUT4": 10, "SB_CARRY": 4, "SB_DFF": 2, "SB_DFFSR": 3, "SB_RAM40_4K": 2,
           "SB_RAM40_4KNR": 1, "SB_MAC16": 1"#,
        Family::Ice40,
    )
    .unwrap();
    assert_eq!((got.lut_total, got.ff, got.carry), (10, 5, 4));
    assert_eq!((got.bram, got.block_bits, got.dsp), (3, 4096, 1));
}

#[test]
fn latches_and_unmapped_cells_are_errors() {
    for cell in ["LDCE", "$_DLATCH_P_", "$mem_v2", "$_DFF_P_"] {
        let error = read(&format!("\"{cell}\": 2"), Family::Xc7).unwrap_err();
        assert!(error.to_string().contains(&format!("2 {cell}")), "{error}");
    }
    assert!(read("\"$scopeinfo\": 3", Family::Xc7).is_ok());
}

#[test]
fn reports_that_are_not_as_expected_are_errors() {
    let parse = |text: &str| Utilization::from_stat(text, "t", Family::Xc7, source());
    for (text, why) in [
        ("", "EOF"),
        ("{}", "no modules"),
        (r#"{"modules": {}}"#, "not one flat module"),
        (r#"{"modules": {"\\u": {}}}"#, "no cells of module t"),
        (
            r#"{"modules": {"\\t": {}, "\\u": {}}}"#,
            "not one flat module",
        ),
        (&stat("\"LUT1\": -1"), "count of LUT1"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
    }
}
