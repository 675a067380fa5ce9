//! From Yosys's cell counts to what an engineer counts.

use super::SynthError;
use crate::device::Family;
use serde::Serialize;
use std::collections::BTreeMap;

/// Where a number comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// `Yosys` or `nextpnr-ecp5`.
    pub tool: String,
    /// As the tool states it.
    pub version: String,
    /// `synth` or `pnr`.
    pub stage: &'static str,
    /// Family, and the part where one was chosen.
    pub part: String,
}

/// Resources of its family that a mapped netlist takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Utilization {
    /// Which tool counted, at which stage, for which part.
    pub source: Provenance,
    /// LUTs of logic: LUT1 to LUT6, LUT4, `SB_LUT4`.
    pub lut: u64,
    /// LUTs that serve as memory: what `RAM32M`, `RAM64X1D`, `TRELLIS_DPR16X4` and the like occupy.
    pub lut_as_memory: u64,
    /// LUTs that serve as shift registers.
    pub lut_as_shift_register: u64,
    /// All LUT sites: the three above, and on ECP5 two for each `CCU2C`.
    pub lut_total: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Carry cells: `CARRY4`, `CARRY8`, `CCU2C`, `SB_CARRY`.
    pub carry: u64,
    /// Block RAM in blocks of [`Utilization::block_bits`]; a RAMB36 is two.
    pub bram: u64,
    /// Bits of a block: 18432 on Xilinx and ECP5, 4096 on iCE40.
    pub block_bits: u64,
    /// RAMB36 among them.
    pub ramb36: u64,
    /// DSP blocks: `DSP48E1`, `DSP48E2`, `MULT18X18D`, `SB_MAC16`.
    pub dsp: u64,
    /// Every cell type of the netlist and how often it occurs.
    pub cells: BTreeMap<String, u64>,
}

/// LUT sites that a memory cell occupies; `None` for any other cell.
fn memory_luts(cell: &str) -> Option<u64> {
    Some(match cell {
        "RAM16X1S" | "RAM32X1S" | "RAM64X1S" | "RAM16X1S_1" | "RAM32X1S_1" | "RAM64X1S_1" => 1,
        "RAM16X1D" | "RAM32X1D" | "RAM64X1D" | "RAM32X2S" | "RAM128X1S" | "RAM16X1D_1"
        | "RAM32X1D_1" | "RAM64X1D_1" => 2,
        "RAM32M" | "RAM64M" | "RAM128X1D" | "RAM256X1S" => 4,
        "RAM32M16" | "RAM64M8" | "RAM64X8SW" | "RAM256X1D" | "RAM512X1S" => 8,
        // Four LUTs of memory, and two whose inputs carry the write port.
        "TRELLIS_DPR16X4" => 6,
        _ => return None,
    })
}

/// Resource of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Lut,
    Memory(u64),
    Shift,
    Ff,
    Carry,
    Bram(u64),
    Dsp,
    Other,
    /// Must not be in a mapped netlist.
    Wrong,
}

fn classify(cell: &str) -> Class {
    if let Some(luts) = memory_luts(cell) {
        return Class::Memory(luts);
    }
    match cell {
        "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "SB_LUT4" => Class::Lut,
        "SRL16E" | "SRLC16E" | "SRLC32E" => Class::Shift,
        "CARRY4" | "CARRY8" | "CCU2C" | "SB_CARRY" => Class::Carry,
        "RAMB18E1" | "RAMB18E2" | "DP16KD" | "PDPW16KD" | "SB_RAM40_4K" => Class::Bram(1),
        "RAMB36E1" | "RAMB36E2" => Class::Bram(2),
        "DSP48E1" | "DSP48E2" | "MULT18X18D" | "SB_MAC16" => Class::Dsp,
        "FDRE" | "FDSE" | "FDCE" | "FDPE" | "FDRE_1" | "FDSE_1" | "FDCE_1" | "FDPE_1"
        | "TRELLIS_FF" => Class::Ff,
        "LDCE" | "LDPE" => Class::Wrong,
        "$scopeinfo" => Class::Other,
        _ if cell.starts_with("SB_DFF") => Class::Ff,
        _ if cell.starts_with("SB_RAM40_4K") => Class::Bram(1),
        _ if cell.starts_with('$') => Class::Wrong,
        _ => Class::Other,
    }
}

impl Utilization {
    /// Reads the JSON that Yosys's `stat -json` wrote about the mapped module `top`.
    ///
    /// Latches and cells that the family does not have are errors.
    pub fn from_stat(
        text: &str,
        top: &str,
        target: Family,
        source: Provenance,
    ) -> Result<Self, SynthError> {
        let report = |problem: String| SynthError::Report {
            report: format!("stat -json of {} {}", source.tool, source.version),
            problem,
        };
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| report(error.to_string()))?;
        let modules = value["modules"]
            .as_object()
            .ok_or_else(|| report("no modules".to_string()))?;
        if modules.len() != 1 {
            let names: Vec<&str> = modules.keys().map(String::as_str).collect();
            let problem = format!("not one flat module: {}", names.join(", "));
            return Err(report(problem));
        }
        let types = modules
            .get(&format!("\\{top}"))
            .and_then(|module| module["num_cells_by_type"].as_object())
            .ok_or_else(|| report(format!("no cells of module {top}")))?;
        let mut cells = BTreeMap::new();
        for (cell, count) in types {
            let count = count
                .as_u64()
                .ok_or_else(|| report(format!("the count of {cell} is not a number")))?;
            cells.insert(cell.clone(), count);
        }
        Self::from_cells(cells, top, target, source)
    }

    fn from_cells(
        cells: BTreeMap<String, u64>,
        top: &str,
        target: Family,
        source: Provenance,
    ) -> Result<Self, SynthError> {
        let wrong: Vec<String> = cells
            .iter()
            .filter(|(cell, _)| classify(cell) == Class::Wrong)
            .map(|(cell, count)| format!("{count} {cell}"))
            .collect();
        if !wrong.is_empty() {
            return Err(SynthError::Unmapped {
                design: top.to_string(),
                family: target.word(),
                cells: wrong.join(", "),
            });
        }
        let mut found = Self {
            source,
            lut: 0,
            lut_as_memory: 0,
            lut_as_shift_register: 0,
            lut_total: 0,
            ff: 0,
            carry: 0,
            bram: 0,
            block_bits: target.facts().block_bits,
            ramb36: 0,
            dsp: 0,
            cells: BTreeMap::new(),
        };
        for (cell, &count) in &cells {
            match classify(cell) {
                Class::Lut => found.lut += count,
                Class::Memory(luts) => found.lut_as_memory += luts * count,
                Class::Shift => found.lut_as_shift_register += count,
                Class::Ff => found.ff += count,
                Class::Carry => found.carry += count,
                Class::Bram(blocks) => {
                    found.bram += blocks * count;
                    found.ramb36 += (blocks - 1) * count;
                }
                Class::Dsp => found.dsp += count,
                Class::Other | Class::Wrong => {}
            }
        }
        let carry_luts = target.facts().carry.luts as u64 * found.carry;
        found.lut_total =
            found.lut + found.lut_as_memory + found.lut_as_shift_register + carry_luts;
        found.cells = cells;
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
