//! What a multiply-accumulate array takes by itself: LUTs or DSP blocks per product, and its clock.
//!
//! `cargo run --release --example array` synthesises the arrays of cores of 16 columns, with an
//! accumulator of W + A + 10 bits for each row and nothing else: LUT arrays of one unit (4 rows, 64
//! products a cycle), DSP arrays of three (12 rows, 192 products), since rows share a block by threes,
//! fours or sixes; from 1 to 4 bits with odd levels too. `-- --pnr` also places and routes the LUT arrays for ECP5 (85k, speed 6, one seed).

use lprnn_hw::codegen::{Bundle, library_prefix};
use lprnn_hw::device::{Family, PlacedPart};
use lprnn_hw::fixed::{Codes, LevelRule};
use lprnn_hw::flow::{build, plan_core};
use lprnn_hw::hardware::{LayerDesign, MacArray};
use lprnn_hw::quantize::seeded;
use lprnn_hw::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, Numerics, SeededNetwork};
use lprnn_hw::synth::{NetlistSources, Options, RouteOptions, Synthesis, run};
use lprnn_hw::tools::Search;
use std::path::Path;

const COLUMNS: usize = 16;

/// Rows of an array.
fn rows(mac: MacStyle) -> usize {
    match mac {
        MacStyle::Dsp => 12,
        _ => 4,
    }
}

/// The core with weights and activations of these codes whose array is looked at.
fn core(codes: Codes, mac: MacStyle, target: Family) -> (Bundle, LayerDesign) {
    let bits = codes.bits;
    let levels = if codes.is_odd() {
        LevelRule::Odd
    } else {
        LevelRule::Even
    };
    let numerics = Numerics {
        levels,
        ..Numerics::of_widths(bits, bits, bits)
    };
    let model = seeded(&SeededNetwork::one_layer((64, 64), numerics, 1));
    let how = Implementation {
        memory_init: MemoryInit::Inline,
        ..Implementation::usual(
            "array",
            FoldingGoal::Explicit {
                units: rows(mac) / 4,
                columns: COLUMNS,
            },
            (mac, target),
        )
    };
    let planned = plan_core(model, how).expect("sizes that can be folded");
    let built = build(&planned).expect("a model without row scales");
    (built.bundle, planned.design.layers()[0].clone())
}

/// Verilog of the array with its accumulators, and of nothing else.
fn array_top(codes: Codes, rows: usize, layer: &LayerDesign) -> String {
    let (bits, odd) = (codes.bits, u8::from(codes.is_odd()));
    let library = library_prefix();
    let (folding, widths) = (layer.folding(), layer.widths());
    let chain = folding.chain;
    let (sum_w, acc_w) = (widths.sum, 2 * bits as usize + 10);
    let array = match folding.mac {
        MacArray::Lut { mux_register } => {
            format!("{library}array_lut #(.MUX_REG({}),", u8::from(mux_register))
        }
        MacArray::Dsp(packing) if packing.bare => format!(
            "{library}array_mult #(.FIELDS({}), .FIELD_W({}), .W_W({}), .A_W({}),",
            packing.fields, packing.field_w, packing.ports.0, packing.ports.1
        ),
        MacArray::Dsp(packing) => format!(
            "{library}array_dsp #(.FIELDS({}), .FIELD_W({}), .W_W({}), .A_W({}), .P_W({}),",
            packing.fields, packing.field_w, packing.ports.0, packing.ports.1, packing.ports.2
        ),
    };
    format!(
        "module array_top (input wire clk, input wire rst, input wire enable,
    input wire recurrent, input wire [{COLUMNS}*{bits}-1:0] act,
    input wire [{rows}*{COLUMNS}*{bits}-1:0] weight, output wire [{rows}*{acc_w}-1:0] acc);
    wire [{rows}*{sum_w}-1:0] sums;
    {array} .ROWS({rows}), .COLUMNS({COLUMNS}), .CHAIN({chain}),
        .ACT_W({bits}), .WEIGHT_W({bits}), .ODD({odd}), .SUM_W({sum_w})) u_array
        (.clk(clk), .act_i(act), .weight_i(weight), .sum_o(sums));
    genvar r;
    generate for (r = 0; r < {rows}; r = r + 1) begin : gen_row
        {library}accumulator #(.SUM_W({sum_w}), .ACC_W({acc_w})) u_acc
            (.clk(clk), .rst(rst), .enable_i(enable), .recurrent_i(recurrent),
             .sum_i(sums[r*{sum_w} +: {sum_w}]), .acc_o(acc[r*{acc_w} +: {acc_w}]));
    end endgenerate
