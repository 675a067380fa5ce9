//! A core's signature from its design, without making any file.

use super::interface::{Interface, PortKind, SCHEMA, StreamPort, Timing};
use super::layer::tag;
use super::library::{LibraryPart, library_files};
use crate::fixed::QFormat;
use crate::hardware::{Design, MacArray, element_width};
use crate::quantize::{Emit, QuantizedModel, index_format};
use crate::spec::{Implementation, MemoryInit, OutputKind, StatePolicy};

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
    for design in design.layers() {
        let layer = tag(design.spec());
        let mut images = vec!["weights", "biases"];
        if design.spec().is_recurrent() {
            sources.push(format!("rtl/{name}_l{layer}_tables.v"));
        }
        if design.spec().vocabulary.is_some() {
            images.push("embedding");
        }
        let images = images
            .into_iter()
            .map(|suffix| format!("rtl/{name}_l{layer}_{suffix}"));
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
    Interface {
        schema: SCHEMA,
        top: format!("{}_top", implementation.name),
        clock: "aclk".into(),
        reset_n: "aresetn".into(),
        state_clear: (implementation.state == StatePolicy::HostPulse).then(|| "state_clear".into()),
        state: implementation.state,
        contexts: design.contexts(),
        input: input_port(design),
        input_offset: model.input_offset.clone(),
        output: output_port(design),
        status_index: design
            .ends()
            .0
            .spec()
            .vocabulary
            .map(|_| "status_index".into()),
        max_steps: design.max_steps(),
        status_length: design.max_steps().map(|_| "status_length".into()),
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

/// A port of beats of `elements_per_beat` codes each.
fn port(
    prefix: &str,
    (elements, elements_per_beat): (usize, usize),
    format: QFormat,
    kind: PortKind,
) -> StreamPort {
    StreamPort {
        prefix: prefix.into(),
        elements,
        elements_per_beat,
        element_width: element_width(format.bits),
        beats_per_step: elements.div_ceil(elements_per_beat),
        format,
        kind,
        when: Emit::Step,
    }
}

/// x of the first layer, or the index of a token.
fn input_port(design: &Design) -> StreamPort {
    let first = design.ends().0;
    let (spec, folding) = (first.spec(), first.folding());
    match spec.vocabulary {
        None => port(
            "s_axis",
            (spec.input_size, folding.in_elements),
            spec.x,
            PortKind::Codes,
        ),
        Some(rows) => port(
            "s_axis",
            (1, 1),
            index_format(rows),
            PortKind::Index { count: rows },
        ),
    }
}

/// h of the last recurrent layer, or what the last dense layer gives.
fn output_port(design: &Design) -> StreamPort {
    let last = design.ends().1;
    let (spec, folding) = (last.spec(), last.folding());
    let passes = spec.pass.kind().passes();
    let shape = (passes * spec.hidden_size, folding.out_elements);
    let (shape, format, kind) = match spec.dense {
        Some(dense) if dense.gives == OutputKind::Argmax => {
            let count = spec.hidden_size;
            ((1, 1), index_format(count), PortKind::Index { count })
        }
        Some(dense) if dense.gives == OutputKind::Sum => (shape, spec.h, PortKind::Sums),
        _ => (shape, spec.h, PortKind::Codes),
    };
    StreamPort {
        when: spec.dense.map_or(Emit::Step, |dense| dense.when),
        ..port("m_axis", shape, format, kind)
    }
}

/// Parts of the library that a design is made of.
pub(super) fn parts(design: &Design, init: MemoryInit) -> impl Iterator<Item = LibraryPart> {
    let layers = design.layers();
    let arrays = layers.iter().map(|layer| array_part(layer.folding().mac));
    let cells = layers.iter().map(|layer| layer.spec().cell);
    LibraryPart::ALL.into_iter().filter(move |part| match part {
        LibraryPart::Common => true,
        LibraryPart::Embedding => layers[0].spec().vocabulary.is_some(),
        LibraryPart::Argmax => layers.iter().any(|layer| layer.spec().gives_index()),
        LibraryPart::LaneLstm | LibraryPart::LaneGru | LibraryPart::LaneDense => cells
            .clone()
            .any(|cell| part.suffix() == format!("_{}", cell.lane())),
        LibraryPart::Rom => init == MemoryInit::Readmemh,
        LibraryPart::Turn => design.contexts() > 1,
        LibraryPart::Reverser => design.max_steps().is_some(),
        LibraryPart::Join => layers.iter().any(|layer| layer.spec().pass.half),
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
