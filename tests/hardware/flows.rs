//! A core in other people's flows, as `docs/integration.md` tells them: the commands are taken from
//! that page and run as they stand there.

use crate::common::{Recipe, tool, write};
use lprnn_hw::codegen::library_prefix;
use lprnn_hw::device::Family;
use lprnn_hw::spec::StatePolicy;
use lprnn_hw::tools::ToolKind;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Two designs that differ in everything that a project could mix up.
const ALPHA: Recipe = Recipe::new("alpha", &[3, 4], 4).folded(2, 2);
const BETA: Recipe = Recipe::new("beta", &[2, 3], 2).state(StatePolicy::HostPulse);

/// The commands of a code block of the page, behind the comment that names it.
fn documented(block: &str) -> String {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/integration.md")).unwrap();
    let mark = format!("<!-- tested by tests/hardware/flows.rs: {block} -->\n\n");
    let (_, behind) = page.split_once(&mark).expect("the block is on the page");
    let lines = behind.lines().map_while(|line| line.strip_prefix("    "));
    let commands: Vec<&str> = lines.collect();
    assert!(!commands.is_empty(), "{block}: no commands");
    commands.join("\n").replace("PROJECT", ROOT)
}

/// Runs commands in `folder` with the tools of `setup.sh`; the first that fails ends them.
fn shell(folder: &Path, commands: &str) -> Output {
    let script = format!(
        "set -e\n{}\nexport PATH={ROOT}/.tools/flows/bin:$PATH\n\
         export MAKEFLAGS=\"$MAKEFLAGS OPT_FAST=-O0 OPT_SLOW=-O0 OPT_GLOBAL=-O0\"\n{commands}\n",
        documented("wheel")
    );
    Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        // FuseSoC keeps a configuration there.
        .env("HOME", folder)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

/// Runs commands that must do well; what they say.
fn well(folder: &Path, commands: &str) -> String {
    let output = shell(folder, commands);
    assert!(output.status.success(), "{commands}\n{}", said(&output));
    said(&output)
}

/// Puts a wrong word into the expected output of a design.
fn spoil(design: &Path, name: &str) {
    let path = design.join(format!("tb/{name}_expected.mem"));
    let text = std::fs::read_to_string(&path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let digit = lines[7].pop().unwrap().to_digit(16).unwrap() ^ 1;
    lines[7].push(char::from_digit(digit, 16).unwrap());
    std::fs::write(&path, lines.join("\n") + "\n").unwrap();
}

/// The commands pass on a good design, and end with a status that CI sees after `spoil`.
fn red_and_green(folder: &Path, design: &Path, commands: &str, again: &str) {
    let green = well(folder, commands);
    assert!(green.contains("PASS: "), "{green}");
    spoil(design, ALPHA.name);
    let red = shell(folder, again);
    let text = said(&red);
    assert!(!red.status.success(), "{again}: status 0\n{text}");
    assert!(text.contains("FAIL: ") && !text.contains("PASS"), "{text}");
}

#[test]
fn the_bench_in_icarus() {
    let folder = tempfile::tempdir().unwrap();
    write(&ALPHA.bundle(7, 8), folder.path());
    let commands = documented("icarus").replace("NAME", ALPHA.name);
    red_and_green(folder.path(), folder.path(), &commands, &commands);
}

#[test]
fn the_bench_in_verilator() {
    let folder = tempfile::tempdir().unwrap();
    write(&ALPHA.bundle(7, 8), folder.path());
    let commands = documented("verilator").replace("NAME", ALPHA.name);
    let run = commands.lines().last().unwrap();
    red_and_green(folder.path(), folder.path(), &commands, run);
    // A memory that is gone ends with a status, too, and says what to do.
    std::fs::rename(folder.path().join("rtl"), folder.path().join("moved")).unwrap();
    let gone = shell(folder.path(), run);
    assert!(!gone.status.success());
    assert!(said(&gone).contains("MEMORIES"), "{}", said(&gone));
}

/// Where nothing lies, with the folders by parameters, and without.
#[test]
fn the_bench_runs_in_any_folder() {
    let home = tempfile::tempdir().unwrap();
    let core = home.path().join("ip/alpha");
    write(&ALPHA.bundle(7, 8), &core);
    let build = |parameters: &str| {
        format!(
            "(cd ip/alpha && iverilog -s alpha_top_tb -o ../../sim.vvp {parameters} -f alpha.f \
             tb/alpha_top_tb.v)\nvvp -N sim.vvp"
        )
    };
    let lost = shell(home.path(), &build(""));
    assert!(!lost.status.success() && said(&lost).contains("VECTORS"));
    let text = well(
        home.path(),
        &build(
            r#"-Palpha_top_tb.VECTORS='"ip/alpha/tb/"' -Palpha_top_tb.MEMORIES='"ip/alpha/rtl/"'"#,
        ),
    );
    assert!(text.contains("PASS: "), "{text}");
}

/// A module of the project, in `SystemVerilog`, around both designs.
fn around(folder: &Path, header: &str) {
    let text = format!(
        "{header}module soc (input logic aclk, aresetn, input logic [7:0] x, output logic seen);\n\
         \x20   logic a, b;\n\
         \x20   alpha_top #(.MEMORIES(\"ip/alpha/rtl/\")) i_alpha (.aclk, .aresetn, .s_axis_tdata(x),\n\
         \x20       .s_axis_tvalid(1'b1), .s_axis_tready(), .s_axis_tlast(1'b0), .m_axis_tdata(),\n\
         \x20       .m_axis_tvalid(a), .m_axis_tready(1'b1), .m_axis_tlast());\n\
         \x20   beta_top i_beta (.aclk, .aresetn, .state_clear(a), .s_axis_tdata(x),\n\
         \x20       .s_axis_tvalid(1'b1), .s_axis_tready(), .s_axis_tlast(1'b0), .m_axis_tdata(),\n\
         \x20       .m_axis_tvalid(b), .m_axis_tready(1'b1), .m_axis_tlast());\n\
         \x20   assign seen = a ^ b;\nendmodule\n"
    );
    std::fs::write(folder.join("soc.sv"), text).unwrap();
}

/// Both designs below `folder`, the second as a version to come would write it; all sources.
fn two_designs(folder: &Path, versions_differ: bool) -> Vec<String> {
    let mut sources = BTreeSet::new();
    for recipe in [ALPHA, BETA] {
        let mut bundle = recipe.bundle(7, 4);
        if versions_differ && recipe.name == BETA.name {
            let rename = |text: &str| text.replace(&library_prefix(), "lprnn_99_0_0_");
            let files = bundle.files.into_iter().map(|(path, bytes)| {
                // The model is no text, and names nothing.
                let renamed = match String::from_utf8(bytes) {
                    Ok(text) => rename(&text).into_bytes(),
                    Err(binary) => binary.into_bytes(),
                };
                (rename(&path), renamed)
            });
            bundle.files = files.collect();
            let sources = &mut bundle.interface.sources;
            for path in sources.iter_mut() {
                *path = rename(path);
            }
        }
        // In one folder, so that what is the same is there once.
        write(&bundle, folder);
        sources.extend(bundle.interface.sources);
    }
    sources.into_iter().collect()
}

/// `SystemVerilog` around two designs, with Verilator's defaults, in every order of files, with a
/// timescale in the project and without.
#[test]
fn a_systemverilog_project_under_verilators_defaults() {
    for versions_differ in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let sources = two_designs(folder.path(), versions_differ);
        let ours = sources.join(" ");
        for header in ["", "`timescale 1ns / 1ps\n"] {
            around(folder.path(), header);
            for files in [format!("soc.sv {ours}"), format!("{ours} soc.sv")] {
                let command = format!("verilator --lint-only --timing --top-module soc {files}");
                let text = well(folder.path(), &command);
                assert!(!text.contains('%'), "{text}");
            }
        }
        // With every warning there is, for our files.
        let command = format!(
            "verilator --lint-only -Wall -Wno-DECLFILENAME -Wno-PINCONNECTEMPTY --top-module soc \
             rtl/lprnn_*.vlt soc.sv {ours}"
        );
        let text = well(folder.path(), &command);
        assert!(!text.contains('%'), "{text}");
        // Modules that are there twice, or not at all, are errors in Icarus.
        let mut arguments = vec!["-g2012", "-s", "soc", "-o", "soc.vvp", "soc.sv"];
        arguments.extend(sources.iter().map(String::as_str));
        tool(ToolKind::Iverilog, folder.path(), &arguments);
    }
}

/// Two designs and a core of the user's that depends on both.
#[test]
fn two_designs_in_a_fusesoc_project() {
    let home = tempfile::tempdir().unwrap();
    for recipe in [ALPHA, BETA] {
        write(&recipe.bundle(7, 8), &home.path().join(recipe.name));
    }
    let soc = home.path().join("soc");
    std::fs::create_dir(&soc).unwrap();
    around(&soc, "`timescale 1ns / 1ps\n");
    std::fs::write(
        soc.join("soc.core"),
        "CAPI=2:\nname: \"acme:ip:soc:1.0\"\nfilesets:\n  rtl:\n    files: [soc.sv]\n    \
         file_type: systemVerilogSource\n    depend: [\"lprnn-hw:cores:alpha\", \"lprnn-hw:cores:beta\"]\n\
         targets:\n  default: &default\n    filesets: [rtl]\n    toplevel: soc\n  lint:\n    \
         <<: *default\n    default_tool: verilator\n    tools:\n      verilator:\n        mode: lint-only\n",
    )
    .unwrap();
    well(
        home.path(),
        "fusesoc --cores-root . run --target=lint acme:ip:soc",
    );
    let commands = documented("fusesoc").replace("NAME", ALPHA.name);
    let sim = commands.lines().next().unwrap();
    red_and_green(home.path(), &home.path().join(ALPHA.name), &commands, sim);
}

/// cocotb and cocotbext-axi without an option of theirs: words, pauses, TLAST, reset in mid-transfer.
#[test]
fn cocotb_by_its_defaults() {
    let home = tempfile::tempdir().unwrap();
    let recipe = Recipe::new("alpha", &[3, 5, 4], 4).folded(2, 3);
    write(&recipe.bundle(7, 12), &home.path().join("alpha"));
    let commands = documented("cocotb").replace("NAME", "alpha");
    for command in commands.lines() {
        // Python leaves compiled files beside the example otherwise.
        let command = format!("export PYTHONDONTWRITEBYTECODE=1\n{command}");
        let text = well(home.path(), &command);
        assert!(text.contains("TESTS=3 PASS=3 FAIL=0 SKIP=0"), "{text}");
    }
    spoil(&home.path().join("alpha"), "alpha");
    let red = shell(home.path(), commands.lines().next().unwrap());
    assert!(!red.status.success(), "{}", said(&red));
}

/// Names with a version in them, on the pages that show some.
#[test]
fn the_pages_name_this_version() {
    let prefix = library_prefix();
    for page in [
        "docs/integration.md",
        "docs/formats.md",
        "docs/architecture.md",
    ] {
        let text = std::fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
        let versioned = text.match_indices("lprnn_").filter(|(at, name)| {
            text[at + name.len()..].starts_with(|letter: char| letter.is_ascii_digit())
        });
        let stale: Vec<_> = versioned
            .filter(|(at, _)| !text[*at..].starts_with(prefix.trim_end_matches('_')))
            .collect();
        assert!(
            stale.is_empty() && text.contains(prefix.trim_end_matches('_')),
            "{page}"
        );
    }
}

/// Families without a target of their own, by the table of the page.
#[test]
fn families_of_the_table() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/integration.md")).unwrap();
    let (_, table) = page
        .split_once("| family | `--target` | Yosys |")
        .expect("the table");
    let mut tried = 0;
    for row in table
        .lines()
        .skip(2)
        .map_while(|line| line.strip_prefix("| "))
    {
        let cells: Vec<&str> = row
            .split('|')
            .map(|cell| cell.trim().trim_matches('`'))
            .collect();
        let [_, target, command, quick, ..] = cells[..] else {
            panic!("{row}");
        };
        if quick != "yes" {
            continue;
        }
        let target = match target {
            "xc7" => Family::Xc7,
            "generic" => Family::Generic,
            other => panic!("{other}"),
        };
        let folder = tempfile::tempdir().unwrap();
        let recipe = Recipe::new("fam", &[2, 2], 2)
            .folded(1, 2)
            .target(target, lprnn_hw::spec::MacStyle::Lut);
        let bundle = recipe.bundle(5, 3);
        write(&bundle, folder.path());
        let script = format!(
            "read_verilog -defer {}; {command} -top fam_top; check -assert; stat",
            bundle.interface.sources.join(" ")
        );
        let output = tool(ToolKind::Yosys, folder.path(), &["-p", &script]);
        assert!(output.stdout.contains("cells"), "{command}");
        tried += 1;
    }
    assert!(tried >= 3, "{tried} rows");
}