endmodule\n"
    )
}

fn synthesise(
    search: &Search,
    codes: Codes,
    mac: MacStyle,
    target: Family,
    pnr: bool,
) -> (Synthesis, MacArray) {
    let (bundle, layer) = core(codes, mac, target);
    let folder = tempfile::tempdir().expect("a scratch folder");
    let mut sources = Vec::new();
    for (path, bytes) in &bundle.files {
        let name = Path::new(path).file_name().expect("a file has a name");
        let name = name.to_str().expect("names are ASCII");
        let part = [
            "array_lut",
            "da_row",
            "array_dsp",
            "array_mult",
            "dsp_cell",
            "add_tree",
            "accumulator",
        ];
        if part
            .iter()
            .any(|part| name == format!("{}{part}.v", library_prefix()))
        {
            std::fs::write(folder.path().join(name), bytes).expect("the scratch folder is ours");
            sources.push(name.to_string());
        }
    }
    let top = array_top(codes, rows(mac), &layer);
    std::fs::write(folder.path().join("array_top.v"), top).expect("the scratch folder is ours");
    sources.push("array_top.v".into());
    let design = NetlistSources {
        folder: folder.path().into(),
        top: "array_top".into(),
        clock: "clk".into(),
        sources,
    };
    let route = pnr.then(|| RouteOptions {
        part: PlacedPart::new(target, None, None).expect("ECP5 has a default part"),
        target_mhz: 300.0,
        seed: 1,
        seeds: 1,
    });
    let options = Options {
        route,
        ..Options::default()
    };
    let found = run(search, &design, target, &options).unwrap_or_else(|error| panic!("{error}"));
    (found, layer.folding().mac)
}

#[allow(clippy::print_stdout)] // an example's results
fn main() {
    let pnr = std::env::args().any(|argument| argument == "--pnr");
    let search = Search::from_env();
    println!("family  array  codes  LUT/MAC  sites/MAC  FF/MAC  MAC/DSP  Fmax MHz");
    for (target, mac, widths) in [
        (Family::Xc7, MacStyle::Lut, &[1, 2, 3, 4, 5, 6, 8][..]),
        (Family::Xc7, MacStyle::Dsp, &[2, 3, 4, 5, 6, 8]),
        (Family::Ecp5, MacStyle::Lut, &[1, 2, 3, 4, 8]),
        (Family::Xcup, MacStyle::Dsp, &[2, 3, 4, 5, 6, 8]),
        (Family::Ecp5, MacStyle::Dsp, &[2, 3, 4, 5, 6, 8]),
        (Family::Ice40, MacStyle::Lut, &[2, 4, 8]),
    ] {
        let even = widths.iter().map(|&bits| LevelRule::Even.of(bits));
        let odd = widths.iter().map(|&bits| LevelRule::Odd.of(bits));
        let odd = odd.filter(|codes| codes.is_odd() && !codes.is_usual());
        for codes in even.chain(odd) {
            let pnr = pnr && target == Family::Ecp5 && mac == MacStyle::Lut;
            let (found, array) = synthesise(&search, codes, mac, target, pnr);
            let used = found.utilization;
            let products = (rows(mac) * COLUMNS) as f64;
            println!(
                "{:6}  {:5}  {:>5}  {:7.2}  {:9.2}  {:6.2}  {:>7}  {:>8}",
                target.word(),
                if matches!(array, MacArray::Dsp(_)) {
                    "dsp"
                } else {
                    "lut"
                },
                format!("{}{}", if codes.is_odd() { "o" } else { "s" }, codes.bits),
                used.lut as f64 / products,
                used.lut_total as f64 / products,
                used.ff as f64 / products,
                if used.dsp == 0 {
                    "-".to_string()
                } else {
                    format!("{:.2}", products / used.dsp as f64)
                },
                found
                    .routed
                    .map_or("-".to_string(), |r| format!("{:.1}", r.fmax_mhz)),
            );
        }
    }
}
