//! Synthesis and place and route of a module that has one of everything, by the installed tools.

use lprnn_hw::device::{Family, PlacedPart};
use lprnn_hw::synth::{NetlistSources, Options, RouteOptions, SynthError, run};
use lprnn_hw::tools::Search;
use std::path::Path;

fn tiny() -> NetlistSources {
    NetlistSources {
        folder: Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/synth"),
        top: "tiny".into(),
        clock: "aclk".into(),
        sources: vec!["tiny.v".into()],
    }
}

/// A folder with one source `t.v`.
fn design(text: &str) -> (tempfile::TempDir, NetlistSources) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.v"), text).unwrap();
    let design = NetlistSources {
        folder: folder.path().into(),
        top: "t".into(),
        clock: "clk".into(),
        sources: vec!["t.v".into()],
    };
    (folder, design)
}

fn fails(text: &str) -> SynthError {
    let (_folder, design) = design(text);
    run(
        &Search::from_env(),
        &design,
        Family::Xc7,
        &Options::default(),
    )
    .unwrap_err()
}

#[test]
fn all_families_count_one_of_everything() {
    for (fabric, bram, dsp, memory) in [
        (Family::Xc7, 1, 1, true),
        (Family::Xcup, 1, 1, true),
        (Family::Ecp5, 1, 1, true),
        // 8192 bits in blocks of 4096, and no distributed RAM or multipliers to speak of.
        (Family::Ice40, 2, 0, false),
        (Family::Ice40Up, 2, 1, false),
    ] {
        let found = run(&Search::from_env(), &tiny(), fabric, &Options::default()).unwrap();
        let used = found.utilization;
        assert_eq!(used.source.stage, "synth");
        assert_eq!(used.source.part, fabric.key());
        assert!(!used.source.version.is_empty());
        assert!(used.bram >= bram && used.bram <= bram + 1, "{used:?}");
        assert_eq!(used.dsp, dsp, "{used:?}");
        assert_eq!(used.lut_as_memory > 0, memory, "{used:?}");
        assert!(used.lut > 0 && used.ff > 20 && used.carry > 0, "{used:?}");
        assert!(used.lut_total >= used.lut + used.lut_as_memory, "{used:?}");
        let counted: u64 = used.cells.values().sum();
        assert!(counted >= used.lut + used.ff + used.carry, "{used:?}");
        assert!(found.routed.is_none());
    }
}

#[test]
fn modules_that_keep_their_hierarchy_are_counted_with_the_rest() {
    let text =
        "(* keep_hierarchy = \"yes\" *) module cell_(input wire clk, input wire signed [17:0] a,
            input wire signed [24:0] b, output reg signed [42:0] p);
            always @(posedge clk) p <= a * b;
        endmodule
        module t(input wire clk, input wire signed [17:0] a, input wire signed [24:0] b,
            output wire signed [42:0] p, output wire signed [42:0] q);
            cell_ u_p (.clk(clk), .a(a), .b(b), .p(p));
            cell_ u_q (.clk(clk), .a(a), .b(~b), .p(q));
        endmodule";
    let (_folder, design) = design(text);
    let search = Search::from_env();
    let found = run(&search, &design, Family::Xc7, &Options::default()).unwrap();
    assert_eq!(found.utilization.dsp, 2);
}

#[test]
fn ecp5_is_placed_and_routed_in_its_frame() {
    routed(Family::Ecp5, "TRELLIS_COMB");
}

#[test]
fn ice40_is_placed_and_routed_in_its_frame() {
    routed(Family::Ice40, "ICESTORM_LC");
}

