//! A core's signature from its design, without making any file.

use super::interface::{Interface, SCHEMA, StreamPort, Timing};
use super::library::{LibraryPart, library_files};
use crate::fixed::QFormat;
use crate::hardware::{Design, MacArray, element_width};
use crate::quantize::QuantizedModel;
use crate::spec::{Implementation, MemoryInit, StatePolicy};

impl Interface {
    /// The signature of the core that [`Bundle::generate`](super::Bundle::generate) writes of the same
    /// arguments, without making any of its files.
    #[must_use]
    pub fn new(model: &QuantizedModel, design: &Design, implementation: &Implementation) -> Self {
        let (sources, memories) = file_names(design, implementation);
        signature(model, design, implementation, sources, memories)
    }
}

/// Sources in compile order, and memory files.
fn file_names(design: &Design, implementation: &Implementation) -> (Vec<String>, Vec<String>) {
    let name = &implementation.name;
    let mut sources: Vec<String> = parts(design, implementation.memory_init)
        .flat_map(library_files)
        .map(|(file, _)| format!("rtl/{file}"))
        .collect();
    let mut memories = Vec::new();
    for layer in 0..design.layers().len() {
        sources.push(format!("rtl/{name}_l{layer}_tables.v"));
        let images = ["weights", "biases"].map(|suffix| format!("rtl/{name}_l{layer}_{suffix}"));
        match implementation.memory_init {
            MemoryInit::Readmemh => memories.extend(images.map(|image| image + ".mem")),
            MemoryInit::Inline => sources.extend(images.map(|image| image + ".v")),
        }
        sources.push(format!("rtl/{name}_l{layer}.v"));
    }
    sources.push(format!("rtl/{name}_top.v"));
    (sources, memories)
}

fn signature(
    model: &QuantizedModel,
    design: &Design,
    implementation: &Implementation,
    sources: Vec<String>,
    memories: Vec<String>,
) -> Interface {
    let first = &model.layers[0];
    let last = &model.layers[model.layers.len() - 1];
    let port = |prefix: &str, elements: usize, format: QFormat| StreamPort {
        prefix: prefix.into(),
        elements,
        elements_per_beat: design.stream_elements(),
        element_width: element_width(format.bits),
        beats_per_step: elements.div_ceil(design.stream_elements()),
        format,
    };
    Interface {
        schema: SCHEMA,
        top: format!("{}_top", implementation.name),
        clock: "aclk".into(),
        reset_n: "aresetn".into(),
        state_clear: (implementation.state == StatePolicy::HostPulse).then(|| "state_clear".into()),
        state: implementation.state,
        contexts: design.contexts(),
        input: port("s_axis", first.input_size, first.x),
        input_offset: model.input_offset.clone(),
        output: port("m_axis", last.hidden_size, last.h),
        timing: Timing {
            cycles_per_step: design.cycles().per_step,
            filling: design.cycles().filling.clone(),
            repeating: design.cycles().repeating.clone(),
            latency: design.cycles().latency,
            macs_per_step: design.macs_per_step(),
            macs_per_cycle: design.macs_per_cycle(),
        },
        sources,
        memories,
    }
}

/// Parts of the library that a design is made of.
pub(super) fn parts(design: &Design, init: MemoryInit) -> impl Iterator<Item = LibraryPart> {
    let layers = design.layers();
    let arrays = layers.iter().map(|layer| array_part(layer.folding().mac));
    let cells = layers.iter().map(|layer| layer.spec().cell);
    LibraryPart::ALL.into_iter().filter(move |part| match part {
        LibraryPart::Common => true,
        LibraryPart::LaneLstm | LibraryPart::LaneGru => cells
            .clone()
            .any(|cell| part.suffix() == format!("_{}", cell.lane())),
        LibraryPart::Rom => init == MemoryInit::Readmemh,
        LibraryPart::Turn => design.contexts() > 1,
        LibraryPart::ArrayLut | LibraryPart::ArrayDsp | LibraryPart::ArrayMult => {
            arrays.clone().any(|array| array == *part)
        }
    })
}

/// The part that has an array's module.
const fn array_part(mac: MacArray) -> LibraryPart {
    match mac {
        MacArray::Lut { .. } => LibraryPart::ArrayLut,
        MacArray::Dsp(packing) if packing.bare => LibraryPart::ArrayMult,
        MacArray::Dsp(_) => LibraryPart::ArrayDsp,
    }
}