fn routed(target: Family, logic: &str) {
    let options = Options {
        route: Some(RouteOptions {
            part: PlacedPart::new(target, None, None).unwrap(),
            target_mhz: 100.0,
            seed: 3,
            seeds: 2,
        }),
        ..Options::default()
    };
    let found = run(&Search::from_env(), &tiny(), target, &options).unwrap();
    let routed = found.routed.unwrap();
    assert!((20.0..1000.0).contains(&routed.fmax_mhz), "{routed:?}");
    // Both seeds are there, in order, and the faster one is what is reported.
    let seeds: Vec<u64> = routed.tried.iter().map(|one| one.seed).collect();
    assert_eq!(seeds, [3, 4]);
    let clocks = routed.tried.iter().map(|one| one.fmax_mhz);
    assert_eq!(Some(routed.fmax_mhz), clocks.reduce(f64::max));
    let own = routed.tried.iter().find(|one| one.seed == routed.seed);
    assert_eq!(own.map(|one| one.fmax_mhz), Some(routed.fmax_mhz));
    assert_eq!(routed.source.stage, "pnr");
    assert_eq!(routed.harness.ff, 17 + 2 * 24);
    let cells = routed.cells[logic];
    assert!(cells.used >= found.utilization.lut && cells.used < cells.available);
    let path = routed.critical_path.unwrap();
    let period = path.logic_ns + path.routing_ns;
    assert!(
        (1000.0 / period - routed.fmax_mhz).abs() < routed.fmax_mhz / 5.0,
        "{path:?} against {} MHz",
        routed.fmax_mhz
    );
}

#[test]
fn the_netlist_is_kept_and_names_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let netlist = folder.path().join("netlist.v");
    let options = Options {
        netlist: Some(netlist.clone()),
        ..Options::default()
    };
    run(&Search::from_env(), &tiny(), Family::Xc7, &options).unwrap();
    let text = std::fs::read_to_string(&netlist).unwrap();
    assert!(
        text.contains("module tiny(") && text.contains("FDRE"),
        "{text}"
    );
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn wrong_hardware_is_an_error_even_where_yosys_only_warns() {
    let latch = "module t(input wire e, input wire d, output reg q);
        always @(*) if (e) q = d; endmodule";
    let width = "module u(input wire [1:0] a, output wire b); assign b = ^a; endmodule
        module t(input wire [3:0] a, output wire b); u u_u (.a(a), .b(b)); endmodule";
    let implicit = "module t(input wire a, output wire b); assign n = a; assign b = n; endmodule";
    let drivers = "module t(input wire a, input wire c, output wire b);
        assign b = a; assign b = c; endmodule";
    let undriven = "module t(input wire a, output wire b); wire n; assign b = a & n; endmodule";
    let missing = "module t(input wire a, output wire b); gone u_gone (.a(a), .b(b)); endmodule";
    let file = "module t(input wire clk, input wire [3:0] a, output reg [7:0] q);
        reg [7:0] m [0:15]; initial $readmemh(\"gone.mem\", m);
        always @(posedge clk) q <= m[a]; endmodule";
    for (text, why) in [
        (latch, "dlatch"),
        (width, "Resizing cell port"),
        (implicit, "implicitly declared"),
        (drivers, "drivers"),
        (undriven, "no driver"),
        (missing, "gone"),
        (file, "gone.mem"),
        ("module t(", "syntax error"),
    ] {
        let error = fails(text).to_string();
        assert!(error.contains(why), "{why}: {error}");
    }
}

#[test]
fn names_that_would_run_as_commands_are_refused() {
    let bundle = tempfile::tempdir().unwrap();
    for (top, source) in [
        ("t; shell touch hit", "t.v"),
        ("t", "t.v; shell touch hit"),
        ("t", "../t.v"),
        ("t", "/t.v"),
        ("t", ""),
        ("", "t.v"),
    ] {
        let design = NetlistSources {
            folder: bundle.path().into(),
            top: top.into(),
            clock: "clk".into(),
            sources: vec![source.into()],
        };
        let error = run(
            &Search::from_env(),
            &design,
            Family::Xc7,
            &Options::default(),
        )
        .unwrap_err();
        assert!(matches!(error, SynthError::Problem(_)), "{error}");
    }
    let error = NetlistSources::open(bundle.path()).unwrap_err().to_string();
    assert!(error.contains("interface.json"), "{error}");
    std::fs::write(bundle.path().join("interface.json"), "{\"schema\": 1}").unwrap();
    let error = NetlistSources::open(bundle.path()).unwrap_err().to_string();
    assert!(error.contains("missing field"), "{error}");
}
